//! What can go wrong with a profile.

use crate::{activations, baselines, mlem};

/// A result whose error is this module's.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong with a profile.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Activations that cannot be read.
    #[error(transparent)]
    Activations(#[from] activations::Error),
    /// A fit that cannot be made.
    #[error(transparent)]
    Mlem(#[from] mlem::Error),
    /// A baseline that cannot be fitted.
    #[error(transparent)]
    Baselines(#[from] baselines::Error),
}

impl Error {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Activations(error) => error.hint(),
            Self::Mlem(error) => error.hint(),
            Self::Baselines(error) => error.hint(),
        }
    }
}
