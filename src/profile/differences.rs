//! How much better one layer is fitted than another, over samples of the stimuli.

use crate::numeric::significance::{benjamini_hochberg, holm, percentile_interval, two_sided_p_value};

/// The difference in score of two layers.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerDifference {
    /// One layer.
    pub layer_a: usize,
    /// A later one.
    pub layer_b: usize,
    /// Mean held-out score of `layer_b` less that of `layer_a`.
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

/// The differences of every two layers, of which `scores` are those of the stimuli as they are, then of each draw. Two layers of
/// which one has no score have no row.
pub(super) fn between_layers(scores: &[(usize, Vec<f64>)]) -> Vec<LayerDifference> {
    let mut rows = Vec::new();
    for (a, (layer_a, from)) in scores.iter().enumerate() {
        for (layer_b, to) in &scores[a + 1..] {
            let mut differences = to.iter().zip(from).map(|(to, from)| to - from);
            let Some(difference) = differences.next().filter(|x| x.is_finite()) else { continue };
            let drawn: Vec<f64> = differences.collect();
            let (interval, p) = (percentile_interval(&drawn), two_sided_p_value(&drawn));
            rows.push(LayerDifference {
                layer_a: *layer_a,
                layer_b: *layer_b,
                difference,
                interval,
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
    rows
}
