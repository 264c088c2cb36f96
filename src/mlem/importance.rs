//! Importance: how much Spearman drops when a feature, an interaction or a group of features is permuted.

use std::borrow::{Borrow, Cow};
use std::ops::Range;

use rayon::prelude::*;

use super::Result;
use super::conditional::Strata;
use super::effects::{Effect, Order, effects, subtract_mains};
use super::encode::{Columns, Slot};
use super::pairs::{Coverage, Task};
use super::params::{MlemParams, Permute};
use super::score::{Evaluation, PairSet};
use super::terms::Term;
use super::warning::{Undefined, Warning};
use crate::numeric::correlation::mean_sd;
use crate::numeric::counting::StepCounts;
use crate::numeric::rank::{RankTarget, Scratch};
use crate::numeric::rng::Stream;
use crate::stimuli::FeatureTable;

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

/// What is permuted, and within what, for the importances of some stimuli.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) effects: Vec<Effect>,
    pub(crate) permutations: usize,
    permute: Permute,
    seed: u64,
    /// Where features are permuted conditionally.
    strata: Option<Strata>,
    terms: Vec<Term>,
    slots: Vec<Slot>,
}

/// The stimuli that a model is evaluated on, and the pairs they make.
pub(crate) struct Held<'a> {
    /// Of the evaluation, so that two of them draw different permutations.
    pub(crate) name: String,
    pub(crate) columns: &'a Columns,
    /// The positions of the stimuli in the columns.
    pub(crate) stimuli: Range<usize>,
    pub(crate) tasks: &'a [Task],
    pub(crate) coverage: Coverage,
}

/// The pairs whose distances take the place of the set's own in one permutation.
pub(crate) struct Permuted {
    /// For features and their interactions.
    features: PairSet,
    /// For groups, whose features move together: one for all, one for each, or none where those of the features serve.
    groups: Vec<PairSet>,
}

impl Permuted {
    fn of(&self, effect: &Effect, group: usize) -> &PairSet {
        match effect.order {
            Order::Group => self.groups.get(group).or(self.groups.first()).unwrap_or(&self.features),
            _ => &self.features,
        }
    }
}

impl Plan {
    /// The plan for `terms` of the stimuli of `features` at `order`.
    pub(crate) fn new(
        params: &MlemParams,
        features: &FeatureTable,
        order: &[usize],
        terms: &[Term],
        columns: &Columns,
    ) -> Result<Self> {
        let names: Vec<String> = features.names().into_iter().map(str::to_owned).collect();
        let effects = effects(terms, &names, &params.groups, params.permuted())?;
        let strata = params.conditional.map(|threshold| Strata::new(features, order, &effects, threshold));
        Ok(Self {
            effects,
            permutations: params.permutations,
            permute: params.permuted(),
            seed: params.seed,
            strata,
            terms: terms.to_vec(),
            slots: columns.slots().to_vec(),
        })
    }

    /// What an importance is.
    pub(crate) fn permute(&self) -> Permute {
        self.permute
    }

    fn has_groups(&self) -> bool {
        self.effects.last().is_some_and(|effect| effect.order == Order::Group)
    }

    /// Where the groups begin among the effects.
    fn first_group(&self) -> usize {
        self.effects.partition_point(|effect| effect.order != Order::Group)
    }

    /// Which effects can be permuted among `stimuli`.
    pub(crate) fn permutable(&self, stimuli: &Range<usize>) -> Vec<bool> {
        let Some(strata) = &self.strata else { return vec![true; self.effects.len()] };
        let first = self.first_group();
        let free = |(k, effect): (usize, &Effect)| {
            let parts = strata.of_effect(effect, k.saturating_sub(first));
            parts.iter().all(|stratum| stratum.free(stimuli.clone()) > 0)
        };
        self.effects.iter().enumerate().map(free).collect()
    }

