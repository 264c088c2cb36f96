//! Moments by pattern: pairs that differ in the same categorical features are summed together.
//!
//! Every moment is a sum over pairs of a product of at most four feature distances. A categorical distance is a bit, and such a
//! product counts a pair only if the pair's pattern of bits contains all bits of the product. Each pair therefore adds only the
//! monomials of its numeric distances to the bin of its pattern (35 for three numeric features, where 91 terms have 4,186
//! products), and sums over supersets of patterns give every moment at the end.
//!
//! Twenty categorical features have too many patterns for one table. But a product of four distances, of which `d` are numeric,
//! has at most `4 − d` bits. So the bits are cut into fields, and there is a table of bins for every choice of `4 − d` fields:
//! each product has all its bits in one of these tables.

mod lists;
mod rows;
mod tables;

use std::mem;

use self::lists::{Lists, Step};
use self::rows::{LANES, add_numbers, add_rows, make_rows};
use self::tables::{Part, parts};
use super::sums::{FeatureSums, Monomial, TargetSums};
use crate::mlem::pairs::{Columns, PairChunk};

/// With fewer terms than this, summing a target term by term is faster.
const MANY_TERMS: usize = 41;
/// The most monomials of several pairs that are held at once.
const HELD: usize = 1 << 15;
/// Where there are several tables, so many pairs are collected before the tables are filled: each table is then loaded into the
/// nearest cache less often.
const WAITING: usize = 1 << 13;

/// How pairs are grouped, and where each moment is found.
#[derive(Debug, Clone)]
pub(crate) struct Groups {
    /// Whether every numeric distance is squared: monomials are then of squares, of half the degree.
    squares: bool,
    /// The steps that make the monomials, in this order.
    steps: Vec<Step>,
    /// Every monomial is in one of them.
    parts: Vec<Part>,
    /// How many cells the tables have.
    n_cells: usize,
    /// The cell of all pairs, and of each term.
    all: usize,
    terms: Vec<usize>,
    /// The cell of each product of two terms, row by row of the lower triangle; empty where products are not summed.
    products: Vec<usize>,
}

/// Sums of monomials by pattern, to be added to.
#[derive(Debug)]
pub(crate) struct Bins {
    cells: Vec<f64>,
    /// Pairs that are not in the cells yet, with their weights if they have weights.
    waiting: PairChunk,
    weights: Vec<f64>,
    /// The monomials of some pairs, and the bins they go to.
    rows: Vec<f64>,
    places: Vec<u32>,
}

impl Groups {
    /// Groups for the sums of `terms` over pairs that differ as in `columns`; `None` where grouping does not pay.
    pub(crate) fn of_terms(columns: &Columns, terms: &[Monomial]) -> Option<Self> {
        if terms.len() < MANY_TERMS {
            return None;
        }
        let lists = Lists::new(columns.n_dense(), 2)?;
        Self::new(columns.n_bits() as u32, false, &lists, terms, terms.len().div_ceil(LANES))
    }

    /// Groups for the sums of `terms` and of the products of any two of them.
    pub(crate) fn of_products(columns: &Columns, terms: &[Monomial]) -> Option<Self> {
        // Without interactions a product of two terms has two factors, each a bit or a square.
        let squares = terms.iter().all(|term| match *term.dense.as_slice() {
            [] => term.mask.count_ones() < 2,
            [a, b] => a == b,
            _ => false,
        });
        let lists = Lists::new(columns.n_dense(), if squares { 2 } else { 4 })?;
        let plain = terms.len().pow(2).div_ceil(LANES);
        let mut groups = Self::new(columns.n_bits() as u32, squares, &lists, terms, plain)?;
        let places = lists.places();
        for (k, a) in terms.iter().enumerate() {
            for b in &terms[..=k] {
                let mut dense = [a.dense.as_slice(), &b.dense].concat();
                dense.sort_unstable();
                let place = *places.get(factors(&dense, squares).as_slice())?;
                groups.products.push(groups.cell(a.mask | b.mask, place)?);
            }
        }
        Some(groups)
    }

    /// Groups, where they take fewer multiplications and additions of vectors for each pair than `plain`, the number that sums
    /// without groups take.
    fn new(n_bits: u32, squares: bool, lists: &Lists, terms: &[Monomial], plain: usize) -> Option<Self> {
        let (parts, n_cells) = parts(n_bits, lists, plain)?;
        let (steps, places) = (lists.steps.clone(), lists.places());
        let mut groups =
            Self { squares, steps, parts, n_cells, all: 0, terms: Vec::new(), products: Vec::new() };
        groups.all = groups.cell(0, 0)?;
        let cell =
            |term: &Monomial| groups.cell(term.mask, *places.get(factors(&term.dense, squares).as_slice())?);
        groups.terms = terms.iter().map(cell).collect::<Option<_>>()?;
        Some(groups)
    }

