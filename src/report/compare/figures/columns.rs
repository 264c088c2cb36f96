//! What the figures of several models have in common: their legends, and columns for the layers of all of them.

use std::collections::BTreeSet;

use super::super::super::figures::{Entry, STYLES};

/// `names` with their styles, for a legend.
pub(super) fn legend(names: &[String], peak: impl Fn(usize) -> String) -> Vec<Entry> {
    let entry = |(i, name): (usize, &String)| Entry {
        name: name.clone(),
        style: (i < STYLES).then_some(i),
        peak: peak(i),
    };
    names.iter().enumerate().map(entry).collect()
}

/// The columns of a table that has one for each layer of several models: those that there are, whatever their numbers.
pub(super) struct Wide(pub(super) Vec<usize>);

impl Wide {
    pub(super) fn of<'a>(layers: impl Iterator<Item = &'a usize>) -> Self {
        let layers: BTreeSet<usize> = layers.copied().collect();
        Self(layers.into_iter().collect())
    }

    /// A row that has `values` at `layers`, and `empty` elsewhere.
    pub(super) fn row<T: Copy>(&self, layers: &[usize], values: impl Iterator<Item = T>, empty: T) -> Vec<T> {
        let mut row = vec![empty; self.0.len()];
        for (layer, value) in layers.iter().zip(values) {
            if let Ok(at) = self.0.binary_search(layer) {
                row[at] = value;
            }
        }
        row
    }
}
