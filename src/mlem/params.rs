//! The options of the estimator.

use serde::{Deserialize, Serialize};

use super::error::{Error, Result};
use super::group::FeatureGroup;
use super::training::Training;

/// How far two activations are from each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Distance {
    /// `‖x − y‖₂`.
    #[default]
    Euclidean,
    /// `√((x − y)' Σ⁻¹ (x − y))`, with `Σ` the covariance of the noise: the Euclidean distance of activations that are whitened
    /// already, as [`Transform::Whiten`](crate::activations::Transform::Whiten) whitens them. Nothing is whitened here.
    Mahalanobis,
    /// `‖x − y‖₁`.
    Manhattan,
    /// `1 − x·y / (‖x‖ ‖y‖)`.
    Cosine,
    /// `1 − r`, with `r` Pearson's correlation over units.
    Correlation,
    /// `|‖x‖ − ‖y‖|`.
    NormDiff,
    /// The activations are cross-validated squared distances: a symmetric `(n_stimuli, n_stimuli)` matrix with zeros on its diagonal, as
    /// [`CrossValidated`](crate::activations::CrossValidated) gives it. They may be negative, and are fitted as they are. Nothing is
    /// cross-validated here.
    Crossnobis,
    /// The activations are the distances: a symmetric `(n_stimuli, n_stimuli)` matrix with zeros on its diagonal.
    Precomputed,
}

/// What the modelled distance is fitted to. [`Scoring`] says what the score is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// The squared neural distance.
    #[default]
    Squared,
    /// The mid-rank of the neural distance among the training pairs.
    Rank,
}

/// What the score of modelled distances is; an importance is what it loses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scoring {
    /// Spearman's correlation with the neural distance, ties at their mid-rank.
    #[default]
    Spearman,
    /// Pearson's correlation with the target of the fit ([`Target`]): of the training pairs, the objective itself.
    Pearson,
    /// `1 − SSE/SST`: the squared error of predicting the target of the fit, by a line that does not fall and that the training pairs
    /// give, as a share of the target's squared deviations from its mean. 1 at best, and below 0 where the mean predicts better.
    SquaredError,
}

impl Scoring {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Which `W` are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Constraint {
    /// Positive semidefinite (with interactions) or non-negative (without): a metric.
    #[default]
    Spd,
    /// Any: plain least squares, as feature-reweighted RSA with interactions (FR-RSA-I) has it.
    None,
}

/// How `W` is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Solver {
    /// The optimum, from moments over all pairs: the same every time.
    #[default]
    Exact,
    /// The paper's: AdamW on the soft Spearman correlation of sampled batches, from a random start.
    Stochastic,
}

/// The distance of a feature between two stimuli of which one or both have no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Missing {
    /// 0: not counted as a difference.
    #[default]
    Zero,
    /// 1: the largest distance.
    One,
}

impl Missing {
    pub(crate) fn distance(self) -> f64 {
        match self {
            Self::Zero => 0.0,
            Self::One => 1.0,
        }
    }
}

/// How many pairs of stimuli are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PairBudget {
    /// Every pair.
    All,
    /// About this many, drawn uniformly, where there are more.
    AtMost(u64),
}

impl Default for PairBudget {
    fn default() -> Self {
        Self::AtMost(1 << 25)
    }
}

impl PairBudget {
    /// The fraction of `pairs` that is used.
    pub(crate) fn fraction(self, pairs: u64) -> f64 {
        match self {
            Self::AtMost(budget) if budget < pairs => budget as f64 / pairs as f64,
            _ => 1.0,
        }
    }
}

/// What is permuted to measure an importance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Permute {
    /// One term of `φ` across pairs: every other term stays with its pair (the published package's definition).
    #[default]
    Pairs,
    /// A feature's values across stimuli. An interaction's importance is
    /// `score(a permuted) + score(b permuted) − score(both permuted) − score` (the authors' later definition).
    Stimuli,
}

/// The options of [`Mlem`](super::Mlem), with their defaults. Each has a method of its name.
///
/// | name | default | meaning | range |
/// | --- | --- | --- | --- |
/// | `interactions` | no | whether `W` has off-diagonal entries | |
/// | `distance` | Euclidean | the neural distance | [`Distance`] |
/// | `target` | squared | what the modelled distance is fitted to | [`Target`] |
/// | `scoring` | Spearman | what the score is, and an importance loses | [`Scoring`] |
/// | `constraint` | spd | which `W` are allowed | [`Constraint`] |
/// | `solver` | exact | how `W` is found | [`Solver`] |
/// | `soft_rank_strength` | 1 | how far the stochastic solver softens ranks, of values that span 1; 1 and above make its objective the exact solver's | above 0 |
/// | `training` | as published | how the stochastic solver trains | [`Training`] |
/// | `missing` | zero | the feature distance where a value is missing | [`Missing`] |
/// | `pairs` | at most 2²⁵ | how many pairs are used | [`PairBudget`], at least 1,000 |
/// | `permute` | pairs | what is permuted to measure an importance | [`Permute`] |
/// | `permutations` | 5 | how often each term is permuted | 0 (no importance) to 100,000 |
/// | `groups` | none | features that are permuted together too | [`FeatureGroup`] |
/// | `conditional` | no | permute within strata of the features whose distances correlate beyond this; implies stimuli | 0 to 1 |
/// | `nulls` | 0 | how many draws of the null a profile makes per layer | 0 (no p-values) to 1,000,000 |
/// | `seed` | 0 | of the folds, the sample of pairs and the permutations, and of the stochastic solver; the exact one draws nothing | |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MlemParams {
    pub(crate) interactions: bool,
    pub(crate) distance: Distance,
    pub(crate) target: Target,
    #[serde(default, skip_serializing_if = "Scoring::is_default")]
    pub(crate) scoring: Scoring,
    pub(crate) constraint: Constraint,
    pub(crate) solver: Solver,
    pub(crate) soft_rank_strength: f64,
    #[serde(default, skip_serializing_if = "as_published")]
    pub(crate) training: Training,
    pub(crate) missing: Missing,
    pub(crate) pairs: PairBudget,
    pub(crate) permute: Permute,
    pub(crate) permutations: usize,
    pub(crate) groups: Vec<FeatureGroup>,
    pub(crate) conditional: Option<f64>,
    pub(crate) nulls: usize,
    pub(crate) seed: u64,
}

