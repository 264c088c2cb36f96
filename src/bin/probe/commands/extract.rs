//! `probe extract`: stimuli and a model become a file of activations.

use std::time::{Duration, Instant};

use mlem_probe::activations::{self, Beside, ByLayer, Column, Destination, Pooling, Stored, Transform};
use mlem_probe::extract::cache::{Cache, Request};
use mlem_probe::extract::{Error, Extract, Extraction, Throughput, columns};
use mlem_probe::hub::{Checkpoint, Weights};
use mlem_probe::models::{LoadOptions, Model, Site, Tokenizer};
use mlem_probe::progress::Progress;
use mlem_probe::stimuli::Stimuli;
use mlem_probe::text;
use serde_json::json;

use super::{folders, inputs, model};
use crate::args::{ExtractArgs, ExtractCommand};
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
    if args.model.models().len() > 1 {
        return Err(Failure::usage(
            "one file cannot hold the activations of several models",
            "extract each model to a file of its own, or give them all to `probe run`",
        ));
    }
    let path = folders::for_activations(args);
    if path.extension().is_none_or(|ending| ending != "safetensors" && ending != "npy") {
        return Err(Failure::usage(
            format!("{}: the ending says no format that activations are written in", path.display()),
            "give -o a name that ends in .safetensors (all that is known) or .npy (the numbers alone)",
        ));
    }
    let stimuli = inputs::read(&args.stimuli, &args.table, printer)?;
    stimuli.sentences()?;
    let (checkpoint, options) = model::find(&args.model.model, &args.model, revision, printer)?;
    let steps = args.transforms.steps(args.seed);
    let out = Destination::File(&path);
    let Taken { activations, throughput, cached, .. } = take(
        &stimuli,
        &checkpoint,
        &options,
        &args.extract,
        (&steps, &columns(stimuli.features(), &steps)),
        out,
        printer,
    )?;
    if printer.json() {
        return Printer::result_json(&json!({
            "activations": path,
            "model": checkpoint.id,
            "commit": checkpoint.commit,
            "adapter_of": checkpoint.adapter.as_ref().map(|adapter| &adapter.base),
            "untrained": options.untrained,
            "device": options.device.to_string(),
            "dtype": options.dtype,
            "precision": options.precision,
            "part": activations.provenance().part,
            "target": activations.provenance().target,
            "site": args.extract.site(),
            "labels": activations.provenance().labels,
            "layers": activations.layers(),
            "transforms": activations.provenance().transforms,
            "stimuli": throughput.stimuli,
            "tokens": throughput.tokens,
            "seconds": throughput.time.as_secs_f64(),
            "cached": cached,
        }));
    }
    let what = match args.extract.site() {
        Site::Residual => "layers".to_owned(),
        Site::AttentionHeads => "heads".to_owned(),
        Site::CrossAttentionHeads => "heads (cross-attention)".to_owned(),
        site => format!("layers ({site})"),
    };
    Printer::result(format!(
        "{}: {} {what} of {} for {} stimuli\n",
        path.display(),
        activations.layers().len(),
        checkpoint.id,
        text::count(activations.n_stimuli() as u128),
    ))
}

/// Activations, and how they were come by.
pub struct Taken {
    /// The activations, transformed, in their file.
    pub activations: Stored,
    /// What they took.
    pub throughput: Throughput,
    /// Whether they were in the cache.
    pub cached: bool,
    /// How long the weights took to load.
    pub load: Duration,
}

