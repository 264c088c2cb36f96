//! What was measured.

use super::condition::Condition;
use crate::baselines::decoding::Measure;
use crate::numeric::correlation::mean_sd;

/// The decoding of the feature at the layer, in one fold.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// The fold, from 0.
    pub fold: usize,
    /// What was done.
    pub condition: Condition,
    /// How decoding is scored.
    pub measure: Measure,
    /// The score of a linear probe, trained on the training stimuli, on those that are held out.
    pub score: f64,
    /// How many directions were erased.
    pub rank: usize,
    /// By how much the covariance was shrunk.
    pub shrinkage: f64,
    /// The largest covariance of a unit with the feature over the training stimuli, as a share of what it was before.
    pub left: f64,
    /// The share of the layer's variance over held-out stimuli that was erased.
    pub variance_erased: f64,
}

/// The importance of a feature at a layer, in one fold.
#[derive(Debug, Clone, PartialEq)]
pub struct Importance {
    /// What was done.
    pub condition: Condition,
    /// Which layer.
    pub layer: usize,
    /// The fold, from 0.
    pub fold: usize,
    /// The feature; `None` is the score of the layer.
    pub feature: Option<String>,
    /// The drop in Spearman when it is permuted, or Spearman itself.
    pub value: f64,
}

/// Minimal pairs that are held out, in one fold.
#[derive(Debug, Clone, PartialEq)]
pub struct Preference {
    /// What was done.
    pub condition: Condition,
    /// The fold, from 0.
    pub fold: usize,
    /// What the pair is called, and its set.
    pub pair: (Option<String>, String),
    /// By how much the good one's log-probability is larger.
    pub difference: Option<f64>,
}

/// A mean and its spread over folds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// The mean.
    pub mean: f64,
    /// Standard deviation over folds (n − 1).
    pub sd: f64,
}

/// Everything that was measured.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Erasure {
    /// Decoding at the layer.
    pub decoded: Vec<Decoded>,
    /// Importances there and after it.
    pub importances: Vec<Importance>,
    /// Preferences in minimal pairs, where there are some.
    pub preferences: Vec<Preference>,
    /// What a user should know.
    pub warnings: Vec<String>,
}

impl Erasure {
    /// Decoding of the feature at the layer under a condition.
    #[must_use]
    pub fn decoding(&self, condition: Condition) -> Summary {
        summary(self.decoded.iter().filter(|one| one.condition == condition).map(|one| one.score))
    }

    /// The importance of `feature` at `layer` under a condition; of `None` the layer's score.
    #[must_use]
    pub fn importance(&self, condition: Condition, layer: usize, feature: Option<&str>) -> Summary {
        let of = self.importances.iter().filter(|one| {
            one.condition == condition && one.layer == layer && one.feature.as_deref() == feature
        });
        summary(of.map(|one| one.value))
    }

    /// The layers that were measured.
    #[must_use]
    pub fn layers(&self) -> Vec<usize> {
        let mut layers: Vec<usize> = self.importances.iter().map(|one| one.layer).collect();
        layers.sort_unstable();
        layers.dedup();
        layers
    }

    /// How many pairs were compared under a condition, in how many of them the good sentence is preferred, and by how much on average.
    #[must_use]
    pub fn preferred(&self, condition: Condition) -> (usize, usize, f64) {
        let of = self.preferences.iter().filter(|one| one.condition == condition);
        let differences: Vec<f64> = of.filter_map(|one| one.difference).collect();
        let preferred = differences.iter().filter(|difference| **difference > 0.0).count();
        (differences.len(), preferred, differences.iter().sum::<f64>() / differences.len() as f64)
    }
}

fn summary(values: impl Iterator<Item = f64>) -> Summary {
    let known: Vec<f64> = values.filter(|value| value.is_finite()).collect();
    let (mean, sd) = mean_sd(&known).unwrap_or((f64::NAN, f64::NAN));
    Summary { mean, sd }
}
