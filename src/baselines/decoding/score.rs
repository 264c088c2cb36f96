//! What a probe is worth on stimuli it has not seen.

use serde::{Deserialize, Serialize};

use super::probe::{Labels, Predicted};
use crate::numeric::auc::roc_auc;

/// How a probe is scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Measure {
    /// Area under the ROC curve, of each level against the rest, averaged over levels: 0.5 is chance.
    #[serde(rename = "roc_auc")]
    RocAuc,
    /// Share of the held-out variance that the probe explains: 0 is the training mean's, and it can be below.
    #[serde(rename = "r2")]
    RSquared,
}

impl Measure {
    /// How far a difference in score is on the scale of skill: a ROC curve's area goes from 0.5 to 1 where skill goes from 0 to 1.
    #[must_use]
    pub fn scale(self) -> f64 {
        match self {
            Self::RocAuc => 2.0,
            Self::RSquared => 1.0,
        }
    }

    /// `score` as skill, in which features of both kinds can be ranked: 0 is chance, 1 is perfect. R² is one already; of a ROC
    /// curve's area it is `2 · area − 1` (the Gini coefficient).
    #[must_use]
    pub fn skill(self, score: f64) -> f64 {
        match self {
            Self::RocAuc => 2.0 * score - 1.0,
            Self::RSquared => score,
        }
    }
}

/// How well one feature is decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureScore {
    /// The feature.
    pub name: String,
    /// What the scores are.
    pub measure: Measure,
    /// The score on held-out stimuli; NaN where it is not defined.
    pub score: f64,
    /// Mean score of the control tasks; NaN without any.
    pub control: f64,
    /// Standard deviation of the score over control tasks (`n − 1`).
    pub control_sd: f64,
    /// The penalty that was chosen.
    pub penalty: f64,
    /// Held-out stimuli that have a value.
    pub stimuli: usize,
}

impl FeatureScore {
    /// The score as skill: 0 is chance, 1 is perfect, whichever the measure.
    #[must_use]
    pub fn skill(&self) -> f64 {
        self.measure.skill(self.score)
    }

    /// The skill that the probe has over that of the control tasks; NaN where either is not defined.
    #[must_use]
    pub fn selectivity(&self) -> f64 {
        self.skill() - self.measure.skill(self.control)
    }
}

/// The score of `predicted` for the stimuli at `rows`, in that order; `None` where it is not defined.
pub(super) fn score(predicted: &Predicted, labels: &Labels, rows: &[usize]) -> Option<f64> {
    match (predicted, labels) {
        (Predicted::Classes(evidence), Labels::Classes { classes, .. }) => {
            // With two classes the two curves are mirror images.
            let used = if evidence.len() == 2 { &evidence[1..] } else { &evidence[..] };
            let areas: Vec<f64> = used
                .iter()
                .filter_map(|(class, values)| roc_auc(values, |k| classes[rows[k]] == *class))
                .collect();
            (!areas.is_empty()).then(|| areas.iter().sum::<f64>() / areas.len() as f64)
        }
        (Predicted::Numbers(predicted), Labels::Numbers(values)) => {
            let truth: Vec<f64> = rows.iter().map(|&row| values[row]).collect();
            let mean = truth.iter().sum::<f64>() / truth.len() as f64;
            let total: f64 = truth.iter().map(|y| (y - mean).powi(2)).sum();
            let rest: f64 = truth.iter().zip(predicted).map(|(y, p)| (y - p).powi(2)).sum();
            (total > 0.0).then(|| 1.0 - rest / total)
        }
        _ => None,
    }
}
