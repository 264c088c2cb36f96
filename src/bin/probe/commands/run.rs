//! `probe run`: stimuli, activations, profile, page.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use mlem_probe::grammar::{Draw, Grammar};
use mlem_probe::numeric::rng::Stream;
use mlem_probe::profile::ModelRecord;
use mlem_probe::stimuli::Stimuli;
use mlem_probe::text;

use super::fit::{self, Fit};
use super::{extract, generate, model, run_dir, source};
use crate::args::{DrawArgs, ExtractArgs, RunArgs};
use crate::failure::{Failure, Result};
use crate::printer::Printer;

/// How many sentences of a grammar are drawn unless the user says otherwise.
const SAMPLE: usize = 4096;

/// Runs the command: once, or once for each revision.
pub fn run(args: &RunArgs, printer: &Printer) -> Result<()> {
    let source = args.source.as_deref().unwrap_or_default();
    let begun = Instant::now();
    let mut stimuli = stimuli(source, &args.draw, printer)?;
    // Whatever is wrong with the stimuli is said before a model is fetched and run.
    stimuli.sentences()?;
    args.transforms.check(args.estimator.distance)?;
    fit::choose_features(&mut stimuli, &args.estimator)?;
    args.estimator.estimator(args.draw.seed).check(stimuli.features(), args.estimator.folds)?;
    let seconds = BTreeMap::from([("generate".to_owned(), begun.elapsed().as_secs_f64())]);
    let revisions: Vec<Option<&str>> = match args.model.revision.as_slice() {
        [] => vec![None],
        several => several.iter().map(|revision| Some(revision.as_str())).collect(),
    };
    for revision in &revisions {
        let out = match &args.out {
            Some(out) if revisions.len() > 1 => out.join(revision.unwrap_or_default().replace('/', "-")),
            Some(out) => out.clone(),
            None => run_dir::default_for(source, &args.model, *revision),
        };
        run_once(args, source, stimuli.clone(), *revision, seconds.clone(), &out, printer)?;
    }
    Ok(())
}

fn run_once(
    args: &RunArgs,
    source: &str,
    stimuli: Stimuli,
    revision: Option<&str>,
    mut seconds: BTreeMap<String, f64>,
    out: &Path,
    printer: &Printer,
) -> Result<()> {
    run_dir::require_writable(out)?;
    let (checkpoint, options) = model::find(&args.model, revision, printer)?;
    let begun = Instant::now();
    let steps = args.transforms.steps(args.draw.seed);
    let taken = extract::take(&stimuli, &checkpoint, &options, &args.extract, &steps, printer)?;
    let (all, load) = (begun.elapsed().as_secs_f64(), taken.load.as_secs_f64());
    seconds.extend([("load".to_owned(), load), ("extract".to_owned(), all - load)]);
    let record = ModelRecord {
        id: checkpoint.id.clone(),
        revision: revision.map(str::to_owned),
        commit: checkpoint.commit.clone(),
        untrained: options.untrained,
        config: serde_json::from_str(&checkpoint.config).unwrap_or_default(),
        pooling: pooling(&args.extract, &stimuli),
    };
    let fit = Fit {
        source,
        stimuli,
        activations: taken.activations,
        repeats: Vec::new(),
        model: Some(record),
        file: None,
        seconds,
        warnings: Vec::new(),
    };
    fit.into_run(&args.estimator, args.draw.seed, out, printer)
}

/// How tokens are pooled, in words that name the options that change it.
fn pooling(args: &ExtractArgs, stimuli: &Stimuli) -> String {
    let mut words = args.pool.to_string();
    let word = stimuli.slots().first().filter(|_| stimuli.is_word_level());
    if let Some(slot) = args.at.as_ref().or(word) {
        words.push_str(" at ");
        words.push_str(slot);
    }
    if args.no_special_tokens {
        words.push_str(", without special tokens");
    }
    words
}

/// The stimuli that `source` names, as many as `draw` asks for.
fn stimuli(source: &str, draw: &DrawArgs, printer: &Printer) -> Result<Stimuli> {
    match source::open(source, draw.depth)? {
        source::Source::Grammar(grammar) => from_grammar(&grammar, draw, printer),
        source::Source::Csv => from_csv(source, draw, printer),
    }
}

fn from_grammar(grammar: &Grammar, draw: &DrawArgs, printer: &Printer) -> Result<Stimuli> {
    let seed = draw.seed;
    let drawn = match draw.sample {
        Some(0) => return Err(no_stimuli()),
        _ if draw.all => grammar.generate(&Draw::All)?,
        sample => grammar.generate(&Draw::Balanced { n: sample.unwrap_or(SAMPLE), seed })?,
    };
    generate::say_what_was_drawn(&drawn, printer);
    if draw.sample.is_none() && !drawn.complete {
        printer.say("take every sentence with --all, or another number with --sample");
    }
    Ok(drawn.stimuli)
}

fn from_csv(path: &str, draw: &DrawArgs, printer: &Printer) -> Result<Stimuli> {
    let stimuli = Stimuli::read(path.as_ref())?;
    match draw.sample {
        Some(0) => Err(no_stimuli()),
        Some(n) if n < stimuli.len() => {
            let mut rows: Vec<usize> = (0..stimuli.len()).collect();
            Stream::new(draw.seed, "sample of a CSV").shuffle(&mut rows);
            rows.truncate(n);
            rows.sort_unstable();
            let all = text::count(stimuli.len() as u128);
            printer.say(&format!("a sample of {} of the {all} stimuli", text::count(n as u128)));
            Ok(stimuli.select(&rows))
        }
        _ => Ok(stimuli),
    }
}

fn no_stimuli() -> Failure {
    Failure::usage("a sample of no stimuli", "ask for at least 8 with --sample")
}
