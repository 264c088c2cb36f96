//! The bootstrap over stimuli: the spread of scores and importances, and of their differences between layers and models.
//!
//! Each draw resamples the held-out stimuli of every fold with replacement, and scores the fitted models on the pairs of the
//! sample. A pair counts the product of how often its two stimuli were drawn. A stimulus that was drawn twice makes no pair with
//! itself, because its distance of 0 says nothing (as in rsatoolbox; Nili et al. 2014). The draws depend on the seed and the
//! folds alone: all layers, and all models over the same stimuli, have the same draws, so that their differences are paired. The
//! spread leaves out what another choice of training stimuli would change. Where the score takes ranks, a sample is ranked for itself.

use ndarray::{Array2, ArrayView2, ArrayViewMut1, Axis};
use rayon::prelude::*;

use crate::mlem::crossval::CrossValidation;
use crate::mlem::error::Result;
use crate::mlem::importance::{Held, subtract_mains};
use crate::mlem::pairs::Neural;
use crate::mlem::params::{Permute, Scoring};
use crate::mlem::score::{Evaluation, PairSet, ScoreTarget, Values, neural_distances};
use crate::mlem::solve::Solved;
use crate::numeric::comoments::Comoments;
use crate::numeric::rank::{Scratch, centred_ranks};
use crate::numeric::rng::Stream;

/// Ranks are rounded to this many classes, which changes a correlation by less than 10⁻⁷ of it.
const CLASSES: usize = 1 << 12;
/// The most memory for permuted distances, or their classes, at once, in bytes.
const MAX_PERMUTED: usize = 1 << 28;

/// Scores and importances of one layer: first without resampling, then of each draw.
#[derive(Debug, Clone, PartialEq)]
pub struct Bootstrap {
    /// The score, mean over folds, `1 + draws`; NaN where a draw has no two different distances.
    pub scores: Vec<f64>,
    /// Importance of every effect in the order of [`FoldFit::importances`](crate::mlem::FoldFit::importances), mean over folds,
    /// `(1 + draws, n_effects)`. All draws share the first permutation: another one for each would add spread that is not the
    /// stimuli's. No columns with no permutations.
    pub importances: Array2<f64>,
}

/// The pairs of one fold, with the classes of their neural distances' ranks.
struct Ranked<'a> {
    /// The stimuli of each pair, counted from the fold's first.
    pairs: &'a [(u32, u32)],
    neural: &'a [u16],
}

impl CrossValidation {
    /// Resamples the held-out stimuli of a layer's models, of which `weights` are the `W` of every fold, `draws` times.
    ///
    /// # Errors
    ///
    /// As [`CrossValidation::fit`].
    pub fn bootstrap(
        &self,
        activations: ArrayView2<'_, f32>,
        weights: &[Array2<f64>],
        draws: usize,
    ) -> Result<Bootstrap> {
        let neural = self.design.neural(activations)?;
        let importances = Array2::zeros((1 + draws, self.n_effects()));
        let mut sum = Bootstrap { scores: vec![0.0; 1 + draws], importances };
        let share = 1.0 / self.n_folds() as f64;
        for (fold, solved) in self.solved(&neural, weights).iter().enumerate() {
            let of_fold = self.bootstrap_fold(fold, &neural, solved, draws);
            for (sum, score) in sum.scores.iter_mut().zip(of_fold.scores) {
                *sum += share * score;
            }
            sum.importances.scaled_add(share, &of_fold.importances);
        }
        Ok(sum)
    }

    fn bootstrap_fold(&self, fold: usize, neural: &Neural, solved: &Solved, draws: usize) -> Bootstrap {
        let design = &self.design;
        let set = self.held_pairs(fold);
        let tasks = design.layout.tasks_within(fold);
        let held = self.held(fold, &tasks);
        let first = held.stimuli.start;
        let mut pairs = Vec::with_capacity(set.len());
        for task in &tasks {
            task.each_pair(self.coverage, |i, j| pairs.push(((i - first) as u32, (j - first) as u32)));
        }
        let evaluation = self.evaluation((fold, &tasks), neural, solved, &mut Scratch::default());
        let counts = |draw: usize| self.counts(fold, held.stimuli.len(), draw);
        if let ScoreTarget::Values(values) = &evaluation.target {
            let measured = Measured { pairs: &pairs, neural: values };
            return self.resampled((&evaluation, &held), draws, <[i32]>::to_vec, |sets| {
                measured.scores(sets, 1 + draws, counts)
            });
        }
        let distances = neural_distances(neural, &tasks, self.coverage);
        let ranked = Ranked { pairs: &pairs, neural: &classes(&distances) };
        drop(distances);
        self.resampled((&evaluation, &held), draws, classes_of_grid, |sets| {
            ranked.spearman(sets, 1 + draws, counts)
        })
    }

