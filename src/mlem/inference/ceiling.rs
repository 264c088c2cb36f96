//! The noise ceiling: how well repeats of the same activations agree with one another, which no model can be asked to exceed.
//!
//! After Nili et al. (2014, A toolbox for representational similarity analysis, `PLoS` Computational Biology 10, e1003553), with
//! Spearman's correlation over the held-out pairs of each fold, and with distances between mean activations in place of mean
//! distances:
//!
//! - lower bound: one repeat's distances with those of the mean of the *other* repeats, mean over repeats;
//! - upper bound: one repeat's distances with those of the mean of *all* repeats, itself among them, mean over repeats.
//!
//! The ceiling is compared with a model's correlation with the distances of one repeat, mean over repeats ([`Ceiling::spearman`]).
//! It does not bound a model's score on the mean of the repeats, which has less noise than any one of them.

use ndarray::{Array2, ArrayView2, Zip};
use rayon::prelude::*;

use crate::mlem::crossval::CrossValidation;
use crate::mlem::error::{Error, Result};
use crate::mlem::pairs::Neural;
use crate::mlem::score::{GridModel, neural_distances};
use crate::numeric::rank::{RankTarget, Scratch, centred_ranks};

/// The noise ceiling of one fold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ceiling {
    /// The fold, from 0.
    pub fold: usize,
    /// Lower bound; `None` where the distances of a repeat do not differ.
    pub lower: Option<f64>,
    /// Upper bound; `None` likewise.
    pub upper: Option<f64>,
    /// The model's Spearman correlation with one repeat, mean over repeats; `None` likewise.
    pub spearman: Option<f64>,
    /// Over how many pairs of stimuli.
    pub pairs: u64,
}

impl CrossValidation {
    /// The noise ceiling of every fold at one layer, of which `repeats` are two or more activations `(n_stimuli, d_model)` and
    /// `weights` the `W` of every fold.
    ///
    /// # Errors
    ///
    /// Fewer than two repeats; otherwise as [`CrossValidation::fit`].
    pub fn ceiling(&self, repeats: &[ArrayView2<'_, f32>], weights: &[Array2<f64>]) -> Result<Vec<Ceiling>> {
        if repeats.len() < 2 {
            let value = repeats.len().to_string();
            return Err(Error::Option { option: "repeats", value, range: "at least 2" });
        }
        let neural = |activations: ArrayView2<'_, f32>| self.design.neural(activations);
        let all = neural(mean(repeats, None).view())?;
        let each: Vec<(Neural, Neural)> = (0..repeats.len())
            .map(|k| Ok((neural(repeats[k])?, neural(mean(repeats, Some(k)).view())?)))
            .collect::<Result<_>>()?;
        Ok((0..self.n_folds())
            .into_par_iter()
            .map(|fold| {
                let tasks = self.design.layout.tasks_within(fold);
                let ranked = |neural: &Neural| {
                    centred_ranks(&neural_distances(neural, &tasks, self.coverage), &mut Scratch::default())
                };
                let w: Vec<f64> =
                    self.design.terms.iter().map(|term| weights[fold][[term.a, term.b]]).collect();
                let model = GridModel::new(&self.design.terms, &w, &self.design.columns);
                let modelled = model.distances(self.held_pairs(fold));
                let all = ranked(&all);
                let (mut lower, mut upper, mut spearman) = (Some(0.0), Some(0.0), Some(0.0));
                for (one, others) in &each {
                    let distances = neural_distances(one, &tasks, self.coverage);
                    let target = RankTarget::new(&distances, &mut Scratch::default());
                    let add = |sum: &mut Option<f64>, values: &[i32]| {
                        let correlation = target.spearman(values, &mut Scratch::default());
                        *sum = sum.zip(correlation).map(|(sum, r)| sum + r / each.len() as f64);
                    };
                    // Ranking ranks changes nothing, so that ranks can be given in place of distances.
                    add(&mut lower, &ranked(others));
                    add(&mut upper, &all);
                    add(&mut spearman, &modelled);
                }
                Ceiling { fold, lower, upper, spearman, pairs: modelled.len() as u64 }
            })
            .collect())
    }
}

/// The mean of `repeats`, which all have one shape, without the one at `but`.
fn mean(repeats: &[ArrayView2<'_, f32>], but: Option<usize>) -> Array2<f32> {
    let mut sum = Array2::<f64>::zeros(repeats.first().map_or((0, 0), ArrayView2::dim));
    let used = || repeats.iter().enumerate().filter(|(k, _)| Some(*k) != but);
    for (_, repeat) in used() {
        Zip::from(&mut sum).and(repeat).for_each(|sum, &x| *sum += f64::from(x));
    }
    let n = used().count() as f64;
    sum.mapv(|sum| (sum / n) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mlem::Mlem;
    use crate::mlem::brute_force::data;
    use crate::numeric::rng::Stream;

    /// The ceiling of `n` repeats of a signal that the features explain, with independent noise of `sd`.
    fn ceiling(n: usize, sd: f64) -> Vec<Ceiling> {
        let (features, x) = data(120, 3, 1, 2);
        let mut stream = Stream::new(5, "repeats");
        let repeats: Vec<Array2<f32>> =
            (0..n).map(|_| x.mapv(|value| value + (sd * stream.normal()) as f32)).collect();
        let views: Vec<ArrayView2<'_, f32>> = repeats.iter().map(|repeat| repeat.view()).collect();
        let validation = Mlem::params().permutations(0).cross_validation(&features, 3).unwrap();
        let fits = validation.fit(mean(&views, None).view()).unwrap();
        let weights: Vec<Array2<f64>> = fits.iter().map(|fit| fit.weights.clone()).collect();
        validation.ceiling(&views, &weights).unwrap()
    }

    #[test]
    fn with_noise_the_ceiling_is_below_one_and_above_the_model() {
        for n in [2, 5] {
            for row in ceiling(n, 1.0) {
                let (lower, upper) = (row.lower.unwrap(), row.upper.unwrap());
                assert!(0.0 < lower && lower < upper && upper < 0.999, "{row:?}");
                assert!(row.spearman.unwrap() < upper, "{row:?}");
                assert_eq!(row.pairs, 40 * 39 / 2);
            }
        }
    }

    #[test]
    fn equal_repeats_have_a_ceiling_of_one() {
        for row in ceiling(3, 0.0) {
            let near = |bound: Option<f64>| (bound.unwrap() - 1.0).abs() < 1e-12;
            assert!(near(row.lower) && near(row.upper), "{row:?}");
        }
    }

    #[test]
    fn more_noise_lowers_it_and_one_recording_has_none() {
        let mean_lower = |sd| ceiling(3, sd).iter().map(|row| row.lower.unwrap()).sum::<f64>() / 3.0;
        assert!(mean_lower(0.3) > mean_lower(1.0) && mean_lower(1.0) > mean_lower(3.0));
        let (features, x) = data(120, 3, 1, 2);
        let validation = Mlem::params().cross_validation(&features, 3).unwrap();
        assert!(validation.ceiling(&[x.view()], &[]).is_err());
    }
}
