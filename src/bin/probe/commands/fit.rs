//! `probe fit`, and what it shares with `probe run`: features and activations become a run directory.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::iter;
use std::time::Instant;

use mlem_probe::activations::Provenance;
use mlem_probe::extract::columns;
use mlem_probe::files::kind::Group;
use mlem_probe::files::what_is;
use mlem_probe::mlem::Distance;
use mlem_probe::progress::Progress;
use mlem_probe::rundir::{Finished, Fit, ModelRecord, RunDir};
use mlem_probe::stimuli::Stimuli;

use super::finish::{finish, settle};
use super::inputs::Recordings;
use super::{averages, controls, folders, inputs, piped, report, several};
use crate::args::FitArgs;
use crate::command_line;
use crate::failure::{Failure, Result};
use crate::printer::Printer;

/// Runs the command.
pub fn run(args: &FitArgs, words: Vec<String>, printer: &Printer) -> Result<()> {
    match one(args, words, printer)? {
        Some((dir, finished)) => report::show(&dir, &finished, printer),
        None => Ok(()),
    }
}

/// Fits one run directory and shows nothing of it; several estimators have a directory each, which are shown, and give none.
pub fn one(args: &FitArgs, words: Vec<String>, printer: &Printer) -> Result<Option<(RunDir, Finished)>> {
    args.transforms.check(args.estimator.distance)?;
    averages::require_partitions(&args.estimator, 1 + args.repeat.len())?;
    require_order(args)?;
    let out = folders::for_fit(args);
    let mut dir = RunDir::at(&out);
    let _claimed = dir.claim()?;
    let begun = Instant::now();
    let mut stimuli = inputs::stimuli(args, printer)?;
    let Recordings { mut activations, mut repeats, mut warnings } =
        inputs::activations(args, stimuli.features(), &out, printer)?;
    let names = (args.activations.display(), args.stimuli.display());
    warnings.extend(other_stimuli(activations.provenance(), &stimuli, names, printer));
    // Where they are not as many, the fit says so.
    if let Some(half) = args.half.filter(|_| activations.n_stimuli() == stimuli.len()) {
        if args.estimator.distance == Distance::Precomputed {
            let hint = "leave one of the two out, or write the distances of half of the stimuli";
            return Err(Failure::usage("--half takes rows, and --distance precomputed has pairs", hint));
        }
        let rows = inputs::half(stimuli.len(), half, args.seed);
        // A row is the mean of itself.
        let alone: Vec<Vec<usize>> = rows.iter().map(|&row| vec![row]).collect();
        stimuli = inputs::halved(&stimuli, &rows, half, args.seed);
        activations = averages::means(activations, &alone)?;
        repeats = repeats.into_iter().map(|repeat| averages::means(repeat, &alone)).collect::<Result<_>>()?;
    }
    let steps = args.transforms.steps(args.seed);
    let columns = columns(stimuli.features(), &steps);
    let read = args.controls.controls.as_ref().map(|_| stimuli.clone());
    let mut differing = Vec::new();
    let joined = averages::average(&stimuli, &args.estimator, printer)?;
    let means = joined.map(|joined| {
        (stimuli, differing) = (joined.stimuli, joined.differing);
        warnings.extend(joined.warnings);
        joined.means
    });
    (activations, repeats) = averages::apply(activations, repeats, means.as_ref(), args.estimator.distance)?;
    let structure = args.transforms.structure();
    let of = (&args.estimator, args.seed);
    warnings.extend(inputs::choose_features(&mut stimuli, of, (&structure, &differing), printer)?);
    let fit = Fit {
        command: words,
        source: piped::shown(&args.stimuli.to_string_lossy()).to_owned(),
        stimuli,
        model: model_of(activations.provenance()),
        activations,
        repeats,
        file: Some(args.activations.display().to_string()),
        control: None,
        seconds: BTreeMap::from([("read".to_owned(), begun.elapsed().as_secs_f64())]),
        warnings,
    };
    let (command, source, stimuli) = (fit.command.clone(), fit.source.clone(), fit.stimuli.clone());
    let controls = args.controls.controls.as_ref().map(|asked| controls::Source {
        asked,
        command: &command,
        named: &source,
        stimuli: &stimuli,
        read: means.as_ref().and(read.as_ref()).unwrap_or(&stimuli),
        means: means.as_ref(),
        steps,
        columns: &columns,
        distance: args.estimator.distance,
        seed: args.seed,
        force: args.force,
        model: None,
    });
    if let Some(controls) = &controls {
        controls.check()?;
    }
    if args.estimator.are_several() {
        several::fit(
            &fit,
            (&args.estimator, args.seed),
            (&dir, folders::is_auto(args.out.as_deref()), args.force),
            &args.figures,
            controls.as_ref(),
            printer,
        )?;
        return Ok(None);
    }
    let wanted = fit.wanted(&args.estimator.settings(args.seed, fit.stimuli.features()));
    let _also = settle(&mut dir, &wanted, folders::is_auto(args.out.as_deref()), args.force)?;
    let finished =
        finish(fit, (&args.estimator, args.seed), (&dir, &args.figures), controls.as_ref(), printer)?;
    Ok(Some((dir, finished)))
}

/// Warns where activations say that they are of other stimuli than `stimuli`, and gives the warning; `names` are those of both.
pub fn other_stimuli(
    provenance: &Provenance,
    stimuli: &Stimuli,
    (activations, table): (impl Display, impl Display),
    progress: &dyn Progress,
) -> Option<String> {
    let hash = provenance.stimuli_hash.as_ref().filter(|hash| **hash != stimuli.hash());
    let warning = hash.map(|_| {
        format!(
            "{activations} says it was made from other stimuli (or other feature values) than {table}; if the sentences and \
             their order are the same, go on"
        )
    })?;
    progress.warn(&warning);
    Some(warning)
}

/// The model that activations say they are of.
pub fn model_of(provenance: &Provenance) -> Option<ModelRecord> {
    let Provenance { commit, untrained, dtype, precision, pooling, .. } = provenance.clone();
    provenance.model.clone().map(|id| ModelRecord {
        id,
        commit,
        untrained,
        dtype,
        precision,
        pooling: pooling.map(|pooling| pooling.to_string()).unwrap_or_default(),
        ..ModelRecord::default()
    })
}

/// Refuses STIMULI and ACTIVATIONS the wrong way round.
fn require_order(args: &FitArgs) -> Result<()> {
    let kind = |path| what_is(path).map(|seen| seen.kind);
    let (Ok(stimuli), Ok(activations)) = (kind(&args.stimuli), kind(&args.activations)) else {
        return Ok(());
    };
    let is_array = matches!(stimuli.group(), Group::Array | Group::Weights);
    if !is_array || activations.group() != Group::Table {
        return Ok(());
    }
    let (first, second) = (args.stimuli.display(), args.activations.display());
    let message = format!(
        "{second} is {} and {first} is {}: the table comes first",
        activations.name(),
        stimuli.name()
    );
    Err(Failure::usage(message, format!("write `probe fit {second} {first} …`")))
}

/// The command line of this process: the program by its name, for where it lies on this machine reproduces nothing. What is no
/// UTF-8 in it is marked.
pub fn command_line() -> Vec<String> {
    let words = command_line::words().into_iter().skip(1).map(|word| word.to_string_lossy().into_owned());
    iter::once("probe".to_owned()).chain(words).collect()
}