    /// Scores and importances of `evaluation` on `held` in every draw, where `scores` has those of some modelled distances, in the `form`
    /// that it takes.
    fn resampled<T: Sync + Send>(
        &self,
        (evaluation, held): (&Evaluation<&PairSet>, &Held<'_>),
        draws: usize,
        form: impl Fn(&[i32]) -> Vec<T> + Sync,
        scores_of: impl Fn(&[&[T]]) -> Array2<f64>,
    ) -> Bootstrap {
        let set = evaluation.set;
        let own = form(&evaluation.distances);
        let scores = scores_of(&[&own]).column(0).to_vec();
        let n_effects = self.n_effects();
        let mut drops = Array2::zeros((1 + draws, n_effects));
        if n_effects == 0 {
            return Bootstrap { scores, importances: drops };
        }
        let permutable = self.plan.permutable(&held.stimuli, set);
        let permuted = self.plan.permuted(set, held, 0);
        let at_once = (MAX_PERMUTED / (size_of::<T>() * set.len()).max(1)).max(1);
        for start in (0..n_effects).step_by(at_once) {
            let effects = start..(start + at_once).min(n_effects);
            let moved: Vec<Option<Vec<T>>> = effects
                .clone()
                .into_par_iter()
                .map(|k| {
                    let distances = evaluation.permuted_distances(&self.plan, k, &permuted);
                    distances.map(|distances| form(&distances))
                })
                .collect();
            // An effect that moves no distance leaves the score as it is.
            let sets: Vec<&[T]> =
                moved.iter().map(|moved| moved.as_ref().unwrap_or(&own).as_slice()).collect();
            let permuted = scores_of(&sets);
            for (column, k) in effects.enumerate() {
                for (draw, score) in scores.iter().enumerate() {
                    // Constant distances have no ranks and no correlation: the whole score is lost.
                    let of_effect = permuted[[draw, column]];
                    let of_effect = if of_effect.is_nan() { 0.0 } else { of_effect };
                    drops[[draw, k]] = if permutable[k] { score - of_effect } else { f64::NAN };
                }
            }
        }
        if self.plan.permute() == Permute::Stimuli {
            for mut row in drops.rows_mut() {
                if let Some(row) = row.as_slice_mut() {
                    subtract_mains(row, &self.plan.effects);
                }
            }
        }
        Bootstrap { scores, importances: drops }
    }

    /// The models of all folds, of which `weights` are the `W`.
    pub(super) fn solved(&self, neural: &Neural, weights: &[Array2<f64>]) -> Vec<Solved> {
        let design = &self.design;
        // A line takes another pass over the training pairs, and of the scores squared error alone takes a line.
        let errors = design.params.scoring == Scoring::SquaredError;
        let sums = if errors { design.target_sums(neural) } else { Vec::new() };
        let of_fold = |(fold, weights): (usize, &Array2<f64>)| {
            let w: Vec<f64> = design.terms.iter().map(|term| weights[[term.a, term.b]]).collect();
            let line = sums.get(fold).map(|sums| self.systems.line(design, fold, &w, sums));
            Solved::given(w, line.unwrap_or_default())
        };
        weights.iter().enumerate().map(of_fold).collect()
    }

    /// How many effects have an importance.
    fn n_effects(&self) -> usize {
        if self.plan.permutations == 0 { 0 } else { self.plan.effects.len() }
    }

    /// How often each of the `n` stimuli of `fold` counts in `draw`; in draw 0 once.
    fn counts(&self, fold: usize, n: usize, draw: usize) -> Vec<u32> {
        let mut counts = vec![u32::from(draw == 0); n];
        if draw > 0 {
            let mut stream = Stream::new(self.params().seed, &format!("bootstrap {draw} fold {fold}"));
            (0..n).for_each(|_| counts[stream.index(n)] += 1);
        }
        counts
    }
}

/// The class of the mid-rank of each value.
fn classes(values: &[f32]) -> Vec<u16> {
    let n = values.len() as i64;
    let ranks = centred_ranks(values, &mut Scratch::default());
    let last = CLASSES as i64 - 1;
    ranks.into_iter().map(|rank| ((i64::from(rank) + n) * last / (2 * n.max(1))) as u16).collect()
}

/// [`classes`] of modelled distances: whole numbers below 2³⁰ are in the same order as the f32 numbers that have their bits.
fn classes_of_grid(values: &[i32]) -> Vec<u16> {
    let values: Vec<f32> = values.iter().map(|&x| f32::from_bits(x.max(0) as u32)).collect();
    classes(&values)
}

impl Ranked<'_> {
    /// Spearman's correlation of the neural distances with each of `modelled` (classes), where each stimulus counts as often as
    /// `counts` of a draw says: `(draws, modelled.len())`, NaN where all that count agree.
    fn spearman(
        &self,
        modelled: &[&[u16]],
        draws: usize,
        counts: impl Fn(usize) -> Vec<u32> + Sync,
    ) -> Array2<f64> {
        let of_draw = |draw: usize, mut out: ArrayViewMut1<'_, f64>| {
            let counts = counts(draw);
            let weights = weights_of(self.pairs, &counts);
            let mut neural = vec![0u64; CLASSES];
            for (&class, &weight) in self.neural.iter().zip(&weights) {
                neural[usize::from(class)] += u64::from(weight);
            }
            let (ranks, yy) = weighted_ranks(&neural);
            let y: Vec<f64> = self
                .neural
                .iter()
                .zip(&weights)
                .map(|(&class, &weight)| f64::from(weight) * ranks[usize::from(class)])
                .collect();
            // Per class of modelled distances: how many pairs, and the sum of their neural ranks.
            let (mut total, mut sum) = (vec![0u64; CLASSES], vec![0.0; CLASSES]);
            let of = |modelled: &&[u16]| {
                total.fill(0);
                sum.fill(0.0);
                for ((&class, &weight), y) in modelled.iter().zip(&weights).zip(&y) {
                    total[usize::from(class)] += u64::from(weight);
                    sum[usize::from(class)] += y;
                }
                let (ranks, xx) = weighted_ranks(&total);
                let xy: f64 = ranks.iter().zip(&sum).map(|(x, y)| x * y).sum();
                let scale = (xx * yy).sqrt();
                if scale > 0.0 { (xy / scale).clamp(-1.0, 1.0) } else { f64::NAN }
            };
            out.iter_mut().zip(modelled.iter().map(of)).for_each(|(out, correlation)| *out = correlation);
        };
        let mut all = Array2::zeros((draws, modelled.len()));
        all.axis_iter_mut(Axis(0)).into_par_iter().enumerate().for_each(|(draw, row)| of_draw(draw, row));
        all
    }
}

