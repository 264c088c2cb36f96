//! `probe report`, and the end of every run: the page and the terminal's table from the tables.

use std::time::Instant;

use mlem_probe::controls::ControlRow;
use mlem_probe::files;
use mlem_probe::geometry::Dimension;
use mlem_probe::profile::{Of, Order, Profile, Statistic, Summary};
use mlem_probe::progress::Progress;
use mlem_probe::report::names::FeatureNames;
use mlem_probe::report::{controls, export, page, plot, terminal};
use mlem_probe::rundir::{Finished, RunDir, RunRecord, STIMULI, Saved, TABLES};
use mlem_probe::stimuli::confounds::Confounds;
use ndarray::Array2;
use serde_json::{Value, json};

use super::folders;
use crate::args::{FigureArgs, ReportArgs};
use crate::failure::Result;
use crate::printer::Printer;

/// Runs the command.
pub fn run(args: &ReportArgs, printer: &Printer) -> Result<()> {
    let dir = RunDir::at(&args.run_dir);
    folders::require_run(dir.path())?;
    let Saved { mut record, profile, stimuli, geometry, controls, dimensions, doubts, .. } = dir.read()?;
    let doubts: Vec<String> = doubts.iter().map(ToString::to_string).collect();
    for doubt in &doubts {
        printer.alarm(&format!("{}: {doubt}", dir.path().display()));
    }
    // The page says it too.
    record.warnings.extend(doubts);
    let mut run = Finished { profile, record, stimuli, geometry, units: None, controls, dimensions };
    pages(&dir, &mut run, &args.figures, printer)?;
    if args.spreadsheet_safe {
        let names = TABLES.iter().map(|table| table.name).chain([STIMULI]);
        let copies = files::spreadsheet::copies(dir.path(), names)?;
        printer.say(&format!("tables for a spreadsheet: {}", copies.display()));
    }
    if args.plot && !printer.json() {
        Printer::data(format!("{}\n", plot::render(&run.profile, options())))?;
    }
    show(&dir, &run, printer)
}

/// Writes the page, and the figures that were asked for, with names for display, which `run` has from then on.
fn pages(dir: &RunDir, run: &mut Finished, args: &FigureArgs, progress: &dyn Progress) -> Result<()> {
    if let Some(path) = &args.feature_names {
        let names = FeatureNames::read(path, &run.stimuli.features().names())?;
        run.controls = names.of_controls(&run.controls, &run.stimuli.features().names());
        (run.profile, run.record, run.stimuli) = names.apply(&run.profile, &run.record, &run.stimuli)?;
    }
    let correlations = Confounds::of(run.stimuli.features()).matrix();
    let tables = dir.table_files()?;
    let input = input(run, &correlations, &tables);
    dir.write_page(&page::render(input)?)?;
    if !args.figures.is_empty() {
        for file in export::figures(input, &args.figures)? {
            files::write(&dir.figures().join(file.name), &file.bytes)?;
        }
        progress.note(&format!("figures: {}", dir.figures().display()));
    }
    Ok(())
}

/// Writes what a run ends with.
pub fn finish(dir: &RunDir, run: &mut Finished, args: &FigureArgs, progress: &dyn Progress) -> Result<()> {
    let begun = Instant::now();
    // The record keeps the names that the tables have.
    let mut shown = run.clone();
    pages(dir, &mut shown, args, progress)?;
    run.record.seconds.insert("report".to_owned(), begun.elapsed().as_secs_f64());
    Ok(dir.write_record(&run.record)?)
}

fn input<'a>(
    run: &'a Finished,
    correlations: &'a Array2<f64>,
    files: &'a [(String, Vec<u8>)],
) -> page::Input<'a> {
    let Finished { profile, record, stimuli, geometry, controls, dimensions, .. } = run;
    page::Input {
        profile,
        run: record,
        stimuli,
        correlations,
        geometry: geometry.as_ref(),
        controls,
        dimensions,
        files,
    }
}

/// How tables and charts are drawn on this terminal.
pub fn options() -> terminal::Options {
    terminal::Options {
        width: Printer::width().unwrap_or(terminal::Options::default().width),
        colour: Printer::color(),
        ..terminal::Options::default()
    }
}

