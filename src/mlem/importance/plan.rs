//! What is permuted to measure importances, and the pairs of each permutation.

use std::ops::Range;

use super::effects::{Effect, Order, effects};
use super::strata::Strata;
use crate::mlem::error::Result;
use crate::mlem::pairs::{Columns, Coverage, Slot, Task, Term};
use crate::mlem::params::{MlemParams, Permute};
use crate::mlem::score::PairSet;
use crate::mlem::warning::Warning;
use crate::numeric::rng::Stream;
use crate::stimuli::FeatureTable;

/// What is permuted, and within which strata, for the importances of some stimuli.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) effects: Vec<Effect>,
    pub(crate) permutations: usize,
    pub(super) permute: Permute,
    seed: u64,
    /// Where features are permuted conditionally.
    strata: Option<Strata>,
    pub(super) terms: Vec<Term>,
    pub(super) slots: Vec<Slot>,
}

/// The stimuli that a model is evaluated on, and the pairs they make.
pub(crate) struct Held<'a> {
    /// The name of the evaluation: evaluations of different names draw different permutations.
    pub(crate) name: String,
    pub(crate) columns: &'a Columns,
    /// The positions of the stimuli in the columns.
    pub(crate) stimuli: Range<usize>,
    pub(crate) tasks: &'a [Task],
    pub(crate) coverage: Coverage,
}

/// The permuted pairs of one permutation.
pub(crate) struct Permuted {
    /// For features and their interactions; then for groups, whose features are permuted together: one set for each group, one for
    /// all of them, or none where that of the features serves.
    sets: Vec<PairSet>,
}

impl Permuted {
    /// The sets of pairs.
    pub(super) fn sets(&self) -> &[PairSet] {
        &self.sets
    }

    /// The same, for keeps.
    pub(super) fn into_sets(self) -> Vec<PairSet> {
        self.sets
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

    /// What is permuted to measure an importance.
    pub(crate) fn permute(&self) -> Permute {
        self.permute
    }

    fn has_groups(&self) -> bool {
        self.effects.last().is_some_and(|effect| effect.order == Order::Group)
    }

    /// Where the groups begin among the effects.
    pub(super) fn first_group(&self) -> usize {
        self.effects.partition_point(|effect| effect.order != Order::Group)
    }

    /// Which effects have an importance among `stimuli`, whose pairs are `set`: those whose distances differ there, and which something
    /// can be permuted of.
    pub(crate) fn permutable(&self, stimuli: &Range<usize>, set: &PairSet) -> Vec<bool> {
        let varies: Vec<bool> = self.effects.iter().map(|effect| self.varies(effect, set)).collect();
        let Some(strata) = &self.strata else { return varies };
        let first = self.first_group();
        let free = |(k, effect): (usize, &Effect)| {
            if !varies[k] {
                return false;
            }
            let parts = strata.of_effect(effect, k.saturating_sub(first));
            parts.iter().all(|stratum| stratum.free(stimuli.clone()) > 0)
        };
        self.effects.iter().enumerate().map(free).collect()
    }

    /// Whether the distances of `effect` differ among the pairs of `set`: of a group those of one of its features at least.
    pub(crate) fn varies(&self, effect: &Effect, set: &PairSet) -> bool {
        let slots: Vec<Slot> = effect.features.iter().map(|&feature| self.slots[feature]).collect();
        match effect.order {
            Order::Group => slots.iter().any(|&slot| set.varies(&[slot])),
            _ => set.varies(&slots),
        }
    }

    /// The warnings about the strata, over the stimuli of all `folds`.
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

    /// Which of the [`Permuted::sets`] the distances of effect `k` are taken from.
    pub(super) fn set_of(&self, k: usize) -> usize {
        let group = k - self.first_group().min(k);
        match (self.effects[k].order, self.permute, &self.strata) {
            (Order::Group, Permute::Stimuli, None) => 1,
            (Order::Group, Permute::Stimuli, Some(_)) => 1 + group,
            _ => 0,
        }
    }

    /// The stream of permutation number `permutation` of `what`.
    fn stream(&self, held: &Held<'_>, what: &str, permutation: usize) -> Stream {
        Stream::new(self.seed, &format!("{}{what} permutation {permutation}", held.name))
    }

    /// The order of the `n` pairs of `held` in permutation number `permutation`, where pairs are permuted. All terms have the same, so
    /// that differences between terms do not depend on the draw.
    pub(super) fn order(&self, n: usize, held: &Held<'_>, permutation: usize) -> Vec<u32> {
        let mut order: Vec<u32> = (0..n as u32).collect();
        self.stream(held, "", permutation).shuffle(&mut order);
        order
    }

    /// The pairs of permutation number `permutation`; `set` has the unpermuted pairs of `held`.
    pub(crate) fn permuted(&self, set: &PairSet, held: &Held<'_>, permutation: usize) -> Permuted {
        let stream = |what: &str| self.stream(held, what, permutation);
        if self.permute == Permute::Pairs {
            let order = self.order(set.len(), held, permutation);
            let mut permuted = PairSet::empty(held.columns);
            set.gather(&order, &mut permuted);
            return Permuted { sets: vec![permuted] };
        }
        let of = |columns: Columns| PairSet::new(&columns, held.tasks, held.coverage);
        let stimuli = || held.stimuli.clone();
        let mut alone = stream("");
        let features = of(held.columns.permuted(stimuli(), |feature, order| match &self.strata {
            None => alone.shuffle(order),
            Some(strata) => strata.of_feature(feature).shuffle(stimuli(), &mut alone, order),
        }));
        let mut sets = vec![features];
        if self.has_groups() {
            let mut together = stream(" groups");
            let mut push = |order: &[usize]| {
                sets.push(of(held.columns.permuted(stimuli(), |_, out| out.copy_from_slice(order))));
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
        Permuted { sets }
    }
}
