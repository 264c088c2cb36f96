//! Importance: how much Spearman drops when a feature, or an interaction, is permuted.

use std::borrow::Borrow;

use rayon::prelude::*;

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

impl<S: Borrow<PairSet> + Sync> Evaluation<S> {
    /// The importance of every one of `terms`; NaN where the score is not defined.
    pub(crate) fn importance(
        &self,
        terms: &[Term],
        features: &[String],
        permutations: usize,
        stream: impl Fn(usize) -> Stream,
    ) -> Vec<TermImportance> {
        let spreads = match self.scored.spearman {
            Ok(score) => self.over_pairs(score, terms.len(), permutations, stream),
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

    /// Mean and deviation of the drop from `score` when each term is permuted across pairs, every other term staying.
    fn over_pairs(
        &self,
        score: f64,
        n_terms: usize,
        permutations: usize,
        stream: impl Fn(usize) -> Stream,
    ) -> Vec<(f64, f64)> {
        let set = self.set.borrow();
        let (counted, baseline) = self.ranking(score);
        let mut drops = vec![Vec::with_capacity(permutations); n_terms];
        for permutation in 0..permutations {
            // One permutation serves every term: what is compared between terms is not the luck of the draw.
            let mut order: Vec<u32> = (0..set.len() as u32).collect();
            stream(permutation).shuffle(&mut order);
            let permuted = set.gather(&order);
            let of_terms: Vec<f64> = (0..n_terms)
                .into_par_iter()
                .map_init(
                    || Ranker::new(counted, set.len()),
                    |ranker, term| {
                        if self.model.is_zero(term) {
                            return 0.0;
                        }
                        let permuted = ranker.spearman(&self.target, |start, block| {
                            block.copy_from_slice(&self.distances[start..start + block.len()]);
                            self.model.add(term, set, start, -1, block);
                            self.model.add(term, &permuted, start, 1, block);
                        });
                        // Constant distances rank nothing.
                        baseline - permuted.unwrap_or(0.0)
                    },
                )
                .collect();
            drops.iter_mut().zip(of_terms).for_each(|(drops, drop)| drops.push(drop));
        }
        drops.iter().map(|drops| mean_sd(drops).unwrap_or((f64::NAN, f64::NAN))).collect()
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
