//! Scores on what models are trained on: samples of the pairs of every fold.
//!
//! Folds of equal numbers of training pairs take the same sample of every strip of pairs that they share. It is held once for all
//! of them, and at every layer its distances are measured once.

use std::ops::Range;

use rayon::prelude::*;

use super::moments::Design;
use super::pairs::{Coverage, Neural, Task};
use super::params::{MlemParams, PairBudget};
use super::score::{Collected, GridModel, PairSet, ScoreTarget, Scored, neural_distances};
use crate::numeric::comoments::Line;
use crate::numeric::rank::Scratch;

/// The most training pairs that a model is scored on.
const TRAINING_PAIRS: u64 = 1 << 18;

/// A sample of the training pairs of every fold.
#[derive(Debug, Clone)]
pub(super) struct TrainingSamples {
    samples: Vec<Sample>,
    /// Which of the samples each fold has a part of.
    of_fold: Vec<usize>,
}

/// The sampled pairs of some folds.
#[derive(Debug, Clone)]
struct Sample {
    tasks: Vec<Task>,
    coverage: Coverage,
    /// The pairs of `tasks`, in their order, and where those of each end.
    set: PairSet,
    ends: Vec<usize>,
    /// How many folds have a part of it.
    n_folds: usize,
}

/// The squared neural distances of the samples that several folds have parts of, at one layer.
pub(super) struct Measured(Vec<Option<Vec<f32>>>);

impl TrainingSamples {
    /// Samples of at most 2¹⁸ training pairs for each fold of `design`; none where nothing is held out.
    pub(super) fn new(design: &Design) -> Self {
        let n_folds = if design.layout.holds_out() { design.n_folds() } else { 0 };
        let (mut pairs, mut folds_of, mut of_fold) = (Vec::new(), Vec::<Vec<usize>>::new(), Vec::new());
        for fold in 0..n_folds {
            let of_this = design.training_pairs(fold);
            let index = pairs.iter().position(|&pairs| pairs == of_this).unwrap_or(pairs.len());
            if index == pairs.len() {
                pairs.push(of_this);
                folds_of.push(Vec::new());
            }
            folds_of[index].push(fold);
            of_fold.push(index);
        }
        let sample = |(&pairs, folds): (&u64, &Vec<usize>)| Sample::new(design, pairs, folds);
        Self { samples: pairs.par_iter().zip(&folds_of).map(sample).collect(), of_fold }
    }

    /// The distances of `neural` that folds have in common.
    pub(super) fn measure(&self, neural: &Neural) -> Measured {
        let shared = |sample: &Sample| (sample.n_folds > 1).then(|| sample.measure(neural));
        Measured(self.samples.iter().map(shared).collect())
    }

    /// The score of `model`, which is that of `fold`, on the sample of its training pairs; `line` predicts what is fitted from
    /// its distances. `None` where nothing is held out.
    pub(super) fn score(
        &self,
        fold: usize,
        (model, line): (&GridModel, Line),
        neural: &Neural,
        measured: &Measured,
        params: &MlemParams,
    ) -> Option<Scored> {
        let index = *self.of_fold.get(fold)?;
        let sample = &self.samples[index];
        let parts = sample.parts(fold);
        let mut modelled = Vec::with_capacity(parts.iter().map(Range::len).sum());
        for part in &parts {
            model.append_distances(&sample.set, part.clone(), &mut modelled);
        }
        let squared = match &measured.0[index] {
            Some(shared) => parts.into_iter().map(|part| &shared[part]).collect::<Vec<&[f32]>>().concat(),
            // The only fold of its sample, which then has no other pairs.
            None => sample.measure(neural),
        };
        let target = ScoreTarget::new(squared, params, (model, line), &mut Scratch::default());
        Some(Scored::of(&target, &modelled))
    }
}

impl Sample {
    /// A sample for `folds`, each of which is trained on `pairs` pairs.
    fn new(design: &Design, pairs: u64, folds: &[usize]) -> Self {
        let mut tasks = design.layout.tasks();
        tasks.retain(|task| folds.iter().any(|&fold| trains(task, fold)));
        let budget = PairBudget::AtMost(TRAINING_PAIRS);
        let coverage =
            Coverage { fraction: design.coverage.fraction * budget.fraction(pairs), ..design.coverage };
        let (mut set, mut ends) = (Collected::new(&design.columns), Vec::with_capacity(tasks.len()));
        for task in &tasks {
            task.stream(Some(&design.columns), None, coverage, |chunk| set.extend(chunk));
            ends.push(set.len());
        }
        Self { tasks, coverage, set: set.finish(), ends, n_folds: folds.len() }
    }

    /// Squared neural distances of all pairs, in their order.
    fn measure(&self, neural: &Neural) -> Vec<f32> {
        let of_task = |task: &Task| neural_distances(neural, std::slice::from_ref(task), self.coverage);
        self.tasks.par_iter().map(of_task).collect::<Vec<_>>().concat()
    }

    /// Where the pairs are that `fold` is trained on.
    fn parts(&self, fold: usize) -> Vec<Range<usize>> {
        let mut parts: Vec<Range<usize>> = Vec::new();
        let mut start = 0;
        for (task, &end) in self.tasks.iter().zip(&self.ends) {
            if trains(task, fold) {
                match parts.last_mut().filter(|last| last.end == start) {
                    Some(last) => last.end = end,
                    None => parts.push(start..end),
                }
            }
            start = end;
        }
        parts
    }
}

/// Whether the pairs of `task` are trained on where `fold` is held out.
fn trains(task: &Task, fold: usize) -> bool {
    task.folds.0 != fold && task.folds.1 != fold
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mlem::Mlem;
    use crate::mlem::brute_force::data;
    use crate::mlem::pairs::Layout;
    use crate::mlem::params::Scoring;

    #[test]
    fn shared_samples_score_as_one_for_each_fold() {
        // Folds of several sizes, of which some are alone with theirs; all pairs, and some.
        let cases = [
            (64, 5, true, Scoring::Spearman),
            (1003, 4, false, Scoring::SquaredError),
            (1001, 3, false, Scoring::Spearman),
        ];
        for (n, folds, terms, scoring) in cases {
            let (features, x) = data(n, 2, 1, n as u64);
            let params = Mlem::params().interactions(terms).scoring(scoring);
            let design = Design::new(&params, &features, Layout::of(&features, folds, 3)).unwrap();
            let neural = design.neural(x.view()).unwrap();
            let samples = TrainingSamples::new(&design);
            let measured = samples.measure(&neural);
            let w: Vec<f64> = (0..design.terms.len()).map(|k| 1.0 / (1.0 + k as f64)).collect();
            let model = GridModel::new(&design.terms, &w, &design.columns);
            for fold in 0..folds {
                let mut tasks = design.layout.tasks();
                tasks.retain(|task| trains(task, fold));
                let budget = PairBudget::AtMost(TRAINING_PAIRS).fraction(design.training_pairs(fold));
                let coverage = Coverage { fraction: design.coverage.fraction * budget, ..design.coverage };
                let of = (&model, Line { slope: 0.7, intercept: 0.2 });
                let squared = neural_distances(&neural, &tasks, coverage);
                let target = ScoreTarget::new(squared, &params, of, &mut Scratch::default());
                let modelled = model.distances(&PairSet::new(&design.columns, &tasks, coverage));
                let found = samples.score(fold, of, &neural, &measured, &params).unwrap();
                assert_eq!(found, Scored::of(&target, &modelled), "{n}: {fold}");
            }
            assert!(samples.samples.iter().any(|sample| sample.n_folds > 1));
        }
    }
}
