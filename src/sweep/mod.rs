//! Sweeps: a plan of many runs, each a cell of a grid, that are made on any machine, in any order, and become one set of tables.
//!
//! ```text
//! plan.toml ──Plan──▶ Grid of cells ──run, anywhere──▶ a folder for each ──collect──▶ scores.csv, importance.csv …
//! ```
//!
//! A plan ([`Plan`]) names grammars, models, revisions, poolings and options; its cells ([`Grid`]) are all their combinations, less
//! those that it excludes. A cell has a key, a hash of everything that decides its numbers: whoever runs it, wherever, gets the
//! same tables, a cell that is done is known as done, and one that was changed is another one. A lock of the operating system keeps
//! two processes from the same cell ([`Claim`]); it is gone with the process that held it, however that ended.
//!
//! What is not here: the runs themselves. A cell is the command line of `probe run`, and its folder a run directory; the program
//! makes it ([`Program`] says what a plan has to know of the program), and calls the scheduler. Here is what can be said without:
//! the plan, the keys, how far each cell is, the script of an array, and the tables.

mod collect;
mod error;
mod grid;
mod key;
mod plan;
mod program;
mod shard;
pub mod slurm;
mod state;
mod tables;

pub use collect::{Collected, Group, SWEEP, collect, line};
pub use error::{Error, Result};
pub use grid::{Cell, Grid, SHOWN};
pub use plan::{Engine, OptionValues, Plan, PlannedModel, Resources, Value};
pub use program::{Complaint, Flag, Program, Settings, Takes};
pub use shard::Shard;
pub use slurm::TaskState;
pub use state::{Claim, State, attempts, folder};
pub use tables::require_own;

#[cfg(test)]
mod fixtures;
