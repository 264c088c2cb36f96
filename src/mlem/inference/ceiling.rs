//! The noise ceiling: how well repeats of the same activations agree with one another, which no model can be asked to exceed.
//!
//! After Nili et al. (2014, A toolbox for representational similarity analysis, `PLoS` Computational Biology 10, e1003553), and as
//! rsatoolbox's `boot_noise_ceiling` with Spearman's correlation, over the held-out pairs of each fold. The distances within each
//! repeat are ranked, so that repeats may differ in gain, and be recorded in spaces of their own. Ranks are averaged over repeats:
//!
//! - lower bound: one repeat's distances with the mean ranks of the *other* repeats, mean over repeats;
//! - upper bound: one repeat's distances with the mean ranks of *all* repeats, itself among them, mean over repeats.
//!
//! Where the score is another than Spearman's correlation, the ceiling is in its measure (`measured.rs`).
//!
//! The ceiling is compared with a model's correlation with the distances of one repeat, mean over repeats ([`Ceiling::model`]). Of all
//! orders of the pairs that of the mean ranks has the highest such correlation, so that no order of the modelled distances is above the
//! upper bound. Equal modelled distances are taken in random order (`ρ_a` of Schütt et al. 2023): with mid-ranks a model whose
//! distances are few could be above, because ties lower the variance that its covariance is divided by.
//!
//! The ceiling does not bound a model's score on the mean of the repeats, which has less noise than any one of them.

use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;

use crate::mlem::crossval::CrossValidation;
use crate::mlem::error::{Error, Result};
use crate::mlem::pairs::Neural;
use crate::mlem::params::Scoring;
use crate::mlem::score::{GridModel, neural_distances};
use crate::numeric::rank::{RankTarget, Scratch};

/// The noise ceiling of one fold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ceiling {
    /// The fold, from 0.
    pub fold: usize,
    /// Lower bound; `None` where the distances of a repeat do not differ.
    pub lower: Option<f64>,
    /// Upper bound; `None` likewise.
    pub upper: Option<f64>,
    /// The model's score on one repeat, mean over repeats, ties of ranks in random order; `None` likewise.
    pub model: Option<f64>,
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
        let each: Vec<Neural> =
            repeats.iter().map(|repeat| self.design.neural(*repeat)).collect::<Result<_>>()?;
        if self.design.params.scoring != Scoring::Spearman {
            return Ok(self.measured_ceiling(&each, weights));
        }
        Ok((0..self.n_folds())
            .into_par_iter()
            .map(|fold| {
                let tasks = self.design.layout.tasks_within(fold);
                let mut scratch = Scratch::default();
                let targets: Vec<RankTarget> = each
                    .iter()
                    .map(|one| RankTarget::new(&neural_distances(one, &tasks, self.coverage), &mut scratch))
                    .collect();
                let w: Vec<f64> =
                    self.design.terms.iter().map(|term| weights[fold][[term.a, term.b]]).collect();
                let model = GridModel::new(&self.design.terms, &w, &self.design.columns);
                let modelled = model.distances(self.held_pairs(fold));
                // Whole numbers from 0 on are in the same order as the f32 numbers that have their bits.
                let bits: Vec<f32> = modelled.iter().map(|&x| f32::from_bits(x.max(0) as u32)).collect();
                let untied = RankTarget::new(&bits, &mut scratch).untied_share();
                let (lower, upper) = bounds(&targets);
                let with_model = |target: &RankTarget| {
                    let correlation = target.spearman(&modelled, &mut Scratch::default());
                    (!target.is_constant()).then(|| untied * correlation.unwrap_or(0.0))
                };
                let mean = targets.iter().map(with_model).sum::<Option<f64>>();
                let mean = mean.map(|sum| sum / targets.len() as f64);
                Ceiling { fold, lower, upper, model: mean, pairs: modelled.len() as u64 }
            })
            .collect())
    }
}

/// The lower and the upper bound that the ranked distances of two or more repeats have.
fn bounds(repeats: &[RankTarget]) -> (Option<f64>, Option<f64>) {
    let mut all = vec![0i64; repeats.first().map_or(0, RankTarget::len)];
    for repeat in repeats {
        all.iter_mut().zip(repeat.shifted()).for_each(|(sum, &rank)| *sum += i64::from(rank));
    }
    let mut scratch = Scratch::default();
    let (mut lower, mut upper) = (Some(0.0), Some(0.0));
    for repeat in repeats {
        let others: Vec<i64> =
            all.iter().zip(repeat.shifted()).map(|(sum, &rank)| sum - i64::from(rank)).collect();
        for (bound, sums) in [(&mut lower, &others), (&mut upper, &all)] {
            let correlation = repeat.spearman(&in_i32(sums), &mut scratch);
            *bound = bound.zip(correlation).map(|(bound, r)| bound + r / repeats.len() as f64);
        }
    }
    (lower, upper)
}

/// Sums of ranks in as many bits as ranking takes: all of them, but for many repeats of very many pairs.
fn in_i32(sums: &[i64]) -> Vec<i32> {
    let largest = sums.iter().copied().max().unwrap_or(0);
    let surplus = (64 - largest.leading_zeros()).saturating_sub(31);
    sums.iter().map(|sum| (sum >> surplus) as i32).collect()
}

