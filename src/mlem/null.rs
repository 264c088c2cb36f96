//! What scores and importances are worth: their distribution when the activations have nothing to do with the stimuli.
//!
//! Each draw shuffles the stimuli of the activations against the features and does everything again: fits, scores and
//! importances of every fold. `C` is the features' own and is not computed again.

use ndarray::{ArrayView2, Axis};

use super::Result;
use super::crossval::{CrossValidation, FoldFit};
use super::params::Distance;
use crate::numeric::rng::Stream;
use crate::numeric::significance::p_value;

/// Means over folds of what one fit gives.
#[derive(Debug, Clone, PartialEq)]
struct Means {
    score: f64,
    /// One per term.
    importances: Vec<f64>,
}

impl Means {
    fn of(fits: &[FoldFit]) -> Self {
        let n = fits.len() as f64;
        let score = |fit: &FoldFit| fit.scored.spearman.unwrap_or(f64::NAN);
        let n_terms = fits.first().map_or(0, |fit| fit.importances.len());
        let importance =
            |term: usize| fits.iter().map(|fit| fit.importances[term].importance).sum::<f64>() / n;
        Self {
            score: fits.iter().map(score).sum::<f64>() / n,
            importances: (0..n_terms).map(importance).collect(),
        }
    }
}

/// Scores and importances (means over folds) of draws under the null.
#[derive(Debug, Clone, PartialEq)]
pub struct Null {
    draws: Vec<Means>,
}

/// The p-values of one layer, one-sided (larger is more extreme) and not yet corrected for the number of tests: see
/// [`holm`](crate::numeric::significance::holm) and
/// [`benjamini_hochberg`](crate::numeric::significance::benjamini_hochberg).
#[derive(Debug, Clone, PartialEq)]
pub struct PValues {
    /// Of the mean score; `None` where it is not defined.
    pub score: Option<f64>,
    /// Of each term's mean importance, in the order of the terms; empty with no permutations.
    pub importances: Vec<Option<f64>>,
}

impl CrossValidation {
    /// Shuffles the stimuli of `activations` `(n_stimuli, d_model)` `draws` times, and fits each time.
    ///
    /// # Errors
    ///
    /// As [`CrossValidation::fit`].
    pub fn null(&self, activations: ArrayView2<'_, f32>, draws: usize) -> Result<Null> {
        let params = self.params();
        let draw = |draw: usize| {
            let mut order: Vec<usize> = (0..activations.nrows()).collect();
            Stream::new(params.seed, &format!("null {draw}")).shuffle(&mut order);
            let mut shuffled = activations.select(Axis(0), &order);
            if params.distance == Distance::Precomputed {
                shuffled = shuffled.select(Axis(1), &order);
            }
            Ok(Means::of(&self.fit(shuffled.view())?))
        };
        Ok(Null { draws: (0..draws).map(draw).collect::<Result<_>>()? })
    }
}

impl Null {
    /// The scores under the null (means over folds), one per draw.
    #[must_use]
    pub fn scores(&self) -> Vec<f64> {
        self.draws.iter().map(|draw| draw.score).collect()
    }

    /// The importances of a term under the null (means over folds), one per draw.
    #[must_use]
    pub fn importances(&self, term: usize) -> Vec<f64> {
        self.draws.iter().map(|draw| draw.importances[term]).collect()
    }

    /// How likely scores and importances as large as those of `fits` are under the null.
    #[must_use]
    pub fn p_values(&self, fits: &[FoldFit]) -> PValues {
        let observed = Means::of(fits);
        let of_term = |(term, &importance): (usize, &f64)| p_value(importance, &self.importances(term));
        PValues {
            score: p_value(observed.score, &self.scores()),
            importances: observed.importances.iter().enumerate().map(of_term).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::brute_force::data;
    use super::super::{Mlem, PairBudget};
    use super::*;
    use ndarray::Array2;

    #[test]
    fn p_values_are_uniform_without_an_effect_and_small_with_one() {
        let params = Mlem::params().permutations(2).pairs(PairBudget::All);
        let (features, x) = data(40, 2, 0, 1);
        let validation = params.cross_validation(&features, 2).unwrap();
        let strong = validation.null(x.view(), 39).unwrap();
        let p = strong.p_values(&validation.fit(x.view()).unwrap());
        assert!(p.score.unwrap() <= 0.05, "{p:?}");

        // Kolmogorov–Smirnov against the uniform distribution, over data sets of pure noise.
        let n_sets = 60;
        let p_values = |seed: u64| {
            let mut stream = Stream::new(seed, "noise");
            let x = Array2::from_shape_fn((40, 4), |_| stream.normal() as f32);
            let p = validation.null(x.view(), 39).unwrap().p_values(&validation.fit(x.view()).unwrap());
            (p.score.unwrap(), p.importances[0].unwrap())
        };
        let (scores, importances): (Vec<f64>, Vec<f64>) = (0..n_sets).map(p_values).unzip();
        // The 1% critical value, and half a step of the p-values' own grid.
        let bound = 1.63 / (n_sets as f64).sqrt() + 0.0125;
        let (above, below) = deviations(scores);
        assert!(above < bound && below < bound, "scores: {above} above the diagonal, {below} below");
        // A weight is often exactly 0 under the null, and so is the importance: p-values pile up at large values, never at
        // small ones.
        let (above, _) = deviations(importances);
        assert!(above < bound, "importances: {above} above the diagonal");
    }

    /// How far the share of values at or below `p` exceeds `p`, and falls short of it.
    fn deviations(mut p: Vec<f64>) -> (f64, f64) {
        p.sort_by(f64::total_cmp);
        let n = p.len() as f64;
        let above = p.iter().enumerate().map(|(i, p)| (i + 1) as f64 / n - p).fold(0.0, f64::max);
        let below = p.iter().enumerate().map(|(i, p)| p - i as f64 / n).fold(0.0, f64::max);
        (above, below)
    }
}
