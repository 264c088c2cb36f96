//! `probe compare`, and the end of a run of several models or revisions.

use std::path::{Path, PathBuf};

use mlem_probe::activations::{self, Opened, Reading};
use mlem_probe::compare::{
    COMPARISON, Comparison, Error, METADATA, Metadata, MetadataParams, NEAREST, Params, Representation, Run,
    Warning, label, similarities, stimuli_sample,
};
use mlem_probe::files;
use mlem_probe::mlem::Distance;
use mlem_probe::profile::Order;
use mlem_probe::progress::Progress;
use mlem_probe::report::compare;
use mlem_probe::rundir::{FIGURES, RunDir, RunRecord};
use mlem_probe::stimuli::Stimuli;
use mlem_probe::text;
use serde_json::{Value, json};

use super::report;
use crate::args::{CompareArgs, MetadataArgs, list};
use crate::failure::{Failure, Result};
use crate::printer::Printer;

/// The page of a comparison.
pub const PAGE: &str = "compare.html";

/// Runs the command.
pub fn run(args: &CompareArgs, printer: &Printer) -> Result<()> {
    if args.runs.len() < 2 {
        return Err(Failure::usage(
            format!("{} alone is nothing to compare", args.runs[0].display()),
            "name two run directories or more, or give `probe run` several models: --model A,B",
        ));
    }
    if !args.activations.is_empty() && args.activations.len() != args.runs.len() {
        return Err(Failure::usage(
            format!(
                "{} of activations for {}",
                text::counted(args.activations.len() as u128, "file"),
                format_args!("{} run directories", args.runs.len())
            ),
            "give one --activations per run directory, in their order",
        ));
    }
    let labels = list::all(&args.labels);
    if !labels.is_empty() && labels.len() != args.runs.len() {
        return Err(Failure::usage(
            format!("{} labels for {} run directories", labels.len(), args.runs.len()),
            "give one label per run directory, in their order",
        ));
    }
    let runs = read(&args.runs)?;
    let representations = representations(&runs, args, printer)?;
    if representations.is_empty() {
        printer.say(
            "layers are not compared (RSA, CKA): that needs activations; `probe extract RUN_DIR/stimuli.csv --model MODEL -o FILE`, then \
             one --activations FILE per run directory",
        );
    }
    let params = Params { draws: args.draws, seed: args.seed, order: args.order };
    let asked = Asked { labels: &labels, metadata: Some(&args.metadata), table: None, params };
    let comparison = compare_runs(runs, &representations, asked, &args.out, printer)?;
    if !args.figures.is_empty() {
        let folder = args.out.join(FIGURES);
        for file in compare::figures(&comparison, &args.figures)? {
            files::write(&folder.join(file.name), &file.bytes)?;
        }
        printer.say(&format!("figures: {}", folder.display()));
    }
    if args.spreadsheet_safe {
        let copies = files::spreadsheet::copies(&args.out, [COMPARISON, NEAREST])?;
        printer.say(&format!("the table for a spreadsheet: {}", copies.display()));
    }
    show(&comparison, &args.out, printer)
}

/// Compares run directories, with what was kept of their activations, and shows and writes what came of it.
pub fn finish(
    folders: &[PathBuf],
    representations: Vec<Representation>,
    seed: u64,
    out: &Path,
    printer: &Printer,
) -> Result<()> {
    let runs = read(folders)?;
    if let Some(run) = runs.iter().find(|run| run.profile.importances.is_empty()) {
        printer.say(&format!("the runs are not compared: {} has no importance of any feature", run.folder));
        return Ok(());
    }
    let interacts = |run: &Run| run.profile.importances.iter().any(|row| row.order == Order::Interaction);
    if runs.iter().all(interacts) {
        printer.say(
            "features are compared; their interactions by `probe compare RUN_DIR... --order interaction`",
        );
    }
    let representations: Vec<_> = representations.into_iter().map(Some).collect();
    let params = Params { seed, ..Params::default() };
    let asked = Asked { labels: &[], metadata: None, table: None, params };
    let comparison = compare_runs(runs, &representations, asked, out, printer)?;
    show(&comparison, out, printer)
}

