//! The noise ceiling of each layer and fold, where activations were repeated.

use std::sync::Arc;

use super::error::{Error, Result};
use super::tables::{CeilingRow, Profile};
use crate::activations::ByLayer;
use crate::files::table::rounded;
use crate::mlem::MlemParams;
use crate::progress::{Progress, Unit};
use crate::stimuli::FeatureTable;
use crate::text;

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
        let ceiling = ceiling.map_err(|error| Error::from(error.at_layer(layer)))?;
        let without = ceiling.iter().filter(|fold| fold.lower.is_none()).count();
        if without > 0 {
            progress.warn(&format!(
                "layer {layer}: no noise ceiling in {} of {}, because a recording has the same distance between all stimuli there; leave \
                 that --repeat out",
                without,
                text::counted(ceiling.len() as u128, "fold")
            ));
        }
        all.extend(ceiling.into_iter().map(|fold| CeilingRow {
            layer,
            fold: fold.fold,
            lower: fold.lower.map(rounded),
            upper: fold.upper.map(rounded),
            model: fold.model.map(rounded),
            pairs: fold.pairs,
        }));
        progress.advance(1);
    }
    progress.end();
    Ok(all)
}