/// How often each of `pairs` counts where its stimuli count as often as `counts` says.
fn weights_of(pairs: &[(u32, u32)], counts: &[u32]) -> Vec<u32> {
    pairs.iter().map(|&(i, j)| counts[i as usize] * counts[j as usize]).collect()
}

/// The pairs of one fold, with what a score without ranks takes of their neural distances.
struct Measured<'a> {
    /// The stimuli of each pair, counted from the fold's first.
    pairs: &'a [(u32, u32)],
    neural: &'a Values,
}

impl Measured<'_> {
    /// As [`Ranked::spearman`], the score of distances on the grid.
    fn scores(
        &self,
        modelled: &[&[i32]],
        draws: usize,
        counts: impl Fn(usize) -> Vec<u32> + Sync,
    ) -> Array2<f64> {
        let Values { values, gauge } = self.neural;
        let of_draw = |draw: usize, mut out: ArrayViewMut1<'_, f64>| {
            let weights = weights_of(self.pairs, &counts(draw));
            for (out, modelled) in out.iter_mut().zip(modelled) {
                let mut sums = Comoments::default();
                sums.add_counted(modelled, values, &weights);
                *out = gauge.defined(&sums).unwrap_or(f64::NAN);
            }
        };
        let mut all = Array2::zeros((draws, modelled.len()));
        all.axis_iter_mut(Axis(0)).into_par_iter().enumerate().for_each(|(draw, row)| of_draw(draw, row));
        all
    }
}

