//! Several estimators on the same folds: a run directory for each, and their scores in one table, figure and page.

use mlem_probe::files;
use mlem_probe::profile::{EstimatorName, Settings};
use mlem_probe::report::several::{self, OfEstimator};
use mlem_probe::rundir::{ESTIMATORS, ESTIMATORS_PAGE, Fit, RunDir, estimators_csv};
use mlem_probe::text;
use serde_json::json;

use super::{controls, finish, report};
use crate::args::{EstimatorArgs, FigureArgs};
use crate::failure::{Failure, Result};
use crate::printer::Printer;

/// What is said of an estimator that has no noise ceiling, where there are several recordings.
fn without_repeats(fit: &Fit, settings: &Settings) -> Option<String> {
    (settings.estimator != EstimatorName::Mlem && !fit.repeats.is_empty()).then(|| {
        format!(
            "{} has no --repeat: it is fitted to the mean of the {} recordings, without a noise ceiling",
            settings.estimator.name(),
            fit.repeats.len()
        )
    })
}

/// A failure with the name of the estimator, of several, that it is of.
pub fn of_estimator(failure: Failure, name: &str) -> Failure {
    let hint = failure.hint().unwrap_or_default();
    Failure::input(format!("{name}: {}", failure.message()), hint)
}

/// Fits every estimator of `args` to what `fit` has, each into a folder of its own in `dir`, or in the first like it that is free
/// (`auto`), and shows them side by side.
pub fn fit(
    fit: &Fit,
    (args, seed): (&EstimatorArgs, u64),
    (dir, auto, force): (&RunDir, bool, bool),
    figures: &FigureArgs,
    controls: Option<&controls::Source<'_>>,
    printer: &Printer,
) -> Result<()> {
    let of_each = || {
        args.each().into_iter().map(|(of, _)| {
            let settings = of.settings(seed, fit.stimuli.features());
            (settings.estimator.name(), fit.wanted(&settings))
        })
    };
    let dir = if auto { dir.next_free_of_several(&of_each().collect::<Vec<_>>())? } else { dir.clone() };
    let out = dir.path();
    if !force && let Some(name) = dir.not_of_several() {
        let message =
            format!("{} has a {name}, and is to hold the runs of several estimators", out.display());
        return Err(Failure::input(message, "name another folder with -o; --force writes them beside it"));
    }
    let all = args.each();
    // What cannot be fitted is said before anything is.
    for (of, lacks) in &all {
        let settings = of.settings(seed, fit.stimuli.features());
        of.check()?;
        let checked = settings.estimator().check(fit.stimuli.features(), settings.folds);
        checked.map_err(|error| of_estimator(error.into(), settings.estimator.name()))?;
        if !lacks.is_empty() {
            let name = settings.estimator.name();
            printer.say(&format!("{name} has no {}, and is fitted without", text::join_or(lacks)));
        }
        if let Some(said) = without_repeats(fit, &settings) {
            printer.say(&said);
        }
    }
    let mut done = Vec::new();
    for (of, _) in &all {
        let settings = of.settings(seed, fit.stimuli.features());
        let name = settings.estimator.name();
        let mut own = RunDir::at(out.join(name));
        let _claimed = own.claim()?;
        let mut fit = fit.clone();
        if let Some(said) = without_repeats(&fit, &settings) {
            fit.warnings.push(said);
            fit.repeats.clear();
        }
        let _also = finish::settle(&mut own, &fit.wanted(&settings), false, force)?;
        let finished = finish::finish(fit, (of, seed), (&own, figures), controls, printer)?;
        report::show(&own, &finished, printer)?;
        done.push(OfEstimator { name, profile: finished.profile, record: finished.record });
    }
    // The page of an earlier run is not to stand beside this one's table, whatever ends this process.
    files::write_or_remove(&out.join(ESTIMATORS_PAGE), None)?;
    let rows = done.iter().map(OfEstimator::scores);
    files::write(&out.join(ESTIMATORS), &estimators_csv(&rows.collect::<Vec<_>>()))?;
    files::write(&out.join(ESTIMATORS_PAGE), several::page(&done)?.as_bytes())?;
    if !figures.figures.is_empty() {
        for file in several::figures(&done, &figures.figures)? {
            files::write(&out.join("figures").join(file.name), &file.bytes)?;
        }
    }
    if printer.json() {
        return Printer::result_json(&json!({
            "estimators": out.join(ESTIMATORS),
            "page": out.join(ESTIMATORS_PAGE),
            "runs": done.iter().map(|of| json!({
                "estimator": of.name,
                "run_dir": out.join(of.name),
                "score": of.measure().name(),
                "seconds": of.seconds(),
            })).collect::<Vec<_>>(),
        }));
    }
    Printer::data(format!("\n{}", several::terminal(&done)))?;
    Printer::result(format!(
        "\nestimators: {}\npage:       {}\n",
        out.join(ESTIMATORS).display(),
        out.join(ESTIMATORS_PAGE).display()
    ))
}
