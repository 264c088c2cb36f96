//! A profile of every single unit, as one table.

use super::{Error, Order, Result, Spread};
use crate::activations::ByLayer;
use crate::mlem::MlemParams;
use crate::progress::{Progress, Unit};
use crate::stimuli::FeatureTable;

/// A row of `units.csv`: one term or group of one unit's model. Means and standard deviations are over folds.
#[derive(Debug, Clone, PartialEq)]
pub struct UnitRow {
    /// Layer; 0 is the embedding output.
    pub layer: usize,
    /// The unit, from 0.
    pub unit: usize,
    /// The score over held-out pairs.
    pub score: Spread,
    /// The feature, `a x b`, or the group.
    pub feature: String,
    /// What kind of effect it is.
    pub order: Order,
    /// Mean entry of W, with W at unit Frobenius norm; NaN for a group.
    pub weight: f64,
    /// Drop in the score; undefined with no permutations.
    pub importance: Spread,
}

/// Fits every unit of every layer of `activations` on its own, with cross-validation over `folds` folds.
///
/// # Errors
///
/// As [`MlemParams::unit_validation`], and activations that cannot be fitted (with the layer).
pub fn fit_units(
    estimator: &MlemParams,
    folds: usize,
    features: &FeatureTable,
    activations: &dyn ByLayer,
    progress: &dyn Progress,
) -> Result<Vec<UnitRow>> {
    let validation = estimator.unit_validation(features, folds).map_err(Error::from)?;
    let n_units: usize = (0..activations.layers().len()).map(|index| activations.width(index)).sum();
    progress.begin("units", n_units as u64, Unit::Items);
    let mut rows = Vec::new();
    for (index, &layer) in activations.layers().iter().enumerate() {
        let fits = validation
            .fit(activations.layer(index)?.view(), progress)
            .map_err(|error| Error::from(error.at_layer(layer)))?;
        for (at, folds) in fits.iter().enumerate() {
            let unit = activations.unit(index, at);
            let spread = |of: &dyn Fn(usize) -> Option<f64>| {
                Spread::of(&(0..folds.len()).filter_map(of).collect::<Vec<f64>>())
            };
            let score = spread(&|fold| Some(folds[fold].score));
            for (k, (name, order)) in validation.effects().enumerate() {
                rows.push(UnitRow {
                    layer,
                    unit,
                    score,
                    feature: name.to_owned(),
                    order,
                    weight: spread(&|fold| folds[fold].weights.get(k).copied()).mean,
                    importance: spread(&|fold| folds[fold].importances.get(k).copied()),
                });
            }
        }
    }
    progress.end();
    Ok(rows)
}
