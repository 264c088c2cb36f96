//! What is permuted to measure importances, and the pairs of each permutation.

use std::ops::Range;

use super::effects::{Effect, Order, effects};
use super::strata::{Strata, Stratum};
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
    pub(crate) fn first_group(&self) -> usize {
        self.effects.partition_point(|effect| effect.order != Order::Group)
    }

    /// Which effects have an importance among `stimuli`, whose pairs are `set`: those whose distances differ there, and which something
    /// can be permuted of.
    pub(crate) fn permutable(&self, stimuli: &Range<usize>, set: &PairSet) -> Vec<bool> {
        let can = |(k, effect): (usize, &Effect)| self.varies(effect, set) && self.moves(k, stimuli);
        self.effects.iter().enumerate().map(can).collect()
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

    /// The order of the `n` pairs of `held` in permutation number `permutation`, where pairs are permuted. All terms have the same, so
    /// that differences between terms do not depend on the draw.
    pub(super) fn order(&self, n: usize, held: &Held<'_>, permutation: usize) -> Vec<u32> {
        let mut order: Vec<u32> = (0..n as u32).collect();
        self.stream(&held.name, "", permutation).shuffle(&mut order);
        order
    }

    /// The pairs of permutation number `permutation`; `set` has the unpermuted pairs of `held`.
    pub(crate) fn permuted(&self, set: &PairSet, held: &Held<'_>, permutation: usize) -> Permuted {
        if self.permute == Permute::Pairs {
            let order = self.order(set.len(), held, permutation);
            return Permuted { sets: vec![set.gather(&order)] };
        }
        let orders = self.orders(&held.name, &held.stimuli, permutation);
        let of = |columns: Columns| PairSet::new(&columns, held.tasks, held.coverage);
        let moved =
            |take: &dyn Fn(usize, &mut [usize])| of(held.columns.permuted(held.stimuli.clone(), take));
        let mut sets = vec![moved(&|feature, out| out.copy_from_slice(&orders.features[feature]))];
        sets.extend(orders.groups.iter().map(|order| moved(&|_, out| out.copy_from_slice(order))));
        Permuted { sets }
    }

    /// The stream of permutation number `permutation` of `what` in the evaluation `name`.
    fn stream(&self, name: &str, what: &str, permutation: usize) -> Stream {
        Stream::new(self.seed, &format!("{name}{what} permutation {permutation}"))
    }

    /// Where the values of `stimuli` come from in permutation number `permutation` of the evaluation `name`.
    pub(crate) fn orders(&self, name: &str, stimuli: &Range<usize>, permutation: usize) -> Orders {
        let identity: Vec<usize> = stimuli.clone().collect();
        let mut alone = self.stream(name, "", permutation);
        let of_feature = |feature: usize| {
            let mut order = identity.clone();
            match &self.strata {
                None => alone.shuffle(&mut order),
                Some(strata) => strata.of_feature(feature).shuffle(stimuli.clone(), &mut alone, &mut order),
            }
            order
        };
        let features = (0..self.slots.len()).map(of_feature).collect();
        let mut groups = Vec::new();
        if self.has_groups() {
            let mut together = self.stream(name, " groups", permutation);
            let mut shuffled = |stratum: Option<&Stratum>| {
                let mut order = identity.clone();
                match stratum {
                    None => together.shuffle(&mut order),
                    Some(stratum) => stratum.shuffle(stimuli.clone(), &mut together, &mut order),
                }
                order
            };
            groups = match &self.strata {
                None => vec![shuffled(None)],
                Some(strata) => strata.of_groups().iter().map(|stratum| shuffled(Some(stratum))).collect(),
            };
        }
        Orders { features, groups }
    }

    /// Whether something of `effect`, which is effect number `k`, can move among `stimuli` within its strata.
    pub(crate) fn moves(&self, k: usize, stimuli: &Range<usize>) -> bool {
        let Some(strata) = &self.strata else { return true };
        let parts = strata.of_effect(&self.effects[k], k.saturating_sub(self.first_group()));
        parts.iter().all(|stratum| stratum.free(stimuli.clone()) > 0)
    }
}

/// Where the value at each of some positions comes from, in one permutation of stimuli.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Orders {
    /// One order for each feature.
    features: Vec<Vec<usize>>,
    /// One for each group, one for all of them, or none where there are no groups.
    groups: Vec<Vec<usize>>,
}

impl Orders {
    /// The order of `feature` where `effect` is permuted. If it is a group, it is group number `group`.
    pub(crate) fn of(&self, effect: &Effect, group: usize, feature: usize) -> &[usize] {
        match effect.order {
            Order::Group => self.groups.get(group).or(self.groups.first()).unwrap_or(&self.features[feature]),
            _ => &self.features[feature],
        }
    }
}