/// How runs are compared.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// What the models are called.
    pub labels: &'a [String],
    /// What they are fitted by.
    pub metadata: Option<&'a MetadataArgs>,
    /// The table of the models, names in the place of sentences, and what it is called: where it is at hand, and not read from a file.
    pub table: Option<(&'a Stimuli, &'a str)>,
    /// The rest.
    pub params: Params,
}

/// Compares `runs` and writes the tables and the page.
pub fn compare_runs(
    mut runs: Vec<Run>,
    representations: &[Option<Representation>],
    Asked { labels, metadata, table, params }: Asked<'_>,
    out: &Path,
    progress: &dyn Progress,
) -> Result<Comparison> {
    label(&mut runs, labels);
    files::require_writable(out)?;
    let mut comparison = Comparison::of(runs, params)?;
    comparison.similarities = similarities(representations);
    for warning in &comparison.warnings {
        match warning {
            Warning::Doubt { .. } => progress.alarm(&warning.to_string()),
            _ => progress.warn(&warning.to_string()),
        }
    }
    if let Some(args) = metadata.filter(|args| args.metadata.is_some()) {
        let found = by_metadata(&comparison, args, table, params.seed)?;
        for warning in &found.fit.warnings {
            progress.warn(warning);
        }
        comparison.metadata = Some(found);
    }
    // The page of an earlier comparison is not to stand beside this one's table, whatever ends this process.
    files::write_or_remove(&out.join(PAGE), None)?;
    files::write(&out.join(COMPARISON), &comparison.to_csv())?;
    let nearest = Some(comparison.nearest_csv()).filter(|_| !comparison.nearest.is_empty());
    files::write_or_remove(&out.join(NEAREST), nearest.as_deref())?;
    files::write_or_remove(
        &out.join(METADATA),
        comparison.metadata.as_ref().map(Metadata::to_csv).as_deref(),
    )?;
    files::write(&out.join(PAGE), compare::page(&comparison)?.as_bytes())?;
    Ok(comparison)
}

/// The table of models at `path`, whose names are in the column `name`.
fn models_in(path: &Path, name: &str) -> Result<Stimuli> {
    let reading = mlem_probe::stimuli::Reading { text: Some(name.to_owned()), ..Default::default() };
    Stimuli::read_as(path, &reading).map_err(|error| match error {
        mlem_probe::stimuli::Error::UnknownColumn { path, name, known } => Failure::input(
            format!("{}: no column is called `{name}`", path.display()),
            format!("name the column of the models with --metadata-name: {}", text::some(&known, 10)),
        ),
        error => error.into(),
    })
}

/// Fits the models of `comparison` by `given`, or by the table of `args`.
fn by_metadata(
    comparison: &Comparison,
    args: &MetadataArgs,
    given: Option<(&Stimuli, &str)>,
    seed: u64,
) -> Result<Metadata> {
    let path = args.metadata.as_deref().unwrap_or(Path::new(""));
    let (mut table, file) = if let Some((table, called)) = given {
        (table.clone(), called.to_owned())
    } else {
        let file = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        (models_in(path, &args.metadata_name)?, file)
    };
    for name in args.metadata_drop.iter().flatten() {
        table.features().position(name)?;
    }
    table.features_mut().retain(|feature| !list::has(&args.metadata_drop, feature.name()));
    let params = MetadataParams {
        draws: args.metadata_draws,
        groups: args.metadata_group.clone(),
        seed,
        ..MetadataParams::default()
    };
    Ok(comparison.by_metadata((&table, &file), args.metadata_distance, &params)?)
}

fn show(comparison: &Comparison, out: &Path, printer: &Printer) -> Result<()> {
    if printer.json() {
        return Printer::result_json(&as_json(comparison, out));
    }
    Printer::data(compare::terminal(comparison, report::options()))?;
    Printer::result(format!(
        "\ncomparison: {}\npage:       {}\n",
        out.join(COMPARISON).display(),
        out.join(PAGE).display()
    ))
}

/// Reads what is compared of the runs in `folders`.
pub fn read(folders: &[PathBuf]) -> Result<Vec<Run>> {
    folders.iter().map(|folder| Ok(Run::read(&RunDir::at(folder))?)).collect()
}

