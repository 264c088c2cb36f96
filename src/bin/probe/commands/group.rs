//! `probe group`: subjects as a sample.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use mlem_probe::files;
use mlem_probe::group::{
    ClusterBy, Curve, FORMING, Group, Joined, Neighbours, Run, Warning, entry_names, label, pair,
};
use mlem_probe::profile::{Plane, n_axes};
use mlem_probe::progress::Progress;
use mlem_probe::report::group;
use mlem_probe::rundir::{FIGURES, RECORD, RunDir, RunRecord};
use mlem_probe::text;
use serde_json::{Value, json};

use super::report;
use crate::args::{GroupArgs, list};
use crate::failure::{Failure, Result};
use crate::printer::Printer;

/// The page of a group.
const PAGE: &str = "group.html";
/// What `run.json` of a group has in its options, and that of a run has not.
const MARK: &str = "group";

/// Runs the command, of which `words` are what is recorded.
pub fn run(args: &GroupArgs, words: Vec<String>, printer: &Printer) -> Result<()> {
    if args.runs.len() < 2 {
        return Err(Failure::usage(
            format!("{} alone is no group", args.runs[0].display()),
            "name a run directory for each subject, two or more: probe group runs/sub-01 runs/sub-02 …",
        ));
    }
    let labels = list::all(&args.labels);
    if !labels.is_empty() && labels.len() != args.runs.len() {
        return Err(Failure::usage(
            format!("{} labels for {} run directories", labels.len(), args.runs.len()),
            "give one label per run directory, in their order",
        ));
    }
    if let Some(twice) = labels.iter().enumerate().find(|(i, label)| labels[..*i].contains(label)) {
        return Err(Failure::usage(
            format!("two subjects are called `{}`", twice.1),
            "give each subject a label of its own",
        ));
    }
    require_free(args)?;
    let begun = Instant::now();
    for folder in &args.runs {
        require_subject(folder)?;
    }
    let mut subjects: Vec<Run> = super::compare::read(&args.runs)?;
    label(&mut subjects, &labels);
    let neighbours = neighbours(args, &subjects)?;
    let group = Group::of(subjects, &neighbours, args.params())?;
    for warning in &group.warnings {
        if let Warning::Differs(mlem_probe::compare::Warning::Doubt { .. }) = warning {
            printer.alarm(&warning.to_string());
        } else {
            printer.warn(&warning.to_string());
        }
    }
    let seconds = BTreeMap::from([("group".to_owned(), begun.elapsed().as_secs_f64())]);
    let record = record(&group, &neighbours, words, seconds);
    write(&group, &record, args, printer)?;
    if printer.json() {
        return Printer::result_json(&as_json(&group, &args.out));
    }
    Printer::data(group::terminal(&group, report::options()))?;
    let tables = group.tables().into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    Printer::result(format!(
        "\ntables: {} ({})\npage:   {}\n",
        args.out.display(),
        tables.join(", "),
        args.out.join(PAGE).display()
    ))
}

/// Refuses to write over a subject, or over another run.
fn require_free(args: &GroupArgs) -> Result<()> {
    let out = &args.out;
    let real = |path: &Path| path.canonicalize().ok();
    if let Some(subject) = args.runs.iter().find(|run| real(run).is_some() && real(run) == real(out)) {
        return Err(Failure::usage(
            format!("{} is a subject, and the group would be written over it", subject.display()),
            "choose another folder with -o",
        ));
    }
    files::require_writable(out)?;
    if args.force || !out.join(RECORD).exists() || is_group(out) {
        return Ok(());
    }
    Err(Failure::input(
        format!("{} holds a run that is no group", out.display()),
        "choose another folder with -o; --force removes that run",
    ))
}

fn is_group(folder: &Path) -> bool {
    RunDir::at(folder).read_record().is_ok_and(|record| record.options.contains_key(MARK))
}

