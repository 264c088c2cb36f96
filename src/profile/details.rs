//! What one estimator tells beyond the tables that all have: a table of its own, written where it has rows.

use serde::{Deserialize, Serialize};

use crate::baselines::decoding::Measure;

/// A row of `training.csv`: a step of the stochastic solver.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Training {
    /// Layer; 0 is the embedding output.
    pub layer: usize,
    /// Fold, from 0.
    pub fold: usize,
    /// Which step, from 0.
    pub step: usize,
    /// Soft Spearman correlation on the step's batch, before it.
    pub soft_spearman: f64,
    /// Pairs in the batch.
    pub batch: usize,
}

/// A row of `ridge.csv`: the penalty of feature-reweighted RSA.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ridge {
    /// Layer; 0 is the embedding output.
    pub layer: usize,
    /// Fold, from 0.
    pub fold: usize,
    /// The length of the weights as a fraction of the unpenalised ones'.
    pub fraction: f64,
}

/// A row of `correlations.csv`: RSA of one feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Correlation {
    /// Layer; 0 is the embedding output.
    pub layer: usize,
    /// Fold, from 0.
    pub fold: usize,
    /// The feature.
    pub feature: String,
    /// Correlation of its distance and the neural one, by ranks or as they are: [`Profile::measure`](super::Profile::measure).
    pub correlation: f64,
    /// The same without what the other features' distances have in common with both.
    pub partial: f64,
}

/// A row of `decoding.csv`: the probe of one feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decoded {
    /// Layer; 0 is the embedding output.
    pub layer: usize,
    /// Fold, from 0.
    pub fold: usize,
    /// The feature.
    pub feature: String,
    /// What the scores are.
    pub measure: Measure,
    /// The score on held-out stimuli.
    pub score: f64,
    /// Mean score of the control tasks.
    pub control: f64,
    /// Standard deviation of the score over control tasks.
    pub control_sd: f64,
    /// Skill of the score less that of the control.
    pub selectivity: f64,
    /// The penalty that was chosen.
    pub penalty: f64,
    /// Held-out stimuli that have a value.
    pub stimuli: u64,
}

/// A row of `encoding.csv`: the regression of a layer's units on the features.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Encoded {
    /// Layer; 0 is the embedding output.
    pub layer: usize,
    /// Fold, from 0.
    pub fold: usize,
    /// R² on held-out stimuli, pooled over units by their variance.
    pub r2: f64,
    /// Pearson's correlation of predicted and held-out activations, mean over units.
    pub pearson: f64,
    /// The penalty that was chosen.
    pub penalty: f64,
    /// Columns of the features.
    pub columns: u64,
    /// Units that vary among the held-out stimuli.
    pub units: u64,
    /// Held-out stimuli.
    pub stimuli: u64,
}

/// The tables of single estimators.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Details {
    /// `training.csv`, of MLEM's stochastic solver.
    pub training: Vec<Training>,
    /// `ridge.csv`, of feature-reweighted RSA.
    pub ridge: Vec<Ridge>,
    /// `correlations.csv`, of RSA.
    pub correlations: Vec<Correlation>,
    /// `decoding.csv`, of decoding.
    pub decoded: Vec<Decoded>,
    /// `encoding.csv`, of encoding.
    pub encoded: Vec<Encoded>,
}

impl Details {
    /// The layers that have a row.
    pub(super) fn layers(&self) -> impl Iterator<Item = usize> {
        let training = self.training.iter().map(|row| row.layer);
        let ridge = self.ridge.iter().map(|row| row.layer);
        let correlations = self.correlations.iter().map(|row| row.layer);
        let decoded = self.decoded.iter().map(|row| row.layer);
        let encoded = self.encoded.iter().map(|row| row.layer);
        training.chain(ridge).chain(correlations).chain(decoded).chain(encoded)
    }

    /// Keeps the rows of the layers that `keep` keeps.
    pub(super) fn retain(&mut self, keep: impl Fn(usize) -> bool) {
        self.training.retain(|row| keep(row.layer));
        self.ridge.retain(|row| keep(row.layer));
        self.correlations.retain(|row| keep(row.layer));
        self.decoded.retain(|row| keep(row.layer));
        self.encoded.retain(|row| keep(row.layer));
    }

    /// Puts the layers in order.
    pub(super) fn sort(&mut self) {
        self.training.sort_by_key(|row| row.layer);
        self.ridge.sort_by_key(|row| row.layer);
        self.correlations.sort_by_key(|row| row.layer);
        self.decoded.sort_by_key(|row| row.layer);
        self.encoded.sort_by_key(|row| row.layer);
    }
}
