//! `ceiling.csv`: the noise ceiling of each layer and fold, where activations were repeated.

use std::path::Path;

use super::csv::{cell, rounded, rows, table};
use super::{Error, Profile, Result};
use crate::activations::Activations;
use crate::files;
use crate::mlem::MlemParams;
use crate::progress::{Progress, Unit};
use crate::stimuli::FeatureTable;

/// The file of the noise ceiling in a run's folder.
pub const CEILING: &str = "ceiling.csv";

const HEADER: [&str; 6] = ["layer", "fold", "lower", "upper", "spearman", "pairs"];

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
    repeats: &[Activations],
    progress: &dyn Progress,
) -> Result<Vec<CeilingRow>> {
    let validation = estimator.cross_validation(features, folds)?;
    let layers = repeats.first().map_or(&[][..], Activations::layers);
    progress.begin("ceiling", layers.len() as u64, Unit::Items);
    let mut all = Vec::new();
    for (index, &layer) in layers.iter().enumerate() {
        let weights = profile.metrics(layer, folds, validation.features());
        let matrices: Vec<_> = repeats.iter().map(|repeat| repeat.matrix(index)).collect();
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

/// Writes the rows, or removes those of an earlier run where there are none.
pub(super) fn write(all: &[CeilingRow], folder: &Path) -> Result<()> {
    let path = folder.join(CEILING);
    if !all.is_empty() {
        let bound = |x: Option<f64>| x.map_or_else(String::new, cell);
        let rows = all.iter().map(|row| {
            let [lower, upper, spearman] = [row.lower, row.upper, row.spearman].map(bound);
            [row.layer.to_string(), row.fold.to_string(), lower, upper, spearman, row.pairs.to_string()]
        });
        return Ok(files::write(&path, &table(HEADER, rows))?);
    }
    match std::fs::remove_file(&path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(files::Error::Write { path, source }.into())
        }
        _ => Ok(()),
    }
}

/// Reads the rows; a folder without the file has none.
pub(super) fn read(folder: &Path) -> Result<Vec<CeilingRow>> {
    let path = folder.join(CEILING);
    if !path.exists() {
        return Ok(Vec::new());
    }
    rows(&files::read(&path)?, &path, HEADER, |cells| {
        Ok(CeilingRow {
            layer: cells.parse(0)?,
            fold: cells.parse(1)?,
            lower: cells.maybe(2)?,
            upper: cells.maybe(3)?,
            spearman: cells.maybe(4)?,
            pairs: cells.parse(5)?,
        })
    })
}