/// Refuses a group in the place of a subject.
fn require_subject(folder: &Path) -> Result<()> {
    if !is_group(folder) {
        return Ok(());
    }
    Err(Failure::input(
        format!("{} is a group, not a subject", folder.display()),
        "name the run directories of its subjects, which its run.json lists",
    ))
}

fn neighbours(args: &GroupArgs, subjects: &[Run]) -> Result<Neighbours> {
    if let Some(file) = &args.neighbours {
        return Ok(Neighbours::read(file)?);
    }
    let first = &subjects[0].record;
    let names = entry_names(subjects).swap_remove(0);
    // Of three axes, and of words that are no axis, the test speaks.
    let plane = Plane::of(&names);
    let has_order = plane.as_ref().is_some_and(|plane| plane.axes.iter().any(|axis| axis.kind.is_ordered()));
    let said = args.along().is_some() || n_axes(&names) > 2;
    if args.cluster.is_none() || has_order || said || group::is_ordered(first, &names) {
        return Ok(Neighbours::InARow);
    }
    let names = plane.map_or(names, |plane| plane.axes[0].names.clone());
    let shown = if first.layer_labels.is_empty() { "these arrays".to_owned() } else { text::some(&names, 3) };
    Err(Failure::usage(
        format!("{shown} have no order that says which are neighbours"),
        format!("give --neighbours FILE, a file of pairs of these names, two a line: {}", pair(&names)),
    ))
}