/// Activations of `stimuli` as the options ask, from the cache if it has them, transformed by `steps`, which may ask for
/// `columns` of the stimuli, in `out`.
pub fn take(
    stimuli: &Stimuli,
    checkpoint: &Checkpoint,
    options: &LoadOptions,
    args: &ExtractArgs,
    (steps, columns): (&[Transform], &[Column]),
    out: Destination<'_>,
    progress: &dyn Progress,
) -> Result<Taken> {
    let stimuli = inputs::for_part(stimuli, options.part, args.target_text.as_deref(), progress)?;
    let stimuli = &*stimuli;
    let part = options.part;
    let layers = model::layers(args, checkpoint, part)?;
    let pooling = model::pooling(args.pool, checkpoint)?;
    let (params, layers) = if args.site() == Site::Residual {
        let needed = layers.as_ref().map(|layers| Transform::needed_layers(steps, layers));
        (model::places(args, needed)?, layers)
    } else {
        // Before the model runs, too: what has no such site is said at once, and all that is taken is transformed.
        let of_states = |step: &&Transform| matches!(step, Transform::MinusLayer0 | Transform::MinusPrevious);
        if let Some(step) = steps.iter().find(of_states) {
            let message = format!("{step} subtracts hidden states, and --site {} has none", args.site());
            return Err(Failure::usage(message, "leave the one or the other out"));
        }
        let params = model::places(args, layers)?;
        params.entries(&Model::declared_of(checkpoint, part)?, &checkpoint.id)?;
        (params, None)
    };
    let (params, layers) = (with(params, args, pooling), layers.as_deref());
    // Before the model runs: what cannot be said of single tokens is a mistake of the command line.
    let tokens = if steps.iter().any(Transform::needs_tokens) {
        let tokenizer = Tokenizer::of(&checkpoint.id, &checkpoint.tokenizer)?;
        let begins = Model::declared_of(checkpoint, part)?.decoder.map(|decoder| decoder.start);
        Some(params.pooled_tokens_of(stimuli, &tokenizer, begins)?)
    } else {
        None
    };
    // The embedded model runs about as fast as its activations are read.
    let embedded = matches!(checkpoint.weights, Weights::Embedded(_));
    let cache = Cache::from_env().filter(|_| !embedded && !args.no_cache);
    let request = match &cache {
        Some(cache) => Some((cache, Request::new(&params, stimuli, checkpoint, options)?)),
        None => None,
    };
    let found = request.as_ref().and_then(|(cache, request)| cache.get(request, progress));
    let cached = found.is_some();
    let begun = Instant::now();
    let mut load = Duration::ZERO;
    let Extraction { mut activations, throughput } = if let Some(mut found) = found {
        let count = text::count(found.throughput.stimuli as u128);
        progress
            .note(&format!("activations of {count} stimuli from the cache; --no-cache runs the model again"));
        if let (Destination::File(_), []) = (out, steps) {
            found.activations = activations::write(&found.activations, out)?;
        }
        found
    } else {
        let model = Model::load(checkpoint, options)?;
        for note in model.notes() {
            progress.note(note);
        }
        load = begun.elapsed();
        let plain = if steps.is_empty() { out } else { out.temporary() };
        let found = params.extract_into(stimuli, &model, plain, progress);
        let found = found.map_err(|error| with_its_cause(error, checkpoint, options))?;
        progress.note(&found.throughput.to_string());
        if let Some((cache, request)) = &request {
            cache.put(request, (&found.activations, &found.throughput), model.spec().n_layers, progress);
        }
        found
    };
    if !steps.is_empty() {
        activations = activations::transform(
            &activations,
            steps,
            layers,
            Beside { tokens: tokens.as_ref(), columns },
            progress,
            out,
        )?;
    }
    Ok(Taken { activations, throughput, cached, load })
}

/// Activations that are no numbers, and the tensor of the weights that is to blame, if one is.
fn with_its_cause(error: Error, checkpoint: &Checkpoint, options: &LoadOptions) -> Failure {
    let is_no_number = matches!(error, Error::Activations(activations::Error::NotFinite { .. }));
    if !is_no_number || options.untrained.is_some() {
        return error.into();
    }
    match Model::not_finite(checkpoint) {
        Some((name, value)) => Failure::input(
            format!("{error}: tensor `{name}` of {}'s weights holds {value}", checkpoint.id),
            "fetch the weights again; where another copy holds the same, the checkpoint is broken",
        ),
        None => error.into(),
    }
}

/// `params` with what is pooled, and how.
fn with(params: Extract, args: &ExtractArgs, pooling: Pooling) -> Extract {
    let params = params.pooling(pooling).special_tokens(!args.no_special_tokens).at(args.at.clone());
    match args.batch_tokens {
        Some(tokens) => params.batch_tokens(tokens.get()),
        None => params,
    }
}
