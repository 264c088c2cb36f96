//! What can be wrong with the files of a tokenizer.

use std::path::PathBuf;

use crate::files;

/// Why a tokenizer could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file that is not what its name says, or that cannot be followed exactly.
    #[error("{}: {what}", path.display())]
    BadFile {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
        /// What to do about it.
        remedy: Option<String>,
    },
    /// A file that cannot be read at all.
    #[error(transparent)]
    Files(#[from] files::Error),
}

/// A result whose error is that of this module.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::BadFile { remedy, .. } => remedy.clone(),
            Self::Files(error) => error.hint(),
        }
    }
}