/// What reproduces the group.
fn record(
    group: &Group,
    neighbours: &Neighbours,
    words: Vec<String>,
    seconds: BTreeMap<String, f64>,
) -> RunRecord {
    let (params, first) = (&group.params, &group.subjects[0].record);
    let cluster = match (params.cluster, group.threshold) {
        (Some(ClusterBy::Tfce), _) => json!({"kind": "tfce", "extent": 0.5, "height": 2.0}),
        (Some(ClusterBy::Threshold(given)), threshold) => json!({
            "kind": "mass",
            "threshold": threshold,
            "forming_p": if given.is_none() { Some(FORMING) } else { None },
        }),
        (None, _) => Value::Null,
    };
    let subjects: Vec<Value> = group
        .subjects
        .iter()
        .map(|run| json!({"label": run.label, "run_dir": run.folder, "key": run.record.key}))
        .collect();
    let pairs = match neighbours {
        Neighbours::InARow => Value::Null,
        Neighbours::Given { path, pairs } => json!({"file": path, "pairs": pairs.len()}),
    };
    let options: BTreeMap<String, Value> = [
        (MARK, json!(subjects)),
        ("order", json!(params.order)),
        ("tail", json!(params.tail)),
        ("draws", json!(params.draws)),
        ("alpha", json!(params.alpha)),
        ("shared", json!(params.shared)),
        ("cluster", cluster),
        ("neighbours", pairs),
        ("along", json!(params.along)),
        ("axes", axes(group)),
        ("flips", json!(group.flips)),
        ("all_flips", json!(group.exact)),
        ("least_p", json!(group.least_p())),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    let depends = json!({"version": env!("CARGO_PKG_VERSION"), "options": options, "seed": params.seed});
    let names = group.axis.iter().map(|entry| (entry.layer, entry.name.clone())).collect();
    RunRecord {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        command: words,
        stimuli: first.stimuli.clone(),
        layers: group.axis.iter().map(|entry| entry.layer).collect(),
        layer_labels: if first.layer_labels.is_empty() { BTreeMap::new() } else { names },
        options,
        seed: params.seed,
        seconds,
        warnings: group.warnings.iter().map(ToString::to_string).collect(),
        ..RunRecord::default()
    }
    .keyed(&depends)
    .dated()
}

/// The two axes of the entries, with how each is joined where clusters are tested; null with one axis.
fn axes(group: &Group) -> Value {
    let Some(plane) = &group.plane else { return Value::Null };
    let joined = |at: usize| match group.joined.map(|joined| joined[at]) {
        _ if group.params.cluster.is_none() => Value::Null,
        Some(Joined::InARow) => json!("in a row"),
        Some(Joined::Given) => json!("given"),
        Some(Joined::Apart) => json!("none"),
        None => json!("pairs of entries"),
    };
    let axis = |at: usize| json!({"axis": plane.axes[at].noun, "entries": plane.axes[at].names, "neighbours": joined(at)});
    json!({"rows": axis(0), "columns": axis(1)})
}

fn write(group: &Group, record: &RunRecord, args: &GroupArgs, printer: &Printer) -> Result<()> {
    let out = &args.out;
    // Nothing of an earlier run or group is to stand beside these tables, whatever ends this process.
    if out.join(RECORD).exists() {
        RunDir::at(out).forget()?;
    }
    for name in [PAGE, RECORD, mlem_probe::group::CLUSTERS] {
        files::write_or_remove(&out.join(name), None)?;
    }
    let mut tables = group.tables();
    for (name, bytes) in &tables {
        files::write(&out.join(name), bytes)?;
    }
    RunDir::at(out).write_record(record)?;
    tables.push((RECORD.to_owned(), files::read(&out.join(RECORD))?));
    files::write(&out.join(PAGE), group::page(group, &tables)?.as_bytes())?;
    if !args.figures.is_empty() {
        let folder = out.join(FIGURES);
        for file in group::figures(group, &args.figures)? {
            files::write(&folder.join(file.name), &file.bytes)?;
        }
        printer.say(&format!("figures: {}", folder.display()));
    }
    Ok(())
}

fn as_json(group: &Group, out: &Path) -> Value {
    let curve = |curve: &Curve| {
        let each = |of: &dyn Fn(&mlem_probe::group::Test) -> f64| -> Vec<Option<f64>> {
            curve.points.iter().map(|point| point.test.as_ref().ok().map(of)).collect()
        };
        json!({
            "feature": curve.name(),
            "mean": curve.points.iter().map(|point| point.spread.mean).collect::<Vec<_>>(),
            "sd": curve.points.iter().map(|point| point.spread.sd).collect::<Vec<_>>(),
            "t": each(&|test| test.sample.t),
            "ci_low": each(&|test| test.interval.0),
            "ci_high": each(&|test| test.interval.1),
            "p_t": each(&|test| test.p_t),
            "p": each(&|test| test.p),
            "p_max": each(&|test| test.p_max),
            "p_holm": each(&|test| test.holm),
            "p_bh": each(&|test| test.bh),
            "log10_bf10": each(&|test| test.log_bf10 / std::f64::consts::LN_10),
            "p_tfce_family": curve.points.iter().map(|point| {
                point.test.as_ref().ok().and_then(|test| test.enhanced).map(|enhanced| enhanced.p_family)
            }).collect::<Vec<_>>(),
            "significant": (0..group.axis.len()).map(|at| group.is_significant(curve, at)).collect::<Vec<_>>(),
            "clusters": curve.clusters.iter().map(|cluster| json!({
                "entries": cluster.entries.iter().map(|&at| &group.axis[at].name).collect::<Vec<_>>(),
                "mass": cluster.mass,
                "p": cluster.p,
                "p_family": cluster.p_family,
            })).collect::<Vec<_>>(),
            "ceiling": curve.ceiling().map(|(low, high)| [low, high]),
        })
    };
    json!({
        "group": out,
        "page": out.join(PAGE),
        "subjects": group.subjects.iter().map(|run| json!({"label": run.label, "run_dir": run.folder})).collect::<Vec<_>>(),
        "axis": group.axis.iter().map(|entry| &entry.name).collect::<Vec<_>>(),
        "axes": axes(group),
        "cells": group.plane.as_ref().map(|plane| &plane.cells),
        "flips": group.flips,
        "all_flips": group.exact,
        "least_p": group.least_p(),
        "threshold": group.threshold,
        "order": group.params.order,
        "tail": group.params.tail,
        "score": group.curves.first().map(curve),
        "effects": group.effects().iter().map(curve).collect::<Vec<_>>(),
        "warnings": group.warnings.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}
