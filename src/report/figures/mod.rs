//! The figures of a profile: what each one shows, in pictures, in words, and as a table.
//!
//! Every figure has a drawing, a sentence that says what it is, a description that stands in for the drawing, and its
//! exact values, so that the page and the figure files say the same.

mod controls;
mod correlations;
mod dimension;
mod figure;
mod grid;
mod importance;
mod maps;
mod metric;

use super::axis::{Axis, Grid};
use super::words;
use crate::profile::{Metric, Order, Summary, Trajectory};
use crate::rundir::RunRecord;

pub(super) use controls::{figures as of_controls, left, made};
pub(super) use correlations::correlations;
pub(super) use dimension::figure as dimension;
pub(super) use figure::{CONFOUNDED, Entry, Exact, Figure, STYLES};
pub(super) use importance::estimators;
use importance::{curves, heatmap, scores};
pub(super) use maps::{colour_by, maps};

/// How many rows of interactions a figure shows.
const INTERACTIONS: usize = 24;
/// All figures of a profile, in the order of the page.
pub(super) fn of_profile(summary: &Summary, metric: &Metric, run: &RunRecord) -> Vec<Figure> {
    let mut figures = Vec::new();
    let axis = &Axis::of(run);
    let [by, across] = importance::titles(axis);
    let importance = format!("Importance: {}.", words::importance(summary, run));
    let main = summary.ranked(Order::Main);
    let of_layers = axis.grid(&summary.layers);
    let on_grid = |called, terms: &[&Trajectory], grid: &Grid, note: &str| {
        let stars = words::stars(summary, run).map(|stars| match terms.len() {
            1 => format!(" *: {stars}."),
            _ => format!(
                " Files of the figure (--figures) have a star where {stars}; statistics.csv has every p."
            ),
        });
        let stars = stars.unwrap_or_default();
        grid::importances(called, terms, (summary, axis, grid), format!("{note}{stars}"))
    };
    match &of_layers {
        _ if main.is_empty() => {}
        Some(grid) => figures.push(on_grid(("importance", by[0]), &main, grid, &importance)),
        None => {
            figures.push(curves(("importance", by[0]), &main, summary, axis, importance.clone()));
            figures.push(heatmap(("heatmap", across[0]), &main, summary, run));
        }
    }
    let mut interactions = summary.ranked(Order::Interaction);
    if !interactions.is_empty() {
        let total = interactions.len();
        interactions.truncate(INTERACTIONS);
        let shown = if total > interactions.len() {
            format!("The {INTERACTIONS} largest of {total}, by their peak; the data have all. ")
        } else {
            String::new()
        };
        let note = shown + &importance;
        if let Some(grid) = &of_layers {
            figures.push(on_grid(("interactions", by[1]), &interactions, grid, &note));
        } else {
            figures.push(curves(("interactions", by[1]), &interactions, summary, axis, note));
            figures.push(heatmap(("interactions-heatmap", across[1]), &interactions, summary, run));
        }
    }
    let groups = summary.ranked(Order::Group);
    if !groups.is_empty() {
        figures.push(match &of_layers {
            Some(grid) => on_grid(("groups", by[2]), &groups, grid, &importance),
            None => curves(("groups", by[2]), &groups, summary, axis, importance),
        });
    }
    figures.push(scores(summary, run));
    figures.extend(metric::figures(metric, summary, axis));
    figures
}