/// The distance between activations that a run was fitted with.
pub fn distance(record: &RunRecord) -> Distance {
    let named = record.options.get("distance").cloned();
    named.and_then(|name| serde_json::from_value(name).ok()).unwrap_or_default()
}

/// What is kept of the files of `--activations`.
fn representations(
    runs: &[Run],
    args: &CompareArgs,
    printer: &Printer,
) -> Result<Vec<Option<Representation>>> {
    let mut all = Vec::new();
    for (run, file) in runs.iter().zip(&args.activations) {
        let first = &runs[0];
        if run.record.stimuli.hash != first.record.stimuli.hash {
            return Err(Error::OtherStimuli { a: first.folder.clone(), b: run.folder.clone() }.into());
        }
        let expected = run.record.stimuli.n_stimuli;
        let distance = distance(&run.record);
        if distance == Distance::Crossnobis {
            let message = format!(
                "{} was fitted to cross-validated distances, and has no activations to compare",
                run.folder
            );
            return Err(Failure::usage(message, "leave --activations out: profiles are compared without"));
        }
        let reading = Reading { distances: distance == Distance::Precomputed, ..args.reading.of(expected) };
        let Opened { activations, notes, warnings } = activations::open_as(file, None, &reading)?;
        for note in &notes {
            printer.say(note);
        }
        for warning in &warnings {
            printer.warn(warning);
        }
        let found = activations.n_stimuli();
        if found != expected {
            let (file, folder) = (file.display().to_string(), run.folder.clone());
            return Err(Error::Rows { file, folder, found, expected }.into());
        }
        let rows = stimuli_sample(found, args.layer_stimuli, args.seed);
        all.push(Some(Representation::of(&*activations, &rows, distance)?));
    }
    Ok(all)
}

fn as_json(comparison: &Comparison, out: &Path) -> Value {
    let name = |run: usize| &comparison.runs[run].label;
    json!({
        "comparison": out.join(COMPARISON),
        "page": out.join(PAGE),
        "models": comparison.runs.iter().map(|run| json!({
            "label": run.label,
            "run_dir": run.folder,
        })).collect::<Vec<_>>(),
        "order": comparison.order,
        "features": comparison.effects,
        "distances": comparison.distances.iter().map(|table| json!({
            "measure": table.measure.name(),
            "of": table.scale.name(),
            "distance": table.distance.rows().into_iter().map(|row| row.to_vec()).collect::<Vec<_>>(),
            "sd": table.sd.rows().into_iter().map(|row| row.to_vec()).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "differences": comparison.differences.iter().map(|test| json!({
            "a": name(test.a),
            "b": name(test.b),
            "feature": test.effect,
            "quantity": test.quantity.name(),
            "difference": test.difference.mean,
            "interval": [test.interval.0, test.interval.1],
            "p": test.p,
            "p_holm": test.holm,
            "p_bh": test.bh,
            "over_stimuli": test.over_stimuli.map(|drawn| json!({
                "interval": [drawn.interval.0, drawn.interval.1],
                "p": drawn.p,
                "p_holm": drawn.holm,
                "p_bh": drawn.bh,
            })),
        })).collect::<Vec<_>>(),
        "nearest": comparison.nearest.iter().map(|row| json!({
            "a": name(row.a),
            "layer_a": row.layer_a,
            "b": name(row.b),
            "layer_b": row.layer_b,
            "distance": row.distance,
            "null_mean": row.null_mean,
            "p": row.p,
            "p_holm": row.holm,
            "p_bh": row.bh,
        })).collect::<Vec<_>>(),
        "metadata": comparison.metadata.as_ref().map(|metadata| json!({
            "table": out.join(METADATA),
            "distance": metadata.distance.name(),
            "models": metadata.fit.models,
            "spearman": metadata.fit.score,
            "p": metadata.fit.p,
            "draws": metadata.fit.draws,
            "features": metadata.fit.effects.iter().map(|effect| json!({
                "feature": effect.name,
                "order": effect.order,
                "importance": effect.importance,
                "weight": effect.weight,
                "p": effect.p,
                "p_holm": effect.holm,
                "p_max": effect.max,
                "without": effect.without.iter().map(|without| json!({
                    "left_out": without.left_out,
                    "importance": without.importance,
                    "p": without.p,
                })).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
        })),
        "warnings": comparison.warnings.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}
