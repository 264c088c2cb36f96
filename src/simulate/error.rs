//! What can go wrong with a simulation.

use crate::{baselines, mlem, stimuli};

/// A result whose error is this module's.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong with a simulation.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A fit that cannot be made.
    #[error(transparent)]
    Mlem(#[from] mlem::Error),
    /// A fit of another estimator that cannot be made.
    #[error(transparent)]
    Baselines(#[from] baselines::Error),
    /// Features that cannot be made.
    #[error(transparent)]
    Stimuli(#[from] stimuli::Error),
    /// No feature is left of which power could be found.
    #[error("power cannot be found of any feature: {why}")]
    NothingToFind {
        /// Why each was left out.
        why: String,
    },
    /// An option has a value it cannot have.
    #[error("{option} is {value}, and must be {range}")]
    Option {
        /// Which option, by its long name.
        option: &'static str,
        /// The value.
        value: String,
        /// What it may be.
        range: &'static str,
    },
}

impl Error {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Mlem(mlem::Error::ConstantFeature { .. }) => {
                Some("draw more --stimuli: with so few, a random feature may not vary".to_owned())
            }
            Self::Mlem(error) => error.hint(),
            Self::Baselines(error) => error.hint(),
            Self::Stimuli(error) => error.hint(),
            Self::NothingToFind { .. } => Some("add a feature whose values several stimuli share".to_owned()),
            Self::Option { option, .. } => Some(format!("give another number to --{option}")),
        }
    }
}