/// The centred mid-rank of each class, as a share of all, and the sum of their squares.
fn weighted_ranks(counts: &[u64]) -> (Vec<f64>, f64) {
    let total = counts.iter().sum::<u64>().max(1) as f64;
    let (mut below, mut squares) = (0u64, 0.0);
    let ranks = counts
        .iter()
        .map(|&count| {
            let rank = (below as f64 + count as f64 / 2.0) / total - 0.5;
            squares += count as f64 * rank * rank;
            below += count;
            rank
        })
        .collect();
    (ranks, squares)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mlem::brute_force::data;
    use crate::mlem::{Mlem, MlemParams};
    use crate::numeric::correlation::{mean_sd, pearson};

    const SCORINGS: [Scoring; 3] = [Scoring::Spearman, Scoring::Pearson, Scoring::SquaredError];

    fn weights(validation: &CrossValidation, x: &Array2<f32>) -> Vec<Array2<f64>> {
        validation.fit(x.view()).unwrap().into_iter().map(|fit| fit.weights).collect()
    }

    #[test]
    fn without_resampling_it_is_the_score_and_the_spread_is_that_of_new_stimuli() {
        let (features, x) = data(120, 3, 1, 2);
        for scoring in SCORINGS {
            let params = Mlem::params().permutations(0).scoring(scoring);
            let validation = params.cross_validation(&features, 3).unwrap();
            let fits = validation.fit(x.view()).unwrap();
            let scores = validation.bootstrap(x.view(), &weights(&validation, &x), 200).unwrap().scores;
            let score = fits.iter().map(|fit| fit.scored.value.unwrap()).sum::<f64>() / 3.0;
            assert!((scores[0] - score).abs() < 1e-4, "{scoring:?} {} {score}", scores[0]);
            let (mean, sd) = mean_sd(&scores[1..]).unwrap();
            assert!(
                (mean - score).abs() < 0.06 && sd > 0.005 && sd < 0.2,
                "{scoring:?} {mean} ± {sd}, {score}"
            );
        }
    }

    #[test]
    fn without_resampling_importances_are_those_of_one_permutation() {
        let (features, x) = data(120, 3, 1, 2);
        let all = [Permute::Pairs, Permute::Stimuli].into_iter();
        for (permute, scoring) in all.flat_map(|permute| SCORINGS.map(|scoring| (permute, scoring))) {
            let params: MlemParams = Mlem::params().interactions(true).permutations(1).permute(permute);
            let params = params.scoring(scoring);
            let validation = params.cross_validation(&features, 3).unwrap();
            let fits = validation.fit(x.view()).unwrap();
            let bootstrap = validation.bootstrap(x.view(), &weights(&validation, &x), 20).unwrap();
            assert_eq!(bootstrap.importances.dim(), (21, validation.effects().len()));
            for (k, found) in bootstrap.importances.row(0).iter().enumerate() {
                let expected = fits.iter().map(|fit| fit.importances[k].importance).sum::<f64>() / 3.0;
                assert!((found - expected).abs() < 2e-4, "{permute:?} {k}: {found} {expected}");
            }
            let spread = bootstrap.importances.slice(ndarray::s![1.., 0]).std(1.0);
            assert!(spread > 1e-3, "{permute:?}: {spread}");
        }
    }

    #[test]
    fn models_over_the_same_stimuli_see_the_same_draws() {
        let (features, x) = data(60, 2, 0, 2);
        let validation = Mlem::params().permutations(1).cross_validation(&features, 3).unwrap();
        let of = |x: &Array2<f32>| validation.bootstrap(x.view(), &weights(&validation, x), 9).unwrap();
        // The same geometry in other units.
        assert_eq!(of(&x), of(&x.mapv(|x| 2.0 * x)));
    }

    #[test]
    fn where_pairs_are_too_many_it_is_the_score_of_those_that_are_held() {
        let (features, x) = data(120, 3, 1, 2);
        let whole = Mlem::params().permutations(0).cross_validation(&features, 1).unwrap();
        let sampled = Mlem::params().permutations(0).validation(&features, 1, 3000).unwrap();
        let weights = vec![whole.fit(x.view()).unwrap().remove(0).weights];
        let score =
            |validation: &CrossValidation| validation.bootstrap(x.view(), &weights, 0).unwrap().scores[0];
        assert_ne!(score(&whole), score(&sampled));
        assert!((score(&whole) - score(&sampled)).abs() < 0.05, "{} {}", score(&whole), score(&sampled));
    }

    #[test]
    fn a_stimulus_drawn_twice_counts_twice_and_makes_no_pair_with_itself() {
        // Four stimuli; the first is drawn twice, the last never.
        let pairs = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)];
        let (x, y) = ([0.1f32, 0.5, 0.9, 0.2, 0.4, 0.7], [1.0f32, 3.0, 2.0, 4.0, 5.0, 2.0]);
        let ranked = Ranked { pairs: &pairs, neural: &classes(&y) };
        let found = ranked.spearman(&[&classes(&x)], 1, |_| vec![2, 1, 1, 0])[[0, 0]];
        // The pairs written out: (0, 1) and (0, 2) twice, (1, 2) once. Mid-ranks by hand.
        let expected = pearson(&[1.5, 1.5, 4.5, 4.5, 3.0], &[1.5, 1.5, 3.5, 3.5, 5.0]).unwrap();
        assert!((found - expected).abs() < 1e-12);
    }
}
