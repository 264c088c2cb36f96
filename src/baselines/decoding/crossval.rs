//! Cross-validation by stimuli: probes trained on some, scored on the others.

use ndarray::ArrayView2;
use rayon::prelude::*;

use super::super::Result;
use super::super::rows::check;
use super::params::DecodingParams;
use super::score::FeatureScore;
use super::warning::Warning;
use crate::stimuli::{FeatureTable, Values};

/// Features whose stimuli are split into folds.
#[derive(Debug, Clone)]
pub struct CrossValidation {
    params: DecodingParams,
    features: FeatureTable,
    n_folds: usize,
    /// Whether what is scored is not trained on.
    holds_out: bool,
    fold_of: Vec<usize>,
    warnings: Vec<Warning>,
}

/// The probes of one fold at one layer.
#[derive(Debug, Clone, PartialEq)]
pub struct FoldFit {
    /// The fold, from 0.
    pub fold: usize,
    /// Mean skill over the features that have one; NaN where none has.
    pub score: f64,
    /// How many stimuli it was scored on.
    pub stimuli: usize,
    /// One per feature.
    pub features: Vec<FeatureScore>,
    /// What a user should know.
    pub warnings: Vec<Warning>,
}

impl DecodingParams {
    /// Splits the stimuli of `features` into `folds` at random under the seed, the same ones as MLEM's. With one fold, probes
    /// are fitted to all stimuli and scored on them.
    ///
    /// # Errors
    ///
    /// As the module docs have it.
    pub fn cross_validation(&self, features: &FeatureTable, folds: usize) -> Result<CrossValidation> {
        self.check_features(features, folds)?;
        let fold_of = features.folds(folds, self.seed);
        let warnings = if folds > 1 { rare_levels(features, folds) } else { Vec::new() };
        Ok(CrossValidation {
            params: self.clone(),
            features: features.clone(),
            n_folds: folds,
            holds_out: features.holds_out(folds),
            fold_of,
            warnings,
        })
    }
}

impl CrossValidation {
    /// Whether what is scored is not trained on.
    #[must_use]
    pub fn holds_out(&self) -> bool {
        self.holds_out
    }

    /// How many folds.
    #[must_use]
    pub fn n_folds(&self) -> usize {
        self.n_folds
    }

    /// What a user should know about the features and the folds.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Fits and scores the probes of every fold at one layer, of which `activations` are `(n_stimuli, d_model)`.
    ///
    /// # Errors
    ///
    /// Another number of rows than the features have; activations that are not finite.
    pub fn fit(&self, activations: ArrayView2<'_, f32>) -> Result<Vec<FoldFit>> {
        check(self.features.n_stimuli(), activations)?;
        let of_fold = |fold: usize| {
            let alone = !self.holds_out;
            let (held_out, training): (Vec<usize>, Vec<usize>) =
                (0..self.fold_of.len()).partition(|&row| alone || self.fold_of[row] == fold);
            let training = if alone { &held_out } else { &training };
            let fitted = self.params.fit_rows(&self.features, activations, training, &format!("fold {fold}"));
            let features = fitted.score_rows(&self.features, activations, &held_out);
            let known: Vec<f64> =
                features.iter().map(FeatureScore::skill).filter(|skill| skill.is_finite()).collect();
            let undefined = features.iter().filter(|feature| feature.score.is_nan());
            let mut warnings: Vec<Warning> =
                undefined.map(|feature| Warning::Undefined { feature: feature.name.clone(), fold }).collect();
            let inexact = fitted.inexact().into_iter();
            warnings.extend(inexact.map(|name| Warning::Inexact { feature: name.to_owned(), fold }));
            FoldFit {
                fold,
                score: if known.is_empty() {
                    f64::NAN
                } else {
                    known.iter().sum::<f64>() / known.len() as f64
                },
                stimuli: held_out.len(),
                features,
                warnings,
            }
        };
        Ok((0..self.n_folds).into_par_iter().map(of_fold).collect())
    }
}

/// The features that have levels in fewer stimuli than there are folds.
fn rare_levels(features: &FeatureTable, folds: usize) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for feature in features {
        let Values::Categorical { levels, codes } = feature.values() else { continue };
        let members = |level: usize| codes.iter().filter(|code| **code == Some(level as u32)).count();
        let rare: Vec<String> = (0..levels.len())
            .filter(|&level| members(level) < folds)
            .map(|level| levels[level].clone())
            .collect();
        if !rare.is_empty() {
            warnings.push(Warning::RareLevels { feature: feature.name().to_owned(), levels: rare, folds });
        }
    }
    warnings
}
