//! `probe report`, and the end of every run: the page and the terminal's table from the tables.

use std::path::Path;
use std::time::Instant;

use mlem_probe::files;
use mlem_probe::profile::{Order, Profile, RunRecord, Summary};
use mlem_probe::report::{page, terminal};
use mlem_probe::stimuli::Stimuli;
use mlem_probe::stimuli::confounds::Confounds;
use ndarray::Array2;
use serde_json::{Value, json};

use super::run_dir;
use crate::args::ReportArgs;
use crate::failure::Result;
use crate::printer::Printer;

/// Runs the command.
pub fn run(args: &ReportArgs, printer: &Printer) -> Result<()> {
    let folder = &args.run_dir;
    let record = run_dir::read_record(folder)?;
    let stimuli = Stimuli::read(&folder.join(run_dir::STIMULI))?;
    let profile = Profile::read(folder)?;
    write_page(folder, &stimuli, &profile, &record)?;
    show(folder, &profile, &record, printer)
}

/// Writes what a run ends with, and shows it.
pub fn finish(
    folder: &Path,
    stimuli: &Stimuli,
    profile: &Profile,
    record: &mut RunRecord,
    printer: &Printer,
) -> Result<()> {
    let begun = Instant::now();
    write_page(folder, stimuli, profile, record)?;
    record.seconds.insert("report".to_owned(), begun.elapsed().as_secs_f64());
    run_dir::write_record(folder, record)?;
    show(folder, profile, record, printer)
}

fn write_page(folder: &Path, stimuli: &Stimuli, profile: &Profile, run: &RunRecord) -> Result<()> {
    let confounds = Confounds::of(stimuli.features());
    let n = stimuli.features().n_features();
    let correlations =
        Array2::from_shape_fn((n, n), |(a, b)| confounds.correlation(a, b).unwrap_or(f64::NAN));
    let input = page::Input { profile, run, stimuli, correlations: &correlations };
    Ok(files::write(&folder.join(run_dir::PAGE), page::render(input)?.as_bytes())?)
}

fn show(folder: &Path, profile: &Profile, record: &RunRecord, printer: &Printer) -> Result<()> {
    let page = folder.join(run_dir::PAGE);
    if printer.json() {
        return Printer::result_json(&as_json(folder, profile, record));
    }
    let options = terminal::Options {
        width: Printer::width().unwrap_or(terminal::Options::default().width),
        colour: Printer::color(),
        ..terminal::Options::default()
    };
    Printer::result(terminal::render(profile, record, options))?;
    Printer::result(format!("\ntables: {}\npage:   {}\n", folder.display(), page.display()))
}

/// Means over folds, and where the files are. An undefined number is null.
fn as_json(folder: &Path, profile: &Profile, record: &RunRecord) -> Value {
    let summary = Summary::of(profile);
    let (scores, split) = summary.score();
    let terms = [Order::Main, Order::Interaction].into_iter().flat_map(|order| summary.ranked(order));
    json!({
        "run_dir": folder,
        "page": folder.join(run_dir::PAGE),
        "model": record.model.as_ref().map(|model| &model.id),
        "layers": summary.layers,
        "split": split,
        "spearman": scores.iter().map(|score| score.mean).collect::<Vec<_>>(),
        "importance": terms.map(|term| json!({
            "feature": term.name,
            "order": term.order,
            "mean": term.at.iter().map(|spread| spread.mean).collect::<Vec<_>>(),
            "sd": term.at.iter().map(|spread| spread.sd).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "seconds": record.seconds,
    })
}
