//! The nearest layers of models, as a table.

use super::super::axis::Axis;
use super::super::words;
use super::values::p;
use crate::compare::Comparison;

/// At most `most` rows: a model, its layer, another model, its nearest layer, how far apart they are, how far the nearest is with permuted
/// effects, and p after Benjamini and Hochberg.
pub(super) fn rows(comparison: &Comparison, most: usize) -> Vec<[String; 7]> {
    let name = |run: usize| words::visible(&comparison.runs[run].label);
    let place = |run: usize, layer: usize| Axis::of(&comparison.runs[run].record).place(layer);
    let rows = comparison.nearest.iter().take(most).map(|row| {
        [
            name(row.a),
            place(row.a, row.layer_a),
            name(row.b),
            place(row.b, row.layer_b),
            words::short(row.distance, 3),
            words::short(row.null_mean, 3),
            p(row.bh),
        ]
    });
    rows.collect()
}
