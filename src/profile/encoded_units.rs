//! How well every single unit is predicted from the features, as one table.

use super::{Error, Order, Result, Spread};
use crate::activations::ByLayer;
use crate::baselines::encoding::{EncodingParams, FoldFit};
use crate::progress::{Progress, Unit};
use crate::stimuli::FeatureTable;

/// A row of `encoding_units.csv`: what one effect adds to the prediction of one unit. Means and standard deviations are over folds.
#[derive(Debug, Clone, PartialEq)]
pub struct EncodedUnit {
    /// Layer; 0 is the embedding output.
    pub layer: usize,
    /// The unit, from 0.
    pub unit: usize,
    /// R² of the unit on held-out stimuli.
    pub r2: Spread,
    /// Pearson's correlation of its predicted and held-out activations.
    pub pearson: Spread,
    /// The feature, `a x b`, or the group.
    pub feature: String,
    /// What kind of effect it is.
    pub order: Order,
    /// Drop in the unit's R²; undefined with no permutations.
    pub importance: Spread,
}

/// Predicts every unit of every layer of `activations` from `features`, with cross-validation over `folds` folds.
///
/// # Errors
///
/// As [`EncodingParams::cross_validation`], and activations that cannot be predicted (with the layer).
pub fn encode_units(
    estimator: &EncodingParams,
    folds: usize,
    features: &FeatureTable,
    activations: &dyn ByLayer,
    progress: &dyn Progress,
) -> Result<Vec<EncodedUnit>> {
    let validation = estimator.cross_validation(features, folds)?;
    progress.begin("units", activations.layers().len() as u64, Unit::Items);
    let mut rows = Vec::new();
    for (index, &layer) in activations.layers().iter().enumerate() {
        let matrix = activations.layer(index)?;
        let fits = validation.fit_units(matrix.view()).map_err(|error| Error::from(error.at_layer(layer)))?;
        let over_folds =
            |of: &dyn Fn(&FoldFit) -> f64| Spread::of(&fits.iter().map(of).collect::<Vec<f64>>());
        for at in 0..matrix.ncols() {
            let r2 = over_folds(&|fit| fit.units[at].r_squared);
            let pearson = over_folds(&|fit| fit.units[at].pearson);
            for (k, (name, order)) in validation.effects().enumerate() {
                let importance =
                    |fit: &FoldFit| fit.units[at].importances.get(k).copied().unwrap_or(f64::NAN);
                rows.push(EncodedUnit {
                    layer,
                    unit: activations.unit(index, at),
                    r2,
                    pearson,
                    feature: name.to_owned(),
                    order,
                    importance: over_folds(&importance),
                });
            }
        }
        progress.advance(1);
    }
    progress.end();
    Ok(rows)
}
