//! How much Spearman drops when a feature, an interaction or a group of features is permuted.

use std::borrow::{Borrow, Cow};

use rayon::prelude::*;

use super::effects::{Order, subtract_mains};
use super::plan::{Held, Permuted, Plan};
use super::ranker::{BLOCK, FEW_PAIRS, Ranker};
use crate::mlem::pairs::Term;
use crate::mlem::params::Permute;
use crate::mlem::score::{Evaluation, PairSet};
use crate::mlem::warning::Undefined;
use crate::numeric::correlation::mean_sd;

/// Counting is good enough where its score is as near as this to that of sorting: far below the sampling error of any
/// importance.
const AGREEMENT: f64 = 1e-6;

/// How much one term, or one group of features, matters.
#[derive(Debug, Clone, PartialEq)]
pub struct TermImportance {
    /// The feature, `a x b`, or the group.
    pub name: String,
    /// What kind of effect it is.
    pub order: Order,
    /// Mean drop in Spearman over permutations; NaN where the score is not defined, or nothing can be permuted.
    pub importance: f64,
    /// Standard deviation of the drop over permutations (`n − 1`).
    pub sd: f64,
}

/// Terms whose distances come from other pairs.
struct Moved<'a> {
    /// One at least.
    terms: Vec<usize>,
    pairs: Cow<'a, PairSet>,
}

impl<S: Borrow<PairSet> + Sync> Evaluation<S> {
    /// The importance of every effect of `plan`; NaN where `score` is not defined.
    pub(crate) fn importance(
        &self,
        score: Result<f64, Undefined>,
        plan: &Plan,
        held: &Held<'_>,
    ) -> Vec<TermImportance> {
        let n = plan.effects.len();
        let spreads = match score {
            Ok(score) => {
                let (counted, baseline) = self.ranking(score);
                let permutable = plan.permutable(&held.stimuli, self.set.borrow());
                let drops: Vec<Vec<f64>> = (0..plan.permutations)
                    .map(|permutation| {
                        let permuted = plan.permuted(self.set.borrow(), held, permutation);
                        let ranker = || Ranker::new(counted, self.distances.len());
                        let drop = |ranker: &mut Ranker, k| {
                            if permutable[k] {
                                self.drop(plan, k, &permuted, ranker, baseline)
                            } else {
                                f64::NAN
                            }
                        };
                        let mut drops: Vec<f64> = (0..n).into_par_iter().map_init(ranker, drop).collect();
                        if plan.permute == Permute::Stimuli {
                            subtract_mains(&mut drops, &plan.effects);
                        }
                        drops
                    })
                    .collect();
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

    /// The score, and the drop of every effect of `plan` (means over `permuted`), all with `ranker` and on one thread: the statistic
    /// of a draw of the null.
    pub(crate) fn quick(
        &self,
        plan: &Plan,
        permutable: &[bool],
        permuted: &[Permuted],
        ranker: &mut Ranker,
    ) -> (f64, Vec<f64>) {
        let score = ranker.spearman(&self.target, |start, block| {
            block.copy_from_slice(&self.distances[start..start + block.len()]);
        });
        if permuted.is_empty() {
            return (score.unwrap_or(f64::NAN), Vec::new());
        }
        let Some(score) = score else { return (f64::NAN, vec![f64::NAN; plan.effects.len()]) };
        let mean = |k: usize, ranker: &mut Ranker| {
            let drops = permuted.iter().map(|permuted| self.drop(plan, k, permuted, ranker, score));
            drops.sum::<f64>() / permuted.len() as f64
        };
        let mut drops: Vec<f64> =
            (0..plan.effects.len()).map(|k| if permutable[k] { mean(k, ranker) } else { f64::NAN }).collect();
        if plan.permute == Permute::Stimuli {
            subtract_mains(&mut drops, &plan.effects);
        }
        (score, drops)
    }

    /// The drop in Spearman when the distances of effect `k` come from `permuted`.
    fn drop(&self, plan: &Plan, k: usize, permuted: &Permuted, ranker: &mut Ranker, baseline: f64) -> f64 {
        let Some(moved) = self.moved(plan, k, permuted) else { return 0.0 };
        let score = ranker.spearman(&self.target, |start, block| self.fill(&moved, start, block));
        // Constant distances have no ranks: the whole score is lost.
        baseline - score.unwrap_or(0.0)
    }

    /// The modelled distances when those of effect `k` come from `permuted`; `None` where none changes.
    pub(crate) fn permuted_distances(&self, plan: &Plan, k: usize, permuted: &Permuted) -> Option<Vec<i32>> {
        let moved = self.moved(plan, k, permuted)?;
        let mut distances = vec![0; self.distances.len()];
        for (index, block) in distances.chunks_mut(BLOCK).enumerate() {
            self.fill(&moved, index * BLOCK, block);
        }
        Some(distances)
    }

    /// The terms of effect `k`, one at least, and the pairs that their distances come from; `None` where they contribute nothing.
    fn moved<'a>(&self, plan: &Plan, k: usize, permuted: &'a Permuted) -> Option<Moved<'a>> {
        let effect = &plan.effects[k];
        let terms: Vec<usize> =
            effect.terms.iter().copied().filter(|&term| !self.model.is_zero(term)).collect();
        if terms.is_empty() {
            return None;
        }
        let permuted = permuted.of(effect, k.saturating_sub(plan.first_group()));
        // Where stimuli are permuted, a term may have a feature that is not; where pairs are, the whole term moves.
        let stays = |&term: &usize| {
            let Term { a, b } = plan.terms[term];
            !(effect.features.contains(&a) && effect.features.contains(&b))
        };
        let pairs = if plan.permute == Permute::Stimuli && terms.iter().any(stays) {
            Cow::Owned(self.set.borrow().with(permuted, &effect.features, &plan.slots))
        } else {
            Cow::Borrowed(permuted)
        };
        Some(Moved { terms, pairs })
    }

    /// The modelled distances from `start` on, with the terms of `moved` taken from its pairs.
    fn fill(&self, moved: &Moved<'_>, start: usize, block: &mut [i32]) {
        let (own, other) = (self.set.borrow(), &*moved.pairs);
        let Some((&first, rest)) = moved.terms.split_first() else { return };
        self.model.swap(first, &self.distances, own, other, start, block);
        for &term in rest {
            self.model.add(term, own, start, -1, block);
            self.model.add(term, other, start, 1, block);
        }
    }

    /// Whether to rank by counting, which is several times faster, and the score by the ranking that is chosen. Counting is chosen
    /// where it agrees with sorting on the unpermuted distances.
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
