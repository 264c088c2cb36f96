//! What can go wrong with a baseline.

use crate::mlem;

/// A result whose error is this module's.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong with a baseline.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// What MLEM could not do either.
    #[error(transparent)]
    Mlem(#[from] mlem::Error),
    /// An option has a value it cannot have.
    #[error("{option} is {value}, and must be {range}")]
    Option {
        /// Which option, by the name of its method.
        option: &'static str,
        /// The value.
        value: String,
        /// What it may be.
        range: &'static str,
    },
    /// Cross-validation within the training folds needs more of them.
    #[error("{folds} {} no cross-validation within the training stimuli", if *folds == 1 { "fold leaves" } else { "folds leave" })]
    TooFewFolds {
        /// How many folds.
        folds: usize,
        /// How many are needed.
        least: usize,
        /// Whether a column names them.
        given: bool,
    },
    /// Too few stimuli for the folds within the folds.
    #[error("{stimuli} stimuli are too few for {folds} folds with folds within them: {least} are needed")]
    TooFewStimuli {
        /// How many there are.
        stimuli: usize,
        /// How many folds.
        folds: usize,
        /// How many are needed.
        least: usize,
    },
    /// Too few stimuli are given to train on for the folds within them.
    #[error("{stimuli} stimuli are `train`, and cross-validation within them needs {least}")]
    TooFewTraining {
        /// How many there are.
        stimuli: usize,
        /// How many are needed.
        least: usize,
    },
    /// Probes and regressions read values, and a feature given as distances has none.
    #[error("feature `{feature}` is given as distances, and decoding and encoding take values")]
    NoValues {
        /// Which feature.
        feature: String,
    },
    /// The columns of a regression do not fit.
    #[error("the features have {columns} columns, and a regression takes at most {most}")]
    TooManyColumns {
        /// How many columns.
        columns: usize,
        /// How many there may be.
        most: usize,
        /// The feature of the most columns.
        widest: String,
    },
    /// Units are left out in turn to choose a penalty, and there is one.
    #[error("fold {fold} is trained on a single unit, and a penalty is chosen by leaving units out")]
    OneUnit {
        /// Which fold, from 0.
        fold: usize,
    },
    /// Something went wrong at one layer.
    #[error("layer {layer}: {source}")]
    Layer {
        /// Which layer.
        layer: usize,
        /// What went wrong.
        source: Box<Error>,
    },
}

impl Error {
    /// The same error, with the layer it happened at.
    #[must_use]
    pub fn at_layer(self, layer: usize) -> Self {
        Self::Layer { layer, source: Box::new(self) }
    }

    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Mlem(error) => return error.hint(),
            Self::Layer { source, .. } => return source.hint(),
            Self::Option { .. } => return None,
            Self::TooFewFolds { folds, least, given: true } => {
                format!(
                    "the column of --split names {folds} folds, and frrsa takes {least}: name more, or leave frrsa out"
                )
            }
            Self::TooFewFolds { least, .. } => format!("use --folds {least} or more"),
            Self::TooFewStimuli { .. } => "use fewer --folds, or more stimuli".to_owned(),
            Self::TooFewTraining { .. } => "call more stimuli `train` in the column of --split".to_owned(),
            Self::TooManyColumns { widest, .. } => {
                format!("leave --interactions out, or the feature of the most values: --drop {widest}")
            }
            Self::OneUnit { .. } => "use more --folds, or another column with --unit".to_owned(),
            Self::NoValues { feature } => format!("leave it out with --drop {feature}"),
        })
    }
}
