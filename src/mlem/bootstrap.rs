//! Scores under resampling of the stimuli, for the spread of differences between layers.
//!
//! Each draw takes the held-out stimuli of every fold with replacement, and scores the models as they were fitted on the pairs
//! of those. A pair counts as often as both its stimuli were drawn; a stimulus that was drawn twice makes no pair with
//! itself, whose distance of 0 says nothing (as in rsatoolbox; Nili et al. 2014). All layers see the same draws, so that their
//! differences are paired. What the choice of training stimuli adds is not in the spread.

use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;

use super::Result;
use super::crossval::CrossValidation;
use super::score::{GridModel, neural_distances};
use crate::numeric::rank::{Scratch, centred_ranks};
use crate::numeric::rng::Stream;

/// Ranks are told apart to this many classes.
const CLASSES: usize = 1 << 16;

/// The pairs of one fold, with the classes of their ranks.
struct Ranked {
    /// The stimuli of each pair, counted from the fold's first.
    pairs: Vec<(u32, u32)>,
    modelled: Vec<u16>,
    neural: Vec<u16>,
    stimuli: usize,
}

impl CrossValidation {
    /// Spearman (mean over folds) of a layer's models, of which `weights` are the `W` of every fold, on held-out stimuli: as
    /// they are, then for each of `draws` samples of them. NaN where a sample has no two different distances.
    ///
    /// # Errors
    ///
    /// As [`CrossValidation::fit`].
    pub fn bootstrap(
        &self,
        activations: ArrayView2<'_, f32>,
        weights: &[Array2<f64>],
        draws: usize,
    ) -> Result<Vec<f64>> {
        let design = &self.design;
        let neural = design.neural(activations)?;
        let folds: Vec<Ranked> = (0..self.n_folds())
            .into_par_iter()
            .map(|fold| {
                let tasks = design.layout.tasks_within(fold);
                let stimuli = design.layout.folds[fold].clone();
                let mut pairs = Vec::new();
                for task in &tasks {
                    task.each_pair(self.coverage, |i, j| {
                        pairs.push(((i - stimuli.start) as u32, (j - stimuli.start) as u32));
                    });
                }
                let w: Vec<f64> = design.terms.iter().map(|term| weights[fold][[term.a, term.b]]).collect();
                let modelled =
                    GridModel::new(&design.terms, &w, &design.columns).distances(self.held_pairs(fold));
                // The order of whole numbers below 2³⁰ is that of f32 numbers with their bits.
                let modelled: Vec<f32> = modelled.iter().map(|&x| f32::from_bits(x.max(0) as u32)).collect();
                let neural = neural_distances(&neural, &tasks, self.coverage);
                Ranked {
                    pairs,
                    modelled: classes(&modelled),
                    neural: classes(&neural),
                    stimuli: stimuli.len(),
                }
            })
            .collect();
        let score = |draw: usize| {
            let of_fold = |(fold, ranked): (usize, &Ranked)| {
                let mut counts = vec![u32::from(draw == 0); ranked.stimuli];
                if draw > 0 {
                    let name = format!("bootstrap {draw} fold {fold}");
                    let mut stream = Stream::new(self.params().seed, &name);
                    (0..ranked.stimuli).for_each(|_| counts[stream.index(ranked.stimuli)] += 1);
                }
                ranked.spearman(&counts)
            };
            folds.iter().enumerate().map(of_fold).sum::<f64>() / folds.len() as f64
        };
        Ok((0..=draws).into_par_iter().map(score).collect())
    }
}

/// The class of the mid-rank of each value.
fn classes(values: &[f32]) -> Vec<u16> {
    let n = values.len() as i64;
    let ranks = centred_ranks(values, &mut Scratch::default());
    let last = CLASSES as i64 - 1;
    ranks.into_iter().map(|rank| ((i64::from(rank) + n) * last / (2 * n.max(1))) as u16).collect()
}

