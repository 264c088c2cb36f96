//! `C` by counting: how many stimuli have each combination of levels of up to four features.

use rayon::prelude::*;

use super::levels::{FACTORS, Factor, Levels, cost_of_pair, factors};
use super::sums::{FeatureSums, Monomial};
use crate::mlem::pairs::{Term, n_pairs};

/// A product of up to four feature distances: the features, ascending; [`NONE`] where there are fewer.
type Product = [u16; FACTORS];
const NONE: u16 = u16::MAX;
/// Products whose sums are computed one after the other on one thread.
const TOGETHER: usize = 256;
/// A combination of more levels than this is not counted.
const MOST_CELLS: f64 = (1 << 20) as f64;

/// A product of two terms, by their numbers.
struct Entry {
    product: Product,
    terms: [u32; 2],
}

fn product(terms: &[Term]) -> Product {
    let mut product = [NONE; FACTORS];
    let features = terms.iter().flat_map(|term| [term.a as u16, term.b as u16]);
    product.iter_mut().zip(features).for_each(|(to, feature)| *to = feature);
    product.sort_unstable();
    product
}

/// The factors of `product`.
fn factors_of(product: Product) -> Vec<Factor> {
    let n = product.iter().take_while(|&&feature| feature != NONE).count();
    factors(&product[..n])
}

/// Buffers that one product leaves for the next.
#[derive(Default)]
struct Scratch {
    /// The factors that are joined in `joint`, all but the last of the product before.
    before: Vec<Factor>,
    joint: Vec<u32>,
    cells: Vec<u32>,
    counts: Vec<u32>,
    x: Vec<f64>,
    y: Vec<f64>,
}

impl Levels {
    /// The sums of `terms` and of their products over all pairs, and over every fold's training pairs; `None` where visits to the pairs
    /// are quicker.
    pub(crate) fn feature_sums(
        &self,
        terms: &[Term],
        monomials: &[Monomial],
    ) -> Option<(FeatureSums, Vec<FeatureSums>)> {
        let mut entries = Vec::with_capacity(terms.len() * (terms.len() + 1) / 2);
        for (k, &a) in terms.iter().enumerate() {
            let of =
                |(l, &b): (usize, &Term)| Entry { product: product(&[a, b]), terms: [k as u32, l as u32] };
            entries.extend(terms[..=k].iter().enumerate().map(of));
        }
        entries.par_sort_unstable_by_key(|entry| entry.product);
        let mut products: Vec<Product> = entries.iter().map(|entry| entry.product).collect();
        products.dedup();
        if self.cost_of(&products)? > n_pairs(self.n_stimuli()) as f64 * cost_of_pair(monomials) {
            return None;
        }
        let singles: Vec<Product> = terms.iter().map(|&term| product(&[term])).collect();
        let (of_products, of_terms) = (self.sums_of(&products), self.sums_of(&singles));
        let n_sets = self.n_sets();
        let mut sets: Vec<FeatureSums> = (0..n_sets).map(|_| FeatureSums::zeros(terms.len())).collect();
        for (set, sums) in sets.iter_mut().enumerate() {
            sums.pairs = n_pairs(self.size(set)) as f64;
            for (k, (sum, monomial)) in sums.sums.iter_mut().zip(monomials).enumerate() {
                *sum = monomial.coefficient * of_terms[k * n_sets + set];
            }
            let mut place = 0;
            for entry in &entries {
                // Both are in the order of the products.
                place += usize::from(products[place] != entry.product);
                let [k, l] = entry.terms.map(|term| term as usize);
                let sum =
                    monomials[k].coefficient * monomials[l].coefficient * of_products[place * n_sets + set];
                sums.products[[k, l]] = sum;
                sums.products[[l, k]] = sum;
            }
        }
        let total = sets.remove(0);
        let training = if sets.is_empty() { vec![total.clone()] } else { sets };
        Some((total, training))
    }

    /// All stimuli; then, where there are several folds, those that are not in each.
    fn n_sets(&self) -> usize {
        if self.folds.len() == 1 { 1 } else { 1 + self.folds.len() }
    }

    /// How many stimuli a set has.
    fn size(&self, set: usize) -> usize {
        self.n_stimuli() - if set == 0 { 0 } else { self.folds[set - 1].len() }
    }

    /// What [`Levels::sums_of`] costs, in additions; `None` where the levels of a product are too many.
    fn cost_of(&self, products: &[Product]) -> Option<f64> {
        let of_product = |&product: &Product| {
            let factors = factors_of(product);
            let work = self.work(&factors);
            (work <= MOST_CELLS).then_some(self.n_stimuli() as f64 + work * self.n_sets() as f64 / 8.0)
        };
        products.iter().map(of_product).sum()
    }

    /// For each of `products` its sum over the pairs of every set.
    fn sums_of(&self, products: &[Product]) -> Vec<f64> {
        let of_some = |products: &[Product]| {
            let mut scratch = Scratch::default();
            let mut sums = Vec::with_capacity(products.len() * self.n_sets());
            for &product in products {
                self.add_sums(&factors_of(product), &mut scratch, &mut sums);
            }
            sums
        };
        products.par_chunks(TOGETHER).map(of_some).collect::<Vec<_>>().concat()
    }

    /// Appends the sums of the product of `factors` over the pairs of every set to `sums`.
    fn add_sums(&self, factors: &[Factor], scratch: &mut Scratch, sums: &mut Vec<f64>) {
        let Scratch { before, joint, cells, counts, x, y } = scratch;
        let Some((&last, rest)) = factors.split_last() else { return };
        if before.is_empty() || before.iter().map(|factor| factor.0).ne(rest.iter().map(|factor| factor.0)) {
            self.cells(rest, joint);
            rest.clone_into(before);
        }
        self.join(joint, last, cells);
        let (n_cells, n_sets) = (self.n_cells(factors), self.n_sets());
        counts.clear();
        counts.resize(n_cells * self.folds.len(), 0);
        for (fold, counts) in self.folds.iter().zip(counts.chunks_exact_mut(n_cells)) {
            for &cell in &cells[fold.clone()] {
                counts[cell as usize] += 1;
            }
        }
        // `(n_cells, n_sets)`.
        x.clear();
        for cell in 0..n_cells {
            let of_folds = counts[cell..].iter().step_by(n_cells);
            let all: u32 = of_folds.clone().sum();
            x.push(f64::from(all));
            if n_sets > 1 {
                x.extend(of_folds.map(|&own| f64::from(all - own)));
            }
        }
        let numbers = x.clone();
        self.multiply(factors, n_sets, x, y);
        let start = sums.len();
        sums.resize(start + n_sets, 0.0);
        let sums = &mut sums[start..];
        add_products(sums, &numbers, x);
        if let Some(own) = self.own(factors) {
            for (numbers, own) in numbers.chunks_exact(n_sets).zip(own) {
                sums.iter_mut().zip(numbers).for_each(|(sum, number)| *sum -= number * own);
            }
        }
        // Every pair was counted from either side.
        for sum in sums {
            *sum *= 0.5;
        }
    }
}

/// Adds to each of `sums` the products of its column in `x` and `y`.
fn add_products(sums: &mut [f64], x: &[f64], y: &[f64]) {
    for (x, y) in x.chunks_exact(sums.len()).zip(y.chunks_exact(sums.len())) {
        for ((sum, x), y) in sums.iter_mut().zip(x).zip(y) {
            *sum += x * y;
        }
    }
}
