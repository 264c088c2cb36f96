//! `probe run`: stimuli, activations, profile, page.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use mlem_probe::activations::{Column, Destination};
use mlem_probe::compare::{Representation, stimuli_sample};
use mlem_probe::extract::{SENTENCE, columns};
use mlem_probe::files::Lock;
use mlem_probe::grammar::{Draw, Grammar};
use mlem_probe::hub;
use mlem_probe::models::{Part, Site};
use mlem_probe::numeric::rng::Stream;
use mlem_probe::progress::Progress;
use mlem_probe::rundir::{Finished, Fit, ModelRecord, RECORD, RunDir, RunRecord, wanted};
use mlem_probe::stimuli::Stimuli;
use mlem_probe::text;

use super::{
    averages, compare, controls, dry, extract, finish, folders, generate, inputs, model, piped, report,
    several, source,
};
use crate::args::{LAYER_STIMULI, RunArgs, list};
use crate::failure::{Failure, Result};
use crate::printer::Printer;

/// How many sentences of a grammar are drawn unless the user says otherwise.
pub const SAMPLE: usize = 4096;

/// Runs the command: once, or once for each model and revision, and then compares them.
pub fn run(args: &RunArgs, words: Vec<String>, printer: &Printer) -> Result<()> {
    let prepared = prepare(args, words, printer)?;
    let controls = prepared.controls(&args.model.model, None);
    if let Some(source) = &controls {
        source.check()?;
    }
    if args.dry_run {
        return dry::run(args, &prepared.stimuli, controls.as_ref(), printer);
    }
    let named = prepared.stimuli.source().grammar.clone().unwrap_or_else(|| prepared.source.to_owned());
    let jobs = jobs(args, &named);
    if args.estimator.are_several() {
        let [job] = &jobs[..] else {
            let hint = "take one model at a time, or one estimator for all models";
            return Err(Failure::usage("several estimators and several models at once", hint));
        };
        // Each estimator has a folder of its own in it.
        let job = Job { out: job.out.clone(), is_cell: true, ..*job };
        let Taken { fit, dir, _claimed, .. } = prepared.take(&job, printer)?;
        let options = (&args.estimator, args.draw.seed);
        let auto = folders::is_auto(args.out.as_deref());
        let source = prepared.controls(job.model, job.revision);
        let of = (&dir, auto, args.force);
        return several::fit(&fit, options, of, &args.figures, source.as_ref(), printer);
    }
    let compared = jobs.len() > 1;
    let out = match &args.out {
        Some(out) if !folders::is_auto(Some(out)) => out.clone(),
        _ => folders::comparison_of(&named),
    };
    if compared && !args.force && out.join(RECORD).exists() {
        let hint = "name another folder with -o; --force writes the comparison beside the run";
        let message = format!("{} holds a run, and is to hold the comparison of several", out.display());
        return Err(Failure::input(message, hint));
    }
    let (mut representations, mut done) = (Vec::new(), Vec::new());
    for job in &jobs {
        let taken = prepared.take(job, printer)?;
        if compared {
            representations.push(taken.representation()?);
        }
        let Taken { fit, dir, _claimed, .. } = taken;
        done.push(dir.path().to_owned());
        let source = prepared.controls(job.model, job.revision);
        report::show(&dir, &taken_to_end(fit, args, &dir, source.as_ref(), printer)?, printer)?;
    }
    if !compared {
        return Ok(());
    }
    compare::finish(&done, representations, args.draw.seed, &out, printer)
}

/// One run of one model into the run directory `out`, without a word about what came of it; `command` is what reproduces it.
pub fn one(args: &RunArgs, command: Vec<String>, out: &Path, printer: &Printer) -> Result<()> {
    let prepared = prepare(args, command, printer)?;
    let revision = args.model.revision.first().map(String::as_str);
    let job = Job { model: &args.model.model, revision, out: out.to_owned(), is_cell: true };
    let source = prepared.controls(job.model, job.revision);
    if let Some(source) = &source {
        source.check()?;
    }
    let Taken { fit, dir, _claimed, .. } = prepared.take(&job, printer)?;
    taken_to_end(fit, args, &dir, source.as_ref(), printer)?;
    Ok(())
}

fn taken_to_end(
    fit: Fit,
    args: &RunArgs,
    dir: &RunDir,
    source: Option<&controls::Source<'_>>,
    printer: &Printer,
) -> Result<Finished> {
    finish::finish(fit, (&args.estimator, args.draw.seed), (dir, &args.figures), source, printer)
}

/// The stimuli of a run, which its models share.
struct Prepared<'a> {
    args: &'a RunArgs,
    command: Vec<String>,
    source: &'a str,
    stimuli: Stimuli,
    /// The stimuli that the model reads and what becomes of them, where those that are fitted stand for groups of them.
    read: Option<(Stimuli, averages::Means)>,
    /// Their columns, where transforms ask for some.
    columns: Vec<Column>,
    warnings: Vec<String>,
    seconds: BTreeMap<String, f64>,
}

