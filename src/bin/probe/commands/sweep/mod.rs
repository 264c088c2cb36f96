//! `probe sweep`: a plan of many runs.

mod local;
mod plan;
mod program;
mod scheduler;
mod show;
mod slurm;

use mlem_probe::files;
use mlem_probe::progress::Progress;
use mlem_probe::sweep::slurm::shell_quoted;
use mlem_probe::sweep::{self, Cell, Collected, Engine, State, collect, require_own};
use mlem_probe::text;
use serde_json::json;

use self::plan::Sweep;
use crate::args::{CollectArgs, PlanArgs, SweepCommand, SweepRunArgs, SweepTask};
use crate::failure::Result;
use crate::printer::Printer;

/// Comparisons that are named after cells were collected; the rest is in `sweep.json`.
const COMPARISONS: usize = 6;

/// Runs the command.
pub fn run(command: &SweepCommand, printer: &Printer) -> Result<()> {
    match &command.task {
        None => begin(&command.run, false, printer),
        Some(SweepTask::Run(args)) => begin(args, false, printer),
        Some(SweepTask::Retry(args)) => begin(args, true, printer),
        Some(SweepTask::Status(args)) => status(args, printer),
        Some(SweepTask::Collect(args)) => collected(args, printer),
    }
}

/// Runs or submits what is not done; with `retry` only what was tried.
fn begin(args: &SweepRunArgs, retry: bool, printer: &Printer) -> Result<()> {
    let sweep = Sweep::open(&args.plan)?;
    require_own(&sweep.out)?;
    let is_part = args.shard.is_some() || !args.cell.is_empty();
    let engine = args.engine.unwrap_or(if is_part { Engine::Local } else { sweep.plan.engine });
    let chosen = sweep.chosen(args)?;
    if let (Some(shard), true) = (args.shard, chosen.is_empty()) {
        let cells = text::counted(sweep.grid.cells.len() as u128, "cell");
        printer
            .say(&format!("shard {shard} has none of the {cells}: more shards than cells leave some empty"));
    }
    // From what is known to be submitted to what is written down of it: nobody else may submit the same meanwhile.
    let _lock = match engine {
        Engine::Slurm if !args.dry_run => Some(slurm::alone(&sweep)?),
        _ => None,
    };
    // A run on this machine asks no scheduler: the locks of the cells say what is under way.
    let states = if retry || args.dry_run || engine == Engine::Slurm {
        sweep.states(printer)?
    } else {
        sweep.grid.cells.iter().map(|cell| sweep.state(cell)).collect()
    };
    let to_run: Vec<&Cell> = chosen
        .iter()
        .copied()
        .filter(|cell| match &states[cell.index] {
            State::Done => false,
            state if retry => state.needs_retry(),
            state => engine == Engine::Local || !state.is_under_way(),
        })
        .collect();
    if args.dry_run {
        return show::cells(&sweep, if retry { &to_run } else { &chosen }, &states, printer);
    }
    match engine {
        Engine::Local => {
            if !to_run.is_empty() {
                files::require_writable(&sweep.out)?;
            }
            let done = chosen.iter().filter(|cell| states[cell.index] == State::Done).count();
            local::run(&sweep, chosen.len(), done, &to_run, printer)
        }
        Engine::Slurm => slurm::submit(&sweep, &to_run, printer),
    }
}

fn status(args: &PlanArgs, printer: &Printer) -> Result<()> {
    let sweep = Sweep::open(args)?;
    let states = sweep.states(printer)?;
    let all: Vec<&Cell> = sweep.grid.cells.iter().collect();
    show::cells(&sweep, &all, &states, printer)
}

fn collected(args: &CollectArgs, printer: &Printer) -> Result<()> {
    let sweep = Sweep::open(&args.plan)?;
    let states = sweep.states(printer)?;
    let Collected { cells, tables, missing, groups, warnings } =
        collect(&sweep.plan, &sweep.grid, &states, &sweep.out, args.partial)?;
    for warning in &warnings {
        printer.warn(warning);
    }
    if args.spreadsheet_safe {
        let copies = files::spreadsheet::copies(&sweep.out, tables.iter().map(|&(name, _)| name))?;
        printer.say(&format!("tables for a spreadsheet: {}", copies.display()));
    }
    let comparisons: Vec<String> = groups
        .iter()
        .map(|group| {
            let quoted = |name: &str| shell_quoted(&sweep.out.join(name).to_string_lossy());
            let folders: Vec<String> = group.folders.iter().map(|name| quoted(name)).collect();
            format!("probe compare {} -o {}", folders.join(" "), quoted(&format!("compare/{}", group.name)))
        })
        .collect();
    if printer.json() {
        return Printer::result_json(&json!({
            "sweep": sweep.out.join(sweep::SWEEP),
            "cells": cells,
            "tables": tables.iter().map(|(name, rows)| json!({"table": sweep.out.join(name), "rows": rows})).collect::<Vec<_>>(),
            "missing": missing,
            "comparisons": comparisons,
            "warnings": warnings,
        }));
    }
    Printer::result(show::collected(&sweep, cells, &tables, &missing))?;
    if !comparisons.is_empty() {
        Printer::result("\nmodels over the same stimuli, to compare:\n")?;
        for command in comparisons.iter().take(COMPARISONS) {
            Printer::result(format!("  {command}\n"))?;
        }
        if comparisons.len() > COMPARISONS {
            let more = comparisons.len() - COMPARISONS;
            Printer::result(format!("  and {more} more, in {}\n", sweep.out.join(sweep::SWEEP).display()))?;
        }
    }
    Ok(())
}
