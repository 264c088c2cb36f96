//! What a user should know about encoding that went through.

use std::fmt;

use crate::mlem;
use crate::text;

/// At most so many folds are listed in one warning.
const NAMED: usize = 10;

/// What a user should know about encoding that went through. The text says which knob to turn.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Warning {
    /// About the features and the folds, as MLEM has it.
    Features(mlem::Warning),
    /// The penalty that was chosen is an end of the grid.
    EndOfGrid {
        /// The folds, from 0.
        folds: Vec<usize>,
        /// The penalty.
        penalty: f64,
        /// Whether it is the largest; else it is the smallest.
        largest: bool,
    },
    /// No unit varies among the stimuli that the model is scored on.
    Undefined {
        /// The folds, from 0.
        folds: Vec<usize>,
    },
}

impl Warning {
    /// The warnings of one layer, where warnings that differ only in their folds become one.
    #[must_use]
    pub fn merged(warnings: impl IntoIterator<Item = Self>) -> Vec<Self> {
        mlem::merged_by(warnings, Self::absorb)
    }

    /// Adds the folds of `other`, if it is the same warning about other folds.
    fn absorb(&mut self, other: &Self) -> bool {
        let (folds, more) = match (self, other) {
            (Self::EndOfGrid { folds, largest, .. }, Self::EndOfGrid { folds: more, largest: other, .. })
                if largest == other =>
            {
                (folds, more)
            }
            (Self::Undefined { folds }, Self::Undefined { folds: more }) => (folds, more),
            _ => return false,
        };
        folds.extend(more);
        true
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = |folds: &[usize]| {
            let names: Vec<String> = folds.iter().map(ToString::to_string).collect();
            format!("fold{} {}", if folds.len() == 1 { "" } else { "s" }, text::some(&names, NAMED))
        };
        match self {
            Self::Features(warning) => warning.fmt(f),
            Self::EndOfGrid { folds, penalty, largest: true } => write!(
                f,
                "{}: the penalty is the largest that was tried ({penalty}): left-out training stimuli are predicted best by their mean, and the features say nothing of the units; more stimuli may show what they do say",
                place(folds)
            ),
            Self::EndOfGrid { folds, penalty, largest: false } => write!(
                f,
                "{}: the penalty is the smallest that was tried ({penalty}), as where activations have no noise: the fit is all but least squares; fewer columns (--drop, no --interactions) or more stimuli make it stable",
                place(folds)
            ),
            Self::Undefined { folds } => write!(
                f,
                "{}: no score, because no unit varies among the held-out stimuli: check --pool and --layers",
                place(folds)
            ),
        }
    }
}
