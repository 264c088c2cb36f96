//! Features as levels: what sums over all pairs need where features have few values.
//!
//! Where the distance `d_f` of two stimuli depends on their levels `x_f` alone, so does a product of several, and
//!
//! ```text
//! Σ over ordered pairs (i, j) of Π_f d_f(i, j) u_i u_j  =  U' (D_f ⊗ D_g ⊗ …) U,     U = Σ u_i by joint level of the features
//! ```
//!
//! so that no pair is visited: with `u = 1` the sums are counts of stimuli, and the result is exact where the distances are whole
//! numbers.

use std::collections::BTreeMap;
use std::ops::Range;

use super::sums::Monomial;
use crate::mlem::pairs::{Columns, Layout, Partners, Slot};
use crate::numeric::simd::widest;

/// A feature with more levels than this has too many.
const MOST_LEVELS: usize = 1 << 10;
/// The most factors of a product.
pub(super) const FACTORS: usize = 4;

/// The features of some stimuli in folds, as levels.
#[derive(Debug, Clone)]
pub(crate) struct Levels {
    features: Vec<Feature>,
    /// The positions of each fold.
    pub(super) folds: Vec<Range<usize>>,
}

/// One feature.
#[derive(Debug, Clone)]
struct Feature {
    /// The level of the stimulus at each position.
    codes: Vec<u16>,
    n_levels: usize,
    /// The first to fourth powers of the distances `(n_levels, n_levels)`.
    powers: [Vec<f64>; FACTORS],
}

/// A feature of a product and its exponent.
pub(super) type Factor = (usize, usize);

impl Levels {
    /// The features of `columns`, of which stimuli are in the folds of `layout`; `None` where one has too many values.
    pub(crate) fn new(columns: &Columns, layout: &Layout) -> Option<Self> {
        let features =
            columns.slots().iter().map(|&slot| Feature::new(columns, slot)).collect::<Option<_>>()?;
        Some(Self { features, folds: layout.folds.clone() })
    }

    pub(super) fn n_stimuli(&self) -> usize {
        self.folds.last().map_or(0, |last| last.end)
    }

    /// How many levels a feature has.
    pub(super) fn n_levels(&self, factor: Factor) -> usize {
        self.features[factor.0].n_levels
    }

    /// How many joint levels the features of `factors` have.
    pub(super) fn n_cells(&self, factors: &[Factor]) -> usize {
        factors.iter().map(|&factor| self.n_levels(factor)).product()
    }

    /// Multiplications of [`Levels::multiply`] for every number of a joint level.
    pub(super) fn work(&self, factors: &[Factor]) -> f64 {
        let levels = || factors.iter().map(|&factor| self.n_levels(factor) as f64);
        levels().product::<f64>() * levels().sum::<f64>()
    }

    /// The joint level of `factors` of every stimulus, into `cells`.
    pub(super) fn cells(&self, factors: &[Factor], cells: &mut Vec<u32>) {
        cells.clear();
        cells.resize(self.n_stimuli(), 0);
        for &(feature, _) in factors {
            let Feature { codes, n_levels, .. } = &self.features[feature];
            join(cells, codes, *n_levels as u32);
        }
    }

    /// The joint level of every stimulus, from those in `before` and its level of one more feature.
    pub(super) fn join(&self, before: &[u32], factor: Factor, cells: &mut Vec<u32>) {
        cells.clear();
        cells.extend_from_slice(before);
        let Feature { codes, n_levels, .. } = &self.features[factor.0];
        join(cells, codes, *n_levels as u32);
    }

