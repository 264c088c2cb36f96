//! Drops by counting, with the pairs in the order of their modelled distances.
//!
//! A permutation changes one term of many, so that permuted distances nearly ascend too: the counts that they are added to are
//! in the nearest cache, and the permutations of several effects are counted side by side. Sums over the pairs of a step are whole numbers, so that
//! the order of the pairs changes no score.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::moved::Moved;
use super::plan::{Held, Plan};
use super::scorer::FEW_PAIRS;
use crate::mlem::params::Permute;
use crate::mlem::score::{Evaluation, PairSet, ScoreTarget};
use crate::numeric::counting::{LANES, StepCounts};
use crate::numeric::rank::{RankTarget, nearly_ascending};
use crate::numeric::steps::{BLOCK, Packed};

/// Counting is good enough where its score is as near as this to that of sorting: far below the sampling error of any
/// importance.
const AGREEMENT: f64 = 1e-6;
/// Permutations of effects that are measured together, so that pairs come from memory once for all of them.
const LANES_AT_ONCE: usize = 5 * LANES;
/// The most memory that permuted pairs take at once, where those of one permutation take less.
const MAX_PERMUTED: usize = 1 << 24;

/// A model on a set of pairs, in the order of their modelled distances.
pub(super) struct Ascending<S> {
    /// The pairs in the order that they had.
    original: S,
    evaluation: Evaluation<PairSet, RankTarget>,
    /// Where each pair is among these.
    places: Vec<u32>,
    /// Block by block, the lowest distance from there on.
    lowest: Vec<i32>,
    /// How far the highest distance up to a block is at most above its lowest.
    span: i32,
    /// The score by counting.
    baseline: f64,
    /// Counts that are not in use.
    spare: Mutex<Vec<StepCounts>>,
}

impl<S: Borrow<PairSet>> Evaluation<S> {
    /// This in the order of the modelled distances, where its score takes their ranks, they are so many that counting is several times
    /// faster than sorting, and counting agrees with `score`, which is that of sorting; else as it was.
    pub(super) fn ascending(self, score: f64) -> Result<Ascending<S>, Self> {
        let ScoreTarget::Ranks(ranks) = &self.target else { return Err(self) };
        if self.distances.len() < FEW_PAIRS {
            return Err(self);
        }
        let places = nearly_ascending(&self.distances);
        let distances: Vec<i32> = places.iter().map(|&place| self.distances[place as usize]).collect();
        let target = ranks.reordered(&places);
        let mut counts = StepCounts::new(distances.len(), LANES);
        counts.start(1, 1 << 30);
        counts.add(&distances, target.shifted());
        let baseline = match target.spearman_counted(&mut counts)[0] {
            Some(baseline) if (baseline - score).abs() < AGREEMENT => baseline,
            _ => return Err(self),
        };
        let blocks = || distances.chunks(BLOCK);
        let of_block = |of: fn(i32, i32) -> i32, block: &[i32]| block.iter().copied().reduce(of).unwrap_or(0);
        let mut lowest: Vec<i32> = blocks().map(|block| of_block(i32::min, block)).collect();
        for block in (1..lowest.len()).rev() {
            lowest[block - 1] = lowest[block - 1].min(lowest[block]);
        }
        let (mut highest, mut span) = (0, 0);
        for (block, lowest) in blocks().zip(&lowest) {
            highest = highest.max(of_block(i32::max, block));
            span = span.max(highest - lowest);
        }
        let set = self.set.borrow().gather(&places);
        let evaluation = Evaluation { model: self.model, set, target, distances };
        let (original, spare) = (self.set, Mutex::new(vec![counts]));
        Ok(Ascending { original, evaluation, places, lowest, span, baseline, spare })
    }
}

