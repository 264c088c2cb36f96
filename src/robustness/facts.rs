//! What claims are read off: the mean importance of each feature at each layer, and whether it is told from 0.

use crate::mlem::Order;
use crate::profile::{Of, Profile, Summary};

/// How an importance stands to 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// Above: significant, or by its interval.
    Above,
    /// Below, by its interval.
    Below,
    /// Not told from 0.
    Neither,
}

/// The importances of a run's features.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// The layers, ascending, and what each is called.
    pub layers: Vec<(usize, String)>,
    /// The features.
    pub features: Vec<String>,
    /// `(n_features, n_layers)`: mean importances; NaN where there is none.
    pub means: Vec<Vec<f64>>,
    /// `(n_features, n_layers)`: how each stands to 0; `None` where nothing says so.
    pub signs: Vec<Vec<Option<Sign>>>,
    /// Whether signs are those of p-values against a null, and not of intervals over folds.
    pub tested: bool,
    /// The mean score of each layer.
    pub scores: Vec<f64>,
}

impl Facts {
    /// The facts of `profile`.
    #[must_use]
    pub fn of(profile: &Profile) -> Self {
        let summary = Summary::of(profile);
        let terms: Vec<_> = summary.terms.iter().filter(|term| term.order == Order::Main).collect();
        let statistics = profile.statistics();
        let tested = statistics.iter().any(|row| row.of != Of::Score && row.test.is_some());
        let sign = |feature: &str, layer: usize| {
            let row = statistics.iter().find(|row| {
                row.layer == layer && matches!(&row.of, Of::Effect(Order::Main, name) if name == feature)
            })?;
            if tested {
                let test = row.test?;
                test.bh?;
                return Some(if test.is_significant() { Sign::Above } else { Sign::Neither });
            }
            let (low, high) = row.interval.filter(|(low, high)| low.is_finite() && high.is_finite())?;
            Some(match (low > 0.0, high < 0.0) {
                (true, _) => Sign::Above,
                (_, true) => Sign::Below,
                _ => Sign::Neither,
            })
        };
        let of_layers = |name: &str| summary.layers.iter().map(|&layer| sign(name, layer)).collect();
        let (scores, _) = summary.score();
        Self {
            layers: summary
                .layers
                .iter()
                .enumerate()
                .map(|(i, &layer)| (layer, summary.layer_name(i)))
                .collect(),
            features: terms.iter().map(|term| term.name.clone()).collect(),
            means: terms.iter().map(|term| term.at.iter().map(|spread| spread.mean).collect()).collect(),
            signs: terms.iter().map(|term| of_layers(&term.name)).collect(),
            tested,
            scores: scores.iter().map(|score| score.mean).collect(),
        }
    }

    /// The place of a feature.
    pub(super) fn feature(&self, name: &str) -> Option<usize> {
        self.features.iter().position(|feature| feature == name)
    }

    /// The place of a layer.
    pub(super) fn layer(&self, number: usize) -> Option<usize> {
        self.layers.iter().position(|(layer, _)| *layer == number)
    }

    /// The feature that is largest at the layer at `at`; the first of equals, and none where none is above 0.
    pub(super) fn largest(&self, at: usize) -> Option<usize> {
        let above = (0..self.features.len()).filter(|&f| self.means[f][at] > 0.0);
        above.reduce(|best, f| if self.means[f][at] > self.means[best][at] { f } else { best })
    }

    /// Where a feature is largest; none where it is above 0 nowhere.
    pub(super) fn peak(&self, feature: usize) -> Option<usize> {
        let means = &self.means[feature];
        let above = (0..means.len()).filter(|&at| means[at] > 0.0);
        above.reduce(|best, at| if means[at] > means[best] { at } else { best })
    }

    /// The mean importance of a feature over the layers at which it has one; NaN where it has none.
    #[must_use]
    pub fn overall(&self, feature: usize) -> f64 {
        let there: Vec<f64> = self.means[feature].iter().copied().filter(|mean| mean.is_finite()).collect();
        there.iter().sum::<f64>() / there.len() as f64
    }

    /// The mean score over layers; NaN where there is none.
    #[must_use]
    pub fn score(&self) -> f64 {
        let there: Vec<f64> = self.scores.iter().copied().filter(|score| score.is_finite()).collect();
        there.iter().sum::<f64>() / there.len() as f64
    }
}
