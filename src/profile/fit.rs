//! An estimator over the layers of some activations.

use std::collections::BTreeSet;

use super::estimator::{Estimator, split};
use super::{Error, Importance, NullDraw, Of, Profile, Result, Score, Split, Tested, Weight};
use crate::activations::ByLayer;
use crate::files::table::rounded;
use crate::mlem::{CrossValidation, FoldFit, Null, NullStatistic};
use crate::progress::{Progress, Unit};
use crate::stimuli::FeatureTable;

/// A profile, and what a user should know about it.
#[derive(Debug, Clone)]
pub struct Fitted {
    /// The tables.
    pub profile: Profile,
    /// About the features and the folds, then layer by layer.
    pub warnings: Vec<String>,
}

/// Fits every layer of `activations`, one in memory at a time, with cross-validation over `folds` folds, and calls `save` with
/// the profile so far after each.
///
/// Layers that are complete in `done` (of an earlier, broken run with the same options and data) are kept, the others are
/// fitted; rows come in the order layer, fold, term either way.
///
/// # Errors
///
/// Features, options or activations that cannot be fitted (the estimator's error, with the layer); whatever `save` fails
/// with.
pub fn fit<E: From<Error>>(
    estimator: &dyn Estimator,
    folds: usize,
    features: &FeatureTable,
    activations: &dyn ByLayer,
    done: Profile,
    progress: &dyn Progress,
    mut save: impl FnMut(&Profile) -> Result<(), E>,
) -> Result<Fitted, E> {
    let prepared = estimator.prepare(features, folds)?;
    let mut warnings = prepared.warnings();
    for warning in &warnings {
        progress.warn(warning);
    }
    let mut profile = done;
    profile.measure = estimator.measure();
    profile.keep_complete(folds, features.holds_out(folds));
    let fitted: BTreeSet<usize> = profile.scores.iter().map(|row| row.layer).collect();
    progress.begin("fit", activations.layers().len() as u64, Unit::Items);
    for (index, &layer) in activations.layers().iter().enumerate() {
        let is_new = !fitted.contains(&layer);
        if is_new {
            let matrix = activations.layer(index).map_err(Error::from)?;
            let told = prepared.fit(layer, matrix.view(), &mut profile)?;
            if !told.is_empty() {
                profile.warnings.insert(layer, told);
            }
            profile.sort();
        }
        for warning in profile.warnings.get(&layer).into_iter().flatten() {
            progress.warn(warning);
            warnings.push(warning.clone());
        }
        if is_new {
            save(&profile)?;
        }
        progress.advance(1);
    }
    progress.end();
    Ok(Fitted { profile, warnings })
}

impl Profile {
    /// Keeps the layers that have a score for each of `folds`; a layer's score is written last.
    fn keep_complete(&mut self, folds: usize, holds_out: bool) {
        let complete: BTreeSet<usize> = {
            let held_out = split(holds_out);
            let scored =
                |layer| self.scores.iter().filter(|row| row.layer == layer && row.split == held_out).count();
            self.scores.iter().map(|row| row.layer).filter(|&layer| scored(layer) == folds).collect()
        };
        self.retain(|layer| complete.contains(&layer));
    }

    /// Adds what the null of one layer says of its fits.
    pub(super) fn push_null(&mut self, layer: usize, fits: &[FoldFit], null: &Null) {
        let mut push = |of: Of, null: NullStatistic| {
            let null = NullStatistic {
                p: null.p.map(rounded),
                mean: rounded(null.mean),
                sd: rounded(null.sd),
                low: rounded(null.low),
                high: rounded(null.high),
                z: rounded(null.z),
            };
            self.tested.push(Tested { layer, of, null });
        };
        push(Of::Score, null.score());
        let effects = fits.first().map_or(&[][..], |fit| &fit.importances);
        for (effect, null) in effects.iter().zip(null.importances()) {
            push(Of::Effect(effect.order, effect.name.clone()), null);
        }
        self.draws.extend((1..).zip(null.largest()).map(|(draw, (score, importance))| NullDraw {
            layer,
            draw,
            score: rounded(score),
            importance: rounded(importance),
        }));
    }

    /// Adds the rows of one layer.
    pub(super) fn push(&mut self, layer: usize, validation: &CrossValidation, fits: &[FoldFit]) {
        let split = split(validation.holds_out());
        let names = validation.features();
        for fit in fits {
            let fold = fit.fold;
            let value = rounded(fit.scored.value.unwrap_or(f64::NAN));
            if let Some(trained) = fit.trained {
                let value = rounded(trained.value.unwrap_or(f64::NAN));
                self.scores.push(Score { layer, fold, split: Split::Train, value, pairs: trained.pairs });
            }
            self.scores.push(Score { layer, fold, split, value, pairs: fit.scored.pairs });
            self.importances.extend(fit.importances.iter().map(|term| Importance {
                layer,
                fold,
                feature: term.name.clone(),
                order: term.order,
                importance: rounded(term.importance),
                sd: rounded(term.sd),
            }));
            self.weights.extend(validation.terms().iter().map(|term| Weight {
                layer,
                fold,
                feature_a: names[term.a].clone(),
                feature_b: names[term.b].clone(),
                weight: rounded(fit.weights[[term.a, term.b]]),
            }));
        }
    }

    /// Puts the layers in order; within a layer rows are in the order they were added.
    fn sort(&mut self) {
        self.scores.sort_by_key(|row| row.layer);
        self.importances.sort_by_key(|row| row.layer);
        self.weights.sort_by_key(|row| row.layer);
        self.tested.sort_by_key(|row| row.layer);
        self.draws.sort_by_key(|row| row.layer);
        self.details.sort();
    }
}
