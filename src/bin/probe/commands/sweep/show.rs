//! How far a sweep is, on the terminal and as JSON.

use std::fmt::Write;
use std::path::Path;

use mlem_probe::sweep::{self, Cell, State, folder};
use mlem_probe::text;
use serde_json::{Map, Value, json};

use super::plan::Sweep;
use crate::failure::Result;
use crate::printer::Printer;

/// The grid, and each of `cells` with its state.
pub fn cells(sweep: &Sweep, cells: &[&Cell], states: &[State], printer: &Printer) -> Result<()> {
    if printer.json() {
        return Printer::result_json(&as_json(sweep, cells, states));
    }
    let mut out = format!("{}: {}\n", sweep.plan.name, shape(sweep, cells.len()));
    if cells.is_empty() {
        return Printer::result(out);
    }
    let columns = sweep.grid.columns();
    let mut rows: Vec<Vec<String>> =
        vec![["cell", "key", "state"].into_iter().map(str::to_owned).chain(columns).collect()];
    for cell in cells {
        let first =
            [(cell.index + 1).to_string(), cell.short_key().to_owned(), states[cell.index].name().to_owned()];
        rows.push(first.into_iter().chain(cell.coordinates().into_iter().map(str::to_owned)).collect());
    }
    table(&rows, &mut out);
    let counts = State::NAMES.into_iter().filter_map(|name| {
        let n = cells.iter().filter(|cell| states[cell.index].name() == name).count();
        (n > 0).then(|| format!("{n} {name}"))
    });
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{}", counts.collect::<Vec<_>>().join(", "));
    // That a cell waits for its turn in a queue is said already.
    let said = cells.iter().filter(|cell| !matches!(states[cell.index], State::Queued { .. }));
    let said = said.filter_map(|cell| {
        let state = &states[cell.index];
        Some((cell.index + 1, (format!("{}: {}", state.name(), state.detail()?), state.hint())))
    });
    out.push_str(&alike(said));
    if printer.is_verbose() {
        for cell in cells {
            let words: Vec<String> = cell.words.iter().map(|word| sweep::slurm::shell_quoted(word)).collect();
            let _ = writeln!(out, "cell {}: probe {}", cell.index + 1, words.join(" "));
        }
    }
    Printer::result(out)
}

/// What is to be said of a cell, and what to do about it.
pub type Said = (String, Option<String>);

/// What is to be said of cells, each with its number; those of which the same is to be said share a line, and its hint one below.
pub fn alike(said: impl Iterator<Item = (usize, Said)>) -> String {
    let mut groups: Vec<(Said, Vec<usize>)> = Vec::new();
    for (number, what) in said {
        match groups.iter_mut().find(|(other, _)| *other == what) {
            Some((_, numbers)) => numbers.push(number),
            None => groups.push((what, vec![number])),
        }
    }
    let mut out = String::new();
    for ((what, hint), numbers) in groups {
        let noun = if numbers.len() == 1 { "cell" } else { "cells" };
        let _ = writeln!(out, "{noun} {} {what}", ranges(&numbers));
        if let Some(hint) = hint {
            let _ = writeln!(out, "  hint: {hint}");
        }
    }
    out
}

/// `1-3, 7` for 1, 2, 3 and 7.
fn ranges(numbers: &[usize]) -> String {
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for &number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    let shown = ranges.into_iter().map(|(first, last)| match last - first {
        0 => first.to_string(),
        _ => format!("{first}-{last}"),
    });
    shown.collect::<Vec<_>>().join(", ")
}

/// `8 cells, 2 grammars × 1 model × 4 revisions × 1 pooling`.
fn shape(sweep: &Sweep, cells: usize) -> String {
    let axes = sweep.plan.axes();
    let axes: Vec<String> = axes
        .iter()
        .filter(|(name, values)| ["grammar", "model"].contains(name) || values.len() > 1)
        .map(|(name, values)| match *name {
            "grammar" | "model" | "revision" | "pooling" => text::counted(values.len() as u128, name),
            option => format!("{} of --{option}", values.len()),
        })
        .collect();
    let count = if cells == sweep.grid.cells.len() {
        text::counted(cells as u128, "cell")
    } else {
        format!("{} of {}", text::count(cells as u128), text::counted(sweep.grid.cells.len() as u128, "cell"))
    };
    let less = if sweep.plan.excludes() { ", less what is excluded" } else { "" };
    format!("{count}, {}{less}", axes.join(" × "))
}

/// No column is wider.
const WIDEST: usize = 200;

/// Columns one below the other, the first to the right.
fn table(rows: &[Vec<String>], out: &mut String) {
    // A column is as wide as its widest cell, and no wider than a line: longer cells stand out.
    let width =
        |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0).min(WIDEST);
    let widths: Vec<usize> = (0..rows[0].len()).map(width).collect();
    for row in rows {
        let mut line = format!("{:>1$}", row[0], widths[0]);
        for (cell, width) in row.iter().zip(&widths).skip(1) {
            let _ = write!(line, "  {cell:<width$}");
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
}

/// What was collected, and where it is.
pub fn collected(sweep: &Sweep, cells: usize, tables: &[(&str, usize)], missing: &[String]) -> String {
    let mut out = format!("{}: {} collected\n", sweep.plan.name, text::counted(cells as u128, "cell"));
    if !missing.is_empty() {
        let _ = writeln!(out, "left out:");
        for line in missing {
            let _ = writeln!(out, "  {line}");
        }
    }
    let shown = |name: &str| sweep.out.join(Path::new(name)).display().to_string();
    let width = tables.iter().map(|(name, _)| shown(name).chars().count()).max().unwrap_or(0).min(WIDEST);
    for (name, rows) in tables {
        let _ = writeln!(out, "{:<width$}  {}", shown(name), text::counted(*rows as u128, "row"));
    }
    let _ = writeln!(out, "{}", shown(sweep::SWEEP));
    out
}

fn as_json(sweep: &Sweep, cells: &[&Cell], states: &[State]) -> Value {
    let columns = sweep.grid.columns();
    let described = |cell: &Cell| {
        let state = &states[cell.index];
        let mut all = Map::new();
        all.insert("cell".to_owned(), json!(cell.index + 1));
        all.insert("key".to_owned(), json!(cell.key));
        all.insert("state".to_owned(), json!(state.name()));
        all.insert("detail".to_owned(), json!(state.detail()));
        for (column, value) in columns.iter().zip(cell.coordinates()) {
            all.insert(column.clone(), json!(value));
        }
        all.insert("folder".to_owned(), json!(folder(&sweep.out, cell)));
        let command: Vec<&str> =
            std::iter::once("probe").chain(cell.words.iter().map(String::as_str)).collect();
        all.insert("command".to_owned(), json!(command));
        Value::Object(all)
    };
    json!({
        "name": sweep.plan.name,
        "folder": sweep.out,
        "n_cells": sweep.grid.cells.len(),
        "cells": cells.iter().map(|cell| described(cell)).collect::<Vec<_>>(),
    })
}
