//! The sufficient statistics of the fit: `C = Cov(φ)` over pairs, and `b = Cov(φ, t)`.
//!
//! `C` depends on the features alone; it serves every layer, every fold's share of it and every null. Sums are kept per fold
//! that a pair touches, so that one pass over all pairs gives every fold's training set: all pairs, less those that touch the
//! fold.

use ndarray::Array2;

use super::encode::{Columns, Slot};
use super::grouped::{Bins, Groups};
use super::pairs::{Coverage, PairChunk, Task};
use super::terms::Term;
use crate::numeric::linalg::{add_gram, dot};
use crate::numeric::simd::widest;

/// A product of feature distances, `coefficient · Π bits · Π dense`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Monomial {
    pub(crate) coefficient: f64,
    /// The bits that must all be set.
    pub(crate) mask: u32,
    /// The numeric columns to multiply, sorted, one more than once for a power.
    pub(crate) dense: Vec<u32>,
}

impl Monomial {
    /// `d_a · d_b`, as often as it is counted in `d'Wd`.
    pub(crate) fn new(term: Term, slots: &[Slot]) -> Self {
        let mut monomial = Self { coefficient: term.multiplicity(), mask: 0, dense: Vec::new() };
        for feature in [term.a, term.b] {
            match slots[feature] {
                // 0 and 1 are their own squares.
                Slot::Bit(bit) => monomial.mask |= 1 << bit,
                Slot::Dense(column) => monomial.dense.push(column as u32),
            }
        }
        monomial.dense.sort_unstable();
        monomial
    }

    /// Its value at each pair of `chunk`, into `out`.
    pub(super) fn evaluate(&self, chunk: &PairChunk, out: &mut [f64]) {
        for (out, &bits) in out.iter_mut().zip(&chunk.bits) {
            *out = if bits & self.mask == self.mask { self.coefficient } else { 0.0 };
        }
        for &column in &self.dense {
            for (out, x) in out.iter_mut().zip(&chunk.dense[column as usize]) {
                *out *= x;
            }
        }
    }
}

/// Sums over pairs of some monomials and their products.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FeatureSums {
    pub(crate) pairs: f64,
    pub(crate) sums: Vec<f64>,
    /// `(n_monomials, n_monomials)`, symmetric.
    pub(crate) products: Array2<f64>,
}

impl FeatureSums {
    pub(crate) fn zeros(n: usize) -> Self {
        Self { pairs: 0.0, sums: vec![0.0; n], products: Array2::zeros((n, n)) }
    }

    pub(crate) fn add(&mut self, other: &Self, sign: f64) {
        self.pairs += sign * other.pairs;
        self.sums.iter_mut().zip(&other.sums).for_each(|(x, y)| *x += sign * y);
        self.products.scaled_add(sign, &other.products);
    }

    /// Covariances of the monomials, `(n_monomials, n_monomials)`.
    pub(crate) fn covariance(&self) -> Array2<f64> {
        let mean = |k: usize| self.sums[k] / self.pairs;
        Array2::from_shape_fn(self.products.dim(), |(k, l)| {
            self.products[[k, l]] / self.pairs - mean(k) * mean(l)
        })
    }

    /// The sums over the pairs of `task`: pattern by pattern where there are `groups`, else pair by pair.
    pub(crate) fn of(
        task: &Task,
        columns: &Columns,
        coverage: Coverage,
        monomials: &[Monomial],
        groups: Option<&Groups>,
    ) -> Self {
        if let Some(groups) = groups {
            let mut bins = groups.bins();
            task.stream(Some(columns), None, coverage, |chunk| groups.accumulate(&mut bins, chunk, None));
            return groups.feature_sums(bins, monomials);
        }
        let (mut sums, mut buffer) = (Self::zeros(monomials.len()), Vec::new());
        task.stream(Some(columns), None, coverage, |chunk| sums.accumulate(monomials, chunk, &mut buffer));
        sums
    }

    /// Adds the pairs of `chunk`.
    fn accumulate(&mut self, monomials: &[Monomial], chunk: &PairChunk, buffer: &mut Vec<f64>) {
        let len = chunk.bits.len();
        buffer.resize(monomials.len() * len, 0.0);
        for (monomial, row) in monomials.iter().zip(buffer.chunks_exact_mut(len)) {
            monomial.evaluate(chunk, row);
        }
        self.pairs += len as f64;
        for (sum, row) in self.sums.iter_mut().zip(buffer.chunks_exact(len)) {
            *sum += row.iter().sum::<f64>();
        }
        if let Some(products) = self.products.as_slice_mut() {
            add_gram(products, buffer, len);
        }
    }
}

/// Sums over pairs of a target and its products with the terms.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TargetSums {
    pub(crate) pairs: f64,
    pub(crate) sum: f64,
    pub(crate) square: f64,
    pub(crate) products: Vec<f64>,
}

