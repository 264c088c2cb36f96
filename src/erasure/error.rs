//! Why a feature cannot be erased.

use crate::{baselines, extract, mlem, models, stimuli, surprisal};

/// A result whose error is this module's.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a feature cannot be erased, or what comes of it cannot be measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A column that is not there, or stimuli without sentences.
    #[error(transparent)]
    Stimuli(#[from] stimuli::Error),
    /// The model cannot be run, or its states not changed.
    #[error(transparent)]
    Models(#[from] models::Error),
    /// Activations that cannot be had.
    #[error(transparent)]
    Extract(#[from] extract::Error),
    /// Importances that cannot be had.
    #[error(transparent)]
    Mlem(#[from] mlem::Error),
    /// Decoding that cannot be had.
    #[error(transparent)]
    Baselines(#[from] baselines::Error),
    /// Sentences that cannot be scored.
    #[error(transparent)]
    Surprisal(#[from] surprisal::Error),
    /// A layer that is not there.
    #[error("--layer {layer}: {model} has layers 0 to {last}")]
    NoSuchLayer {
        /// The layer.
        layer: usize,
        /// The model.
        model: String,
        /// Its last layer.
        last: usize,
    },
    /// A feature that is given as distances.
    #[error("`{feature}` has no values, and nothing can be erased of distances")]
    NoValues {
        /// The feature.
        feature: String,
    },
    /// A feature that is the same in all training stimuli of a fold.
    #[error("`{feature}` is the same in all training stimuli of fold {fold}")]
    Constant {
        /// The feature.
        feature: String,
        /// The fold, from 0.
        fold: usize,
    },
    /// Hidden states that do not vary.
    #[error("the hidden states of layer {layer} do not vary over the training stimuli of fold {fold}")]
    NoVariance {
        /// The layer.
        layer: usize,
        /// The fold, from 0.
        fold: usize,
    },
    /// Too few folds, or more than there are stimuli.
    #[error("--folds {folds}: {units} can be held out in 2 to {units} folds")]
    Folds {
        /// How many.
        folds: usize,
        /// How many stimuli, or units of them, there are.
        units: usize,
    },
    /// The training stimuli do not covary with the feature.
    #[error(
        "no hidden state of layer {layer} covaries with `{feature}` in the training stimuli of fold {fold}: there is nothing to erase"
    )]
    NothingToErase {
        /// The layer.
        layer: usize,
        /// The feature.
        feature: String,
        /// The fold, from 0.
        fold: usize,
    },
}

impl Error {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Stimuli(error) => return error.hint(),
            Self::Models(error) => return error.hint(),
            Self::Extract(error) => return error.hint(),
            Self::Mlem(error) => return error.hint(),
            Self::Baselines(error) => return error.hint(),
            Self::Surprisal(error) => return error.hint(),
            Self::NoSuchLayer { last, .. } => {
                format!("choose one from 0, the embeddings, to {last}, or -1 for the last")
            }
            Self::NoValues { .. } => "name a feature that is a column of the table".to_owned(),
            Self::Constant { .. } => "add stimuli with other values, or hold fewer out: --folds 2".to_owned(),
            Self::NoVariance { .. } | Self::NothingToErase { .. } => {
                "choose a deeper layer, or stimuli that differ".to_owned()
            }
            Self::Folds { .. } => {
                "an eraser is fitted to some stimuli and measured on others: --folds 5".to_owned()
            }
        })
    }
}
