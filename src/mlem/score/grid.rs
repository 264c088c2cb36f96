//! Modelled distances of a set of pairs.
//!
//! They are whole numbers: each term's contribution is rounded to a fixed grid of 2³⁰ steps, so that pairs with the same
//! distances tie exactly, in whatever order their terms were added.

use std::collections::BTreeSet;
use std::ops::Range;

use super::pair_set::PairSet;
use crate::mlem::pairs::{Columns, Slot, Term};
use crate::numeric::comoments::Line;
use crate::numeric::simd::widest;
use crate::numeric::steps::Steps;

/// A model whose modelled distances are whole numbers.
#[derive(Debug, Clone)]
pub(crate) struct GridModel {
    contributions: Vec<Contribution>,
    /// Added to every distance, so that none is negative.
    offset: i32,
    /// How many steps of the grid a distance of 1 has.
    scale: f64,
}

/// What one term adds to a modelled distance: a weight, and where its two factors are found.
#[derive(Debug, Clone, Copy)]
struct Contribution {
    weight: f32,
    mask: u32,
    first: Option<usize>,
    second: Option<usize>,
    /// It adds at most so much, or takes away.
    most: i32,
}

/// Modelled distances lie in `0..2³⁰`, with a margin for rounding at either end.
const GRID: f64 = ((1u32 << 30) - 2 * MARGIN) as f64;
const MARGIN: u32 = 1 << 15;

impl GridModel {
    /// The model of `w`, one weight per term, for pairs of the stimuli of `columns`.
    pub(crate) fn new(terms: &[Term], w: &[f64], columns: &Columns) -> Self {
        let slots = columns.slots();
        // Above 1 where stimuli lie outside the range that a model was fitted on.
        let largest: Vec<f64> = slots.iter().map(|&slot| columns.largest(slot)).collect();
        let most = |term: &Term| term.multiplicity() * largest[term.a] * largest[term.b];
        let bound: f64 = terms.iter().zip(w).map(|(term, w)| most(term) * w.abs()).sum();
        let scale = if bound > 0.0 { GRID / bound } else { 0.0 };
        let contributions = terms
            .iter()
            .zip(w)
            .map(|(term, w)| {
                let mut contribution = Contribution {
                    weight: (scale * term.multiplicity() * w) as f32,
                    mask: 0,
                    first: None,
                    second: None,
                    // With room for what the weight and its factors lose in single precision.
                    most: (scale * most(term) * w.abs() * (1.0 + 1e-6)) as i32 + 2,
                };
                for feature in [term.a, term.b] {
                    match slots[feature] {
                        Slot::Bit(bit) => contribution.mask |= 1 << bit,
                        Slot::Dense(column) if contribution.first.is_none() => {
                            contribution.first = Some(column);
                        }
                        Slot::Dense(column) => contribution.second = Some(column),
                    }
                }
                contribution
            })
            .collect();
        let below: f64 = terms.iter().zip(w).map(|(term, w)| most(term) * w.min(0.0)).sum();
        Self { contributions, offset: MARGIN as i32 - (scale * below) as i32, scale }
    }

    /// A line over modelled distances as one over distances on the grid.
    pub(crate) fn on_grid(&self, line: Line) -> Line {
        let slope = if self.scale > 0.0 { line.slope / self.scale } else { 0.0 };
        Line { slope, intercept: line.intercept - slope * f64::from(self.offset) }
    }

    /// Adds `sign` times what `term` contributes at the pairs `start..start + out.len()` of `set`.
    pub(crate) fn add(&self, term: usize, set: &PairSet, start: usize, sign: i32, out: &mut [i32]) {
        let Contribution { weight, mask, first, second, .. } = self.contributions[term];
        let Some(first) = first else {
            return add_where(out, &set.bits[start..start + out.len()], mask, sign * round(weight));
        };
        let [mut x, mut y] = [[0.0; PIECE]; 2];
        for (range, out) in pieces(start, out) {
            let first = set.dense[first].part(range.clone(), &mut x);
            match second {
                None => add_scaled_where(out, &set.bits[range], mask, first, weight, sign),
                Some(second) => add_products(out, first, set.dense[second].part(range, &mut y), weight, sign),
            }
        }
    }