impl TargetSums {
    pub(crate) fn zeros(n: usize) -> Self {
        Self { pairs: 0.0, sum: 0.0, square: 0.0, products: vec![0.0; n] }
    }

    pub(crate) fn add(&mut self, other: &Self, sign: f64) {
        self.pairs += sign * other.pairs;
        self.sum += sign * other.sum;
        self.square += sign * other.square;
        self.products.iter_mut().zip(&other.products).for_each(|(x, y)| *x += sign * y);
    }

    /// `b`: covariances of the terms with the target.
    pub(crate) fn covariance(&self, features: &FeatureSums) -> Vec<f64> {
        let mean = self.sum / self.pairs;
        self.products
            .iter()
            .zip(&features.sums)
            .map(|(x, sum)| x / self.pairs - mean * sum / self.pairs)
            .collect()
    }

    pub(crate) fn variance(&self) -> f64 {
        let mean = self.sum / self.pairs;
        (self.square / self.pairs - mean * mean).max(0.0)
    }
}

/// Sums of a target and its products with the terms in the making.
pub(crate) struct TargetAccumulator<'a> {
    groups: Option<(&'a Groups, Bins)>,
    terms: &'a [Monomial],
    /// One term's values.
    buffer: Vec<f64>,
    sums: TargetSums,
}

impl<'a> TargetAccumulator<'a> {
    /// Nothing yet; through `groups` where there are some.
    pub(crate) fn new(groups: Option<&'a Groups>, terms: &'a [Monomial]) -> Self {
        let groups = groups.map(|groups| (groups, groups.bins()));
        Self { groups, terms, buffer: Vec::new(), sums: TargetSums::zeros(terms.len()) }
    }

    /// Adds the pairs of `chunk`, whose targets are `target`.
    pub(crate) fn add(&mut self, chunk: &PairChunk, target: &[f64]) {
        self.sums.pairs += target.len() as f64;
        self.sums.square += dot(target, target);
        if let Some((groups, bins)) = &mut self.groups {
            groups.accumulate(bins, chunk, Some(target));
            return;
        }
        self.sums.sum += target.iter().sum::<f64>();
        self.buffer.resize(target.len(), 0.0);
        for (term, product) in self.terms.iter().zip(&mut self.sums.products) {
            let mut sum = 0.0;
            match term.dense.as_slice() {
                [] => sum_where(&mut sum, &chunk.bits, term.mask, target),
                &[a, b] => sum_products(&mut sum, &chunk.dense[a as usize], &chunk.dense[b as usize], target),
                _ => {
                    term.evaluate(chunk, &mut self.buffer);
                    *product += dot(&self.buffer, target);
                    continue;
                }
            }
            *product += term.coefficient * sum;
        }
    }

    pub(crate) fn finish(self) -> TargetSums {
        match self.groups {
            Some((groups, bins)) => groups.target_sums(bins, self.terms, self.sums.pairs, self.sums.square),
            None => self.sums,
        }
    }
}

/// Strands of a sum, so that it vectorises with several vectors in flight.
const STRANDS: usize = 32;

widest! {
    /// Adds the values where all bits of `mask` are set to `sum`.
    fn sum_where(sum: &mut f64, bits: &[u32], mask: u32, values: &[f64]) {
        let mut strands = [0.0; STRANDS];
        let (bits_chunks, values_chunks) = (bits.chunks_exact(STRANDS), values.chunks_exact(STRANDS));
        for (&bits, value) in bits_chunks.remainder().iter().zip(values_chunks.remainder()) {
            *sum += if bits & mask == mask { *value } else { 0.0 };
        }
        for (bits, values) in bits_chunks.zip(values_chunks) {
            for ((strand, &bits), &value) in strands.iter_mut().zip(bits).zip(values) {
                *strand += if bits & mask == mask { value } else { 0.0 };
            }
        }
        *sum += strands.iter().sum::<f64>();
    }

    /// Adds the products of `x`, `y` and `z` to `sum`.
    fn sum_products(sum: &mut f64, x: &[f64], y: &[f64], z: &[f64]) {
        let mut strands = [0.0; STRANDS];
        let whole = z.len() / STRANDS * STRANDS;
        for ((x, y), z) in x[whole..].iter().zip(&y[whole..]).zip(&z[whole..]) {
            *sum += x * y * z;
        }
        let chunks = x.chunks_exact(STRANDS).zip(y.chunks_exact(STRANDS)).zip(z.chunks_exact(STRANDS));
        for ((x, y), z) in chunks {
            for (((strand, x), y), z) in strands.iter_mut().zip(x).zip(y).zip(z) {
                *strand += x * y * z;
            }
        }
        *sum += strands.iter().sum::<f64>();
    }
}
