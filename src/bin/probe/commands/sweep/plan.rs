//! A plan of many runs, with how far each is.

use std::path::{Path, PathBuf};

use mlem_probe::progress::Progress;
use mlem_probe::sweep::slurm::{shell_quoted, submissions};
use mlem_probe::sweep::{Cell, Grid, Plan, State, folder};

use super::program::Runs;
use super::scheduler::Scheduler;
use crate::args::{PlanArgs, SweepRunArgs};
use crate::failure::Result;
use crate::printer::Printer;

/// A plan that was read, and its cells.
pub struct Sweep {
    /// The file.
    pub path: PathBuf,
    /// Where its results go.
    pub out: PathBuf,
    /// Whether the command line says so.
    pub out_was_given: bool,
    pub plan: Plan,
    pub grid: Grid,
    pub runs: Runs,
}

impl Sweep {
    pub fn open(args: &PlanArgs) -> Result<Self> {
        let path = args.plan.clone().unwrap_or_default();
        let runs = Runs::new();
        let plan = Plan::read(&path, &runs)?;
        let grid = Grid::of(&plan, &runs)?;
        let out = args.out.clone().or_else(|| plan.out.clone());
        let out = out.unwrap_or_else(|| Path::new("runs").join(&plan.name));
        Ok(Self { path, out, out_was_given: args.out.is_some(), plan, grid, runs })
    }

    /// How far a cell is, from what lies in its folder.
    pub fn state(&self, cell: &Cell) -> State {
        State::of(&folder(&self.out, cell), cell)
    }

    /// How far every cell is, with what Slurm says of what was submitted.
    pub fn states(&self, printer: &Printer) -> Result<Vec<State>> {
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
    pub fn command(&self, verb: &str) -> String {
        let out = if self.out_was_given {
            format!(" --out {}", shell_quoted(&self.out.to_string_lossy()))
        } else {
            String::new()
        };
        format!("probe sweep {verb} {}{out}", shell_quoted(&self.path.to_string_lossy()))
    }

    /// The cells that the command line names.
    pub fn chosen(&self, args: &SweepRunArgs) -> Result<Vec<&Cell>> {
        if !args.cell.is_empty() {
            return Ok(self.grid.named(&args.cell, &self.plan)?);
        }
        Ok(self.grid.cells.iter().filter(|cell| args.shard.is_none_or(|shard| shard.has(cell))).collect())
    }
}
