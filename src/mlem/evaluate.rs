//! Scores and importances of many models on the same pairs, as single units and the draws of a null need them.

use rayon::prelude::*;

use super::crossval::CrossValidation;
use super::importance::{Permuted, Scorer};
use super::pairs::{Neural, Task};
use super::score::{Evaluation, GridModel, PairSet, ScoreTarget, neural_distances};
use super::solve::Solved;
use crate::numeric::rank::Scratch;

/// The most memory that permuted pairs may take at once.
const MAX_PERMUTED: usize = 1 << 28;

impl CrossValidation {
    /// The model that was `solved` on the pairs that `fold` is scored on, which are those of `tasks`.
    pub(super) fn evaluation(
        &self,
        (fold, tasks): (usize, &[Task]),
        neural: &Neural,
        solved: &Solved,
        scratch: &mut Scratch,
    ) -> Evaluation<&PairSet> {
        let model = GridModel::new(&self.design.terms, &solved.w, &self.design.columns);
        let squared = neural_distances(neural, tasks, self.coverage);
        let target = ScoreTarget::new(squared, &self.design.params, (&model, solved.line), scratch);
        Evaluation::new(model, &self.sets[fold], target)
    }

    /// The score on `fold` of each of `neurals`, alone; `solved` are their models, by fold. NaN where there is none.
    pub(super) fn scores(&self, fold: usize, neurals: &[Neural], solved: &[Vec<Solved>]) -> Vec<f64> {
        let tasks = self.design.layout.tasks_within(fold);
        let score = |(scorer, scratch): &mut (Scorer, Scratch), index: usize| {
            let of = self.evaluation((fold, &tasks), &neurals[index], &solved[index][fold], scratch);
            of.quick(&self.plan, &[], &[], scorer).0
        };
        let buffers = || (Scorer::quick(), Scratch::default());
        (0..neurals.len()).into_par_iter().map_init(buffers, score).collect()
    }

    /// The score on `fold` and the importances of one model for each of `neurals`; `solved` are the models, by fold.
    pub(super) fn evaluate(
        &self,
        fold: usize,
        neurals: &[Neural],
        solved: &[Vec<Solved>],
    ) -> Vec<(f64, Vec<f64>)> {
        let set = &self.sets[fold];
        let tasks = self.design.layout.tasks_within(fold);
        let held = self.held(fold, &tasks);
        let permutable = self.plan.permutable(&held.stimuli, set);
        let n = self.plan.permutations;
        let at_once = (MAX_PERMUTED / set.bytes().max(1)).clamp(1, n.max(1));
        let mut sums: Option<Vec<(f64, Vec<f64>)>> = None;
        for first in (0..n.max(1)).step_by(at_once) {
            let these = first..(first + at_once).min(n);
            let permuted: Vec<Permuted> = these
                .into_par_iter()
                .map(|permutation| self.plan.permuted(set, &held, permutation))
                .collect();
            let share = permuted.len() as f64 / n.max(1) as f64;
            let evaluate = |(scorer, scratch): &mut (Scorer, Scratch), index: usize| {
                let of = self.evaluation((fold, &tasks), &neurals[index], &solved[index][fold], scratch);
                of.quick(&self.plan, &permutable, &permuted, scorer)
            };
            let buffers = || (Scorer::quick(), Scratch::default());
            let results: Vec<(f64, Vec<f64>)> =
                (0..neurals.len()).into_par_iter().map_init(buffers, evaluate).collect();
            let scaled = |drops: Vec<f64>| drops.into_iter().map(|drop| drop * share).collect::<Vec<f64>>();
            match &mut sums {
                None => {
                    sums = Some(results.into_iter().map(|(score, drops)| (score, scaled(drops))).collect());
                }
                Some(sums) => {
                    for ((_, sum), (_, drops)) in sums.iter_mut().zip(results) {
                        sum.iter_mut().zip(scaled(drops)).for_each(|(sum, drop)| *sum += drop);
                    }
                }
            }
        }
        sums.unwrap_or_default()
    }
}