/// Shows a run.
pub fn show(dir: &RunDir, run: &Finished, printer: &Printer) -> Result<()> {
    let Finished { profile, record, controls, .. } = run;
    if printer.json() {
        let mut value = as_json(dir, profile, record);
        if !run.dimensions.is_empty() {
            value["dimension"] = run.dimensions.iter().map(dimension_as_json).collect();
        }
        if !record.controls.is_empty() {
            value["controls"] = json!(record.controls);
            value["above_controls"] = controls.iter().map(control_as_json).collect();
        }
        return Printer::result_json(&value);
    }
    Printer::data(terminal::render(profile, record, options()))?;
    Printer::data(controls::terminal(profile, controls, record, options()))?;
    Printer::result(format!("\ntables: {}\npage:   {}\n", dir.path().display(), dir.page().display()))
}

/// Means over folds, and where the files are. An undefined number is null.
fn as_json(dir: &RunDir, profile: &Profile, record: &RunRecord) -> Value {
    let summary = Summary::of(profile);
    let (scores, split) = summary.score();
    let terms =
        [Order::Main, Order::Interaction, Order::Group].into_iter().flat_map(|order| summary.ranked(order));
    json!({
        "run_dir": dir.path(),
        "page": dir.page(),
        "model": record.model.as_ref().map(|model| &model.id),
        "layers": summary.layers,
        "split": split,
        (profile.measure.row_name()): scores.iter().map(|score| score.mean).collect::<Vec<_>>(),
        "p": summary.is_tested().then(|| {
            summary.score_tests.iter().map(|test| test.and_then(|test| test.bh)).collect::<Vec<_>>()
        }),
        "statistics": profile.statistics().iter().map(statistic_as_json).collect::<Vec<_>>(),
        "importance": terms.map(|term| json!({
            "feature": term.name,
            "order": term.order,
            "mean": term.at.iter().map(|spread| spread.mean).collect::<Vec<_>>(),
            "sd": term.at.iter().map(|spread| spread.sd).collect::<Vec<_>>(),
            "significant": summary.is_tested().then(|| summary.significant_at(term)),
        })).collect::<Vec<_>>(),
        "seconds": record.seconds,
    })
}

/// A row of `dimension.csv`, under the same names; an undefined number is null.
fn dimension_as_json(row: &Dimension) -> Value {
    json!({
        "layer": row.layer,
        "dimension": row.dimension,
        "likelihood": row.likelihood,
        "stimuli": row.stimuli,
        "copies": row.copies,
    })
}

/// A row of `controls.csv`, under the same names; an undefined number is null.
fn control_as_json(row: &ControlRow) -> Value {
    let (feature, order) = effect_as_json(&row.of);
    json!({
        "layer": row.layer,
        "feature": feature,
        "order": order,
        "control": row.control,
        "mean": row.mean,
        "control_mean": row.control_mean,
        "control_sd": row.control_sd,
        "left": row.left,
        "left_sd": row.left_sd,
        "ci_low": row.interval.map(|(low, _)| low),
        "ci_high": row.interval.map(|(_, high)| high),
        "largest": row.largest,
    })
}

/// The feature of an effect, if it is one, and its order.
fn effect_as_json(of: &Of) -> (Option<&String>, Value) {
    match of {
        Of::Score => (None, json!("score")),
        Of::Effect(order, name) => (Some(name), json!(order)),
    }
}

/// A row of `statistics.csv`, under the same names; an undefined number is null.
fn statistic_as_json(row: &Statistic) -> Value {
    let (feature, order) = effect_as_json(&row.of);
    let test = row.test.as_ref();
    json!({
        "layer": row.layer,
        "feature": feature,
        "order": order,
        "mean": row.folds.mean,
        "sd": row.folds.sd,
        "ci_low": row.interval.map(|(low, _)| low),
        "ci_high": row.interval.map(|(_, high)| high),
        "permutation_sd": row.permutation_sd,
        "p": test.and_then(|test| test.null.p),
        "p_holm": test.and_then(|test| test.holm),
        "p_bh": test.and_then(|test| test.bh),
        "p_max": test.and_then(|test| test.max),
    })
}
