//! What the score of a layer is, of whatever estimator.

use serde::{Deserialize, Serialize};

use crate::mlem::Scoring;

/// What is fitted to every layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EstimatorName {
    /// Metric learning: weights of feature distances.
    #[default]
    Mlem,
    /// The same with a ridge, and weights of any sign.
    Frrsa,
    /// A linear probe per feature.
    Decoding,
    /// A ridge regression from the features to every unit.
    Encoding,
    /// Nothing: correlations of each feature's distance.
    Rsa,
}

impl EstimatorName {
    /// Its name, as options and files have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Mlem => "mlem",
            Self::Frrsa => "frrsa",
            Self::Decoding => "decoding",
            Self::Encoding => "encoding",
            Self::Rsa => "rsa",
        }
    }

    /// What its scores are, where those of modelled distances are `scoring`.
    #[must_use]
    pub fn measure(self, scoring: Scoring) -> ScoreMeasure {
        match (self, scoring) {
            (Self::Decoding, _) => ScoreMeasure::Skill,
            (Self::Encoding, _) => ScoreMeasure::RSquared,
            (_, Scoring::Spearman) => ScoreMeasure::Spearman,
            (_, Scoring::Pearson) => ScoreMeasure::Pearson,
            (_, Scoring::SquaredError) => ScoreMeasure::SquaredError,
        }
    }
}

/// What the score of a layer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ScoreMeasure {
    /// Spearman's correlation of modelled and neural distances.
    #[default]
    Spearman,
    /// Pearson's correlation of modelled distances and what the fit tracks of the neural ones.
    Pearson,
    /// R² of what the fit tracks of the neural distances, predicted by a line from the modelled ones.
    SquaredError,
    /// Mean skill of probes: 2·AUC − 1, or R² of a numeric feature.
    Skill,
    /// R² of predicted activations, pooled over units.
    RSquared,
}

impl ScoreMeasure {
    /// As files have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Spearman => "spearman",
            Self::Pearson => "pearson",
            Self::Skill => "skill",
            Self::SquaredError | Self::RSquared => "r2",
        }
    }

    /// As people read it, short enough for the head of a row.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Spearman => "Spearman",
            Self::Pearson => "Pearson",
            Self::Skill => "skill",
            Self::SquaredError | Self::RSquared => "R²",
        }
    }

    /// What it is of, in a few words.
    #[must_use]
    pub fn of(self) -> &'static str {
        match self {
            Self::Spearman => "Spearman correlation of modelled and neural distances",
            Self::Pearson => "Pearson correlation of modelled and neural distances, as the fit tracks them",
            Self::SquaredError => {
                "R² of neural distances, as the fit tracks them, predicted by a line from the modelled ones"
            }
            Self::Skill => "mean skill of probes",
            Self::RSquared => "R² of predicted activations",
        }
    }

    /// Whether it is of distances of pairs of stimuli.
    #[must_use]
    pub fn is_of_pairs(self) -> bool {
        matches!(self, Self::Spearman | Self::Pearson | Self::SquaredError)
    }

    /// What stands for the score in the tables whose rows are of a score or of an effect.
    #[must_use]
    pub fn row_name(self) -> &'static str {
        if self.is_of_pairs() { self.name() } else { Self::Spearman.name() }
    }
}
