//! `probe extract`: stimuli and a model become a file of activations.

use mlem_probe::extract::{Extract, Extraction};
use mlem_probe::models::Model;
use mlem_probe::stimuli::Stimuli;
use mlem_probe::text;
use serde_json::json;

use super::model;
use crate::args::{ExtractArgs, ExtractCommand, Layers};
use crate::failure::{Failure, Result};
use crate::printer::Printer;

/// Runs the command.
pub fn run(args: &ExtractCommand, printer: &Printer) -> Result<()> {
    let revision = match args.model.revision.as_slice() {
        [] => None,
        [revision] => Some(revision.as_str()),
        _ => {
            return Err(Failure::usage(
                "one file cannot hold the activations of several revisions",
                "extract each revision to a file of its own, or give them all to `probe run`",
            ));
        }
    };
    if args.out.extension().is_none_or(|ending| ending != "safetensors" && ending != "npy") {
        return Err(Failure::usage(
            format!("{}: the ending says no format that activations are written in", args.out.display()),
            "give -o a name that ends in .safetensors (all that is known) or .npy (the numbers alone)",
        ));
    }
    let stimuli = Stimuli::read(&args.stimuli)?;
    stimuli.sentences()?;
    let (_, model) = model::load(&args.model, revision, printer)?;
    let Extraction { activations, throughput } = extract(&stimuli, &model, &args.extract, printer)?;
    activations.write(&args.out)?;
    printer.say(&throughput.to_string());
    if printer.json() {
        return Printer::result_json(&json!({
            "activations": args.out,
            "model": model.id(),
            "commit": model.commit(),
            "untrained": model.untrained(),
            "layers": activations.layers(),
            "stimuli": throughput.stimuli,
            "tokens": throughput.tokens,
            "seconds": throughput.time.as_secs_f64(),
        }));
    }
    Printer::result(format!(
        "{}: {} layers of {} for {} stimuli\n",
        args.out.display(),
        activations.layers().len(),
        model.id(),
        text::count(activations.n_stimuli() as u128),
    ))
}

/// Activations of `stimuli` as the options ask.
pub fn extract(
    stimuli: &Stimuli,
    model: &Model,
    args: &ExtractArgs,
    printer: &Printer,
) -> Result<Extraction> {
    let mut params = Extract::params()
        .pooling(args.pool)
        .special_tokens(!args.no_special_tokens)
        .layers(args.layers.as_ref().map(Layers::as_slice).map(<[usize]>::to_vec));
    if let Some(slot) = &args.at {
        params = params.at(slot.clone());
    }
    if let Some(tokens) = args.batch_tokens {
        params = params.batch_tokens(tokens.get());
    }
    Ok(params.extract(stimuli, model, printer)?)
}