    /// Writes into `out` the `distances` of the pairs of `own` from `start` on, where the contribution of `term` is replaced by that
    /// at the pairs of `other`.
    pub(crate) fn swap(
        &self,
        term: usize,
        distances: &[i32],
        own: &PairSet,
        other: &PairSet,
        start: usize,
        out: &mut [i32],
    ) {
        let Contribution { weight, mask, first, second, .. } = self.contributions[term];
        let bits = |range: &Range<usize>| [own, other].map(|set| &set.bits[range.clone()]);
        let Some(first) = first else {
            let range = start..start + out.len();
            return swap_where(out, &distances[range.clone()], bits(&range), mask, round(weight));
        };
        let [mut x, mut y] = [[[0.0; PIECE]; 2]; 2];
        for (range, out) in pieces(start, out) {
            let distances = &distances[range.clone()];
            let first = parts(first, [own, other], &range, &mut x);
            match second {
                None => swap_scaled_where(out, distances, bits(&range), mask, first, weight),
                Some(second) => {
                    swap_products(out, distances, first, parts(second, [own, other], &range, &mut y), weight);
                }
            }
        }
    }

    /// Writes into `out` the places of `distances`, those of the pairs of `set`, with what `term` contributes added.
    pub(crate) fn place(&self, term: usize, distances: &[i32], set: &PairSet, steps: Steps, out: &mut [u16]) {
        let Contribution { weight, mask, first, second, .. } = self.contributions[term];
        let Some(first) = first else {
            return place_where(out, distances, &set.bits, mask, round(weight), steps);
        };
        let [mut x, mut y] = [[0.0; PIECE]; 2];
        for (range, out) in pieces(0, out) {
            let distances = &distances[range.clone()];
            let first = set.dense[first].part(range.clone(), &mut x);
            match second {
                None => place_scaled_where(out, distances, &set.bits[range], mask, first, weight, steps),
                Some(second) => {
                    let second = set.dense[second].part(range, &mut y);
                    place_products(out, distances, first, second, weight, steps);
                }
            }
        }
    }

    /// The columns of numbers that `terms` take, ascending.
    pub(crate) fn columns(&self, terms: &[usize]) -> Vec<usize> {
        let of_term = |&term: &usize| [self.contributions[term].first, self.contributions[term].second];
        let columns: BTreeSet<usize> = terms.iter().flat_map(of_term).flatten().collect();
        columns.into_iter().collect()
    }

    /// How far a distance moves at most when the contributions of `terms` come from another pair.
    pub(crate) fn reach(&self, terms: &[usize]) -> i32 {
        let most = |&term: &usize| i64::from(self.contributions[term].most);
        terms.iter().map(most).sum::<i64>().min(1 << 30) as i32
    }

    /// Whether `term` contributes nothing anywhere.
    pub(crate) fn is_zero(&self, term: usize) -> bool {
        round(self.contributions[term].weight) == 0
    }

    /// The modelled distance of every pair of `set`, on the grid.
    pub(crate) fn distances(&self, set: &PairSet) -> Vec<i32> {
        let mut out = Vec::new();
        self.distances_into(set, &mut out);
        out
    }

    /// [`GridModel::distances`], in place of what `out` had.
    pub(crate) fn distances_into(&self, set: &PairSet, out: &mut Vec<i32>) {
        out.clear();
        self.append_distances(set, 0..set.len(), out);
    }

    /// Appends the modelled distances of the pairs `range` of `set`.
    pub(crate) fn append_distances(&self, set: &PairSet, range: Range<usize>, out: &mut Vec<i32>) {
        const BLOCK: usize = 4096;
        let before = out.len();
        out.resize(before + range.len(), self.offset);
        for (block, out) in out[before..].chunks_mut(BLOCK).enumerate() {
            for term in 0..self.contributions.len() {
                self.add(term, set, range.start + block * BLOCK, 1, out);
            }
        }
    }
}

/// Pairs whose numbers are decoded at once.
const PIECE: usize = 512;

/// The pieces of `out`, which is about the pairs from `start` on, each with which pairs these are.
fn pieces<T>(start: usize, out: &mut [T]) -> impl Iterator<Item = (Range<usize>, &mut [T])> {
    let begins = (start..).step_by(PIECE);
    begins.zip(out.chunks_mut(PIECE)).map(|(begin, piece)| (begin..begin + piece.len(), piece))
}

/// The numbers of `column` of two sets for the pairs of `range`.
fn parts<'a>(
    column: usize,
    [own, other]: [&'a PairSet; 2],
    range: &Range<usize>,
    [x, y]: &'a mut [[f32; PIECE]; 2],
) -> [&'a [f32]; 2] {
    [own.dense[column].part(range.clone(), x), other.dense[column].part(range.clone(), y)]
}

