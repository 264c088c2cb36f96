//! What can go wrong with a run directory.

use std::path::PathBuf;

use crate::{activations, files, geometry, profile, stimuli};

/// A result whose error is this module's.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong with a run directory.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written.
    #[error(transparent)]
    Files(#[from] files::Error),
    /// Its stimuli cannot be read or written.
    #[error(transparent)]
    Stimuli(#[from] stimuli::Error),
    /// Activations that cannot be read.
    #[error(transparent)]
    Activations(#[from] activations::Error),
    /// A profile that cannot be fitted.
    #[error(transparent)]
    Profile(#[from] profile::Error),
    /// Maps that cannot be made.
    #[error(transparent)]
    Geometry(#[from] geometry::Error),
    /// A table that is none.
    #[error("{}:{line}: {message}", path.display())]
    Table {
        /// Which file.
        path: PathBuf,
        /// Line, from 1.
        line: u64,
        /// What is wrong there.
        message: String,
    },
    /// The file of the maps cannot be understood.
    #[error("{}:{line}: {message}", path.display())]
    Maps {
        /// Which file.
        path: PathBuf,
        /// Line, from 1.
        line: u64,
        /// What is wrong there.
        message: String,
    },
    /// `run.json` cannot be understood.
    #[error("{}:{line}:{column}: {message}", path.display())]
    Record {
        /// Which file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What is wrong there.
        message: String,
    },
    /// `run.json` cannot be made.
    #[error("cannot describe the run: {0}")]
    Described(serde_json::Error),
    /// It holds another run.
    #[error("{} holds another run: {}", path.display(), differs.join("; "))]
    OtherRun {
        /// Which folder.
        path: PathBuf,
        /// What tells the two apart.
        differs: Vec<String>,
    },
    /// It has files of something that is no run.
    #[error("{} has {file}, which is of no run, or of something else than a run", path.display())]
    Foreign {
        /// Which folder.
        path: PathBuf,
        /// The file.
        file: String,
    },
    /// Another process has it.
    #[error("another process is writing {}", path.display())]
    Busy {
        /// Which folder.
        path: PathBuf,
    },
}

impl Error {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Files(error) => return error.hint(),
            Self::Stimuli(error) => return error.hint(),
            Self::Activations(error) => return error.hint(),
            Self::Profile(error) => return error.hint(),
            Self::Geometry(error) => return error.hint(),
            Self::Table { .. } => {
                "the tables of a run are written by `probe fit`; delete the file and fit again"
            }
            Self::Maps { .. } => "delete the file to have the page without maps, or run again",
            Self::Record { .. } => {
                "run.json is written by `probe run` and `probe fit`; run again to restore it"
            }
            Self::OtherRun { .. } => {
                "-o auto makes a folder of its own beside it, -o DIR names one, --force replaces what is there"
            }
            Self::Foreign { .. } => {
                "-o auto makes a folder of its own beside it, -o DIR names one, --force writes into this one"
            }
            Self::Described(_) => "please report this as a bug",
            Self::Busy { .. } => "wait until it is done, or choose another folder with -o",
        };
        Some(text.to_owned())
    }
}