/// Says whatever is wrong with the stimuli before a model is fetched and run.
fn prepare<'a>(args: &'a RunArgs, command: Vec<String>, printer: &Printer) -> Result<Prepared<'a>> {
    let source = args.source.as_deref().unwrap_or_default();
    let begun = Instant::now();
    let (stimuli, mut warnings) = stimuli(source, args, printer)?;
    stimuli.sentences()?;
    let part = args.model.part;
    let mut stimuli =
        inputs::for_part(&stimuli, part, args.extract.target_text.as_deref(), printer)?.into_owned();
    args.transforms.check(args.estimator.distance)?;
    averages::require_partitions(&args.estimator, 1)?;
    let columns = columns(stimuli.features(), &args.transforms.steps(args.draw.seed));
    let mut read = None;
    let mut differing = Vec::new();
    if let Some(joined) = averages::average(&stimuli, &args.estimator, printer)? {
        read = Some((std::mem::replace(&mut stimuli, joined.stimuli), joined.means));
        differing = joined.differing;
        warnings.extend(joined.warnings);
    }
    let structure = args.transforms.structure();
    let of = (&args.estimator, args.draw.seed);
    warnings.extend(inputs::choose_features(&mut stimuli, of, (&structure, &differing), printer)?);
    for (of, _) in args.estimator.each() {
        let settings = of.settings(args.draw.seed, stimuli.features());
        let checked = settings.estimator().check(stimuli.features(), settings.folds);
        if args.estimator.are_several() {
            checked.map_err(|error| several::of_estimator(error.into(), settings.estimator.name()))?;
        } else {
            checked?;
        }
    }
    let seconds = BTreeMap::from([("generate".to_owned(), begun.elapsed().as_secs_f64())]);
    Ok(Prepared { args, command, source: piped::shown(source), stimuli, read, columns, warnings, seconds })
}

/// A model at a revision, and its run directory.
struct Job<'a> {
    model: &'a str,
    revision: Option<&'a str>,
    out: PathBuf,
    /// Whether a sweep owns the folder, and knows what is in it.
    is_cell: bool,
}

/// Every model at every revision, each with a run directory of its own.
fn jobs<'a>(args: &'a RunArgs, source: &str) -> Vec<Job<'a>> {
    let models = args.model.models();
    let revisions: Vec<Option<&str>> = match args.model.revision.as_slice() {
        [] => vec![None],
        several => several.iter().map(|revision| Some(revision.as_str())).collect(),
    };
    let several = models.len() * revisions.len() > 1;
    let mut jobs: Vec<Job<'a>> = Vec::new();
    for &model in &models {
        for &revision in &revisions {
            let own = args.out.as_ref().filter(|out| !folders::is_auto(Some(out)));
            let wanted = match own {
                Some(out) if several => {
                    out.join(folders::name_of((models.len() > 1).then_some(model), revision))
                }
                Some(out) => out.clone(),
                None => folders::default_for(source, model, revision, &args.model, args.extract.site()),
            };
            // Folders of one name in two places are two models.
            let mut out = wanted.clone();
            let mut n = 1;
            while jobs.iter().any(|job| job.out == out) {
                n += 1;
                let mut name = wanted.clone().into_os_string();
                name.push(format!("-{n}"));
                out = PathBuf::from(name);
            }
            jobs.push(Job { model, revision, out, is_cell: false });
        }
    }
    jobs
}