#[cfg(test)]
mod tests {
    use ndarray::Zip;

    use super::*;
    use crate::mlem::brute_force::data;
    use crate::mlem::{Distance, Mlem, dissimilarities};
    use crate::numeric::rng::Stream;
    use crate::stimuli::{Feature, FeatureTable};

    fn mean(repeats: &[ArrayView2<'_, f32>]) -> Array2<f32> {
        let mut sum = Array2::<f32>::zeros(repeats[0].dim());
        for repeat in repeats {
            Zip::from(&mut sum).and(repeat).for_each(|sum, &x| *sum += x / repeats.len() as f32);
        }
        sum
    }

    /// The ceiling of `n` repeats of a signal that the features explain, with independent noise of `sd`.
    fn ceiling(n: usize, sd: f64) -> Vec<Ceiling> {
        let (features, x) = data(120, 3, 1, 2);
        let mut stream = Stream::new(5, "repeats");
        let repeats: Vec<Array2<f32>> =
            (0..n).map(|_| x.mapv(|value| value + (sd * stream.normal()) as f32)).collect();
        let views: Vec<ArrayView2<'_, f32>> = repeats.iter().map(|repeat| repeat.view()).collect();
        let validation = Mlem::params().permutations(0).cross_validation(&features, 3).unwrap();
        let fits = validation.fit(mean(&views).view()).unwrap();
        let weights: Vec<Array2<f64>> = fits.iter().map(|fit| fit.weights.clone()).collect();
        validation.ceiling(&views, &weights).unwrap()
    }

    #[test]
    fn with_noise_the_ceiling_is_below_one_and_above_the_model() {
        for n in [2, 5] {
            for row in ceiling(n, 1.0) {
                let (lower, upper) = (row.lower.unwrap(), row.upper.unwrap());
                assert!(0.0 < lower && lower < upper && upper < 0.999, "{row:?}");
                assert!(row.model.unwrap() < upper, "{row:?}");
                assert_eq!(row.pairs, 40 * 39 / 2);
            }
        }
    }

    #[test]
    fn bounds_are_those_of_rsatoolbox() {
        let golden = include_bytes!("../../../tests/golden/ceilings.json");
        let settings: Vec<serde_json::Value> = serde_json::from_slice(golden).unwrap();
        assert_eq!(settings.len(), 20);
        let mut largest = 0.0_f64;
        for setting in &settings {
            let (n, repeats) = (&setting["stimuli"], setting["repeats"].as_array().unwrap());
            let targets: Vec<RankTarget> = repeats
                .iter()
                .map(|distances| {
                    let distances = distances.as_array().unwrap().iter();
                    let distances: Vec<f32> = distances.map(|x| x.as_f64().unwrap() as f32).collect();
                    RankTarget::new(&distances, &mut Scratch::default())
                })
                .collect();
            let (lower, upper) = bounds(&targets);
            for (bound, name) in [(lower, "lower"), (upper, "upper")] {
                let apart = (bound.unwrap() - setting[name].as_f64().unwrap()).abs();
                assert!(apart < 1e-6, "{n} stimuli, {} repeats, {name}: {apart}", repeats.len());
                largest = largest.max(apart);
            }
        }
        assert!(largest < 1e-6);
    }

    #[test]
    fn no_model_is_above_where_its_distances_are_few_and_repeats_many() {
        // Two clusters, and noise within them that is another one in each repeat: ranks within a cluster average out, and a model of
        // the clusters alone has a higher correlation with mid-ranks than the mean of the ranks has.
        let n = 60;
        let codes: Vec<Option<&str>> = (0..n).map(|i| Some(if i % 2 == 0 { "a" } else { "b" })).collect();
        let features = FeatureTable::new(n, vec![Feature::categorical("cluster", &codes)]).unwrap();
        let mut stream = Stream::new(3, "clusters");
        let tables: Vec<Array2<f32>> = (0..20)
            .map(|_| {
                let x = Array2::from_shape_fn((n, 30), |(i, unit)| {
                    let side = if unit == 0 { 40.0 * (i % 2) as f64 } else { 0.0 };
                    (side + stream.normal()) as f32
                });
                dissimilarities(x.view(), &(0..n).collect::<Vec<_>>(), Distance::Euclidean).unwrap()
            })
            .collect();
        let views: Vec<ArrayView2<'_, f32>> = tables.iter().map(|table| table.view()).collect();
        let validation = Mlem::params()
            .permutations(0)
            .distance(Distance::Precomputed)
            .cross_validation(&features, 1)
            .unwrap();
        let ceiling = validation.ceiling(&views, &[ndarray::array![[1.0]]]).unwrap()[0];
        let (upper, model) = (ceiling.upper.unwrap(), ceiling.model.unwrap());
        assert!(model < upper && model > 0.7, "{ceiling:?}");
        // With mid-ranks it would be above: √3/2 for two halves.
        assert!(upper < 0.86, "{ceiling:?}");
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