    /// What a user should know about the strata, over the stimuli of all `folds`.
    pub(crate) fn warnings(&self, names: &[String], folds: &[Range<usize>]) -> Vec<Warning> {
        let Some(strata) = &self.strata else { return Vec::new() };
        let first = self.first_group();
        let effects = self.effects.iter().enumerate().filter(|(_, e)| e.order != Order::Interaction);
        let of_effect = |(k, effect): (usize, &Effect)| {
            let stratum = *strata.of_effect(effect, k.saturating_sub(first)).first()?;
            (!stratum.given.is_empty()).then(|| Warning::Conditional {
                effect: effect.name.clone(),
                given: stratum.given.iter().map(|&g| names[g].clone()).collect(),
                free: folds.iter().map(|fold| stratum.free(fold.clone())).sum(),
                stimuli: folds.iter().map(Range::len).sum(),
            })
        };
        effects.filter_map(of_effect).collect()
    }

    /// The pairs that permutation number `permutation` puts in the place of `set`, which is that of `held`.
    pub(crate) fn permuted(&self, set: &PairSet, held: &Held<'_>, permutation: usize) -> Permuted {
        let stream =
            |what: &str| Stream::new(self.seed, &format!("{}{what} permutation {permutation}", held.name));
        if self.permute == Permute::Pairs {
            // One order serves every term: what is compared between terms is not the luck of the draw.
            let mut order: Vec<u32> = (0..set.len() as u32).collect();
            stream("").shuffle(&mut order);
            return Permuted { features: set.gather(&order), groups: Vec::new() };
        }
        let of = |columns: Columns| PairSet::new(&columns, held.tasks, held.coverage);
        let stimuli = || held.stimuli.clone();
        let mut alone = stream("");
        let features = of(held.columns.permuted(stimuli(), |feature, order| match &self.strata {
            None => alone.shuffle(order),
            Some(strata) => strata.of_feature(feature).shuffle(stimuli(), &mut alone, order),
        }));
        let mut groups = Vec::new();
        if self.has_groups() {
            let mut together = stream(" groups");
            let mut push = |order: &[usize]| {
                groups.push(of(held.columns.permuted(stimuli(), |_, out| out.copy_from_slice(order))));
            };
            let identity: Vec<usize> = stimuli().collect();
            match &self.strata {
                None => {
                    let mut order = identity;
                    together.shuffle(&mut order);
                    push(&order);
                }
                Some(strata) => {
                    for stratum in strata.of_groups() {
                        let mut order = identity.clone();
                        stratum.shuffle(stimuli(), &mut together, &mut order);
                        push(&order);
                    }
                }
            }
        }
        Permuted { features, groups }
    }
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
        score: std::result::Result<f64, Undefined>,
        plan: &Plan,
        held: &Held<'_>,
    ) -> Vec<TermImportance> {
        let n = plan.effects.len();
        let spreads = match score {
            Ok(score) => {
                let (counted, baseline) = self.ranking(score);
                let permutable = plan.permutable(&held.stimuli);
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

    /// The score, and the drop of every effect of `plan` (means over `permuted`), by one way of ranking throughout and on one
    /// thread: what draws of a null are compared by.
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
        // Constant distances rank nothing.
        baseline - score.unwrap_or(0.0)
    }

    /// The modelled distances when those of effect `k` come from `permuted`; `None` where they stay as they are.
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
        // Only where stimuli are permuted does a term's other feature stay as it is.
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

    /// The modelled distances from `start` on, with those of `moved` in the place of its terms' own.
    fn fill(&self, moved: &Moved<'_>, start: usize, block: &mut [i32]) {
        let (own, other) = (self.set.borrow(), &*moved.pairs);
        let Some((&first, rest)) = moved.terms.split_first() else { return };
        self.model.swap(first, &self.distances, own, other, start, block);
        for &term in rest {
            self.model.add(term, own, start, -1, block);
            self.model.add(term, other, start, 1, block);
        }
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
pub(crate) enum Ranker {
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

    /// The quickest way for so many pairs.
    pub(crate) fn quick(pairs: usize) -> Self {
        if pairs >= FEW_PAIRS {
            Self::Counting(StepCounts::coarse(pairs), vec![0; BLOCK])
        } else {
            Self::new(false, pairs)
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