impl<S: Borrow<PairSet> + Sync> Ascending<S> {
    /// For every permutation of the pairs of `held` the drop in score of every effect of `plan`; NaN for those that are not
    /// `permutable`.
    pub(super) fn drops(&self, plan: &Plan, permutable: &[bool], held: &Held<'_>) -> Vec<Vec<f64>> {
        let mut drops = vec![vec![f64::NAN; plan.effects.len()]; plan.permutations];
        let mut moved: Vec<(usize, Moved<'_>)> = Vec::new();
        for k in (0..plan.effects.len()).filter(|&k| permutable[k]) {
            match self.evaluation.moved(plan, k) {
                Some(of_effect) => moved.push((k, of_effect)),
                None => drops.iter_mut().for_each(|drops| drops[k] = 0.0),
            }
        }
        // Effects that take the same numbers are measured together.
        moved.sort_by(|(_, a), (_, b)| a.columns.cmp(&b.columns));
        // Permuted pairs are made one after the other where they take much memory.
        let at_once = (MAX_PERMUTED / self.original.borrow().bytes().max(1)).clamp(1, LANES);
        for first in (0..plan.permutations).step_by(at_once) {
            let these = first..(first + at_once).min(plan.permutations);
            let permuted: Vec<Vec<PairSet>> = these
                .clone()
                .into_par_iter()
                .map(|permutation| self.permuted(plan, held, permutation))
                .collect();
            let some = (LANES_AT_ONCE / permuted.len()).max(1);
            let scores: Vec<Vec<Option<f64>>> =
                moved.par_chunks(some).map(|moved| self.scores(moved, &permuted)).collect();
            let scores = scores.concat();
            for ((k, _), scores) in moved.iter().zip(scores.chunks_exact(permuted.len())) {
                for (drops, score) in drops[these.clone()].iter_mut().zip(scores) {
                    // Constant distances have no ranks: the whole score is lost.
                    drops[*k] = self.baseline - score.unwrap_or(0.0);
                }
            }
        }
        drops
    }

    /// The pairs of permutation number `permutation`, in the order of the modelled distances of those that are not permuted.
    fn permuted(&self, plan: &Plan, held: &Held<'_>, permutation: usize) -> Vec<PairSet> {
        let set = self.original.borrow();
        if plan.permute == Permute::Pairs {
            let order = plan.order(set.len(), held, permutation);
            let places: Vec<u32> = self.places.iter().map(|&place| order[place as usize]).collect();
            drop(order);
            return vec![set.gather(&places)];
        }
        let sets = plan.permuted(set, held, permutation).into_sets();
        sets.into_iter().map(|set| set.gather(&self.places)).collect()
    }

    /// Spearman's correlation for each of some `moved` effects, and of each for every permutation of `permuted`.
    fn scores(&self, moved: &[(usize, Moved<'_>)], permuted: &[Vec<PairSet>]) -> Vec<Option<f64>> {
        let target = &self.evaluation.target;
        // One lane for each permutation of an effect: those of one effect share what is left of the distances without it.
        let sets: Vec<&PairSet> = permuted.iter().flatten().collect();
        let n_sets = sets.len() / permuted.len();
        let lanes: Vec<(usize, usize)> = (0..moved.len())
            .flat_map(|index| (0..permuted.len()).map(move |permutation| (index, permutation)))
            .map(|(index, permutation)| (index, permutation * n_sets + moved[index].1.set))
            .collect();
        let columns: BTreeSet<usize> =
            moved.iter().flat_map(|(_, moved)| moved.columns.iter().copied()).collect();
        let columns: Vec<usize> = columns.into_iter().collect();
        let mut taken = self.counts(lanes.len().div_ceil(LANES));
        // No distance moves farther: steps below are summed while they are in the cache, and the next ones take their place.
        let reach = |lanes: &[(usize, usize)]| {
            lanes.iter().map(|&(index, _)| moved[index].1.reach).max().unwrap_or(0)
        };
        for (counts, lanes) in taken.iter_mut().zip(lanes.chunks(LANES)) {
            counts.start(lanes.len(), self.span as u32 + 2 * reach(lanes) as u32);
        }
        let (mut packed, mut rest) = (Packed::empty(), [0; BLOCK]);
        let (mut own, mut others) = (PairSet::default(), vec![PairSet::default(); sets.len()]);
        for (block, targets) in target.shifted().chunks(BLOCK).enumerate() {
            let (start, rest) = (block * BLOCK, &mut rest[..targets.len()]);
            let range = start..start + targets.len();
            packed.take(targets);
            self.evaluation.set.open(range.clone(), &columns, &mut own);
            for (set, other) in sets.iter().zip(&mut others) {
                set.open(range.clone(), &columns, other);
            }
            let mut without = None;
            for (counts, lanes) in taken.iter_mut().zip(lanes.chunks(LANES)) {
                counts.settle(self.lowest[block] - reach(lanes));
                counts.add_block(&packed, |lane, steps, places| {
                    let (index, other) = lanes[lane];
                    let moved = &moved[index].1;
                    if without != Some(index) {
                        rest.copy_from_slice(&self.evaluation.distances[range.clone()]);
                        self.evaluation.rest(moved, &own, rest);
                        without = Some(index);
                    }
                    self.evaluation.place(moved, rest, [&own, &others[other]], steps, places);
                });
            }
        }
        let of = |(counts, lanes): (&mut StepCounts, &[(usize, usize)])| {
            target.spearman_counted(counts).into_iter().take(lanes.len())
        };
        let scores = taken.iter_mut().zip(lanes.chunks(LANES)).flat_map(of).collect();
        self.spare.lock().unwrap_or_else(PoisonError::into_inner).append(&mut taken);
        scores
    }

    /// As many counts, some of them used before.
    fn counts(&self, n: usize) -> Vec<StepCounts> {
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        let rest = spare.len() - n.min(spare.len());
        let mut counts = spare.split_off(rest);
        drop(spare);
        counts.resize_with(n, || StepCounts::new(self.places.len(), LANES));
        counts
    }
}