    /// Bins with nothing in them.
    pub(crate) fn bins(&self) -> Bins {
        Bins {
            cells: vec![0.0; self.n_cells],
            waiting: PairChunk::default(),
            weights: Vec::new(),
            rows: Vec::new(),
            places: Vec::new(),
        }
    }

    /// The cell of the monomial at `place` and the pairs whose pattern contains `mask`; every product has one.
    fn cell(&self, mask: u32, place: usize) -> Option<usize> {
        let part = self.parts.iter().find(|part| part.monomials.contains(&place))?;
        let table = part.tables.iter().find(|table| mask & !table.mask == 0)?;
        Some(table.start + table.bin(mask) as usize * part.width + place - part.monomials.start)
    }

    /// Adds the pairs of `chunk` to `bins`, each times its weight. Either all chunks have weights, or none.
    pub(crate) fn accumulate(&self, bins: &mut Bins, chunk: &PairChunk, weights: Option<&[f64]>) {
        if self.parts.len() == 1 {
            self.fill(bins, chunk, weights);
            return;
        }
        bins.waiting.extend_features(chunk);
        bins.weights.extend_from_slice(weights.unwrap_or_default());
        if bins.waiting.len() >= WAITING {
            self.fill_waiting(bins);
        }
    }

    /// Adds the pairs that were collected.
    fn fill_waiting(&self, bins: &mut Bins) {
        let (mut waiting, mut weights) = (mem::take(&mut bins.waiting), mem::take(&mut bins.weights));
        self.fill(bins, &waiting, (!weights.is_empty()).then_some(&weights));
        waiting.clear();
        weights.clear();
        (bins.waiting, bins.weights) = (waiting, weights);
    }

    fn fill(&self, bins: &mut Bins, chunk: &PairChunk, weights: Option<&[f64]>) {
        let Bins { cells, rows, places, .. } = bins;
        for part in &self.parts {
            let stride = part.stride();
            let at_once = (HELD / stride).max(1);
            for start in (0..chunk.bits.len()).step_by(at_once) {
                let pairs = start..(start + at_once).min(chunk.bits.len());
                rows.resize(rows.len().max(pairs.len() * stride), 0.0);
                let rows = &mut rows[..pairs.len() * stride];
                let weights = weights.map(|weights| &weights[pairs.clone()]);
                let steps = &self.steps[..part.n_steps];
                make_rows(rows, stride, steps, self.squares, &chunk.dense, pairs.start, weights);
                for table in &part.tables {
                    table.places(&chunk.bits[pairs.clone()], places);
                    let cells = &mut cells[table.start..];
                    if part.width == 1 {
                        add_numbers(cells, places, rows, stride, part.monomials.start);
                    } else {
                        add_rows(cells, part.width, places, rows, stride, part.monomials.start);
                    }
                }
            }
        }
    }

    /// The cells, each bin of which is the sum over the patterns that contain its own.
    fn sum_supersets(&self, mut bins: Bins) -> Vec<f64> {
        self.fill_waiting(&mut bins);
        let mut cells = bins.cells;
        for part in &self.parts {
            for table in &part.tables {
                let n_bits = table.mask.count_ones();
                for bit in 0..n_bits {
                    let half = part.width << bit;
                    for both in cells[table.start..][..part.width << n_bits].chunks_exact_mut(2 * half) {
                        let (without, with) = both.split_at_mut(half);
                        without.iter_mut().zip(with).for_each(|(without, with)| *without += *with);
                    }
                }
            }
        }
        cells
    }

    /// The sums of `monomials` and of their products, from `bins` that were filled without weights.
    pub(crate) fn feature_sums(&self, bins: Bins, monomials: &[Monomial]) -> FeatureSums {
        let cells = self.sum_supersets(bins);
        let mut sums = FeatureSums::zeros(monomials.len());
        sums.pairs = cells[self.all];
        let mut products = self.products.iter();
        for (k, (a, &cell)) in monomials.iter().zip(&self.terms).enumerate() {
            sums.sums[k] = a.coefficient * cells[cell];
            for ((l, b), &cell) in monomials[..=k].iter().enumerate().zip(&mut products) {
                let sum = a.coefficient * b.coefficient * cells[cell];
                sums.products[[k, l]] = sum;
                sums.products[[l, k]] = sum;
            }
        }
        sums
    }

    /// The sums of a target and its products with `monomials`, from `bins` that were weighted with the target.
    pub(crate) fn target_sums(
        &self,
        bins: Bins,
        monomials: &[Monomial],
        pairs: f64,
        square: f64,
    ) -> TargetSums {
        let cells = self.sum_supersets(bins);
        let at = |(monomial, &cell): (&Monomial, &usize)| monomial.coefficient * cells[cell];
        let products = monomials.iter().zip(&self.terms).map(at).collect();
        TargetSums { pairs, sum: cells[self.all], square, products }
    }
}

/// The factors of a product of numeric distances, sorted: the distances, or their squares.
fn factors(dense: &[u32], squares: bool) -> Vec<u32> {
    dense.iter().copied().step_by(if squares { 2 } else { 1 }).collect()
}
