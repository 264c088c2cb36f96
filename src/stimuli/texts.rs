//! A column of texts that is no feature.

use super::feature::Feature;

/// A column that was taken out of the features.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Target {
    /// Its texts are levels.
    pub(super) column: Feature,
    /// How many features stood before it.
    pub(super) place: usize,
}

impl Target {
    /// The texts at `rows`, in that order.
    pub(super) fn select(&self, rows: &[usize]) -> Self {
        Self { column: self.column.select(rows), place: self.place }
    }
}
