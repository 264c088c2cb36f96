//! The figures of a comparison.

mod models;
mod profiles;

use std::collections::BTreeSet;

use super::super::figures::{Entry, Figure, STYLES};
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

/// `names` with their styles, for a legend.
fn legend(names: &[String], peak: impl Fn(usize) -> String) -> Vec<Entry> {
    let entry = |(i, name): (usize, &String)| Entry {
        name: name.clone(),
        style: (i < STYLES).then_some(i),
        peak: peak(i),
    };
    names.iter().enumerate().map(entry).collect()
}

/// The columns of a table that has one for each layer of several models: those that there are, whatever their numbers.
struct Wide(Vec<usize>);

impl Wide {
    fn of<'a>(layers: impl Iterator<Item = &'a usize>) -> Self {
        let layers: BTreeSet<usize> = layers.copied().collect();
        Self(layers.into_iter().collect())
    }

    fn names(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }

    /// A row that has `values` at `layers`, and `empty` elsewhere.
    fn row<T: Copy>(&self, layers: &[usize], values: impl Iterator<Item = T>, empty: T) -> Vec<T> {
        let mut row = vec![empty; self.0.len()];
        for (layer, value) in layers.iter().zip(values) {
            if let Ok(at) = self.0.binary_search(layer) {
                row[at] = value;
            }
        }
        row
    }
}
