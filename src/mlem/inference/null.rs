//! What scores and importances are worth: their distribution when the activations have nothing to do with the stimuli.
//!
//! Scores: each draw shuffles the stimuli of the activations against the features within every fold, and then fits and scores in
//! every fold again. What depends on the features alone is shared by all draws: `C`, and the pairs of every fold. Neural distances
//! are looked up in a table, because a shuffle only moves them. The null hypothesis is that *no* feature is related to the
//! activations.
//!
//! Importances: every effect has the null of its own (`own.rs`), that it adds nothing to the others, with shuffles of its own. The null of
//! the scores would be the wrong one for a feature beside a strong one, and far too hard.
//!
//! The statistic of a draw is a fixed function of the shuffled activations. The unshuffled activations are one more draw, and
//! under the null all draws are exchangeable: a p-value is exact, whatever the number of folds or permutations. With many pairs
//! ranks are counted in steps, a little coarser than in the scores that a fit reports.

use ndarray::ArrayView2;
use rayon::prelude::*;

use crate::mlem::crossval::CrossValidation;
use crate::mlem::error::Result;
use crate::mlem::moments::TargetSums;
use crate::mlem::pairs::Neural;
use crate::mlem::params::Solver;
use crate::mlem::solve::Solved;
use crate::numeric::correlation::mean_sd;
use crate::numeric::quantile;
use crate::numeric::rng::Stream;
use crate::numeric::significance::p_value;

/// The statistics of one draw.
#[derive(Debug, Clone, PartialEq)]
struct Means {
    score: f64,
    /// The statistic of each effect.
    own: Vec<f64>,
}

/// Scores (means over folds), and the statistic of each effect: unshuffled, and of draws under the null.
#[derive(Debug, Clone, PartialEq)]
pub struct Null {
    observed: Means,
    draws: Vec<Means>,
}

/// A statistic and its distribution under the null. The p-value is one-sided (larger is more extreme) and not corrected for
/// the number of tests: see [`holm`](crate::numeric::significance::holm) and
/// [`benjamini_hochberg`](crate::numeric::significance::benjamini_hochberg).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NullStatistic {
    /// `(1 + #{draw ≥ observed}) / (1 + draws)`; `None` where the statistic is not defined.
    pub p: Option<f64>,
    /// Mean of the draws.
    pub mean: f64,
    /// Standard deviation of the draws (`n − 1`).
    pub sd: f64,
    /// 2.5% of the draws are below.
    pub low: f64,
    /// 2.5% of the draws are above.
    pub high: f64,
    /// How many standard deviations it lies above the mean, both over the draws and the observed value: statistics of other effects and
    /// layers in one unit. 0 where all are equal.
    pub z: f64,
}

impl NullStatistic {
    fn new(observed: f64, draws: &[f64]) -> Self {
        let z = standard_scores(observed, draws)[0];
        let (mean, sd) = mean_sd(draws).unwrap_or((f64::NAN, f64::NAN));
        let mut sorted = draws.to_vec();
        sorted.sort_by(f64::total_cmp);
        let quantile = |at| quantile::of_sorted(&sorted, at).unwrap_or(f64::NAN);
        Self { p: p_value(observed, draws), mean, sd, low: quantile(0.025), high: quantile(0.975), z }
    }
}

/// The observed value and the draws, less their mean, in their standard deviations.
fn standard_scores(observed: f64, draws: &[f64]) -> Vec<f64> {
    let all: Vec<f64> = std::iter::once(observed).chain(draws.iter().copied()).collect();
    let (mean, sd) = mean_sd(&all).unwrap_or((f64::NAN, f64::NAN));
    let scale = if sd == 0.0 { 0.0 } else { 1.0 / sd };
    all.into_iter().map(|value| (value - mean) * scale).collect()
}

