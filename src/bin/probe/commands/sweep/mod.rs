//! `probe sweep`: a plan of many runs.

mod local;
mod program;
mod show;
mod slurm;

use std::path::{Path, PathBuf};

use mlem_probe::files;
use mlem_probe::progress::Progress;
use mlem_probe::sweep::slurm::{Submission, shell_quoted, submissions};
use mlem_probe::sweep::{self, Cell, Collected, Engine, Grid, Plan, State, collect, folder, require_own};
use mlem_probe::text;
use serde_json::json;

use self::program::Runs;
use self::slurm::Scheduler;
use crate::args::{CollectArgs, PlanArgs, SweepCommand, SweepRunArgs, SweepTask};
use crate::failure::{Failure, Result};
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

/// A plan that was read, and its cells.
struct Sweep {
    /// The file.
    path: PathBuf,
    /// Where its results go.
    out: PathBuf,
    /// Whether the command line says so.
    out_was_given: bool,
    plan: Plan,
    grid: Grid,
    runs: Runs,
}

impl Sweep {
    fn open(args: &PlanArgs) -> Result<Self> {
        let path = args.plan.clone().unwrap_or_default();
        let runs = Runs::new();
        let plan = Plan::read(&path, &runs)?;
        let grid = Grid::of(&plan, &runs)?;
        let out = args.out.clone().or_else(|| plan.out.clone());
        let out = out.unwrap_or_else(|| Path::new("runs").join(&plan.name));
        Ok(Self { path, out, out_was_given: args.out.is_some(), plan, grid, runs })
    }

    /// How far a cell is, from what lies in its folder.
    fn state(&self, cell: &Cell) -> State {
        State::of(&folder(&self.out, cell), cell)
    }

    /// How far every cell is, with what Slurm says of what was submitted.
    fn states(&self, printer: &Printer) -> Result<Vec<State>> {
        let states: Vec<State> = self.grid.cells.iter().map(|cell| self.state(cell)).collect();
        let submissions = submissions(&self.out)?;
        if submissions.is_empty() || states.iter().all(|state| *state == State::Done) {
            return Ok(states);
        }
        Ok(match Scheduler::ask(&submissions) {
            Ok(scheduler) => {
                self.grid.cells.iter().zip(states).map(|(cell, state)| scheduler.tell(cell, state)).collect()
            }
            Err(why) => {
                printer.warn(&format!("{why}; what follows is what the folders of the cells say"));
                states
            }
        })
    }

    /// The command that does `verb` with this sweep.
    fn command(&self, verb: &str) -> String {
        let out = if self.out_was_given {
            format!(" --out {}", shell_quoted(&self.out.to_string_lossy()))
        } else {
            String::new()
        };
        format!("probe sweep {verb} {}{out}", shell_quoted(&self.path.to_string_lossy()))
    }

    /// The cells that the command line names.
    fn chosen(&self, args: &SweepRunArgs) -> Result<Vec<&Cell>> {
        if !args.cell.is_empty() {
            return Ok(self.grid.named(&args.cell, &self.plan)?);
        }
        Ok(self.grid.cells.iter().filter(|cell| args.shard.is_none_or(|shard| shard.has(cell))).collect())
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

/// The failure of a command that needs a program of Slurm.
fn no_slurm(program: &str, error: &std::io::Error) -> Failure {
    Failure::input(
        format!("cannot run {program}: {error}"),
        "run this where Slurm's commands are (a login node); --engine local runs the cells here, and --shard I/N serves any \
         other scheduler",
    )
}

/// The keys of cells, as a submission keeps them.
fn keys(cells: &[&Cell]) -> Vec<String> {
    cells.iter().map(|cell| cell.key.clone()).collect()
}

/// The submission that a cell was last part of.
fn last_of<'a>(submissions: &'a [Submission], cell: &Cell) -> Option<&'a Submission> {
    submissions.iter().rev().find(|submission| submission.tasks.iter().flatten().any(|key| *key == cell.key))
}
