//! `layer_differences.csv`: how much better one layer is fitted than another, over samples of the stimuli.

use super::csv::{cell, table};
use super::{Error, Profile};
use crate::activations::ByLayer;
use crate::mlem::MlemParams;
use crate::numeric::quantile;
use crate::numeric::significance::{benjamini_hochberg, holm};
use crate::progress::{Progress, Unit};
use crate::stimuli::FeatureTable;

/// The file of the differences between layers in a run's folder.
pub const DIFFERENCES: &str = "layer_differences.csv";

/// The difference in score of two layers.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerDifference {
    /// One layer.
    pub layer_a: usize,
    /// A later one.
    pub layer_b: usize,
    /// Mean held-out Spearman of `layer_b` less that of `layer_a`.
    pub difference: f64,
    /// 95% interval: percentiles of the bootstrap.
    pub interval: (f64, f64),
    /// Two-sided p-value: twice the share of samples on the other side of 0, counting the observed one.
    pub p: f64,
    /// After Holm, over all pairs of layers.
    pub holm: f64,
    /// After Benjamini and Hochberg, over all pairs of layers.
    pub bh: f64,
}

/// The differences of every two layers of `profile`, whose models are taken as they were fitted, over `draws` samples of the
/// stimuli with replacement. Two layers of which one has no score have no row.
///
/// # Errors
///
/// As [`super::fit`].
pub fn layer_differences(
    profile: &Profile,
    (estimator, folds): (&MlemParams, usize),
    features: &FeatureTable,
    activations: &dyn ByLayer,
    draws: usize,
    progress: &dyn Progress,
) -> super::Result<Vec<LayerDifference>> {
    let validation = estimator.cross_validation(features, folds)?;
    let mut scores: Vec<(usize, Vec<f64>)> = Vec::new();
    progress.begin("bootstrap", activations.layers().len() as u64, Unit::Items);
    for (index, &layer) in activations.layers().iter().enumerate() {
        let weights = profile.metrics(layer, folds, validation.features());
        let of_layer = validation.bootstrap(activations.layer(index)?.view(), &weights, draws);
        scores.push((layer, of_layer.map_err(|error| Error::from(error.at_layer(layer)))?));
        progress.advance(1);
    }
    progress.end();
    let mut rows = Vec::new();
    for (a, (layer_a, from)) in scores.iter().enumerate() {
        for (layer_b, to) in &scores[a + 1..] {
            let mut differences = to.iter().zip(from).map(|(to, from)| to - from);
            let Some(difference) = differences.next().filter(|x| x.is_finite()) else { continue };
            let mut drawn: Vec<f64> = differences.filter(|x| x.is_finite()).collect();
            drawn.sort_by(f64::total_cmp);
            let at = |share| quantile::of_sorted(&drawn, share).unwrap_or(f64::NAN);
            let tail = |beyond: fn(f64) -> bool| drawn.iter().filter(|&&x| beyond(x)).count();
            let least = tail(|x| x <= 0.0).min(tail(|x| x >= 0.0));
            let p = (2.0 * (1 + least) as f64 / (1 + drawn.len()) as f64).min(1.0);
            rows.push(LayerDifference {
                layer_a: *layer_a,
                layer_b: *layer_b,
                difference,
                interval: (at(0.025), at(0.975)),
                p,
                holm: p,
                bh: p,
            });
        }
    }
    let p: Vec<f64> = rows.iter().map(|row| row.p).collect();
    for ((row, holm), bh) in rows.iter_mut().zip(holm(&p)).zip(benjamini_hochberg(&p)) {
        (row.holm, row.bh) = (holm, bh);
    }
    Ok(rows)
}

/// The bytes of `layer_differences.csv`.
#[must_use]
pub fn differences_csv(rows: &[LayerDifference]) -> Vec<u8> {
    let header = ["layer_a", "layer_b", "difference", "ci_low", "ci_high", "p", "p_holm", "p_bh"];
    table(
        header,
        rows.iter().map(|row| {
            let numbers = [row.difference, row.interval.0, row.interval.1, row.p, row.holm, row.bh].map(cell);
            let [difference, low, high, p, holm, bh] = numbers;
            [row.layer_a.to_string(), row.layer_b.to_string(), difference, low, high, p, holm, bh]
        }),
    )
}