impl CrossValidation {
    /// Shuffles the stimuli of `activations` `(n_stimuli, d_model)` `draws` times, and fits each time.
    ///
    /// # Errors
    ///
    /// As [`CrossValidation::fit`].
    pub fn null(&self, activations: ArrayView2<'_, f32>, draws: usize) -> Result<Null> {
        // Activations that a fit refuses are refused here, with the same error.
        let own = self.design.neural(activations)?;
        let neural = Neural::tabulated(activations, &self.design.layout.order, self.params().distance)?;
        let draws: Vec<Neural> = (0..=draws).map(|draw| neural.reordered(&self.shuffle(draw))).collect();
        let exact = self.params().solver == Solver::Exact;
        let sums: Vec<Vec<TargetSums>> = if exact {
            let at_once = draws.par_chunks(self.design.at_once());
            at_once.flat_map_iter(|draws| self.design.target_sums_under(draws)).collect()
        } else {
            Vec::new()
        };
        let solved: Vec<Vec<Solved>> = (0..draws.len())
            .into_par_iter()
            .map(|draw| {
                if exact {
                    let of_fold = |(fold, sums)| self.systems.solve_exactly(&self.design, fold, sums);
                    sums[draw].iter().take(self.n_folds()).enumerate().map(of_fold).collect()
                } else {
                    self.systems.solve(&self.design, &draws[draw])
                }
            })
            .collect();
        let mut means = vec![Means { score: 0.0, own: Vec::new() }; draws.len()];
        for fold in 0..self.n_folds() {
            for (means, score) in means.iter_mut().zip(self.scores(fold, &draws, &solved)) {
                means.score += score / self.n_folds() as f64;
            }
        }
        if self.plan.permutations > 0 {
            for (means, own) in means.iter_mut().zip(self.own_effects(&own, draws.len() - 1)) {
                means.own = own;
            }
        }
        let observed = means.remove(0);
        Ok(Null { observed, draws: means })
    }

    /// The shuffle of a draw, within folds; draw 0 leaves everything in its place.
    fn shuffle(&self, draw: usize) -> Vec<u32> {
        let mut from: Vec<u32> = (0..self.design.columns.n_stimuli() as u32).collect();
        if draw > 0 {
            let mut stream = Stream::new(self.params().seed, &format!("null {draw}"));
            for side in self.design.layout.sides() {
                stream.shuffle(&mut from[side]);
            }
        }
        from
    }
}

impl Null {
    /// How many draws.
    #[must_use]
    pub fn draws(&self) -> usize {
        self.draws.len()
    }

    /// The mean score over folds against the null.
    #[must_use]
    pub fn score(&self) -> NullStatistic {
        let draws: Vec<f64> = self.draws.iter().map(|draw| draw.score).collect();
        NullStatistic::new(self.observed.score, &draws)
    }

    /// Every term and group against its own null: its weight with the others', as a share of the mean squared distance (how far it is
    /// from what the null has, where no sign is expected of it), in the order of a fit's importances; empty with no permutations.
    #[must_use]
    pub fn importances(&self) -> Vec<NullStatistic> {
        let of_effect = |(effect, &observed): (usize, &f64)| {
            let draws: Vec<f64> = self.draws.iter().map(|draw| draw.own[effect]).collect();
            NullStatistic::new(observed, &draws)
        };
        self.observed.own.iter().enumerate().map(of_effect).collect()
    }

