//! The intrinsic dimension over the layers.

use super::super::axis::Axis;
use super::super::dimension::{counts, undefined};
use super::figure::Figure;
use super::grid;
use super::importance::chart;
use crate::geometry::Dimension;
use crate::profile::{Order, Spread, Summary, Trajectory};

/// The figure; none where no layer has a dimension.
pub(in crate::report) fn figure(rows: &[Dimension], summary: &Summary, axis: &Axis) -> Option<Figure> {
    if !rows.iter().any(|row| row.dimension.is_finite()) {
        return None;
    }
    let term = |name: &str, of: fn(&Dimension) -> f64| {
        let at = |&layer: &usize| {
            let row = rows.iter().find(|row| row.layer == layer);
            Spread::of(&row.map(of).into_iter().collect::<Vec<f64>>())
        };
        Trajectory { name: name.to_owned(), order: Order::Main, at: summary.layers.iter().map(at).collect() }
    };
    let terms = [term("TwoNN", |row| row.dimension), term("by maximum likelihood", |row| row.likelihood)];
    let note = format!(
        "The intrinsic dimension of the activations of {}, from the ratio of each one's distances to its two nearest neighbours: how many \
         numbers tell a stimulus from those around it. It says nothing of which features these are, and of few stimuli, which lie far apart, it is too low.{}",
        counts(rows),
        undefined(rows, axis).map(|told| format!(" {told}")).unwrap_or_default()
    );
    let (called, said) = (("dimension", "Intrinsic dimension"), (note, "dimension"));
    if let Some(of) = axis.grid(&summary.layers) {
        let rows: Vec<(&str, &[Spread])> =
            terms.iter().map(|term| (term.name.as_str(), term.at.as_slice())).collect();
        return Some(grid::plain(called, &rows, (summary, axis, &of), said));
    }
    let terms: Vec<&Trajectory> = terms.iter().collect();
    Some(chart(called, &terms, (summary, axis), said, (Vec::new(), 1)))
}