impl Ranked {
    /// Spearman's correlation where each stimulus counts as often as `counts` says; NaN where all that count agree.
    fn spearman(&self, counts: &[u32]) -> f64 {
        let weight = |&(i, j): &(u32, u32)| u64::from(counts[i as usize]) * u64::from(counts[j as usize]);
        let (mut modelled, mut neural) = (vec![0u64; CLASSES], vec![0u64; CLASSES]);
        for ((pair, &x), &y) in self.pairs.iter().zip(&self.modelled).zip(&self.neural) {
            let weight = weight(pair);
            modelled[usize::from(x)] += weight;
            neural[usize::from(y)] += weight;
        }
        let (x_ranks, xx) = weighted_ranks(&modelled);
        let (y_ranks, yy) = weighted_ranks(&neural);
        let mut xy = 0.0;
        for ((pair, &x), &y) in self.pairs.iter().zip(&self.modelled).zip(&self.neural) {
            xy += weight(pair) as f64 * x_ranks[usize::from(x)] * y_ranks[usize::from(y)];
        }
        let scale = (xx * yy).sqrt();
        if scale > 0.0 { (xy / scale).clamp(-1.0, 1.0) } else { f64::NAN }
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
    use super::super::Mlem;
    use super::super::brute_force::data;
    use super::*;
    use crate::numeric::correlation::{mean_sd, pearson};

    #[test]
    fn without_resampling_it_is_the_score_and_the_spread_is_that_of_new_stimuli() {
        let (features, x) = data(120, 3, 1, 2);
        let validation = Mlem::params().permutations(0).cross_validation(&features, 3).unwrap();
        let fits = validation.fit(x.view()).unwrap();
        let weights: Vec<Array2<f64>> = fits.iter().map(|fit| fit.weights.clone()).collect();
        let scores = validation.bootstrap(x.view(), &weights, 200).unwrap();
        let score = fits.iter().map(|fit| fit.scored.spearman.unwrap()).sum::<f64>() / 3.0;
        assert!((scores[0] - score).abs() < 1e-4, "{} {score}", scores[0]);
        let (mean, sd) = mean_sd(&scores[1..]).unwrap();
        assert!((mean - score).abs() < 0.05 && sd > 0.005 && sd < 0.1, "{mean} ± {sd}, {score}");
    }

    #[test]
    fn where_pairs_are_too_many_it_is_the_score_of_those_that_are_held() {
        let (features, x) = data(120, 3, 1, 2);
        let whole = Mlem::params().permutations(0).cross_validation(&features, 1).unwrap();
        let sampled = Mlem::params().permutations(0).validation(&features, 1, 3000).unwrap();
        let weights = vec![whole.fit(x.view()).unwrap().remove(0).weights];
        let score = |validation: &CrossValidation| validation.bootstrap(x.view(), &weights, 0).unwrap()[0];
        assert_ne!(score(&whole), score(&sampled));
        assert!((score(&whole) - score(&sampled)).abs() < 0.05, "{} {}", score(&whole), score(&sampled));
    }

    #[test]
    fn a_stimulus_drawn_twice_counts_twice_and_makes_no_pair_with_itself() {
        // Four stimuli; the first is drawn twice, the last never.
        let pairs = vec![(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)];
        let (x, y) = ([0.1f32, 0.5, 0.9, 0.2, 0.4, 0.7], [1.0f32, 3.0, 2.0, 4.0, 5.0, 2.0]);
        let ranked = Ranked { pairs, modelled: classes(&x), neural: classes(&y), stimuli: 4 };
        // The pairs written out: (0, 1) and (0, 2) twice, (1, 2) once. Mid-ranks by hand.
        let expected = pearson(&[1.5, 1.5, 4.5, 4.5, 3.0], &[1.5, 1.5, 3.5, 3.5, 5.0]).unwrap();
        assert!((ranked.spearman(&[2, 1, 1, 0]) - expected).abs() < 1e-12);
    }
}
