//! `probe report`, and the end of every run: the page and the terminal's table from the tables.

use std::path::Path;
use std::time::Instant;

use mlem_probe::files;
use mlem_probe::geometry::Geometry;
use mlem_probe::profile::{Order, Profile, RunRecord, Summary};
use mlem_probe::report::names::FeatureNames;
use mlem_probe::report::{export, page, plot, terminal};
use mlem_probe::stimuli::Stimuli;
use mlem_probe::stimuli::confounds::Confounds;
use serde_json::{Value, json};

use super::run_dir;
use crate::args::ReportArgs;
use crate::failure::Result;
use crate::printer::Printer;

/// The folder of the figures in a run directory, and beside a comparison.
pub const FIGURES: &str = "figures";

/// Runs the command.
pub fn run(args: &ReportArgs, printer: &Printer) -> Result<()> {
    let folder = &args.run_dir;
    let mut record = run_dir::read_record(folder)?;
    let mut stimuli = Stimuli::read(&folder.join(run_dir::STIMULI))?;
    let mut profile = Profile::read(folder)?;
    if let Some(path) = &args.feature_names {
        let names = FeatureNames::read(path, &stimuli.features().names())?;
        (profile, record, stimuli) = names.apply(&profile, &record, &stimuli)?;
    }
    let maps = run_dir::read_geometry(folder, stimuli.len())?;
    let correlations = Confounds::of(stimuli.features()).matrix();
    let input = page::Input {
        profile: &profile,
        run: &record,
        stimuli: &stimuli,
        correlations: &correlations,
        geometry: maps.as_ref(),
    };
    files::write(&folder.join(run_dir::PAGE), page::render(input)?.as_bytes())?;
    if !args.figures.is_empty() {
        for file in export::figures(input, &args.figures)? {
            files::write(&folder.join(FIGURES).join(file.name), &file.bytes)?;
        }
        printer.say(&format!("figures: {}", folder.join(FIGURES).display()));
    }
    if args.plot && !printer.json() {
        Printer::result(format!("{}\n", plot::render(&profile, options())))?;
    }
    show(folder, &profile, &record, printer)
}

/// Writes what a run ends with.
pub fn finish(
    folder: &Path,
    stimuli: &Stimuli,
    profile: &Profile,
    record: &mut RunRecord,
    geometry: Option<&Geometry>,
) -> Result<()> {
    let begun = Instant::now();
    let correlations = Confounds::of(stimuli.features()).matrix();
    let input = page::Input { profile, run: record, stimuli, correlations: &correlations, geometry };
    files::write(&folder.join(run_dir::PAGE), page::render(input)?.as_bytes())?;
    record.seconds.insert("report".to_owned(), begun.elapsed().as_secs_f64());
    run_dir::write_record(folder, record)
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
pub fn show(folder: &Path, profile: &Profile, record: &RunRecord, printer: &Printer) -> Result<()> {
    let page = folder.join(run_dir::PAGE);
    if printer.json() {
        return Printer::result_json(&as_json(folder, profile, record));
    }
    Printer::result(terminal::render(profile, record, options()))?;
    Printer::result(format!("\ntables: {}\npage:   {}\n", folder.display(), page.display()))
}

/// Means over folds, and where the files are. An undefined number is null.
fn as_json(folder: &Path, profile: &Profile, record: &RunRecord) -> Value {
    let summary = Summary::of(profile);
    let (scores, split) = summary.score();
    let terms =
        [Order::Main, Order::Interaction, Order::Group].into_iter().flat_map(|order| summary.ranked(order));
    json!({
        "run_dir": folder,
        "page": folder.join(run_dir::PAGE),
        "model": record.model.as_ref().map(|model| &model.id),
        "layers": summary.layers,
        "split": split,
        "spearman": scores.iter().map(|score| score.mean).collect::<Vec<_>>(),
        "p": summary.is_tested().then(|| {
            summary.score_tests.iter().map(|test| test.and_then(|test| test.bh)).collect::<Vec<_>>()
        }),
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
