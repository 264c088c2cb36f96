//! Scores and importances of every layer over samples of the stimuli.

use super::differences::{LayerDifference, between_layers};
use super::{Error, Of, Profile};
use crate::activations::ByLayer;
use crate::files::table::rounded;
use crate::mlem::MlemParams;
use crate::progress::{Progress, Unit};
use crate::stimuli::FeatureTable;

/// A score or an importance of one layer in one draw, mean over folds.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Layer; 0 is the embedding output.
    pub layer: usize,
    /// Which draw of stimuli, from 1; the same stimuli in every layer, and in every run of the same stimuli, folds and seed.
    pub draw: usize,
    /// What the value is of.
    pub of: Of,
    /// The value.
    pub value: f64,
}

/// What samples of the stimuli tell of a run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bootstrapped {
    /// The values of every layer in every draw.
    pub samples: Vec<Sample>,
    /// Differences in score of every two layers.
    pub differences: Vec<LayerDifference>,
}

/// Scores and importances of every layer of `profile`, whose models are taken as they were fitted, over `draws` samples of the
/// stimuli with replacement ([`crate::mlem::CrossValidation::bootstrap`]).
///
/// Importances in the draws are of one permutation; they are moved by what its importance of the stimuli as they are differs from
/// the profile's mean over permutations.
///
/// # Errors
///
/// As [`super::fit`].
pub fn bootstrap(
    profile: &Profile,
    (estimator, folds): (&MlemParams, usize),
    features: &FeatureTable,
    activations: &dyn ByLayer,
    draws: usize,
    progress: &dyn Progress,
) -> super::Result<Bootstrapped> {
    let validation = estimator.cross_validation(features, folds)?;
    let mut samples = Vec::new();
    let mut scores: Vec<(usize, Vec<f64>)> = Vec::new();
    progress.begin("bootstrap", activations.layers().len() as u64, Unit::Items);
    for (index, &layer) in activations.layers().iter().enumerate() {
        let weights = profile.metrics(layer, folds, validation.features());
        let of_layer = validation.bootstrap(activations.layer(index)?.view(), &weights, draws);
        let of_layer = of_layer.map_err(|error| Error::from(error.at_layer(layer)))?;
        for draw in 1..=draws {
            samples.push(Sample { layer, draw, of: Of::Score, value: rounded(of_layer.scores[draw]) });
        }
        for (k, column) in of_layer.importances.columns().into_iter().enumerate() {
            let effect = &validation.effects()[k];
            let of = Of::Effect(effect.order, effect.name.clone());
            let moved = profile.mean_importance(layer, &of) - column[0];
            samples.extend(column.iter().enumerate().skip(1).map(|(draw, value)| Sample {
                layer,
                draw,
                of: of.clone(),
                value: rounded(value + moved),
            }));
        }
        scores.push((layer, of_layer.scores));
        progress.advance(1);
    }
    progress.end();
    Ok(Bootstrapped { samples, differences: between_layers(&scores) })
}

impl Profile {
    /// The mean over folds of the importance of an effect at one layer; NaN where there is none.
    fn mean_importance(&self, layer: usize, of: &Of) -> f64 {
        let rows = self.importances.iter().filter(|row| row.layer == layer);
        let of_effect = rows.filter(
            |row| matches!(of, Of::Effect(order, name) if *order == row.order && *name == row.feature),
        );
        let (sum, n) = of_effect.fold((0.0, 0), |(sum, n), row| (sum + row.importance, n + 1));
        sum / f64::from(n)
    }
}
