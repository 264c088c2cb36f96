//! `ceiling.csv`: the noise ceiling of each layer and fold, where activations were repeated.

use super::csv::{Cells, cell, rounded};
use super::row::Row;
use super::{Error, Profile, Result};
use std::sync::Arc;

use crate::activations::ByLayer;
use crate::mlem::MlemParams;
use crate::progress::{Progress, Unit};
use crate::stimuli::FeatureTable;

/// The file of the noise ceiling in a run's folder.
pub const CEILING: &str = "ceiling.csv";

/// A row of `ceiling.csv`; see [`crate::mlem::Ceiling`].
#[derive(Debug, Clone, PartialEq)]
pub struct CeilingRow {
    /// Layer; 0 is the embedding output.
    pub layer: usize,
    /// Fold, from 0.
    pub fold: usize,
    /// Spearman of one repeat's distances with those of the mean of the others, mean over repeats.
    pub lower: Option<f64>,
    /// Spearman of one repeat's distances with those of the mean of all, mean over repeats.
    pub upper: Option<f64>,
    /// Spearman of the modelled distances with one repeat's, mean over repeats: what the ceiling is a ceiling of.
    pub spearman: Option<f64>,
    /// Over how many pairs of stimuli.
    pub pairs: u64,
}

/// The noise ceiling of every layer of `repeats`, to the mean of which `profile` was fitted.
///
/// # Errors
///
/// As [`super::fit`]; fewer than two repeats.
pub fn ceilings(
    profile: &Profile,
    (estimator, folds): (&MlemParams, usize),
    features: &FeatureTable,
    repeats: &[Arc<dyn ByLayer + Send>],
    progress: &dyn Progress,
) -> Result<Vec<CeilingRow>> {
    let validation = estimator.cross_validation(features, folds)?;
    let layers = repeats.first().map_or(&[][..], |first| first.layers());
    progress.begin("ceiling", layers.len() as u64, Unit::Items);
    let mut all = Vec::new();
    for (index, &layer) in layers.iter().enumerate() {
        let weights = profile.metrics(layer, folds, validation.features());
        let read: Result<Vec<_>> = repeats.iter().map(|repeat| Ok(repeat.layer(index)?)).collect();
        let read = read?;
        let matrices: Vec<_> = read.iter().map(|matrix| matrix.view()).collect();
        let ceiling = validation.ceiling(&matrices, &weights);
        all.extend(ceiling.map_err(|error| Error::from(error.at_layer(layer)))?.into_iter().map(|fold| {
            CeilingRow {
                layer,
                fold: fold.fold,
                lower: fold.lower.map(rounded),
                upper: fold.upper.map(rounded),
                spearman: fold.spearman.map(rounded),
                pairs: fold.pairs,
            }
        }));
        progress.advance(1);
    }
    progress.end();
    Ok(all)
}

impl Row<6> for CeilingRow {
    const FILE: &'static str = CEILING;
    const HEADER: [&'static str; 6] = ["layer", "fold", "lower", "upper", "spearman", "pairs"];

    fn layer(&self) -> usize {
        self.layer
    }

    fn cells(&self) -> [String; 6] {
        let bound = |x: Option<f64>| x.map_or_else(String::new, cell);
        let [lower, upper, spearman] = [self.lower, self.upper, self.spearman].map(bound);
        [self.layer.to_string(), self.fold.to_string(), lower, upper, spearman, self.pairs.to_string()]
    }

    fn parse(cells: &Cells<'_>) -> Result<Self, String> {
        Ok(Self {
            layer: cells.parse(0)?,
            fold: cells.parse(1)?,
            lower: cells.maybe(2)?,
            upper: cells.maybe(3)?,
            spearman: cells.maybe(4)?,
            pairs: cells.parse(5)?,
        })
    }
}