impl<'a> Prepared<'a> {
    /// What the controls are made from, if any were asked for.
    fn controls<'b>(&'b self, name: &'b str, revision: Option<&'b str>) -> Option<controls::Source<'b>> {
        let Self { args, stimuli, read, .. } = self;
        Some(controls::Source {
            asked: args.controls.controls.as_ref()?,
            command: &self.command,
            named: self.source,
            stimuli,
            read: read.as_ref().map_or(stimuli, |(read, _)| read),
            means: read.as_ref().map(|(_, means)| means),
            steps: args.transforms.steps(args.draw.seed),
            columns: &self.columns,
            distance: args.estimator.distance,
            seed: args.draw.seed,
            force: args.force,
            model: Some(controls::OfModel { name, revision, args: &args.model, extract: &args.extract }),
        })
    }

    /// The activations of one model, ready to be fitted.
    fn take(
        &self,
        &Job { model: name, revision, ref out, is_cell }: &Job<'_>,
        printer: &Printer,
    ) -> Result<Taken<'a>> {
        let Self { args, stimuli, .. } = self;
        let mut dir = RunDir::at(out);
        let mut claimed = dir.claim()?;
        let (checkpoint, options) = model::find(name, &args.model, revision, printer)?;
        let steps = args.transforms.steps(args.draw.seed);
        let record = ModelRecord {
            pooling: model::pooled(&args.extract, &checkpoint, stimuli)?,
            ..model::record(&checkpoint, &options, revision, printer)?
        };
        if !is_cell {
            let settings = args.estimator.settings(args.draw.seed, stimuli.features());
            let wanted = wanted(self.source, stimuli, Some(record.clone()), &settings);
            let part = args.model.part;
            let layers = model::entries(&args.extract, &checkpoint, part)?.unwrap_or_default();
            let site = Some(args.extract.site()).filter(|&site| site != Site::Residual);
            let target = (part == Part::Decoder).then(|| stimuli.target().unwrap_or(SENTENCE).to_owned());
            let part = Some(part).filter(|&part| part != Part::Encoder);
            let wanted = RunRecord { transforms: steps.clone(), layers, site, part, target, ..wanted };
            let auto = folders::is_auto(args.out.as_deref());
            // The lock of the first folder is let go of where there is another.
            claimed = finish::settle(&mut dir, &wanted, auto, args.force)?.or(claimed);
        }
        let begun = Instant::now();
        let read = self.read.as_ref().map_or(stimuli, |(read, _)| read);
        let taken = extract::take(
            read,
            &checkpoint,
            &options,
            &args.extract,
            (&steps, &self.columns),
            Destination::Temporary(dir.path()),
            printer,
        )?;
        let (all, load) = (begun.elapsed().as_secs_f64(), taken.load.as_secs_f64());
        let mut seconds = self.seconds.clone();
        seconds.extend([("load".to_owned(), load), ("extract".to_owned(), all - load)]);
        let mut warnings = [self.warnings.as_slice(), &checkpoint.tokenizer.doubts].concat();
        let unverified = hub::unverified(&checkpoint);
        if !unverified.is_empty() {
            let warning = format!(
                "{} of {name} {} not verified: the server named no hash",
                text::join_and(&unverified),
                if unverified.len() == 1 { "was" } else { "were" }
            );
            printer.warn(&warning);
            warnings.push(warning);
        }
        let fit = Fit {
            command: self.command.clone(),
            source: self.source.to_owned(),
            stimuli: stimuli.clone(),
            activations: averages::apply(
                Arc::new(taken.activations),
                Vec::new(),
                self.read.as_ref().map(|(_, means)| means),
                args.estimator.distance,
            )?
            .0,
            repeats: Vec::new(),
            model: Some(record),
            file: None,
            control: None,
            seconds,
            warnings,
        };
        if !is_cell {
            // Now that the layers are known.
            let wanted = fit.wanted(&args.estimator.settings(args.draw.seed, stimuli.features()));
            let auto = folders::is_auto(args.out.as_deref());
            claimed = finish::settle(&mut dir, &wanted, auto, args.force)?.or(claimed);
        }
        Ok(Taken { args: self.args, fit, dir, _claimed: claimed })
    }
}

/// Activations that were taken, and how they are fitted.
struct Taken<'a> {
    args: &'a RunArgs,
    fit: Fit,
    dir: RunDir,
    _claimed: Option<Lock>,
}

impl Taken<'_> {
    /// What is kept of the activations, to compare them with those of other models.
    fn representation(&self) -> Result<Representation> {
        let activations = &*self.fit.activations;
        let rows = stimuli_sample(activations.n_stimuli(), LAYER_STIMULI, self.args.draw.seed);
        Ok(Representation::of(activations, &rows, self.args.estimator.distance)?)
    }
}

/// The stimuli that `source` names, as many as were asked for, and what was said of where they came from.
fn stimuli(source: &str, args: &RunArgs, printer: &Printer) -> Result<(Stimuli, Vec<String>)> {
    let (stimuli, warnings) = match source::open(source, args.draw.depth, &args.draw.without_template)? {
        source::Source::Grammar(mut grammar) => {
            if !args.table.is_empty() {
                let message = format!(
                    "{source} is a grammar, and --text, --words, --morph, --lines and --decimal-comma are of tables"
                );
                return Err(Failure::usage(message, "leave them out"));
            }
            grammar.declare_numeric(&list::all(&args.estimator.numeric))?;
            let mut warnings = source::warn(&grammar, printer);
            warnings.extend(generate::doubts(&grammar, printer)?);
            (from_grammar(&grammar, args, printer)?, warnings)
        }
        source::Source::Table => (from_table(source, args, printer)?, Vec::new()),
    };
    let Some(half) = args.draw.half else { return Ok((stimuli, warnings)) };
    let rows = inputs::half(stimuli.len(), half, args.draw.seed);
    Ok((inputs::halved(&stimuli, &rows, half, args.draw.seed), warnings))
}

fn from_grammar(grammar: &Grammar, args: &RunArgs, printer: &Printer) -> Result<Stimuli> {
    let draw = &args.draw;
    let seed = draw.seed;
    let structure = args.transforms.structure();
    let fitted = |name: &str| args.estimator.fits(name) && !structure.contains(&name);
    let drawn = match draw.sample {
        Some(0) => return Err(no_stimuli()),
        _ if draw.all => grammar.generate(&Draw::All)?,
        sample => grammar.generate_for(&Draw::Balanced { n: sample.unwrap_or(SAMPLE), seed }, fitted)?,
    };
    generate::say_what_was_drawn(&drawn, printer);
    if draw.sample.is_none() && !drawn.complete {
        printer.say("take every sentence with --all, or another number with --sample");
    }
    Ok(drawn.stimuli)
}

fn from_table(path: &str, args: &RunArgs, printer: &Printer) -> Result<Stimuli> {
    let draw = &args.draw;
    let stimuli = inputs::read(path.as_ref(), &args.table, printer)?;
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
