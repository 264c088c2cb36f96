//! The engine on this machine: cells in turn, in this process.

use std::path::Path;
use std::time::Instant;

use mlem_probe::sweep::{Cell, Claim, State, attempts, folder};
use mlem_probe::text;
use serde_json::json;

use super::plan::Sweep;
use super::show;
use crate::failure::{Failure, Result};
use crate::printer::Printer;

/// What became of the cells that were run.
#[derive(Default)]
struct Tally<'a> {
    /// Those that are done, now or before.
    done: usize,
    /// Those that another process is at.
    elsewhere: Vec<&'a Cell>,
    failed: Vec<(&'a Cell, String, Option<String>)>,
}

/// Runs `to_run` of the `chosen` cells, one after the other; one that fails does not stop the others. `done` of the chosen are
/// done already.
pub fn run(sweep: &Sweep, chosen: usize, done: usize, to_run: &[&Cell], printer: &Printer) -> Result<()> {
    let mut turns: Vec<(u32, &Cell)> =
        to_run.iter().map(|&cell| (attempts(&folder(&sweep.out, cell), cell), cell)).collect();
    // What was tried least comes first: a cell that takes its process down with it keeps no other waiting.
    turns.sort_by_key(|(attempts, cell)| (*attempts, cell.index));
    let mut tally = Tally { done, ..Tally::default() };
    if tally.done > 0 {
        printer.say(&format!("{} done before", text::counted(tally.done as u128, "cell")));
    }
    for (turn, &(_, cell)) in turns.iter().enumerate() {
        let label = format!("{}/{} {}", turn + 1, turns.len(), cell.label());
        let folder = folder(&sweep.out, cell);
        let begun = Instant::now();
        match one(sweep, cell, &folder, printer) {
            Ok(true) => {
                tally.done += 1;
                printer.say(&format!("{label}: done in {:.1} s", begun.elapsed().as_secs_f64()));
            }
            Ok(false) if sweep.state(cell) == State::Done => {
                tally.done += 1;
                printer.say(&format!("{label}: done meanwhile"));
            }
            Ok(false) => {
                let who = sweep.state(cell).detail().unwrap_or_else(|| "another process".to_owned());
                printer.say(&format!("{label}: {who} is at it"));
                tally.elsewhere.push(cell);
            }
            Err(failure) => {
                printer.say(&format!("{label}: failed: {}", failure.message()));
                tally.failed.push((cell, failure.message(), failure.hint()));
            }
        }
    }
    finish(sweep, chosen, tally, printer)
}

/// Runs one cell into its folder, and says so there; false where another process is at it, or has done it meanwhile.
fn one(sweep: &Sweep, cell: &Cell, folder: &Path, printer: &Printer) -> Result<bool> {
    let Some(claim) = Claim::take(folder, cell)? else { return Ok(false) };
    let mut words = cell.words.clone();
    words.push(format!("--out={}", folder.display()));
    let (args, _) = sweep.runs.parse(&words).map_err(|complaint| {
        Failure::usage(
            complaint.message,
            complaint.hint.unwrap_or_else(|| "see `probe run --help`".to_owned()),
        )
    })?;
    words.insert(0, "probe".to_owned());
    match crate::commands::run::one(&args, words, folder, &printer.of_a_part()) {
        Ok(()) => claim.done()?,
        Err(failure) => {
            // Where not even that can be written, the cell counts as interrupted, and what failed is said all the same.
            let _ = claim.failed(failure.message(), failure.hint());
            return Err(failure);
        }
    }
    Ok(true)
}

fn finish(sweep: &Sweep, cells: usize, tally: Tally<'_>, printer: &Printer) -> Result<()> {
    let Tally { done, elsewhere, failed } = tally;
    if printer.json() {
        Printer::result_json(&json!({
            "folder": sweep.out,
            "cells": cells,
            "done": done,
            "elsewhere": elsewhere.iter().map(|cell| &cell.key).collect::<Vec<_>>(),
            "failed": failed.iter().map(|(cell, why, _)| json!({"key": cell.key, "error": why})).collect::<Vec<_>>(),
        }))?;
    } else {
        let mut counts = vec![format!("{done} done")];
        if !elsewhere.is_empty() {
            counts.push(format!("{} under way elsewhere", elsewhere.len()));
        }
        if !failed.is_empty() {
            counts.push(format!("{} failed", failed.len()));
        }
        let left = cells.saturating_sub(done + elsewhere.len() + failed.len());
        if left > 0 {
            counts.push(format!("{left} left"));
        }
        Printer::result(format!("{}: {}\n", text::counted(cells as u128, "cell"), counts.join(", ")))?;
        if done == sweep.grid.cells.len() {
            Printer::result(format!("to put them together: {}\n", sweep.command("collect")))?;
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    let counted = format!("{} of {} failed", failed.len(), text::counted(cells as u128, "cell"));
    let said = failed.into_iter().map(|(cell, why, hint)| (cell.index + 1, (format!("failed: {why}"), hint)));
    let what = format!("{counted}\n{}", show::alike(said).trim_end());
    Err(Failure::input(what, format!("`{}` tries them again", sweep.command("retry"))))
}
