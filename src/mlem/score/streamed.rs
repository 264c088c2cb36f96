//! Spearman's correlation over more pairs than are held in memory: two passes, and counts.
//!
//! The first pass counts the neural distances, which gives their ranks; the second adds up these ranks by the modelled distance.
//! Neural distances that agree to 13 binary digits tie, and so do modelled distances in the same one of 2²⁰ steps of their
//! range. With so many pairs, the correlation differs from that of sorted distances by less than 1e-6.

use rayon::prelude::*;

use super::evaluation::Scored;
use super::grid::GridModel;
use super::pair_set::PairSet;
use crate::mlem::moments::{Histogram, RankTable};
use crate::mlem::pairs::{Columns, Coverage, Neural, Task};
use crate::mlem::warning::Undefined;
use crate::numeric::rank::RankSums;

/// The most pairs, of all folds together, whose distances are held at once.
pub(crate) const HELD: u64 = 1 << 23;

/// Modelled distances lie in `0..2³⁰`; those that agree without these low bits tie.
const STEP_BITS: u32 = 10;
const STEPS: usize = 1 << (30 - STEP_BITS);

/// Per step of the modelled distance, how many pairs fall into it and the sum of their neural distances' centred ranks. Whole
/// numbers, so that the order of additions changes nothing.
struct Steps {
    counts: Vec<u64>,
    ranks: Vec<i64>,
}

impl Steps {
    fn new() -> Self {
        Self { counts: vec![0; STEPS], ranks: vec![0; STEPS] }
    }

    fn add(&mut self, modelled: &[i32], squared: &[f64], ranks: &RankTable) {
        for (&distance, &squared) in modelled.iter().zip(squared) {
            // Distances on the grid are in range; the mask spares the check.
            let step = (distance as u32 >> STEP_BITS) as usize & (STEPS - 1);
            self.counts[step] += 1;
            self.ranks[step] += ranks.centred(squared);
        }
    }

    fn merge(mut self, other: &Self) -> Self {
        self.counts.iter_mut().zip(&other.counts).for_each(|(own, other)| *own += other);
        self.ranks.iter_mut().zip(&other.ranks).for_each(|(own, other)| *own += other);
        self
    }

    fn correlation(&self, ranks: &RankTable) -> Option<f64> {
        let mut sums = RankSums::default();
        let mut below = 0;
        for (&count, &rank) in self.counts.iter().zip(&self.ranks) {
            if count > 0 {
                sums.add(below, count, rank, ranks.total());
                below += count;
            }
        }
        sums.correlation(ranks.sum_of_squares())
    }
}

/// Scores `model` on the pairs of `tasks`.
pub(crate) fn score(
    model: &GridModel,
    columns: &Columns,
    neural: &Neural,
    tasks: &[Task],
    coverage: Coverage,
) -> Scored {
    // One accumulator per thread: sums of whole numbers do not depend on which thread has which task.
    let hands = rayon::current_num_threads();
    let hand = |hand: usize| tasks.iter().skip(hand).step_by(hands);
    let counted = |index: usize| {
        let mut histogram = Histogram::default();
        for task in hand(index) {
            task.stream(None, Some(neural), coverage, |chunk| histogram.count(&chunk.squared));
        }
        histogram
    };
    let merged = |mut a: Histogram, b: Histogram| {
        a.add(&b, true);
        a
    };
    let ranks = (0..hands).into_par_iter().map(counted).reduce(Histogram::default, merged).ranks();
    let spearman = if ranks.sum_of_squares() == 0.0 {
        Err(Undefined::NeuralDistances)
    } else {
        let added = |index: usize| {
            let (mut steps, mut set, mut modelled) = (Steps::new(), PairSet::empty(columns), Vec::new());
            for task in hand(index) {
                task.stream(Some(columns), Some(neural), coverage, |chunk| {
                    set.clear();
                    set.extend(chunk);
                    model.distances_into(&set, &mut modelled);
                    steps.add(&modelled, &chunk.squared, &ranks);
                });
            }
            steps
        };
        let steps = (0..hands).into_par_iter().map(added).reduce_with(|a, b| a.merge(&b));
        steps.and_then(|steps| steps.correlation(&ranks)).ok_or(Undefined::ModelledDistances)
    };
    Scored { spearman, pairs: ranks.total() }
}

#[cfg(test)]
mod tests {
    use super::super::{Evaluation, neural_distances};
    use super::*;
    use crate::mlem::brute_force::data;
    use crate::mlem::pairs::{Layout, Scales, terms};
    use crate::mlem::{Distance, Missing};
    use crate::numeric::rank::{RankTarget, Scratch};

    #[test]
    fn streaming_agrees_with_sorting() {
        let (features, x) = data(300, 3, 2, 7);
        let layout = Layout::whole(300);
        let columns = Scales::new(&features).unwrap().columns(&features, &layout.order, Missing::Zero);
        let terms = terms(5, true);
        let w: Vec<f64> = (0..terms.len()).map(|k| 1.0 / (1.0 + k as f64)).collect();
        let neural = Neural::new(x.view(), &layout.order, Distance::Euclidean).unwrap();
        let tasks = layout.tasks();
        for fraction in [1.0, 0.3] {
            let coverage = Coverage { fraction, seed: 3 };
            let model = || GridModel::new(&terms, &w, &columns);
            let squared = neural_distances(&neural, &tasks, coverage);
            let target = RankTarget::new(&squared, &mut Scratch::default());
            let held = Evaluation::new(model(), PairSet::new(&columns, &tasks, coverage), target).score();
            let streamed = score(&model(), &columns, &neural, &tasks, coverage);
            assert_eq!(held.pairs, streamed.pairs);
            let (held, streamed) = (held.spearman.unwrap(), streamed.spearman.unwrap());
            assert!((held - streamed).abs() < 1e-6, "{held} {streamed}");
        }
    }

    #[test]
    fn equal_distances_have_no_score() {
        let (features, x) = data(20, 1, 0, 1);
        let layout = Layout::whole(20);
        let columns = Scales::new(&features).unwrap().columns(&features, &layout.order, Missing::Zero);
        let all = Coverage { fraction: 1.0, seed: 0 };
        let spearman = |weight: f64, x: &ndarray::Array2<f32>| {
            let neural = Neural::new(x.view(), &layout.order, Distance::Euclidean).unwrap();
            let model = GridModel::new(&terms(1, false), &[weight], &columns);
            score(&model, &columns, &neural, &layout.tasks(), all).spearman
        };
        assert_eq!(spearman(0.0, &x), Err(Undefined::ModelledDistances));
        assert_eq!(spearman(1.0, &ndarray::Array2::ones((20, 2))), Err(Undefined::NeuralDistances));
    }
}
