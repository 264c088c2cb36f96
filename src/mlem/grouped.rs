//! Moments by pattern: pairs that differ in the same categorical features are summed together.
//!
//! Every moment is a sum of products of feature distances, of degree four at most. A categorical distance is a bit, so that the
//! pairs a product counts are those whose pattern of bits contains the product's. Each pair therefore adds only the monomials
//! of its numeric distances to the bin of its pattern (35 for three numeric features, where 91 terms have 4,186 products), and
//! sums over supersets of patterns give every moment at the end.

use std::collections::BTreeMap;

use super::moments::{FeatureSums, Monomial, TargetSums};
use super::pairs::PairChunk;
use crate::numeric::simd::widest;

/// The most bins times monomials, so that they stay in a core's cache.
const MAX_CELLS: usize = 1 << 19;
/// With more monomials than this, matrix products are the faster way.
const MAX_WIDTH: usize = 128;

/// How pairs are grouped, and where each product is found.
#[derive(Debug, Clone)]
pub(crate) struct Groups {
    n_bits: usize,
    /// Each monomial of numeric distances but the first (which is 1), as an earlier one times a column.
    steps: Vec<(u8, u8)>,
    /// Where the monomial of each sorted list of columns is.
    places: BTreeMap<Vec<u8>, usize>,
}

impl Groups {
    /// Groups for moments of up to `degree` numeric factors; `None` where grouping does not pay.
    pub(crate) fn new(n_bits: usize, n_dense: usize, degree: usize) -> Option<Self> {
        let mut lists: Vec<Vec<u8>> = vec![Vec::new()];
        let mut steps = Vec::new();
        let mut from = 0;
        for _ in 0..degree {
            let to = lists.len();
            for parent in from..to {
                let least = lists[parent].last().copied().unwrap_or(0);
                for column in least..n_dense.min(usize::from(u8::MAX)) as u8 {
                    if lists.len() == MAX_WIDTH {
                        return None;
                    }
                    let mut list = lists[parent].clone();
                    list.push(column);
                    lists.push(list);
                    steps.push((parent as u8, column));
                }
            }
            from = to;
        }
        let places = lists.into_iter().zip(0..).collect::<BTreeMap<_, _>>();
        let fits = n_bits < 20 && places.len() << n_bits <= MAX_CELLS;
        fits.then_some(Self { n_bits, steps, places })
    }

    fn width(&self) -> usize {
        self.places.len()
    }

    /// Bins with nothing in them.
    pub(crate) fn bins(&self) -> Vec<f64> {
        vec![0.0; self.width() << self.n_bits]
    }

    /// Adds the pairs of `chunk` to `bins`, each counted as often as `weights` says.
    pub(crate) fn accumulate(&self, bins: &mut [f64], chunk: &PairChunk, weights: Option<&[f64]>) {
        add_monomials(bins, &self.steps, &chunk.bits, &chunk.dense, weights);
    }

    /// Turns each bin into the sum over the patterns that contain its own.
    fn sum_supersets(&self, bins: &mut [f64]) {
        let width = self.width();
        for bit in 0..self.n_bits {
            let half = width << bit;
            for both in bins.chunks_exact_mut(2 * half) {
                let (without, with) = both.split_at_mut(half);
                without.iter_mut().zip(with).for_each(|(without, with)| *without += *with);
            }
        }
    }

    fn place(&self, dense: &[u8]) -> usize {
        // Every list of at most the degree has its place.
        self.places.get(dense).copied().unwrap_or_default()
    }

    /// The sums of `monomials` and of their products, from `bins` that were filled without weights.
    pub(crate) fn feature_sums(&self, mut bins: Vec<f64>, monomials: &[Monomial]) -> FeatureSums {
        self.sum_supersets(&mut bins);
        let width = self.width();
        let mut sums = FeatureSums::zeros(monomials.len());
        sums.pairs = bins[0];
        // The few different numeric parts, and the places of their products.
        let mut parts: Vec<&[u8]> = monomials.iter().map(|monomial| monomial.dense.as_slice()).collect();
        parts.sort_unstable();
        parts.dedup();
        let part_of: Vec<usize> = monomials
            .iter()
            .map(|monomial| parts.binary_search(&monomial.dense.as_slice()).unwrap_or_default())
            .collect();
        let product_place: Vec<Vec<usize>> = parts
            .iter()
            .map(|a| {
                let with = |b: &&[u8]| {
                    let mut list = [a, *b].concat();
                    list.sort_unstable();
                    self.place(&list)
                };
                parts.iter().map(with).collect()
            })
            .collect();
        for (k, a) in monomials.iter().enumerate() {
            sums.sums[k] = a.coefficient * bins[a.mask as usize * width + self.place(&a.dense)];
            for (l, b) in monomials.iter().enumerate().take(k + 1) {
                let place = product_place[part_of[k]][part_of[l]];
                let sum = a.coefficient * b.coefficient * bins[(a.mask | b.mask) as usize * width + place];
                sums.products[[k, l]] = sum;
                sums.products[[l, k]] = sum;
            }
        }
        sums
    }

    /// The sums of a target and its products with `monomials`, from `bins` that were weighted with the target.
    pub(crate) fn target_sums(
        &self,
        mut bins: Vec<f64>,
        monomials: &[Monomial],
        pairs: f64,
        square: f64,
    ) -> TargetSums {
        self.sum_supersets(&mut bins);
        let at = |monomial: &Monomial| {
            monomial.coefficient * bins[monomial.mask as usize * self.width() + self.place(&monomial.dense)]
        };
        TargetSums { pairs, sum: bins[0], square, products: monomials.iter().map(at).collect() }
    }
}

widest! {
    /// Adds the monomials that `steps` makes of the `dense` distances of each pair to the bin of its bits.
    fn add_monomials(
        bins: &mut [f64],
        steps: &[(u8, u8)],
        bits: &[u32],
        dense: &[Vec<f64>],
        weights: Option<&[f64]>,
    ) {
        let width = steps.len() + 1;
        let mut monomials = [0.0; MAX_WIDTH];
        let mut distances = [0.0; MAX_WIDTH];
        for (pair, &bits) in bits.iter().enumerate() {
            for (distance, column) in distances.iter_mut().zip(dense) {
                *distance = column[pair];
            }
            monomials[0] = weights.map_or(1.0, |weights| weights[pair]);
            for (place, &(parent, column)) in steps.iter().enumerate() {
                monomials[place + 1] =
                    monomials[parent as usize & (MAX_WIDTH - 1)] * distances[column as usize & (MAX_WIDTH - 1)];
            }
            let bin = &mut bins[bits as usize * width..][..width];
            for (sum, monomial) in bin.iter_mut().zip(&monomials) {
                *sum += monomial;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn monomials_are_counted_and_grouping_knows_its_limits() {
        // Three columns, degree four: 7 choose 3.
        assert_eq!(Groups::new(10, 3, 4).unwrap().width(), 35);
        assert_eq!(Groups::new(16, 0, 4).unwrap().width(), 1);
        assert!(Groups::new(20, 0, 4).is_none());
        assert!(Groups::new(0, 12, 4).is_none());
    }
}
