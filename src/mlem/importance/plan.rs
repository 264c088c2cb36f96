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
    /// For features and their interactions.
    features: PairSet,
    /// For groups, whose features are permuted together: one set for each group, one for all of them, or none where that of the
    /// features serves.
    groups: Vec<PairSet>,
}

impl Permuted {
    /// The pairs that the distances of `effect` are taken from. If it is a group, it is group number `group`.
    pub(super) fn of(&self, effect: &Effect, group: usize) -> &PairSet {
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

    /// The pairs of permutation number `permutation`; `set` has the unpermuted pairs of `held`. They are in the order of these, or in
    /// that of `places` among them.
    pub(crate) fn permuted(
        &self,
        set: &PairSet,
        held: &Held<'_>,
        permutation: usize,
        places: Option<&[u32]>,
    ) -> Permuted {
        let stream =
            |what: &str| Stream::new(self.seed, &format!("{}{what} permutation {permutation}", held.name));
        if self.permute == Permute::Pairs {
            // All terms have the same order, so that differences between terms do not depend on the draw.
            let mut order: Vec<u32> = (0..set.len() as u32).collect();
            stream("").shuffle(&mut order);
            if let Some(places) = places {
                order = places.iter().map(|&place| order[place as usize]).collect();
            }
            return Permuted { features: set.gather(&order), groups: Vec::new() };
        }
        let of = |columns: Columns| {
            let set = PairSet::new(&columns, held.tasks, held.coverage);
            if let Some(places) = places { set.gather(places) } else { set }
        };
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
