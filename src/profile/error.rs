//! What can go wrong with a profile.

use std::path::PathBuf;

use crate::{activations, baselines, files, mlem};

/// A result whose error is this module's.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong with a profile.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A table could not be read or written.
    #[error(transparent)]
    Files(#[from] files::Error),
    /// Activations that cannot be read.
    #[error(transparent)]
    Activations(#[from] activations::Error),
    /// A fit that cannot be made.
    #[error(transparent)]
    Mlem(#[from] mlem::Error),
    /// A baseline that cannot be fitted.
    #[error(transparent)]
    Baselines(#[from] baselines::Error),
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
}

impl Error {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Files(error) => error.hint(),
            Self::Activations(error) => error.hint(),
            Self::Mlem(error) => error.hint(),
            Self::Baselines(error) => error.hint(),
            Self::Table { .. } => Some(
                "the tables of a run are written by `probe fit`; delete the file and fit again".to_owned(),
            ),
        }
    }
}
