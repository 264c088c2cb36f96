//! What a user should know about decoding that went through.

use std::fmt;

use crate::text;

/// What a user should know about decoding that went through. The text says which knob to turn.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// Levels that too few stimuli have to be in every fold.
    RareLevels {
        /// The feature.
        feature: String,
        /// The levels.
        levels: Vec<String>,
        /// How many folds.
        folds: usize,
    },
    /// A feature that no score could be given: the training or the held-out stimuli have one of its levels alone.
    Undefined {
        /// The feature.
        feature: String,
        /// The fold, from 0.
        fold: usize,
    },
    /// Probes that stopped short of their optimum.
    Inexact {
        /// The feature.
        feature: String,
        /// The fold, from 0.
        fold: usize,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RareLevels { feature, levels, folds } => {
                let names: Vec<String> = levels.iter().map(|level| format!("`{level}`")).collect();
                write!(
                    f,
                    "{} of `{feature}` {} fewer stimuli than the {folds} folds: a fold without {} scores the other levels; fewer --folds, or more stimuli",
                    text::some(&names, 10),
                    if names.len() == 1 { "has" } else { "have" },
                    if names.len() == 1 { "it" } else { "them" },
                )
            }
            Self::Undefined { feature, fold } => write!(
                f,
                "fold {fold}: `{feature}` cannot be scored, because its training or its held-out stimuli have one value alone; fewer --folds, or more stimuli"
            ),
            Self::Inexact { feature, fold } => write!(
                f,
                "fold {fold}: the probe of `{feature}` stopped short of its optimum; larger penalties make the problem better posed"
            ),
        }
    }
}
