//! From pairs to sums: by pattern where grouping pays, else pair by pair.

use super::grouped::{Bins, Groups};
use super::sums::{FeatureSums, Monomial, TargetSums};
use crate::mlem::pairs::{Columns, Coverage, PairChunk, Task};
use crate::numeric::linalg::{add_gram, dot};
use crate::numeric::simd::widest;

impl FeatureSums {
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

/// Adds up the sums of a target and of its products with the terms.
pub(crate) struct TargetAccumulator<'a> {
    groups: Option<(&'a Groups, Bins)>,
    terms: &'a [Monomial],
    /// The values of one term.
    buffer: Vec<f64>,
    sums: TargetSums,
}

impl<'a> TargetAccumulator<'a> {
    /// No pairs yet. They are summed by pattern where there are `groups`.
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