/// A contribution on the grid.
#[inline(always)]
#[expect(clippy::manual_clamp, reason = "clamp lets NaN through; max and min do not")]
fn round(x: f32) -> i32 {
    const LIMIT: f32 = (1u32 << 30) as f32;
    let rounded = x.round_ties_even().max(-LIMIT).min(LIMIT);
    #[expect(unsafe_code, reason = "the checked conversion keeps loops from being vectorised")]
    // SAFETY: within the limits of an i32, and a number: `max` and `min` prefer their argument to NaN.
    unsafe {
        rounded.to_int_unchecked()
    }
}

widest! {
    /// Adds `whole` where all bits of `mask` are set.
    fn add_where(out: &mut [i32], bits: &[u32], mask: u32, whole: i32) {
        for (out, bits) in out.iter_mut().zip(bits) {
            *out += if bits & mask == mask { whole } else { 0 };
        }
    }

    /// Adds `sign` times the rounded `weight · x` where all bits of `mask` are set.
    fn add_scaled_where(out: &mut [i32], bits: &[u32], mask: u32, x: &[f32], weight: f32, sign: i32) {
        for ((out, bits), &x) in out.iter_mut().zip(bits).zip(x) {
            let x = if bits & mask == mask { x } else { 0.0 };
            *out += sign * round(weight * x);
        }
    }

    /// Adds `sign` times the rounded `weight · x · y`.
    fn add_products(out: &mut [i32], x: &[f32], y: &[f32], weight: f32, sign: i32) {
        for ((out, x), y) in out.iter_mut().zip(x).zip(y) {
            *out += sign * round(weight * (x * y));
        }
    }
}

widest! {
    /// Writes `from`, less `whole` where all bits of `mask` are set in the first `bits`, plus `whole` where they are in the second.
    fn swap_where(out: &mut [i32], from: &[i32], bits: [&[u32]; 2], mask: u32, whole: i32) {
        for (((out, from), own), other) in out.iter_mut().zip(from).zip(bits[0]).zip(bits[1]) {
            let at = |bits: u32| if bits & mask == mask { whole } else { 0 };
            *out = from - at(*own) + at(*other);
        }
    }

    /// The same with the rounded `weight · x` in the place of `whole`.
    fn swap_scaled_where(
        out: &mut [i32],
        from: &[i32],
        bits: [&[u32]; 2],
        mask: u32,
        x: [&[f32]; 2],
        weight: f32,
    ) {
        let at = |bits: u32, x: f32| round(weight * if bits & mask == mask { x } else { 0.0 });
        let (own, other) = (bits[0].iter().zip(x[0]), bits[1].iter().zip(x[1]));
        for (((out, from), own), other) in out.iter_mut().zip(from).zip(own).zip(other) {
            *out = from - at(*own.0, *own.1) + at(*other.0, *other.1);
        }
    }

    /// Writes `from`, less the rounded `weight · x · y` of the first, plus that of the second.
    fn swap_products(out: &mut [i32], from: &[i32], x: [&[f32]; 2], y: [&[f32]; 2], weight: f32) {
        let (own, other) = (x[0].iter().zip(y[0]), x[1].iter().zip(y[1]));
        for (((out, from), own), other) in out.iter_mut().zip(from).zip(own).zip(other) {
            *out = from - round(weight * (own.0 * own.1)) + round(weight * (other.0 * other.1));
        }
    }
}

widest! {
    /// Writes the places of `from` plus `whole` where all bits of `mask` are set.
    fn place_where(out: &mut [u16], from: &[i32], bits: &[u32], mask: u32, whole: i32, steps: Steps) {
        for ((out, from), bits) in out.iter_mut().zip(from).zip(bits) {
            *out = steps.place(from + if bits & mask == mask { whole } else { 0 });
        }
    }

    /// The same with the rounded `weight · x` in the place of `whole`.
    fn place_scaled_where(
        out: &mut [u16],
        from: &[i32],
        bits: &[u32],
        mask: u32,
        x: &[f32],
        weight: f32,
        steps: Steps,
    ) {
        for (((out, from), bits), &x) in out.iter_mut().zip(from).zip(bits).zip(x) {
            let x = if bits & mask == mask { x } else { 0.0 };
            *out = steps.place(from + round(weight * x));
        }
    }

    /// Writes the places of `from` plus the rounded `weight · x · y`.
    fn place_products(out: &mut [u16], from: &[i32], x: &[f32], y: &[f32], weight: f32, steps: Steps) {
        for (((out, from), x), y) in out.iter_mut().zip(from).zip(x).zip(y) {
            *out = steps.place(from + round(weight * (x * y)));
        }
    }
}
