//! Scores and importances of many models on the same pairs, as single units and the draws of a null need them.

use rayon::prelude::*;

use super::crossval::CrossValidation;
use super::importance::{Permuted, Ranker};
use super::pairs::Neural;
use super::score::{Evaluation, GridModel, neural_distances};
use crate::numeric::rank::{RankTarget, Scratch};

/// The most memory that permuted pairs may take at once.
const MAX_PERMUTED: usize = 1 << 28;

impl CrossValidation {
    /// The score on `fold` of each of `neurals`, alone; `weights` are their models' weights, by fold. NaN where there is none.
    pub(super) fn scores(&self, fold: usize, neurals: &[Neural], weights: &[Vec<Vec<f64>>]) -> Vec<f64> {
        let set = &self.sets[fold];
        let tasks = self.design.layout.tasks_within(fold);
        let score = |(ranker, scratch): &mut (Ranker, Scratch), index: usize| {
            let distances = neural_distances(&neurals[index], &tasks, self.coverage);
            let target = RankTarget::new(&distances, scratch);
            let model = GridModel::new(&self.design.terms, &weights[index][fold], &self.design.columns);
            Evaluation::new(model, set, target).quick(&self.plan, &[], &[], ranker).0
        };
        let buffers = || (Ranker::quick(set.len()), Scratch::default());
        (0..neurals.len()).into_par_iter().map_init(buffers, score).collect()
    }

    /// The score on `fold` and the importances of one model for each of `neurals`; `weights` are its weights, by fold.
    pub(super) fn evaluate(
        &self,
        fold: usize,
        neurals: &[Neural],
        weights: &[Vec<Vec<f64>>],
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
            let evaluate = |(ranker, scratch): &mut (Ranker, Scratch), index: usize| {
                let distances = neural_distances(&neurals[index], &tasks, self.coverage);
                let target = RankTarget::new(&distances, scratch);
                let model = GridModel::new(&self.design.terms, &weights[index][fold], &self.design.columns);
                Evaluation::new(model, set, target).quick(&self.plan, &permutable, &permuted, ranker)
            };
            let buffers = || (Ranker::quick(set.len()), Scratch::default());
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
