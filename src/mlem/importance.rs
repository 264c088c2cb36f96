//! Importance: how much Spearman drops when a feature, or an interaction, is permuted.

use std::borrow::Borrow;
use std::ops::Range;

use rayon::prelude::*;

use super::encode::{Columns, Slot};
use super::pairs::{Coverage, Task};
use super::params::{MlemParams, Permute};
use super::score::{Evaluation, PairSet};
use super::terms::Term;
use crate::numeric::correlation::mean_sd;
use crate::numeric::counting::StepCounts;
use crate::numeric::rank::{RankTarget, Scratch};
use crate::numeric::rng::Stream;

/// How much one term matters.
#[derive(Debug, Clone, PartialEq)]
pub struct TermImportance {
    /// The feature, or `a x b`.
    pub name: String,
    /// Whether it is one feature's own, not an interaction.
    pub is_main: bool,
    /// Mean drop in Spearman over permutations; NaN where the score is not defined.
    pub importance: f64,
    /// Standard deviation of the drop over permutations (`n − 1`).
    pub sd: f64,
}

/// What permutations are drawn for: the stimuli that a model is evaluated on, and the pairs they make.
pub(crate) struct Permutations<'a> {
    pub(crate) params: &'a MlemParams,
    /// Of the evaluation, so that two of them draw different permutations.
    pub(crate) name: String,
    pub(crate) columns: &'a Columns,
    /// The positions of the stimuli in the columns.
    pub(crate) stimuli: Range<usize>,
    pub(crate) tasks: &'a [Task],
    pub(crate) coverage: Coverage,
}

impl Permutations<'_> {
    fn stream(&self, permutation: usize) -> Stream {
        Stream::new(self.params.seed, &format!("{} permutation {permutation}", self.name))
    }

    /// Pairs `0..n` in another order.
    fn of_pairs(&self, permutation: usize, n: usize) -> Vec<u32> {
        let mut order: Vec<u32> = (0..n as u32).collect();
        self.stream(permutation).shuffle(&mut order);
        order
    }

    /// The same pairs of stimuli, after each feature's values were permuted across stimuli.
    fn of_stimuli(&self, permutation: usize) -> PairSet {
        let mut stream = self.stream(permutation);
        let columns = self.columns.permuted(self.stimuli.clone(), |_, order| stream.shuffle(order));
        PairSet::new(&columns, self.tasks, self.coverage)
    }
}

impl<S: Borrow<PairSet> + Sync> Evaluation<S> {
    /// The importance of every one of `terms`; NaN where the score is not defined.
    pub(crate) fn importance(
        &self,
        terms: &[Term],
        features: &[String],
        permutations: &Permutations<'_>,
    ) -> Vec<TermImportance> {
        let spreads = match self.scored.spearman {
            Ok(score) => {
                let (counted, baseline) = self.ranking(score);
                let drops: Vec<Vec<f64>> = (0..permutations.params.permutations)
                    .map(|permutation| match permutations.params.permute {
                        Permute::Pairs => {
                            let order = permutations.of_pairs(permutation, self.distances.len());
                            self.drops_over_pairs(terms.len(), &order, counted, baseline)
                        }
                        Permute::Stimuli => {
                            let permuted = permutations.of_stimuli(permutation);
                            let slots = permutations.columns.slots();
                            self.drops_over_stimuli(terms, &permuted, slots, counted, baseline)
                        }
                    })
                    .collect();
                let of_term = |term: usize| drops.iter().map(|drops| drops[term]).collect::<Vec<f64>>();
                let spread = |term| mean_sd(&of_term(term)).unwrap_or((f64::NAN, f64::NAN));
                (0..terms.len()).map(spread).collect()
            }
            Err(_) => vec![(f64::NAN, f64::NAN); terms.len()],
        };
        let named = terms.iter().zip(spreads).map(|(term, (importance, sd))| TermImportance {
            name: term.name(features),
            is_main: term.is_main(),
            importance,
            sd,
        });
        named.collect()
    }

