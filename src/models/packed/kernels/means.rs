//! What multiplies a layer's weights.

use super::parts::Parts;
use super::tiles::Amx;
use super::weights::Weights;

/// What multiplies weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Means {
    /// Vectors of f32.
    Vectors,
    /// The processor's tiles, numbers of so many parts.
    Tiles(Amx, Parts),
    /// What does the same anywhere.
    Portable(Parts),
}

impl Means {
    /// For `weights`, on this processor.
    pub(super) fn of(weights: &Weights) -> Self {
        match weights {
            Weights::Vectors { .. } => Self::Vectors,
            Weights::Tiles(weights) => match Amx::detect().filter(|_| !weights.is_portable()) {
                Some(amx) => Self::Tiles(amx, weights.parts()),
                None => Self::Portable(weights.parts()),
            },
        }
    }
}
