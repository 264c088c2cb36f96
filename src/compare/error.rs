//! What can be wrong with a comparison.

use crate::mlem::{self, Order};
use crate::{activations, rundir, stimuli, text};

/// A result whose error is this module's.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can be wrong with a comparison.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Fewer than two runs.
    #[error("{} to compare: there must be two or more", text::counted(*runs as u128, "run"))]
    TooFew {
        /// How many.
        runs: usize,
    },
    /// A run whose importances were not measured.
    #[error("{folder} has no importance of any {}", order.noun())]
    NoImportance {
        /// Its run directory.
        folder: String,
        /// What was to be compared.
        order: Order,
    },
    /// Runs over effects that have little to do with each other.
    #[error("{} and {} are over other {}s: they share {} of {} and {}", a.folder, b.folder, order.noun(), shared.len(), a.effects, b.effects)]
    Effects {
        /// What was to be compared.
        order: Order,
        /// A run.
        a: Box<Party>,
        /// Another.
        b: Box<Party>,
        /// What they share.
        shared: Vec<String>,
    },
    /// Activations that are not of the run's stimuli.
    #[error("{file} has {found} stimuli, but {folder} was fitted to {expected}")]
    Rows {
        /// The file.
        file: String,
        /// The run directory.
        folder: String,
        /// Rows of the file.
        found: usize,
        /// Stimuli of the run.
        expected: usize,
    },
    /// Runs over other stimuli, whose layers cannot be compared.
    #[error(
        "{a} and {b} are over other stimuli, so that their activations cannot be compared stimulus by stimulus"
    )]
    OtherStimuli {
        /// A run directory.
        a: String,
        /// Another.
        b: String,
    },
    /// Too few models for their distances to be fitted.
    #[error("{} are too few to be fitted by their metadata: it takes at least {least}", text::counted(*found as u128, "model"))]
    FewModels {
        /// How many there are.
        found: usize,
        /// How many it takes.
        least: usize,
    },
    /// Models that the table of metadata does not have.
    #[error("{file} has no row of {}", text::some(lacking, 10))]
    NotInMetadata {
        /// The table.
        file: String,
        /// The labels of the models.
        lacking: Vec<String>,
        /// The names that it has.
        known: Vec<String>,
    },
    /// A model that the table of metadata has more than once.
    #[error("{file} has `{name}` twice")]
    TwiceInMetadata {
        /// The table.
        file: String,
        /// The name.
        name: String,
    },
    /// A table of metadata in which all models are the same.
    #[error("no column of {file} tells the models apart")]
    NoMetadataFeature {
        /// The table.
        file: String,
    },
    /// Models whose scores are of several kinds.
    #[error(
        "the scores of the runs, and so their importances, are not of one kind: how far they are apart says nothing of the models"
    )]
    Scales,
    /// Models whose profiles have no distance.
    #[error(
        "the profiles of {a} and {b} have no distance: no effect has a number at every layer of all models"
    )]
    NoDistance {
        /// A model.
        a: String,
        /// Another.
        b: String,
    },
    /// Distances between models that cannot be fitted.
    #[error("models by their metadata: {0}")]
    Metadata(mlem::Error),
    /// A table that cannot be read.
    #[error(transparent)]
    Stimuli(#[from] stimuli::Error),
    /// A run that cannot be read.
    #[error(transparent)]
    Rundir(#[from] rundir::Error),
    /// Activations that cannot be used.
    #[error(transparent)]
    Activations(#[from] activations::Error),
    /// Distances between activations that cannot be measured.
    #[error("layer {layer}: {source}")]
    Layer {
        /// The layer.
        layer: usize,
        /// What is wrong.
        source: mlem::Error,
    },
}

/// One of two runs that do not go together.
#[derive(Debug)]
pub struct Party {
    /// Its run directory.
    pub folder: String,
    /// How many effects it has.
    pub effects: usize,
    /// What its stimuli are called.
    pub stimuli: String,
}

impl Error {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::TooFew { .. } => {
                "name two run directories or more, or give `probe run` several models: --model A,B".to_owned()
            }
            Self::NoImportance { order, .. } => match order {
                Order::Main => "fit again with --permutations 5 or more",
                Order::Interaction => "fit again with --interactions",
                Order::Group => "fit again with --group NAME=FEATURE,...",
            }
            .to_owned(),
            Self::Effects { order: Order::Group, .. } => "fit again with the same --group in each run".to_owned(),
            Self::Effects { a, b, shared, .. } => {
                let shared = if shared.is_empty() {
                    String::new()
                } else {
                    format!(" (they share {})", text::join_and(shared))
                };
                format!("the stimuli are {} and {}{shared}: compare runs of the same stimuli, each model on all of them", a.stimuli, b.stimuli)
            }
            Self::Rows { .. } => {
                "give one --activations per run directory, in their order, each extracted from its stimuli.csv".to_owned()
            }
            Self::OtherStimuli { .. } => "leave --activations out, or run both models on the same stimuli".to_owned(),
            Self::FewModels { .. } => "compare more models, or leave --metadata out".to_owned(),
            Self::NotInMetadata { lacking, known, .. } => {
                let name = lacking.first().map_or("", String::as_str);
                match text::near_matches(name, known.iter().map(String::as_str)).as_slice() {
                    [] => format!(
                        "give each model a row by its label, its id or its run directory; the table has {}",
                        text::some(known, 10)
                    ),
                    near => format!("did you mean {}?", near.join(" or ")),
                }
            }
            Self::Scales => "fit every model with one estimator and one --scoring".to_owned(),
            Self::TwiceInMetadata { .. } => {
                "give each model one row; checkpoints have rows by their labels (--labels)".to_owned()
            }
            Self::NoMetadataFeature { .. } => {
                "give a column in which models differ, and that several have in common: a family, a size, a year".to_owned()
            }
            Self::NoDistance { .. } => "see the warnings of the runs; fit them on more stimuli".to_owned(),
            Self::Metadata(error) => return error.hint(),
            Self::Stimuli(error) => return error.hint(),
            Self::Rundir(error) => return error.hint(),
            Self::Activations(error) => return error.hint(),
            Self::Layer { source, .. } => return source.hint(),
        })
    }
}
