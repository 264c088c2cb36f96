//! The score over more pairs than are held in memory.
//!
//! Pearson's correlation and squared error take one pass, and sums of it. Spearman's correlation takes two, and counts.
//! The first pass counts the neural distances, which gives their ranks; the second adds up these ranks by the modelled distance.
//! Neural distances that agree to 13 binary digits tie, and so do modelled distances in the same one of 2²⁰ steps of their
//! range. With so many pairs, the correlation differs from that of sorted distances by less than 1e-6.

use rayon::prelude::*;

use super::evaluation::Scored;
use super::grid::GridModel;
use super::pair_set::PairSet;
use super::target::Gauge;
use crate::mlem::moments::{Histogram, RankTable};
use crate::mlem::pairs::{Columns, Coverage, Neural, Task};
use crate::mlem::params::{MlemParams, Target};
use crate::mlem::warning::Undefined;
use crate::numeric::comoments::{Comoments, Line};
use crate::numeric::rank::RankSums;

/// The most pairs, of all folds together, whose distances are held at once.
pub(crate) const HELD: u64 = 1 << 23;

/// Strips whose sums are held at once.
const WAVE: usize = 64;

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

/// The strips of one hand of several. One accumulator per hand: sums of whole numbers do not depend on which hand has which strip.
fn hand(tasks: &[Task], hand: usize, hands: usize) -> impl Iterator<Item = &Task> {
    tasks.iter().skip(hand).step_by(hands)
}

/// The ranks of the neural distances of `tasks`.
fn ranks(neural: &Neural, tasks: &[Task], coverage: Coverage) -> RankTable {
    let hands = rayon::current_num_threads();
    let counted = |index: usize| {
        let mut histogram = Histogram::default();
        for task in hand(tasks, index, hands) {
            task.stream(None, Some(neural), coverage, |chunk| histogram.count(&chunk.squared));
        }
        histogram
    };
    let merged = |mut a: Histogram, b: Histogram| {
        a.add(&b, true);
        a
    };
    (0..hands).into_par_iter().map(counted).reduce(Histogram::default, merged).ranks()
}

/// Scores `model` on the pairs of `tasks` under `params`; `line` predicts the target of the fit from modelled distances.
pub(crate) fn score(
    (model, line): (&GridModel, Line),
    columns: &Columns,
    neural: &Neural,
    tasks: &[Task],
    (coverage, params): (Coverage, &MlemParams),
) -> Scored {
    let Some(gauge) = Gauge::of(params.scoring, model, line) else {
        return spearman(model, columns, neural, tasks, coverage);
    };
    let ranks = (params.target == Target::Rank).then(|| ranks(neural, tasks, coverage));
    let of_task = |task: &Task| {
        let (mut sums, mut set) = (Comoments::default(), PairSet::empty(columns));
        let (mut modelled, mut values) = (Vec::new(), Vec::new());
        let mut pairs = 0;
        task.stream(Some(columns), Some(neural), coverage, |chunk| {
            set.clear();
            set.extend(chunk);
            model.distances_into(&set, &mut modelled);
            values.clear();
            let value = |&squared: &f64| ranks.as_ref().map_or(squared, |ranks| ranks.rank(squared)) as f32;
            values.extend(chunk.squared.iter().map(value));
            sums.add(&modelled, &values);
            pairs += values.len() as u64;
        });
        (sums, pairs)
    };
    let (mut all, mut pairs) = (Comoments::default(), 0);
    for wave in tasks.chunks(WAVE) {
        let parts: Vec<(Comoments, u64)> = wave.par_iter().map(of_task).collect();
        for (sums, of_task) in parts {
            all.merge(&sums);
            pairs += of_task;
        }
    }
    Scored { value: gauge.defined(&all), pairs }
}

/// [`score`], by ranks.
fn spearman(
    model: &GridModel,
    columns: &Columns,
    neural: &Neural,
    tasks: &[Task],
    coverage: Coverage,
) -> Scored {
    let (hands, ranks) = (rayon::current_num_threads(), ranks(neural, tasks, coverage));
    let value = if ranks.sum_of_squares() == 0.0 {
        Err(Undefined::NeuralDistances)
    } else {
        let added = |index: usize| {
            let (mut steps, mut set, mut modelled) = (Steps::new(), PairSet::empty(columns), Vec::new());
            for task in hand(tasks, index, hands) {
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
    Scored { value, pairs: ranks.total() }
}

#[cfg(test)]
mod tests {
    use super::super::{Evaluation, ScoreTarget, neural_distances};
    use super::*;
    use crate::mlem::brute_force::data;
    use crate::mlem::pairs::{Layout, Scales, terms};
    use crate::mlem::{Distance, Missing, Mlem, Scoring};
    use crate::numeric::rank::Scratch;

    #[test]
    fn streaming_agrees_with_what_is_held() {
        let (features, x) = data(300, 3, 2, 7);
        let layout = Layout::whole(300);
        let columns = Scales::new(&features).unwrap().columns(&features, &layout.order, Missing::Zero);
        let terms = terms(5, true);
        let w: Vec<f64> = (0..terms.len()).map(|k| 1.0 / (1.0 + k as f64)).collect();
        let neural = Neural::new(x.view(), &layout.order, Distance::Euclidean).unwrap();
        let tasks = layout.tasks();
        let line = Line { slope: 3.0, intercept: 8.0 };
        for fraction in [1.0, 0.3] {
            for (scoring, target) in [
                (Scoring::Spearman, Target::Squared),
                (Scoring::Pearson, Target::Squared),
                (Scoring::Pearson, Target::Rank),
                (Scoring::SquaredError, Target::Squared),
                (Scoring::SquaredError, Target::Rank),
            ] {
                let params = Mlem::params().scoring(scoring).target(target);
                let coverage = Coverage { fraction, seed: 3 };
                let model = GridModel::new(&terms, &w, &columns);
                let squared = neural_distances(&neural, &tasks, coverage);
                let target = ScoreTarget::new(squared, &params, (&model, line), &mut Scratch::default());
                let set = PairSet::new(&columns, &tasks, coverage);
                let held = Evaluation::new(model.clone(), set, target).score();
                let streamed = score((&model, line), &columns, &neural, &tasks, (coverage, &params));
                assert_eq!(held.pairs, streamed.pairs);
                let (held, streamed) = (held.value.unwrap(), streamed.value.unwrap());
                let near = 1e-6 * held.abs().max(1.0);
                assert!((held - streamed).abs() < near, "{params:?} {held} {streamed}");
            }
        }
    }

    #[test]
    fn equal_distances_have_no_score() {
        let (features, x) = data(20, 1, 0, 1);
        let layout = Layout::whole(20);
        let columns = Scales::new(&features).unwrap().columns(&features, &layout.order, Missing::Zero);
        let all = Coverage { fraction: 1.0, seed: 0 };
        for scoring in [Scoring::Spearman, Scoring::Pearson, Scoring::SquaredError] {
            let score = |weight: f64, x: &ndarray::Array2<f32>| {
                let params = Mlem::params().scoring(scoring);
                let neural = Neural::new(x.view(), &layout.order, Distance::Euclidean).unwrap();
                let model = GridModel::new(&terms(1, false), &[weight], &columns);
                score((&model, Line::default()), &columns, &neural, &layout.tasks(), (all, &params)).value
            };
            assert_eq!(score(0.0, &x), Err(Undefined::ModelledDistances));
            assert_eq!(score(1.0, &ndarray::Array2::ones((20, 2))), Err(Undefined::NeuralDistances));
        }
    }
}
