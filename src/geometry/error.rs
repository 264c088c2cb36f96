//! What can be wrong with maps.

use crate::{activations, mlem};

/// A result whose error is this module's.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can be wrong with maps.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Activations that cannot be read.
    #[error(transparent)]
    Activations(#[from] activations::Error),
    /// The distances of a layer cannot be measured.
    #[error("layer {layer}: {source}")]
    Layer {
        /// Which layer.
        layer: usize,
        /// What is wrong with it.
        source: mlem::Error,
    },
    /// The distances of a layer are too large to compute with.
    #[error("layer {layer}: activations are too far apart to be mapped")]
    TooFar {
        /// Which layer.
        layer: usize,
    },
}

impl Error {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Activations(error) => error.hint(),
            Self::Layer { source, .. } => source.hint(),
            Self::TooFar { .. } => Some("scale the activations down: their distances overflow".to_owned()),
        }
    }
}
