//! The tidy tables of a profile: `scores.csv`, `importance.csv` and `weights.csv`.

use std::collections::{BTreeMap, BTreeSet};

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::details::Details;
use super::measure::ScoreMeasure;
use crate::mlem::{NullStatistic, Order};

/// Which stimuli a score was measured on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// Pairs within the training stimuli.
    Train,
    /// Pairs within the held-out stimuli.
    Test,
}

/// A row of `scores.csv`: the score of one layer's model on one fold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Layer; 0 is the embedding output.
    pub layer: usize,
    /// Fold, from 0.
    pub fold: usize,
    /// Where it was measured.
    pub split: Split,
    /// The score, which is what [`Profile::measure`] says.
    pub value: f64,
    /// Over how many pairs of stimuli; of decoding, how many stimuli.
    pub pairs: u64,
}

/// A row of `importance.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Importance {
    /// Layer; 0 is the embedding output.
    pub layer: usize,
    /// Fold, from 0.
    pub fold: usize,
    /// The feature, `a x b`, or the group of features.
    pub feature: String,
    /// Feature, interaction or group.
    pub order: Order,
    /// Mean drop in the score over permutations; what else it is for another estimator, [`crate::baselines`] says.
    pub importance: f64,
    /// Standard deviation of the drop over permutations.
    pub sd: f64,
}

/// A row of `weights.csv`: an entry of W (upper triangle; the diagonal alone without interactions).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Weight {
    /// Layer; 0 is the embedding output.
    pub layer: usize,
    /// Fold, from 0.
    pub fold: usize,
    /// Row of W.
    pub feature_a: String,
    /// Column of W.
    pub feature_b: String,
    /// The entry, with W at unit Frobenius norm.
    pub weight: f64,
}

/// What a statistic is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Of {
    /// The score on held-out stimuli (on all of them with a single fold).
    Score,
    /// An importance, by kind and name.
    Effect(Order, String),
}

/// A statistic of one layer against its null, as it is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Tested {
    /// Layer; 0 is the embedding output.
    pub layer: usize,
    /// What it is of.
    pub of: Of,
    /// Where it lies in its null; the p-value is not corrected.
    pub null: NullStatistic,
}

/// A row of `null.csv`: a draw of the null of one layer, in the units of [`NullStatistic::z`]. Draws of one number are of the same shuffle
/// at every layer.
#[derive(Debug, Clone, PartialEq)]
pub struct NullDraw {
    /// Layer; 0 is the embedding output.
    pub layer: usize,
    /// Which draw, from 1.
    pub draw: usize,
    /// The score.
    pub score: f64,
    /// The largest of what effects add to the others; NaN where none has a null.
    pub importance: f64,
}

/// A row of `ceiling.csv`; see [`crate::mlem::Ceiling`].
#[derive(Debug, Clone, PartialEq)]
pub struct CeilingRow {
    /// Layer; 0 is the embedding output.
    pub layer: usize,
    /// Fold, from 0.
    pub fold: usize,
    /// What the others' distances reach on those of one repeat, mean over repeats.
    pub lower: Option<f64>,
    /// What no distances exceed, mean over repeats.
    pub upper: Option<f64>,
    /// The score of the modelled distances on one repeat's, ties of ranks in random order, mean over repeats: what the ceiling is a ceiling
    /// of.
    pub model: Option<f64>,
    /// Over how many pairs of stimuli.
    pub pairs: u64,
}

/// The results of one run, as tidy rows in the order layer, fold, feature.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Profile {
    /// What scores are, and importances are drops of.
    pub measure: ScoreMeasure,
    /// `scores.csv`.
    pub scores: Vec<Score>,
    /// `importance.csv`.
    pub importances: Vec<Importance>,
    /// `weights.csv`.
    pub weights: Vec<Weight>,
    /// What `statistics.csv` holds of the null, if one was drawn.
    pub tested: Vec<Tested>,
    /// `null.csv`, if a null was drawn.
    pub draws: Vec<NullDraw>,
    /// `ceiling.csv`, where activations were repeated.
    pub ceiling: Vec<CeilingRow>,
    /// What one estimator alone tells.
    pub details: Details,
    /// What a user should know of each layer's fits. It is in no table but in `run.json`, so that a rerun that keeps a layer
    /// keeps what was said of it.
    pub warnings: BTreeMap<usize, Vec<String>>,
    /// What layers are called, where they have names and no numbers; in `run.json`.
    pub labels: BTreeMap<usize, String>,
}

impl Profile {
    /// The layers that have a row in any table.
    #[must_use]
    pub fn layers(&self) -> BTreeSet<usize> {
        let mut layers: BTreeSet<usize> = self.scores.iter().map(|row| row.layer).collect();
        layers.extend(self.importances.iter().map(|row| row.layer));
        layers.extend(self.weights.iter().map(|row| row.layer));
        layers.extend(self.tested.iter().map(|row| row.layer));
        layers.extend(self.draws.iter().map(|row| row.layer));
        layers.extend(self.details.layers());
        layers
    }

    /// Keeps the layers that `keep` says.
    pub fn retain(&mut self, keep: impl Fn(usize) -> bool) {
        self.scores.retain(|row| keep(row.layer));
        self.importances.retain(|row| keep(row.layer));
        self.weights.retain(|row| keep(row.layer));
        self.tested.retain(|row| keep(row.layer));
        self.draws.retain(|row| keep(row.layer));
        self.ceiling.retain(|row| keep(row.layer));
        self.details.retain(&keep);
        self.warnings.retain(|&layer, _| keep(layer));
    }

    /// The W of every fold at `layer`, over `features`.
    pub(super) fn metrics(&self, layer: usize, folds: usize, features: &[String]) -> Vec<Array2<f64>> {
        let n = features.len();
        let mut weights = vec![Array2::zeros((n, n)); folds];
        for row in self.weights.iter().filter(|row| row.layer == layer && row.fold < folds) {
            let place = |name: &String| features.iter().position(|other| other == name);
            if let (Some(a), Some(b)) = (place(&row.feature_a), place(&row.feature_b)) {
                weights[row.fold][[a, b]] = row.weight;
                weights[row.fold][[b, a]] = row.weight;
            }
        }
        weights
    }
}
