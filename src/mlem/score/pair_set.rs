//! The pairs that models are scored on: their feature distances, held in memory, and their neural distances.

use std::ops::Range;

use super::numbers::{Coder, Numbers};
use crate::mlem::pairs::{Columns, Coverage, Neural, PairChunk, Slot, Task};

/// The feature distances of the pairs that a model is scored on.
#[derive(Debug, Clone, Default)]
pub(crate) struct PairSet {
    /// Per pair, the categorical features whose levels differ.
    pub(super) bits: Vec<u32>,
    /// Per numeric feature, one distance per pair.
    pub(super) dense: Vec<Numbers>,
}

/// Pairs that are added one after the other, to be held in little memory.
pub(crate) struct Collected {
    bits: Vec<u32>,
    dense: Vec<Coder>,
}

impl Collected {
    /// No pairs yet, with room for the features of `columns`.
    pub(crate) fn new(columns: &Columns) -> Self {
        Self { bits: Vec::new(), dense: (0..columns.n_dense()).map(|_| Coder::new()).collect() }
    }

    /// Adds the pairs of `chunk`.
    pub(crate) fn extend(&mut self, chunk: &PairChunk) {
        self.bits.extend_from_slice(&chunk.bits);
        for (out, column) in self.dense.iter_mut().zip(&chunk.dense) {
            out.extend(column.iter().map(|&x| x as f32));
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.bits.len()
    }

    /// The pairs that were added.
    pub(crate) fn finish(mut self) -> PairSet {
        self.bits.shrink_to_fit();
        PairSet { bits: self.bits, dense: self.dense.into_iter().map(Coder::finish).collect() }
    }
}

impl PairSet {
    /// The pairs of `tasks`, in their order.
    pub(crate) fn new(columns: &Columns, tasks: &[Task], coverage: Coverage) -> Self {
        let mut set = Collected::new(columns);
        for task in tasks {
            task.stream(Some(columns), None, coverage, |chunk| set.extend(chunk));
        }
        set.finish()
    }

    /// No pairs yet, with room for the features of `columns`.
    pub(crate) fn empty(columns: &Columns) -> Self {
        Self { bits: Vec::new(), dense: vec![Numbers::empty(); columns.n_dense()] }
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
            if all { dense.iter().map(|column| column.at(pair)).product::<f32>() } else { 0.0 }
        };
        (1..self.len()).any(|pair| product(pair) != product(0))
    }

    /// Forgets all pairs.
    pub(crate) fn clear(&mut self) {
        self.bits.clear();
        self.dense.fill(Numbers::empty());
    }

    pub(crate) fn len(&self) -> usize {
        self.bits.len()
    }

    /// The memory it takes, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        4 * self.len() + self.dense.iter().map(Numbers::bytes).sum::<usize>()
    }

    /// The pairs with the distances of `features` taken from `other`, which has as many.
    pub(crate) fn mixed(&self, other: &Self, features: &[usize], slots: &[Slot]) -> Self {
        let (mut mask, mut taken) = (0, vec![false; self.dense.len()]);
        for &feature in features {
            match slots[feature] {
                Slot::Bit(bit) => mask |= 1 << bit,
                Slot::Dense(column) => taken[column] = true,
            }
        }
        let both = self.bits.iter().zip(&other.bits);
        let columns = self.dense.iter().zip(&other.dense).zip(taken);
        Self {
            bits: both.map(|(bits, other)| (bits & !mask) | (other & mask)).collect(),
            dense: columns.map(|((own, other), taken)| if taken { other } else { own }.clone()).collect(),
        }
    }

    /// The pairs at `places`.
    pub(crate) fn gather(&self, places: &[u32]) -> Self {
        Self {
            bits: places.iter().map(|&place| self.bits[place as usize]).collect(),
            dense: self.dense.iter().map(|numbers| numbers.gather(places)).collect(),
        }
    }

    /// Writes the pairs of `range` into `out`, in the place of what it had. Of numbers it gets those of `columns` alone.
    pub(crate) fn open(&self, range: Range<usize>, columns: &[usize], out: &mut Self) {
        out.bits.clear();
        out.bits.extend_from_slice(&self.bits[range.clone()]);
        out.dense.resize_with(self.dense.len(), Numbers::empty);
        for &column in columns {
            self.dense[column].open(range.clone(), &mut out.dense[column]);
        }
    }
}

/// Squared neural distances of the pairs of `tasks`, in their order.
pub(crate) fn neural_distances(neural: &Neural, tasks: &[Task], coverage: Coverage) -> Vec<f32> {
    let mut distances = Vec::with_capacity(tasks.iter().map(|task| task.n_pairs(coverage)).sum());
    for task in tasks {
        task.stream(None, Some(neural), coverage, |chunk| {
            distances.extend(chunk.squared.iter().map(|&x| x as f32));
        });
    }
    distances
}
