//! Why subjects are no group.

use std::fmt;
use std::path::PathBuf;

use crate::mlem::Order;
use crate::{files, rundir, text};

/// A result whose error is this module's.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// At most so many names are listed at a time.
const NAMED: usize = 10;

/// What some subjects have and others lack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlike {
    /// The names, by the subjects that lack them.
    pub lacking: Vec<Lacking>,
}

/// What the same subjects lack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lacking {
    /// The names of features, or of layers, times or regions.
    pub names: Vec<String>,
    /// The run directories of the subjects that have them.
    pub with: Vec<String>,
    /// Those of the subjects that lack them.
    pub without: Vec<String>,
}

impl fmt::Display for Unlike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told: Vec<String> = self.lacking.iter().take(NAMED).map(Lacking::told).collect();
        f.write_str(&told.join("; "))?;
        match self.lacking.len().saturating_sub(NAMED) {
            0 => Ok(()),
            more => write!(f, "; and {} more", text::count(more as u128)),
        }
    }
}

impl Lacking {
    fn told(&self) -> String {
        let names = text::some(&self.names, NAMED);
        let (who, verb) = if self.with.len() < self.without.len() {
            (&self.with, ["has", "have"])
        } else {
            (&self.without, ["lacks", "lack"])
        };
        let verb = verb[usize::from(who.len() > 1)];
        let only = if self.with.len() < self.without.len() { "only " } else { "" };
        format!("{only}{} {verb} {names}", text::some(who, NAMED))
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
    #[error("the subjects are not of the same layers, times or regions: {0}")]
    Axis(Box<Unlike>),
    /// Other effects.
    #[error("the subjects are not of the same {}s: {unlike}", order.noun())]
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
    /// Scores, and importances, that are not of one kind.
    #[error("the subjects are not scored in one way: {}", values.iter().map(|(value, folders)| format!("{value} in {}", text::some(folders, NAMED))).collect::<Vec<_>>().join(", "))]
    Scorings {
        /// What scores are, each with the run directories that have it.
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
    /// A pair of two axes.
    #[error("{}: {} and {} are neighbours of nothing: a pair has two {}, or two {}", path.display(), pair[0], pair[1], axes[0], axes[1])]
    AcrossAxes {
        /// Which file.
        path: PathBuf,
        /// The pair.
        pair: [String; 2],
        /// What the entries of each axis are called.
        axes: [String; 2],
    },
    /// An axis that the subjects do not have, or a word for both.
    #[error("--along {word} is no axis of the subjects, which have {}", text::join_and(axes))]
    NoAxis {
        /// What was asked for.
        word: String,
        /// What one entry of each axis is called.
        axes: Vec<String>,
    },
    /// More than two axes.
    #[error("the subjects are of {n} axes ({example}), and clusters are found on one or two")]
    Axes {
        /// How many.
        n: usize,
        /// An entry.
        example: String,
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
                "fit each subject with the same table of features and the same names of arrays, or SUBJECT/NAME with the same NAMEs"
            }
            Self::Estimators { .. } => "fit each subject with the same --estimator",
            Self::Scorings { .. } => "fit each subject with the same --scoring",
            Self::NeighbourLine { .. } => {
                "write two names a line, separated by a comma or a tab; names with commas in double quotes"
            }
            Self::NoNeighbours { entries, .. } => {
                return Some(format!("write these names, two a line: {}", pair(entries)));
            }
            Self::AcrossAxes { .. } => {
                "what follows each other in time is beside each other without being listed; to list all neighbours, name entries as the tables do (in double quotes where they have a comma)"
            }
            Self::NoAxis { axes, .. } => {
                return Some(format!("say --along {}, or --along none", text::join_or(axes)));
            }
            Self::Axes { .. } => {
                "list pairs of entries with --neighbours, named as in group.csv; or fit fewer entries with --layers or --arrays"
            }
            Self::Rundir(error) => return error.hint(),
            Self::Files(error) => return error.hint(),
        };
        Some(text.to_owned())
    }
}

/// The first two of `names` as a line of a file of neighbours has them.
#[must_use]
pub fn pair(names: &[String]) -> String {
    let quoted = |name: &String| {
        if name.contains(['"', ',']) { format!("\"{}\"", name.replace('"', "\"\"")) } else { name.clone() }
    };
    match names {
        [a, b, ..] => format!("{},{}", quoted(a), quoted(b)),
        _ => "V1,V2".to_owned(),
    }
}