    /// Multiplies `x` (`(n_cells, width)`, row-major) by the distances of `factors`; `other` is overwritten.
    pub(super) fn multiply(&self, factors: &[Factor], width: usize, x: &mut Vec<f64>, other: &mut Vec<f64>) {
        other.clear();
        other.resize(x.len(), 0.0);
        let mut inner = x.len();
        for &(feature, power) in factors {
            let Feature { n_levels, powers, .. } = &self.features[feature];
            inner /= n_levels;
            debug_assert!(inner.is_multiple_of(width));
            let (from, to) = (x.chunks_exact(n_levels * inner), other.chunks_exact_mut(n_levels * inner));
            for (from, to) in from.zip(to) {
                multiply_axis(to, from, &powers[power - 1], *n_levels, inner);
            }
            std::mem::swap(x, other);
        }
    }

    /// The product of `factors` of a stimulus with itself, at every joint level; `None` where it is 0 everywhere. (What is missing can
    /// be at a distance from itself.)
    pub(super) fn own(&self, factors: &[Factor]) -> Option<Vec<f64>> {
        let mut own = vec![1.0];
        for &(feature, power) in factors {
            let Feature { n_levels, powers, .. } = &self.features[feature];
            let of_level: Vec<f64> =
                (0..*n_levels).map(|level| powers[power - 1][level * (n_levels + 1)]).collect();
            if of_level.iter().all(|&distance| distance == 0.0) {
                return None;
            }
            own = own.iter().flat_map(|own| of_level.iter().map(move |distance| own * distance)).collect();
        }
        Some(own)
    }
}

impl Feature {
    fn new(columns: &Columns, slot: Slot) -> Option<Self> {
        let (mut levels, mut firsts) = (BTreeMap::new(), Vec::new());
        let mut codes = Vec::with_capacity(columns.n_stimuli());
        for i in 0..columns.n_stimuli() {
            let next = levels.len() as u16;
            codes.push(*levels.entry(columns.value(slot, i)).or_insert_with(|| {
                firsts.push(i as u32);
                next
            }));
            if firsts.len() > MOST_LEVELS {
                return None;
            }
        }
        let mut distances = Vec::with_capacity(firsts.len().pow(2));
        let (mut bits, mut dense) = (Vec::new(), vec![Vec::new(); columns.n_dense()]);
        for &first in &firsts {
            bits.clear();
            dense.iter_mut().for_each(Vec::clear);
            columns.append(first as usize, &Partners::List(&firsts), &mut bits, &mut dense);
            match slot {
                Slot::Bit(bit) => distances.extend(bits.iter().map(|bits| f64::from(bits >> bit & 1))),
                Slot::Dense(column) => distances.extend_from_slice(&dense[column]),
            }
        }
        let power = |power: usize| distances.iter().map(|distance| distance.powi(power as i32 + 1)).collect();
        Some(Self { codes, n_levels: firsts.len(), powers: std::array::from_fn(power) })
    }
}

/// The factors of a product of features, which are ascending.
pub(super) fn factors(features: &[u16]) -> Vec<Factor> {
    let runs = features.chunk_by(|a, b| a == b);
    runs.map(|run| (usize::from(run[0]), run.len())).collect()
}

/// What a visit to a pair costs where `monomials` are summed pair by pair or pattern by pattern, in additions.
pub(super) fn cost_of_pair(monomials: &[Monomial]) -> f64 {
    monomials.len() as f64 / 2.0
}

widest! {
    /// Joins levels, of which there are `n_levels`, to the joint level of those before.
    fn join(cells: &mut [u32], codes: &[u16], n_levels: u32) {
        for (cell, &code) in cells.iter_mut().zip(codes) {
            *cell = *cell * n_levels + u32::from(code);
        }
    }

    /// `to = d · from`, where `d` is `(n, n)`, and `from` and `to` are `(n, inner)`.
    fn multiply_axis(to: &mut [f64], from: &[f64], d: &[f64], n: usize, inner: usize) {
        for (row, to) in d.chunks_exact(n).zip(to.chunks_exact_mut(inner)) {
            to.fill(0.0);
            for (&factor, from) in row.iter().zip(from.chunks_exact(inner)) {
                if factor != 0.0 {
                    for (to, from) in to.iter_mut().zip(from) {
                        *to += factor * from;
                    }
                }
            }
        }
    }
}