    /// For each draw the score, and the largest of what effects add to the others, all as [`NullStatistic::z`]: the maximum over all
    /// tests of a draw is what Westfall and Young (1993) hold each of them against. The largest is NaN with no permutations; effects
    /// that have no p-value do not count.
    #[must_use]
    pub fn largest(&self) -> Vec<(f64, f64)> {
        let column = |of: &dyn Fn(&Means) -> f64| {
            standard_scores(of(&self.observed), &self.draws.iter().map(of).collect::<Vec<f64>>())
        };
        let scores = column(&|means| means.score);
        let mut largest = vec![f64::NAN; self.draws.len()];
        for effect in 0..self.observed.own.len() {
            if self.observed.own[effect].is_nan() {
                continue;
            }
            let z = column(&|means| means.own[effect]);
            // `max` passes over NaN.
            largest.iter_mut().zip(&z[1..]).for_each(|(largest, &z)| *largest = largest.max(z));
        }
        scores[1..].iter().copied().zip(largest).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mlem::brute_force::data;
    use crate::mlem::{
        Distance, Mlem, MlemParams, PairBudget, Permute, Scoring, Solver, Target, dissimilarities,
    };
    use crate::stimuli::FeatureTable;
    use ndarray::{Array2, Axis};

    /// The score of the shuffled activations by whole fits.
    fn refitted(validation: &CrossValidation, x: &Array2<f32>, draw: usize) -> f64 {
        let order = validation.shuffle(draw);
        // Positions are shuffled, and rows go by their positions.
        let layout = &validation.design.layout.order;
        let mut rows = vec![0; order.len()];
        for (position, &other) in order.iter().enumerate() {
            rows[layout[position]] = layout[other as usize];
        }
        let mut shuffled = x.select(Axis(0), &rows);
        if validation.params().distance == Distance::Precomputed {
            shuffled = shuffled.select(Axis(1), &rows);
        }
        let fits = validation.fit(shuffled.view()).unwrap();
        fits.iter().map(|fit| fit.scored.value.unwrap() / fits.len() as f64).sum()
    }

    #[test]
    fn a_draw_is_a_fit_of_shuffled_activations() {
        let (features, x) = data(48, 3, 2, 5);
        let table = dissimilarities(x.view(), &(0..48).collect::<Vec<_>>(), Distance::Manhattan);
        let check = |params: MlemParams, x: &Array2<f32>| {
            let validation = params.permutations(2).cross_validation(&features, 3).unwrap();
            let null = validation.null(x.view(), 2).unwrap();
            for draw in 1..=2 {
                let (quick, whole) = (null.draws[draw - 1].score, refitted(&validation, x, draw));
                assert!((quick - whole).abs() < 1e-6, "{quick} {whole}");
            }
        };
        check(Mlem::params(), &x);
        check(Mlem::params().interactions(true).permute(Permute::Stimuli), &x);
        check(Mlem::params().target(Target::Rank), &x);
        check(Mlem::params().pairs(PairBudget::AtMost(1000)), &x);
        check(Mlem::params().distance(Distance::Cosine).conditional(Some(0.01)), &x);
        check(Mlem::params().distance(Distance::Precomputed), &table.unwrap());
        check(Mlem::params().scoring(Scoring::Pearson), &x);
        check(Mlem::params().scoring(Scoring::Pearson).target(Target::Rank).interactions(true), &x);
        check(Mlem::params().scoring(Scoring::SquaredError), &x);
        check(Mlem::params().scoring(Scoring::SquaredError).solver(Solver::Stochastic), &x);
    }

    #[test]
    fn scores_of_a_sample_of_pairs_are_near_those_of_all() {
        let (features, x) = data(90, 3, 2, 5);
        let sampled = Mlem::params().permutations(3).validation(&features, 2, 1000).unwrap();
        let whole = Mlem::params().permutations(3).cross_validation(&features, 2).unwrap();
        let (fits, null) = (sampled.fit(x.view()).unwrap(), sampled.null(x.view(), 0).unwrap());
        // All pairs are scored, and some of them are held.
        for (fit, whole) in fits.iter().zip(&whole.fit(x.view()).unwrap()) {
            assert_eq!(fit.scored.pairs, whole.scored.pairs);
            assert!((fit.scored.value.unwrap() - whole.scored.value.unwrap()).abs() < 1e-4);
        }
        let scored = fits.iter().map(|fit| fit.scored.value.unwrap() / 2.0).sum::<f64>();
        assert!((scored - null.observed.score).abs() > 1e-3, "a sample that scores as all do tells nothing");
    }

    /// p-values of the score and of the first feature's importance over data sets of pure noise.
    fn noise(validation: &CrossValidation, n_stimuli: usize, n_sets: u64) -> (Vec<f64>, Vec<f64>) {
        let p_values = |seed: u64| {
            let mut stream = Stream::new(seed, "noise");
            let x = Array2::from_shape_fn((n_stimuli, 4), |_| stream.normal() as f32);
            let null = validation.null(x.view(), 39).unwrap();
            (null.score().p.unwrap(), null.importances()[0].p.unwrap())
        };
        (0..n_sets).map(p_values).unzip()
    }

    fn validation(features: &FeatureTable, params: MlemParams) -> CrossValidation {
        params.permutations(2).pairs(PairBudget::All).cross_validation(features, 2).unwrap()
    }

    #[test]
    fn p_values_are_uniform_without_an_effect_and_small_with_one() {
        let (features, x) = data(40, 2, 0, 1);
        for params in [Mlem::params(), Mlem::params().permute(Permute::Stimuli)] {
            let validation = validation(&features, params);
            let strong = validation.null(x.view(), 39).unwrap().score();
            assert!(strong.p.unwrap() <= 0.05 && strong.low < strong.mean && strong.mean < strong.high);
            let n_sets = 200;
            let (scores, importances) = noise(&validation, 40, n_sets);
            // Kolmogorov and Smirnov's 1% critical value, and half a step of the p-values' own grid.
            let bound = 1.63 / (n_sets as f64).sqrt() + 0.0125;
            let (above, below) = deviations(scores);
            assert!(above < bound && below < bound, "scores: {above} above the diagonal, {below} below");
            // A weight is often exactly 0 under the null, and what it adds too, and what is added to no avail lowers the score:
            // p-values pile up at large values, never at small ones.
            let (above, below) =
                deviations(importances.iter().copied().filter(|&p| p < 0.2).map(|p| p / 0.2).collect());
            let small = importances.iter().filter(|&&p| p < 0.2).count() as f64;
            let bound = 1.63 / small.sqrt() + 0.0625;
            assert!(above < bound && below < bound, "importances: {above} above the diagonal, {below} below");
            assert!((small / n_sets as f64 - 0.2).abs() < 0.09, "{small} of {n_sets} below 0.2");
        }
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
