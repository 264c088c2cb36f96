//! Nested cross-validation by stimuli.

use ndarray::ArrayView2;

use super::super::{Error, Result};
use super::moments::{Moments, Sums};
use super::params::FrRsaParams;
use crate::mlem::pairs::{Term, normalise};
use crate::mlem::solve::Solved;
use crate::mlem::{self, Warning};
use crate::stimuli::{FeatureTable, TRAINING_PARTS};

/// One fold is held out, one judges the fractions, and one at least is left to fit to.
const LEAST_FOLDS: usize = 3;
/// Stimuli of a part of a given training set, so that its distances differ.
const INNER_STIMULI: usize = 3;

/// Features split into folds, with everything about the fits that they decide computed once for all layers.
#[derive(Debug, Clone)]
pub struct CrossValidation {
    folds: mlem::CrossValidation,
    moments: Moments,
    fractions: Vec<f64>,
}

/// The model of one fold at one layer, and how it did.
#[derive(Debug, Clone, PartialEq)]
pub struct FoldFit {
    /// Weights, score and importances. Its gap is infinite: a ridge is not the optimum of MLEM's objective.
    pub model: mlem::FoldFit,
    /// The fraction of the unpenalised length that was chosen.
    pub fraction: f64,
}

impl FrRsaParams {
    /// Splits the stimuli of `features` into `folds` at random under the seed, the same ones as MLEM's.
    ///
    /// # Errors
    ///
    /// As the module docs have it.
    pub fn cross_validation(&self, features: &FeatureTable, folds: usize) -> Result<CrossValidation> {
        self.check_features(features, folds)?;
        let validation = self.options.cross_validation(features, folds)?;
        Ok(CrossValidation {
            moments: Moments::new(validation.design()),
            folds: validation,
            fractions: self.fractions.clone(),
        })
    }

    /// Whether `features` can be fitted in `folds` folds with these options.
    ///
    /// # Errors
    ///
    /// As [`FrRsaParams::cross_validation`].
    pub fn check_features(&self, features: &FeatureTable, folds: usize) -> Result<()> {
        self.check()?;
        self.options.check_features(features, folds)?;
        if let Some((train, _)) = features.train_and_test() {
            let least = INNER_STIMULI * TRAINING_PARTS;
            if train < least {
                return Err(Error::TooFewTraining { stimuli: train, least });
            }
        } else if folds < LEAST_FOLDS {
            return Err(Error::TooFewFolds {
                folds,
                least: LEAST_FOLDS,
                given: features.given_folds().is_some(),
            });
        }
        Ok(())
    }
}

impl CrossValidation {
    /// MLEM's cross-validation of the same folds.
    #[must_use]
    pub fn folds(&self) -> &mlem::CrossValidation {
        &self.folds
    }

    /// What a user should know about the features and the folds.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        self.folds.warnings()
    }

    /// Fits, scores and takes the importances of every fold at one layer, of which `activations` are
    /// `(n_stimuli, d_model)`.
    ///
    /// # Errors
    ///
    /// Another number of rows than the features have; activations that are not finite.
    pub fn fit(&self, activations: ArrayView2<'_, f32>) -> Result<Vec<FoldFit>> {
        let n_folds = self.folds.n_folds();
        let mut chosen = vec![0; n_folds];
        let fits = self.folds.fit_with(activations, |design, neural| {
            let targets = self.moments.targets(design, neural);
            (0..n_folds)
                .map(|held_out| {
                    let inner: Vec<usize> = (0..design.n_parts()).filter(|&fold| fold != held_out).collect();
                    chosen[held_out] = self.moments.choose(&targets, &inner, &self.fractions);
                    let training = self.moments.over(&targets, |fold| fold != held_out);
                    solve(&training, self.fractions[chosen[held_out]], &design.terms)
                })
                .collect()
        })?;
        let fraction = |place: usize| self.fractions[place];
        Ok(fits
            .into_iter()
            .zip(chosen)
            .map(|(model, place)| FoldFit { model, fraction: fraction(place) })
            .collect())
    }
}

/// The weights of `training` at `fraction`, at unit Frobenius norm.
pub(super) fn solve(training: &Sums, fraction: f64, terms: &[Term]) -> Solved {
    let mut w = training.ridge(&[fraction]).remove(0);
    normalise(terms, &mut w);
    let (pearson, line) = (training.pearson(&w), training.line(&w));
    Solved { pearson, ..Solved::given(w, line) }
}
