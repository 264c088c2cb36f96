//! What can be wrong with a verification.

use std::path::PathBuf;

use crate::models::Part;
use crate::{files, hub, models};

/// A result whose error is this module's.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can be wrong with a verification.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written.
    #[error(transparent)]
    Files(#[from] files::Error),
    /// A checkpoint that could not be had.
    #[error(transparent)]
    Hub(#[from] hub::Error),
    /// A model that cannot be loaded or run.
    #[error(transparent)]
    Models(#[from] models::Error),
    /// A file of one part of an encoder–decoder, and the other was loaded.
    #[error("{} is of the {there}, and the model was loaded as the {here}", path.display())]
    OtherPart {
        /// Which file.
        path: PathBuf,
        /// The part that it is of.
        there: Part,
        /// The part that was loaded.
        here: Part,
    },
    /// A file that is not what the script writes.
    #[error("{}: {message}", path.display())]
    Frozen {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
}

impl Error {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Files(error) => error.hint(),
            Self::Hub(error) => error.hint(),
            Self::Models(error) => error.hint(),
            Self::OtherPart { there, .. } => {
                Some(format!("add --part {there}, or write the script anew for the part that is meant"))
            }
            Self::Frozen { .. } => Some(
                "it should be the file that the script of `probe verify MODEL` writes: run the script again"
                    .to_owned(),
            ),
        }
    }
}