fn as_published(training: &Training) -> bool {
    *training == Training::default()
}

impl Default for MlemParams {
    fn default() -> Self {
        Self {
            interactions: false,
            distance: Distance::default(),
            target: Target::default(),
            scoring: Scoring::default(),
            constraint: Constraint::default(),
            solver: Solver::default(),
            soft_rank_strength: 1.0,
            training: Training::default(),
            missing: Missing::default(),
            pairs: PairBudget::default(),
            permute: Permute::default(),
            permutations: 5,
            groups: Vec::new(),
            conditional: None,
            nulls: 0,
            seed: 0,
        }
    }
}

impl MlemParams {
    /// Whether `W` has off-diagonal entries, so that features interact.
    #[must_use]
    pub fn interactions(mut self, interactions: bool) -> Self {
        self.interactions = interactions;
        self
    }

    /// The neural distance.
    #[must_use]
    pub fn distance(mut self, distance: Distance) -> Self {
        self.distance = distance;
        self
    }

    /// What the modelled distance is fitted to.
    #[must_use]
    pub fn target(mut self, target: Target) -> Self {
        self.target = target;
        self
    }

    /// What the score is.
    #[must_use]
    pub fn scoring(mut self, scoring: Scoring) -> Self {
        self.scoring = scoring;
        self
    }

    /// Which `W` are allowed.
    #[must_use]
    pub fn constraint(mut self, constraint: Constraint) -> Self {
        self.constraint = constraint;
        self
    }

    /// How `W` is found.
    #[must_use]
    pub fn solver(mut self, solver: Solver) -> Self {
        self.solver = solver;
        self
    }

    /// How far the stochastic solver softens ranks.
    #[must_use]
    pub fn soft_rank_strength(mut self, strength: f64) -> Self {
        self.soft_rank_strength = strength;
        self
    }

    /// How the stochastic solver trains.
    #[must_use]
    pub fn training(mut self, training: Training) -> Self {
        self.training = training;
        self
    }

    /// The feature distance where a value is missing.
    #[must_use]
    pub fn missing(mut self, missing: Missing) -> Self {
        self.missing = missing;
        self
    }

    /// How many pairs are used.
    #[must_use]
    pub fn pairs(mut self, pairs: PairBudget) -> Self {
        self.pairs = pairs;
        self
    }

    /// What is permuted to measure an importance.
    #[must_use]
    pub fn permute(mut self, permute: Permute) -> Self {
        self.permute = permute;
        self
    }

    /// How often each term is permuted.
    #[must_use]
    pub fn permutations(mut self, permutations: usize) -> Self {
        self.permutations = permutations;
        self
    }

    /// Groups of features whose importance is measured too, permuted together.
    #[must_use]
    pub fn groups(mut self, groups: Vec<FeatureGroup>) -> Self {
        self.groups = groups;
        self
    }

    /// Permutes a feature only among stimuli that agree in the features whose distances correlate with its own beyond this
    /// (in absolute value); importances are over stimuli then, whatever [`MlemParams::permute`] says.
    #[must_use]
    pub fn conditional(mut self, threshold: Option<f64>) -> Self {
        self.conditional = threshold;
        self
    }

    /// How many draws of the null a profile makes at every layer.
    #[must_use]
    pub fn nulls(mut self, nulls: usize) -> Self {
        self.nulls = nulls;
        self
    }

    /// What is permuted: stimuli wherever strata are asked for.
    pub(crate) fn permuted(&self) -> Permute {
        if self.conditional.is_some() { Permute::Stimuli } else { self.permute }
    }

    /// The seed of the folds, the sample of pairs and the permutations.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Whether every option has a value it can have.
    ///
    /// # Errors
    ///
    /// [`Error::Option`], with the value.
    pub fn check(&self) -> Result<()> {
        if let PairBudget::AtMost(budget) = self.pairs
            && budget < 1000
        {
            return Err(Error::Option {
                option: "pairs",
                value: budget.to_string(),
                range: "at least 1,000, or all",
            });
        }
        if !(self.soft_rank_strength > 0.0 && self.soft_rank_strength.is_finite()) {
            return Err(Error::Option {
                option: "soft_rank_strength",
                value: self.soft_rank_strength.to_string(),
                range: "a number above 0",
            });
        }
        self.training.check()?;
        if self.permutations > 100_000 {
            return Err(Error::Option {
                option: "permutations",
                value: self.permutations.to_string(),
                range: "at most 100,000",
            });
        }
        if self.nulls > 1_000_000 {
            return Err(Error::Option {
                option: "null",
                value: self.nulls.to_string(),
                range: "at most 1,000,000",
            });
        }
        if let Some(threshold) = self.conditional
            && !(0.0..1.0).contains(&threshold)
        {
            return Err(Error::Option {
                option: "conditional",
                value: threshold.to_string(),
                range: "a correlation: at least 0 and below 1",
            });
        }
        Ok(())
    }
}
