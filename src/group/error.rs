//! Why subjects are no group.

use std::path::PathBuf;

use crate::mlem::Order;
use crate::{files, rundir, text};

/// A result whose error is this module's.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// At most so many names are listed at a time.
const NAMED: usize = 10;

/// Two subjects, and what only one of them has.
#[derive(Debug)]
pub struct Unlike {
    /// A run directory.
    pub a: String,
    /// Another.
    pub b: String,
    /// What only the first has.
    pub only_a: Vec<String>,
    /// What only the other has.
    pub only_b: Vec<String>,
}

impl Unlike {
    fn told(&self) -> String {
        let of = |folder: &str, only: &[String]| {
            (!only.is_empty()).then(|| format!("only {folder} has {}", text::some(only, NAMED)))
        };
        let told: Vec<String> =
            [of(&self.a, &self.only_a), of(&self.b, &self.only_b)].into_iter().flatten().collect();
        told.join("; ")
    }
}

/// Why subjects are no group.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Fewer than two.
    #[error("{}: a group is two or more", text::counted(*runs as u128, "subject"))]
    TooFew {
        /// How many.
        runs: usize,
    },
    /// One of them twice.
    #[error("{folder} is named twice: each run directory is one subject")]
    Twice {
        /// Its run directory.
        folder: String,
    },
    /// A run whose importances were not measured.
    #[error("{folder} has no importance of any {}", order.noun())]
    NoImportance {
        /// Its run directory.
        folder: String,
        /// What was to be tested.
        order: Order,
    },
    /// Other entries of the axis.
    #[error("{} and {} are not of the same layers, times or regions: {}", .0.a, .0.b, .0.told())]
    Axis(Box<Unlike>),
    /// Other effects.
    #[error("{} and {} are over other {}s: {}", unlike.a, unlike.b, order.noun(), unlike.told())]
    Effects {
        /// What was to be tested.
        order: Order,
        /// Which, and what differs.
        unlike: Box<Unlike>,
    },
    /// Nothing that all have.
    #[error("the subjects have no {what} in common")]
    NothingShared {
        /// What.
        what: &'static str,
    },
    /// Numbers that are not of one kind.
    #[error("the subjects are not of one estimator: {}", values.iter().map(|(value, folders)| format!("{value} in {}", text::some(folders, NAMED))).collect::<Vec<_>>().join(", "))]
    Estimators {
        /// The estimators, each with its run directories.
        values: Vec<(String, Vec<String>)>,
    },
    /// A line of the file of neighbours that is none.
    #[error("{}:{line}: {message}", path.display())]
    NeighbourLine {
        /// Which file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong there.
        message: String,
    },
    /// A file of neighbours of other things.
    #[error("{} has no pair of the {} that the subjects have: {}", path.display(), entries.len(), text::some(entries, NAMED))]
    NoNeighbours {
        /// Which file.
        path: PathBuf,
        /// What the subjects have.
        entries: Vec<String>,
    },
    /// A run that cannot be read.
    #[error(transparent)]
    Rundir(#[from] rundir::Error),
    /// A file that cannot be read or written.
    #[error(transparent)]
    Files(#[from] files::Error),
}

impl Error {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::TooFew { .. } => "name a run directory for each subject: probe group runs/sub-*",
            Self::Twice { .. } => "name each subject once",
            Self::NoImportance { order: Order::Main, .. } => "fit again with --permutations 5 or more",
            Self::NoImportance { order: Order::Interaction, .. } => "fit each subject with --interactions",
            Self::NoImportance { order: Order::Group, .. } => {
                "fit each subject with --group NAME=FEATURE,..."
            }
            Self::Axis(_) => {
                "fit the same ones of each subject (--layers, --arrays), or leave out what some lack with --shared"
            }
            Self::Effects { .. } => {
                "fit the same ones of each subject (--features, --drop), or leave out what some lack with --shared"
            }
            Self::NothingShared { .. } => {
                "fit each subject with the same table of features and the same names of arrays"
            }
            Self::Estimators { .. } => "fit each subject with the same --estimator",
            Self::NeighbourLine { .. } => {
                "write two names a line, separated by a comma or a tab; names with commas in double quotes"
            }
            Self::NoNeighbours { .. } => {
                "write the names as the arrays of the subjects have them, two a line: V1,V2"
            }
            Self::Rundir(error) => return error.hint(),
            Self::Files(error) => return error.hint(),
        };
        Some(text.to_owned())
    }
}
