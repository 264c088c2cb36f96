//! The pairs that models are scored on: their feature distances, held in memory, and their neural distances.

use std::ops::Range;

use crate::mlem::pairs::{Columns, Coverage, Neural, PairChunk, Slot, Task};

/// The feature distances of the pairs that a model is scored on.
#[derive(Debug, Clone, Default)]
pub(crate) struct PairSet {
    /// Per pair, the categorical features whose levels differ.
    pub(super) bits: Vec<u32>,
    /// Per numeric feature, one distance per pair.
    pub(super) dense: Vec<Vec<f32>>,
}

impl PairSet {
    /// The pairs of `tasks`, in their order.
    pub(crate) fn new(columns: &Columns, tasks: &[Task], coverage: Coverage) -> Self {
        let mut set = Self::empty(columns);
        for task in tasks {
            task.stream(Some(columns), None, coverage, |chunk| set.extend(chunk));
        }
        set.shrink();
        set
    }

    /// No pairs yet, with room for the features of `columns`.
    pub(crate) fn empty(columns: &Columns) -> Self {
        Self { bits: Vec::new(), dense: vec![Vec::new(); columns.n_dense()] }
    }

    /// Adds the pairs of `chunk`.
    pub(crate) fn extend(&mut self, chunk: &PairChunk) {
        self.bits.extend_from_slice(&chunk.bits);
        for (out, column) in self.dense.iter_mut().zip(&chunk.dense) {
            out.extend(column.iter().map(|&x| x as f32));
        }
    }

    /// Whether the product of the distances of the features in `slots` differs between pairs: the distance itself of one feature.
    pub(crate) fn varies(&self, slots: &[Slot]) -> bool {
        let (mut mask, mut dense) = (0, Vec::new());
        for slot in slots {
            match *slot {
                Slot::Bit(bit) => mask |= 1u32 << bit,
                Slot::Dense(column) => dense.push(&self.dense[column]),
            }
        }
        let product = |pair: usize| {
            let all = self.bits[pair] & mask == mask;
            if all { dense.iter().map(|column| column[pair]).product::<f32>() } else { 0.0 }
        };
        (1..self.len()).any(|pair| product(pair) != product(0))
    }

    /// Gives back the room for more pairs.
    pub(crate) fn shrink(&mut self) {
        self.bits.shrink_to_fit();
        self.dense.iter_mut().for_each(Vec::shrink_to_fit);
    }

    /// Forgets all pairs.
    pub(crate) fn clear(&mut self) {
        self.bits.clear();
        self.dense.iter_mut().for_each(Vec::clear);
    }

    pub(crate) fn len(&self) -> usize {
        self.bits.len()
    }

    /// The memory it takes, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        4 * self.len() * (1 + self.dense.len())
    }

    /// The pairs of `range`, with the distances of `features` taken from `other`.
    pub(crate) fn mixed(
        &self,
        other: &Self,
        features: &[usize],
        slots: &[Slot],
        range: Range<usize>,
    ) -> Self {
        let (mut mask, mut taken) = (0, vec![false; self.dense.len()]);
        for &feature in features {
            match slots[feature] {
                Slot::Bit(bit) => mask |= 1 << bit,
                Slot::Dense(column) => taken[column] = true,
            }
        }
        let both = self.bits[range.clone()].iter().zip(&other.bits[range.clone()]);
        let columns = self.dense.iter().zip(&other.dense).zip(taken);
        Self {
            bits: both.map(|(bits, other)| (bits & !mask) | (other & mask)).collect(),
            dense: columns
                .map(|((own, other), taken)| if taken { other } else { own }[range.clone()].to_vec())
                .collect(),
        }
    }

    /// Writes the pairs at `places` into `out`, in the place of what it had.
    pub(crate) fn gather(&self, places: &[u32], out: &mut Self) {
        fn gather<T: Copy>(from: &[T], places: &[u32], to: &mut Vec<T>) {
            to.clear();
            to.extend(places.iter().map(|&place| from[place as usize]));
        }
        gather(&self.bits, places, &mut out.bits);
        out.dense.resize(self.dense.len(), Vec::new());
        self.dense.iter().zip(&mut out.dense).for_each(|(from, to)| gather(from, places, to));
    }
}

/// Squared neural distances of the pairs of `tasks`, in their order.
pub(crate) fn neural_distances(neural: &Neural, tasks: &[Task], coverage: Coverage) -> Vec<f32> {
    let mut distances = Vec::new();
    for task in tasks {
        task.stream(None, Some(neural), coverage, |chunk| {
            distances.extend(chunk.squared.iter().map(|&x| x as f32));
        });
    }
    distances
}
