//! What can be wrong with a sweep.

use std::path::PathBuf;

use crate::text::{self, Problem};
use crate::{files, grammar, hub, rundir};

/// A result whose error is this module's.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can be wrong with a sweep.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written.
    #[error(transparent)]
    Files(#[from] files::Error),
    /// The run of a cell cannot be read.
    #[error(transparent)]
    Rundir(#[from] rundir::Error),
    /// A grammar that the plan names has a mistake.
    #[error(transparent)]
    Grammar(#[from] grammar::Error),
    /// A model's folder that the plan names cannot be read.
    #[error(transparent)]
    Hub(#[from] hub::Error),
    /// The plan has a mistake.
    #[error("{0}")]
    Invalid(Box<Problem>),
    /// Options that do not go together in a cell.
    #[error("{plan}: cell {cell} cannot be run: {message}")]
    Cell {
        /// The plan.
        plan: String,
        /// What the cell is.
        cell: String,
        /// What is wrong with it.
        message: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// Two cells with the same key.
    #[error("{plan}: cells {a} and {b} are the same run: {what}")]
    Twice {
        /// The plan.
        plan: String,
        /// A cell, from 1.
        a: usize,
        /// Another.
        b: usize,
        /// What they are.
        what: String,
    },
    /// Everything is excluded.
    #[error("{plan} has no cell: `exclude` leaves nothing")]
    Empty {
        /// The plan.
        plan: String,
    },
    /// More combinations than a grid is made of.
    #[error("{plan} has {} combinations, and a sweep takes at most {most}", combinations.as_deref().unwrap_or("uncountably many"))]
    TooMany {
        /// The plan.
        plan: String,
        /// How many, if they can be counted.
        combinations: Option<String>,
        /// How many at most.
        most: String,
    },
    /// The folder of the sweep has what is another's.
    #[error("{} is there, and is not of a sweep", path.display())]
    Taken {
        /// What is there.
        path: PathBuf,
    },
    /// A shard that is not one.
    #[error("`{text}` is no shard")]
    Shard {
        /// What was given.
        text: String,
    },
    /// A key that no cell has, or more than one.
    #[error("{} of {plan} has a key that begins with `{key}`", if *cells == 0 { "no cell".to_owned() } else { format!("more than one cell ({cells})") })]
    Key {
        /// The plan.
        plan: String,
        /// The beginning of the key.
        key: String,
        /// How many cells it fits.
        cells: usize,
    },
    /// Cells that cannot be collected.
    #[error("{} of {cells} cells of {plan} cannot be collected:\n{}", missing.len(), list(missing))]
    Incomplete {
        /// The plan.
        plan: String,
        /// How many cells there are.
        cells: usize,
        /// What they are, and why.
        missing: Vec<String>,
    },
    /// A file that says what was submitted, and is not what the program writes.
    #[error("{}: {message}", path.display())]
    Submission {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// A file of a cell that is not what the program writes.
    #[error("{}: {message}", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
}

/// A line for each, as many as a reader looks at.
fn list(missing: &[String]) -> String {
    const MOST: usize = 20;
    let mut lines: Vec<String> = missing.iter().take(MOST).map(|line| format!("  {line}")).collect();
    if missing.len() > MOST {
        lines.push(format!("  and {} more", text::count((missing.len() - MOST) as u128)));
    }
    lines.join("\n")
}

impl Error {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Files(error) => return error.hint(),
            Self::Rundir(error) => return error.hint(),
            Self::Grammar(error) => return error.hint(),
            Self::Hub(error) => return error.hint(),
            Self::Invalid(problem) => return problem.hint.clone(),
            Self::Cell { hint, .. } => {
                let leave_out = "leave the combination out with [[exclude]]";
                hint.as_ref().map_or_else(|| leave_out.to_owned(), |hint| format!("{hint}; or {leave_out}"))
            }
            Self::Twice { .. } => {
                "name each value once; a short name and the id that it stands for are one".to_owned()
            }
            Self::Empty { .. } => "exclude less, or add values to the axes".to_owned(),
            Self::TooMany { .. } => {
                "leave options out, or make several plans: what [[exclude]] takes away is counted too"
                    .to_owned()
            }
            Self::Taken { .. } => {
                "choose a folder of its own for the sweep: `out` in the plan, or --out".to_owned()
            }
            Self::Shard { .. } => "write --shard I/N, with I from 1 to N: --shard 2/5".to_owned(),
            Self::Key { plan, .. } => format!(
                "`probe sweep status {plan}` lists the keys; a cell has another key when the plan, its grammar or the \
                 version of this program has changed"
            ),
            Self::Incomplete { .. } => {
                "`probe sweep run` with the same plan runs what is not done; --partial collects what there is"
                    .to_owned()
            }
            Self::Submission { .. } => {
                "it says which cells are in the hands of Slurm; once `squeue` shows none of this sweep any more, remove it: its \
                 cells then count as never submitted"
                    .to_owned()
            }
            Self::Damaged { .. } => "remove that cell's folder, and run the sweep again".to_owned(),
        })
    }
}