    /// The drop in Spearman when each term alone is taken from the pairs of `order`. One order serves every term: what is
    /// compared between terms is not the luck of the draw.
    fn drops_over_pairs(&self, n_terms: usize, order: &[u32], counted: bool, baseline: f64) -> Vec<f64> {
        let set = self.set.borrow();
        let permuted = set.gather(order);
        let drop = |ranker: &mut Ranker, term| {
            if self.model.is_zero(term) {
                return 0.0;
            }
            let score = ranker.spearman(&self.target, |start, block| {
                block.copy_from_slice(&self.distances[start..start + block.len()]);
                self.model.add(term, set, start, -1, block);
                self.model.add(term, &permuted, start, 1, block);
            });
            // Constant distances rank nothing.
            baseline - score.unwrap_or(0.0)
        };
        (0..n_terms).into_par_iter().map_init(|| Ranker::new(counted, set.len()), drop).collect()
    }

    /// The drop in Spearman when the distances of each feature come from `permuted`; of an interaction, how far the drop of
    /// both features exceeds the sum of the drops of each.
    fn drops_over_stimuli(
        &self,
        terms: &[Term],
        permuted: &PairSet,
        slots: &[Slot],
        counted: bool,
        baseline: f64,
    ) -> Vec<f64> {
        let set = self.set.borrow();
        let drop = |ranker: &mut Ranker, term: &Term| {
            let features = if term.is_main() { vec![term.a] } else { vec![term.a, term.b] };
            let touched = |k: &usize| features.contains(&terms[*k].a) || features.contains(&terms[*k].b);
            let touched: Vec<usize> =
                (0..terms.len()).filter(|k| touched(k) && !self.model.is_zero(*k)).collect();
            if touched.is_empty() {
                return 0.0;
            }
            let mixed = set.with(permuted, &features, slots);
            let score = ranker.spearman(&self.target, |start, block| {
                block.copy_from_slice(&self.distances[start..start + block.len()]);
                for &term in &touched {
                    self.model.add(term, set, start, -1, block);
                    self.model.add(term, &mixed, start, 1, block);
                }
            });
            baseline - score.unwrap_or(0.0)
        };
        let mut drops: Vec<f64> =
            terms.par_iter().map_init(|| Ranker::new(counted, set.len()), drop).collect();
        // Mains come first, and are by feature.
        for k in 0..terms.len() {
            if !terms[k].is_main() {
                drops[k] -= drops[terms[k].a] + drops[terms[k].b];
            }
        }
        drops
    }

    /// Whether to rank by counting, which is several times faster, and the score by that way of ranking: where it agrees with
    /// sorting on the distances as they are.
    fn ranking(&self, score: f64) -> (bool, f64) {
        if self.distances.len() >= FEW_PAIRS {
            let mut ranker = Ranker::new(true, self.distances.len());
            let counted = ranker.spearman(&self.target, |start, block| {
                block.copy_from_slice(&self.distances[start..start + block.len()]);
            });
            if let Some(counted) = counted
                && (counted - score).abs() < AGREEMENT
            {
                return (true, counted);
            }
        }
        (false, score)
    }
}

/// Fewer pairs are sorted as fast as counted.
const FEW_PAIRS: usize = 1 << 15;
/// The largest difference between a counted and a sorted score that is no reason to sort: far below the sampling error of
/// any importance.
const AGREEMENT: f64 = 1e-6;
/// Pairs whose distances are made at once.
const BLOCK: usize = 4096;

/// Ranks modelled distances that are made block by block.
enum Ranker {
    Counting(StepCounts, Vec<i32>),
    Sorting(Scratch, Vec<i32>),
}

impl Ranker {
    fn new(counted: bool, pairs: usize) -> Self {
        if counted {
            Self::Counting(StepCounts::new(pairs), vec![0; BLOCK])
        } else {
            Self::Sorting(Scratch::default(), vec![0; pairs])
        }
    }

    /// Spearman's correlation of `target` with the distances that `fill` writes into each block, from where it starts.
    fn spearman(&mut self, target: &RankTarget, fill: impl Fn(usize, &mut [i32])) -> Option<f64> {
        match self {
            Self::Counting(counts, block) => {
                counts.clear();
                for (index, targets) in target.shifted().chunks(BLOCK).enumerate() {
                    let block = &mut block[..targets.len()];
                    fill(index * BLOCK, block);
                    counts.add(block, targets);
                }
                target.spearman_counted(counts)
            }
            Self::Sorting(scratch, distances) => {
                for (index, block) in distances.chunks_mut(BLOCK).enumerate() {
                    fill(index * BLOCK, block);
                }
                target.spearman(distances, scratch)
            }
        }
    }
}
