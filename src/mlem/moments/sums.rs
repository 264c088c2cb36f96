//! The sums that moments are computed from: products of feature distances, and their sums over pairs.
//!
//! Sums can be added and subtracted: one pass over all pairs gives the sums of every fold's training pairs, which are those of all
//! pairs less those of the pairs that touch the fold.

use ndarray::Array2;

use crate::mlem::pairs::{PairChunk, Slot, Term};

/// A product of feature distances, `coefficient · Π bits · Π dense`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Monomial {
    pub(crate) coefficient: f64,
    /// The bits that must all be set.
    pub(crate) mask: u32,
    /// The numeric columns to multiply, sorted; a column that occurs twice is squared.
    pub(crate) dense: Vec<u32>,
}

impl Monomial {
    /// `d_a · d_b`, times how often it is counted in `d'Wd`.
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
    pub(crate) fn evaluate(&self, chunk: &PairChunk, out: &mut [f64]) {
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
