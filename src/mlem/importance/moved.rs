//! Modelled distances with some of their terms taken from permuted pairs.

use std::borrow::Borrow;

use super::plan::{Permuted, Plan};
use super::scorer::BLOCK;
use crate::mlem::pairs::{Slot, Term};
use crate::mlem::params::Permute;
use crate::mlem::score::{Evaluation, PairSet};
use crate::numeric::steps::Steps;

/// The terms of an effect, whose distances come from permuted pairs.
pub(super) struct Moved<'a> {
    /// One at least.
    terms: Vec<usize>,
    /// The columns of numbers that they take.
    pub(super) columns: Vec<usize>,
    /// Which of the permuted sets.
    pub(super) set: usize,
    /// The features whose distances come from there, and where all features have theirs; `None` where those of all in the terms do.
    some: Option<(&'a [usize], &'a [Slot])>,
    /// No distance moves farther.
    pub(super) reach: i32,
}

impl<S: Borrow<PairSet>, T> Evaluation<S, T> {
    /// The modelled distances when those of effect `k` come from `permuted`; `None` where none changes.
    pub(crate) fn permuted_distances(&self, plan: &Plan, k: usize, permuted: &Permuted) -> Option<Vec<i32>> {
        let moved = self.moved(plan, k)?;
        let mut distances = vec![0; self.distances.len()];
        for (index, block) in distances.chunks_mut(BLOCK).enumerate() {
            let start = index * BLOCK;
            self.fill(&moved, start, &permuted.sets()[moved.set], block);
        }
        Some(distances)
    }

    /// The terms of effect `k`; `None` where they contribute nothing.
    pub(super) fn moved<'a>(&self, plan: &'a Plan, k: usize) -> Option<Moved<'a>> {
        let effect = &plan.effects[k];
        let terms: Vec<usize> =
            effect.terms.iter().copied().filter(|&term| !self.model.is_zero(term)).collect();
        if terms.is_empty() {
            return None;
        }
        // Where stimuli are permuted, a term may have a feature that is not; where pairs are, the whole term moves.
        let stays = |&term: &usize| {
            let Term { a, b } = plan.terms[term];
            !(effect.features.contains(&a) && effect.features.contains(&b))
        };
        let some = plan.permute == Permute::Stimuli && terms.iter().any(stays);
        let some = some.then_some((effect.features.as_slice(), plan.slots.as_slice()));
        let reach = self.model.reach(&terms);
        let columns = self.model.columns(&terms);
        Some(Moved { terms, columns, set: plan.set_of(k), some, reach })
    }

    /// The modelled distances from `start` on, with the terms of `moved` taken from the permuted pairs `other`.
    pub(super) fn fill(&self, moved: &Moved<'_>, start: usize, other: &PairSet, block: &mut [i32]) {
        let own = self.set.borrow();
        if let Some((features, slots)) = moved.some {
            block.copy_from_slice(&self.distances[start..][..block.len()]);
            let [mut own_block, mut block_of_other] = [PairSet::default(), PairSet::default()];
            own.open(start..start + block.len(), &moved.columns, &mut own_block);
            other.open(start..start + block.len(), &moved.columns, &mut block_of_other);
            let mixed = own_block.mixed(&block_of_other, features, slots);
            for &term in &moved.terms {
                self.model.add(term, &own_block, 0, -1, block);
                self.model.add(term, &mixed, 0, 1, block);
            }
            return;
        }
        let Some((&first, rest)) = moved.terms.split_first() else { return };
        self.model.swap(first, &self.distances, own, other, start, block);
        for &term in rest {
            self.model.add(term, own, start, -1, block);
            self.model.add(term, other, start, 1, block);
        }
    }

    /// Takes the terms of `moved` from `distances`, which are those of the pairs of `own`.
    pub(super) fn rest(&self, moved: &Moved<'_>, own: &PairSet, distances: &mut [i32]) {
        for &term in &moved.terms {
            self.model.add(term, own, 0, -1, distances);
        }
    }

    /// Writes the places of modelled distances: what [`Evaluation::rest`] leaves of those of `own`, and the terms of `moved` at the
    /// permuted pairs `other`.
    pub(super) fn place(
        &self,
        moved: &Moved<'_>,
        rest: &[i32],
        [own, other]: [&PairSet; 2],
        steps: Steps,
        places: &mut [u16],
    ) {
        if let (&[term], None) = (moved.terms.as_slice(), moved.some) {
            return self.model.place(term, rest, other, steps, places);
        }
        let mut distances = rest.to_vec();
        let mixed = moved.some.map(|(features, slots)| own.mixed(other, features, slots));
        for &term in &moved.terms {
            self.model.add(term, mixed.as_ref().unwrap_or(other), 0, 1, &mut distances);
        }
        steps.find(&distances, places);
    }
}
