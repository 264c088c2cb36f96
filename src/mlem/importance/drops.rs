//! How much the score drops when a feature, an interaction or a group of features is permuted.

use std::borrow::Borrow;

use rayon::prelude::*;

use super::effects::{Order, subtract_mains};
use super::plan::{Held, Permuted, Plan};
use super::scorer::Scorer;
use crate::mlem::params::Permute;
use crate::mlem::score::{Evaluation, PairSet, ScoreTarget};
use crate::mlem::warning::Undefined;
use crate::numeric::correlation::mean_sd;

/// How much one term, or one group of features, matters.
#[derive(Debug, Clone, PartialEq)]
pub struct TermImportance {
    /// The feature, `a x b`, or the group.
    pub name: String,
    /// What kind of effect it is.
    pub order: Order,
    /// Mean drop in the score over permutations; NaN where the score is not defined, or nothing can be permuted.
    pub importance: f64,
    /// Standard deviation of the drop over permutations (`n − 1`).
    pub sd: f64,
}

/// The most memory that permuted pairs take at once, where those of one permutation take less.
const MAX_PERMUTED: usize = 1 << 24;

impl<S: Borrow<PairSet> + Sync> Evaluation<S> {
    /// The importance of every effect of `plan`; NaN where `score` is not defined.
    pub(crate) fn importance(
        self,
        score: Result<f64, Undefined>,
        plan: &Plan,
        held: &Held<'_>,
    ) -> Vec<TermImportance> {
        let n = plan.effects.len();
        let spreads = match score {
            Ok(score) => {
                let permutable = plan.permutable(&held.stimuli, self.set.borrow());
                let mut drops = match self.ascending(score) {
                    Ok(ascending) => ascending.drops(plan, &permutable, held),
                    Err(whole) => whole.drops(plan, &permutable, held, score),
                };
                if plan.permute == Permute::Stimuli {
                    for drops in &mut drops {
                        subtract_mains(drops, &plan.effects);
                    }
                }
                let of_effect = |k: usize| drops.iter().map(|drops| drops[k]).collect::<Vec<f64>>();
                let spread = |k| mean_sd(&of_effect(k)).unwrap_or((f64::NAN, f64::NAN));
                (0..n).map(spread).collect()
            }
            Err(_) => vec![(f64::NAN, f64::NAN); n],
        };
        let named = plan.effects.iter().zip(spreads).map(|(effect, (importance, sd))| TermImportance {
            name: effect.name.clone(),
            order: effect.order,
            importance,
            sd,
        });
        named.collect()
    }

    /// For every permutation the drop in score of every effect of `plan`, ranks by sorting; NaN for those that are not `permutable`.
    fn drops(&self, plan: &Plan, permutable: &[bool], held: &Held<'_>, score: f64) -> Vec<Vec<f64>> {
        let of_permutation = |permutation: usize| {
            let permuted = plan.permuted(self.set.borrow(), held, permutation);
            let drop = |scorer: &mut Scorer, k: usize| {
                if permutable[k] { self.drop(plan, k, &permuted, scorer, score) } else { f64::NAN }
            };
            (0..plan.effects.len()).into_par_iter().map_init(Scorer::exact, drop).collect()
        };
        // Permuted pairs are made one after the other where they take much memory.
        let at_once = (MAX_PERMUTED / self.set.borrow().bytes().max(1)).max(1);
        let mut drops = Vec::with_capacity(plan.permutations);
        for first in (0..plan.permutations).step_by(at_once) {
            let these = first..(first + at_once).min(plan.permutations);
            drops.par_extend(these.into_par_iter().map(of_permutation));
        }
        drops
    }

    /// The score, and the drop of every effect of `plan` (means over `permuted`), all with `scorer` and on one thread: the statistic
    /// of a draw of the null.
    pub(crate) fn quick(
        &self,
        plan: &Plan,
        permutable: &[bool],
        permuted: &[Permuted],
        scorer: &mut Scorer,
    ) -> (f64, Vec<f64>) {
        let score = match &self.target {
            ScoreTarget::Values(_) => self.score().value.ok(),
            ranks @ ScoreTarget::Ranks(_) => scorer.score(ranks, |start, block| {
                block.copy_from_slice(&self.distances[start..start + block.len()]);
            }),
        };
        if permuted.is_empty() {
            return (score.unwrap_or(f64::NAN), Vec::new());
        }
        let Some(score) = score else { return (f64::NAN, vec![f64::NAN; plan.effects.len()]) };
        let mean = |k: usize, scorer: &mut Scorer| {
            let drops = permuted.iter().map(|permuted| self.drop(plan, k, permuted, scorer, score));
            drops.sum::<f64>() / permuted.len() as f64
        };
        let mut drops: Vec<f64> =
            (0..plan.effects.len()).map(|k| if permutable[k] { mean(k, scorer) } else { f64::NAN }).collect();
        if plan.permute == Permute::Stimuli {
            subtract_mains(&mut drops, &plan.effects);
        }
        (score, drops)
    }

    /// The drop in score when the distances of effect `k` come from `permuted`.
    fn drop(&self, plan: &Plan, k: usize, permuted: &Permuted, scorer: &mut Scorer, baseline: f64) -> f64 {
        let Some(moved) = self.moved(plan, k) else { return 0.0 };
        let other = &permuted.sets()[moved.set];
        let score = scorer.score(&self.target, |start, block| self.fill(&moved, start, other, block));
        // Constant distances have no ranks and no correlation: the whole score is lost.
        baseline - score.unwrap_or(0.0)
    }
}
