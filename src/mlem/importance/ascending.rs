//! Drops by counting, with the pairs in the order of their modelled distances.
//!
//! A permutation changes one term of many, so that permuted distances nearly ascend too: the counts that they are added to are
//! in the nearest cache, and several effects are counted side by side. Sums over the pairs of a step are whole numbers, so that
//! the order of the pairs changes no score.

use std::borrow::Borrow;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::moved::Moved;
use super::plan::{Permuted, Plan};
use super::ranker::FEW_PAIRS;
use crate::mlem::score::{Evaluation, PairSet};
use crate::numeric::counting::{LANES, StepCounts, nearly_ascending};

/// Counting is good enough where its score is as near as this to that of sorting: far below the sampling error of any
/// importance.
const AGREEMENT: f64 = 1e-6;
/// Pairs whose distances are computed at once.
const BLOCK: usize = 1024;

/// A model on a set of pairs, in the order of their modelled distances.
pub(super) struct Ascending {
    evaluation: Evaluation<PairSet>,
    /// Where each pair is in the set as it was.
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
    /// This in the order of the modelled distances, where they are so many that counting is several times faster than sorting, and
    /// counting agrees with `score`, which is that of sorting.
    pub(super) fn ascending(&self, score: f64) -> Option<Ascending> {
        if self.distances.len() < FEW_PAIRS {
            return None;
        }
        let places = nearly_ascending(&self.distances);
        let distances: Vec<i32> = places.iter().map(|&place| self.distances[place as usize]).collect();
        let target = self.target.reordered(&places);
        let mut counts = StepCounts::new(distances.len(), LANES);
        counts.start(1, 1 << 30);
        counts.add(&distances, target.shifted());
        let baseline = target.spearman_counted(&mut counts)[0]?;
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
        ((baseline - score).abs() < AGREEMENT).then(|| Ascending {
            evaluation: Evaluation {
                model: self.model.clone(),
                set: self.set.borrow().gather(&places),
                target,
                distances,
            },
            places,
            lowest,
            span,
            baseline,
            spare: Mutex::new(vec![counts]),
        })
    }
}

impl Ascending {
    /// Where each pair is in the set as it was.
    pub(super) fn places(&self) -> &[u32] {
        &self.places
    }

    /// The drop in Spearman for every effect of `plan`, when its distances come from `permuted`; NaN for those that are not
    /// `permutable`.
    pub(super) fn drops(&self, plan: &Plan, permutable: &[bool], permuted: &Permuted) -> Vec<f64> {
        let mut drops = vec![f64::NAN; plan.effects.len()];
        let mut moved: Vec<(usize, Moved<'_>)> = Vec::new();
        for k in (0..drops.len()).filter(|&k| permutable[k]) {
            match self.evaluation.moved(plan, k, permuted) {
                Some(of_effect) => moved.push((k, of_effect)),
                None => drops[k] = 0.0,
            }
        }
        // As many effects at once, or almost.
        let at_once = moved.len().div_ceil(moved.len().div_ceil(LANES).max(1)).max(1);
        let scores: Vec<[Option<f64>; LANES]> =
            moved.par_chunks(at_once).map(|moved| self.scores(moved)).collect();
        for (moved, scores) in moved.chunks(at_once).zip(scores) {
            for ((k, _), score) in moved.iter().zip(scores) {
                // Constant distances have no ranks: the whole score is lost.
                drops[*k] = self.baseline - score.unwrap_or(0.0);
            }
        }
        drops
    }

    /// Spearman's correlation for each of a few `moved` effects.
    fn scores(&self, moved: &[(usize, Moved<'_>)]) -> [Option<f64>; LANES] {
        let Evaluation { target, .. } = &self.evaluation;
        let spare = || self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = spare().pop();
        let mut counts = taken.unwrap_or_else(|| StepCounts::new(target.len(), LANES));
        // No distance moves farther: steps below are summed while they are in the cache, and the next ones take their place.
        let reach = moved.iter().map(|(_, moved)| moved.reach).max().unwrap_or(0);
        counts.start(moved.len(), self.span as u32 + 2 * reach as u32);
        let mut distances = [0; LANES * BLOCK];
        for (index, targets) in target.shifted().chunks(BLOCK).enumerate() {
            let distances = &mut distances[..moved.len() * targets.len()];
            for (block, (_, moved)) in distances.chunks_exact_mut(targets.len()).zip(moved) {
                self.evaluation.fill(moved, index * BLOCK, block);
            }
            counts.settle(self.lowest[index] - reach);
            counts.add(distances, targets);
        }
        let scores = target.spearman_counted(&mut counts);
        spare().push(counts);
        scores
    }
}
