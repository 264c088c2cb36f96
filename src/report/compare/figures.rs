//! The figures of a comparison.

mod columns;
mod models;
mod profiles;

use super::super::figures::Figure;
use super::super::words;
use crate::compare::Comparison;

/// All figures, in the order of the page.
pub(super) fn figures(comparison: &Comparison) -> Vec<Figure> {
    let names: Vec<String> = comparison.runs.iter().map(|run| words::visible(&run.label)).collect();
    let mut figures = vec![profiles::profiles(comparison, &names), profiles::by_effect(comparison, &names)];
    figures.extend(profiles::training(comparison));
    figures.push(models::distances(comparison, &names));
    figures.extend(models::arrangement(comparison, &names));
    figures.extend(models::differences(comparison, &names));
    figures.extend(models::layers(comparison, &names));
    figures
}
