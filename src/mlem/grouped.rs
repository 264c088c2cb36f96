//! Moments by pattern: pairs that differ in the same categorical features are summed together.
//!
//! Every moment is a sum of products of feature distances, four of them at most. A categorical distance is a bit, so that the
//! pairs a product counts are those whose pattern of bits contains the product's. Each pair therefore adds only the monomials
//! of its numeric distances to the bin of its pattern (35 for three numeric features, where 91 terms have 4,186 products), and
//! sums over supersets of patterns give every moment at the end.
//!
//! Twenty categorical features have too many patterns for that. But a product of four distances, `d` of them numeric, has at most
//! `4 − d` bits: so the bits are cut into fields, and there is a table of bins for every choice of as many fields as a product
//! can have bits. Each product finds all its bits in one of the tables.

use std::collections::BTreeMap;
use std::ops::Range;
use std::{iter, mem};

use super::encode::Columns;
use super::moments::{FeatureSums, Monomial, TargetSums};
use super::pairs::PairChunk;
use crate::numeric::simd::widest;

/// The most cells (bins times monomials) of one table for all patterns.
const ONE_TABLE: usize = 1 << 19;
/// The most cells of a table where there are several, so that each stays in a core's nearest caches: the first of these with which
/// all tables are small enough.
const EACH_TABLE: [usize; 4] = [1 << 13, 1 << 12, 1 << 11, 1 << 10];
/// The most cells of all tables.
const ALL_TABLES: usize = 1 << 21;
/// The most monomials.
const MAX_WIDTH: usize = 1 << 13;
/// The most monomials of several pairs that are held at once.
const HELD: usize = 1 << 15;
/// Pairs that several tables are filled from at once: each table is then brought into the nearest cache less often.
const WAITING: usize = 1 << 13;
/// Pairs whose monomials are made together.
const TOGETHER: usize = 8;
/// Numbers of a vector; the monomials of a bin fill whole ones.
const LANES: usize = 8;

/// How pairs are grouped, and where each moment is found.
#[derive(Debug, Clone)]
pub(crate) struct Groups {
    /// What makes the monomials, in this order.
    steps: Vec<Step>,
    /// Every monomial has its place in one of them.
    parts: Vec<Part>,
    /// How many cells the tables have.
    n_cells: usize,
    /// The cell of all pairs, and of each term.
    all: usize,
    terms: Vec<usize>,
    /// The cell of each product of two terms, row by row of the lower triangle; nothing where there are no such.
    products: Vec<usize>,
}

/// The monomials of `from`, each times a numeric distance, are those from `to` on.
#[derive(Debug, Clone, PartialEq)]
struct Step {
    from: Range<usize>,
    to: usize,
    column: usize,
}

/// Monomials that are summed in the same tables.
#[derive(Debug, Clone, PartialEq)]
struct Part {
    monomials: Range<usize>,
    /// How many cells a bin has.
    width: usize,
    /// How many of the steps make them.
    n_steps: usize,
    tables: Vec<Table>,
}

/// Bins for the patterns of some fields of the bits.
#[derive(Debug, Clone, PartialEq)]
struct Table {
    /// The bits of the pattern that are the lowest ones of a bin's number, those that are the next, and so on.
    fields: Vec<Range<u32>>,
    /// All of them.
    mask: u32,
    /// Its first cell.
    start: usize,
}

/// Sums of monomials by pattern in the making.
#[derive(Debug)]
pub(crate) struct Bins {
    cells: Vec<f64>,
    /// Pairs that are not in the cells yet, with their weights if they have such.
    waiting: PairChunk,
    weights: Vec<f64>,
    /// The monomials of some pairs, and the bins they go to.
    rows: Vec<f64>,
    places: Vec<u32>,
}

impl Groups {
    /// Groups for the sums of `terms` over pairs that differ as in `columns`; `None` where grouping does not pay.
    pub(crate) fn of_terms(columns: &Columns, terms: &[Monomial]) -> Option<Self> {
        let lists = Lists::new(columns.n_dense(), 2)?;
        Self::new(columns.n_bits() as u32, &lists, terms, terms.len().div_ceil(LANES))
    }

    /// Groups for the sums of `terms` and of the products of any two of them.
    pub(crate) fn of_products(columns: &Columns, terms: &[Monomial]) -> Option<Self> {
        let lists = Lists::new(columns.n_dense(), 4)?;
        let mut groups =
            Self::new(columns.n_bits() as u32, &lists, terms, terms.len().pow(2).div_ceil(LANES))?;
        let places = lists.places();
        for (k, a) in terms.iter().enumerate() {
            for b in &terms[..=k] {
                let mut dense = [a.dense.as_slice(), &b.dense].concat();
                dense.sort_unstable();
                groups.products.push(groups.cell(a.mask | b.mask, places.get(dense.as_slice())));
            }
        }
        Some(groups)
    }

    /// Groups that take less than `plain` vectors of numbers to be multiplied and added for each pair, as sums without groups do.
    fn new(n_bits: u32, lists: &Lists, terms: &[Monomial], plain: usize) -> Option<Self> {
        let (parts, n_cells) = parts(n_bits, lists, plain)?;
        let (steps, places) = (lists.steps.clone(), lists.places());
        let mut groups = Self { steps, parts, n_cells, all: 0, terms: Vec::new(), products: Vec::new() };
        groups.all = groups.cell(0, Some(&0));
        let cell = |term: &Monomial| groups.cell(term.mask, places.get(term.dense.as_slice()));
        groups.terms = terms.iter().map(cell).collect();
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

    /// The cell of the monomial at `place` and the pairs whose pattern contains `mask`.
    fn cell(&self, mask: u32, place: Option<&usize>) -> usize {
        let found = place.and_then(|place| {
            let part = self.parts.iter().find(|part| part.monomials.contains(place))?;
            let table = part.tables.iter().find(|table| mask & !table.mask == 0)?;
            Some(table.start + table.bin(mask) as usize * part.width + place - part.monomials.start)
        });
        // Every monomial is in a part, and every product's bits are in a table of it.
        found.unwrap_or_default()
    }

    /// Adds the pairs of `chunk` to `bins`, each counted as often as `weights` says; either all chunks have such, or none.
    pub(crate) fn accumulate(&self, bins: &mut Bins, chunk: &PairChunk, weights: Option<&[f64]>) {
        if self.parts.len() == 1 {
            self.fill(bins, chunk, weights);
            return;
        }
        bins.waiting.extend(chunk);
        bins.weights.extend_from_slice(weights.unwrap_or_default());
        if bins.waiting.len() >= WAITING {
            self.fill_waiting(bins);
        }
    }

    /// Adds the pairs that wait.
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
                make_rows(rows, stride, &self.steps[..part.n_steps], &chunk.dense, pairs.start, weights);
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

/// All products of numeric distances, by their degree.
struct Lists {
    /// The columns of each, sorted.
    columns: Vec<Vec<u32>>,
    steps: Vec<Step>,
    /// Those of degree 0, 1, ….
    degrees: Vec<Range<usize>>,
}

impl Lists {
    /// Products of up to `degree` of `n_dense` columns; `None` where they are too many.
    fn new(n_dense: usize, degree: usize) -> Option<Self> {
        let mut found =
            Self { columns: vec![Vec::new()], steps: Vec::new(), degrees: iter::once(0..1).collect() };
        for _ in 0..degree {
            let previous = found.degrees.last().cloned().unwrap_or_default();
            let start = found.columns.len();
            for column in 0..n_dense {
                // They are in the order of their last columns, so that those to go on from are the first.
                let before = |list: &Vec<u32>| list.last().is_none_or(|&last| last as usize <= column);
                let first = found.columns[previous.clone()].partition_point(before);
                let from = previous.start..previous.start + first;
                if found.columns.len() + from.len() > MAX_WIDTH {
                    return None;
                }
                found.steps.push(Step { from: from.clone(), to: found.columns.len(), column });
                for parent in from {
                    let mut list = found.columns[parent].clone();
                    list.push(column as u32);
                    found.columns.push(list);
                }
            }
            found.degrees.push(start..found.columns.len());
        }
        Some(found)
    }

    /// Which place each has.
    fn places(&self) -> BTreeMap<&[u32], usize> {
        self.columns.iter().map(Vec::as_slice).zip(0..).collect()
    }
}

/// The tables for `lists`, and how many cells they have; `None` where they take more than `plain` vectors.
fn parts(n_bits: u32, lists: &Lists, plain: usize) -> Option<(Vec<Part>, usize)> {
    let Lists { columns, steps, .. } = lists;
    let n_monomials = columns.len();
    if n_bits < 20 && padded(n_monomials) << n_bits <= ONE_TABLE {
        let part = Part {
            monomials: 0..n_monomials,
            width: padded(n_monomials),
            n_steps: steps.len(),
            tables: vec![Table::of(iter::once(0..n_bits).collect(), 0)],
        };
        let n_cells = part.width << n_bits;
        return Some((vec![part], n_cells));
    }
    let (parts, n_cells, vectors) = EACH_TABLE.into_iter().find_map(|most| several(n_bits, lists, most))?;
    (vectors < plain).then_some((parts, n_cells))
}

/// Tables of at most `most` cells each, how many they have in all, and how many vectors each pair takes; `None` where they have
/// too many.
fn several(n_bits: u32, lists: &Lists, most: usize) -> Option<(Vec<Part>, usize, usize)> {
    let Lists { steps, degrees, .. } = lists;
    let (mut parts, mut n_cells, mut vectors) = (Vec::new(), 0, 0);
    for (degree, monomials) in degrees.iter().enumerate().filter(|(_, monomials)| !monomials.is_empty()) {
        let width = padded(monomials.len());
        let n_fields_of_product = degrees.len() - 1 - degree;
        let mut tables = Vec::new();
        for fields in choices(&fields(n_bits, n_fields_of_product as u32, width, most), n_fields_of_product) {
            let table = Table::of(fields, n_cells);
            n_cells += width << table.mask.count_ones();
            tables.push(table);
            if n_cells > ALL_TABLES {
                return None;
            }
        }
        let n_steps = steps.partition_point(|step| step.to < monomials.end);
        let part = Part { monomials: monomials.clone(), width, n_steps, tables };
        // A bin is read and written, and found.
        vectors += 2 * part.tables.len() * (1 + width.div_ceil(LANES)) + part.stride().div_ceil(LANES);
        parts.push(part);
    }
    Some((parts, n_cells, vectors))
}

/// A width that makes whole vectors.
fn padded(width: usize) -> usize {
    if width == 1 { 1 } else { width.next_multiple_of(LANES) }
}

/// Fields of `n_bits`, such that the table of any `n_together` of them and of monomials of `width` has at most `most` cells.
fn fields(n_bits: u32, n_together: u32, width: usize, most: usize) -> Vec<Range<u32>> {
    if n_bits == 0 || n_together == 0 {
        return Vec::new();
    }
    let fits = |field: &u32| width << (field * n_together).min(n_bits) <= most;
    let field = (1..=n_bits).take_while(fits).last().unwrap_or(1);
    let n_fields = n_bits.div_ceil(field);
    (0..n_fields).map(|index| index * n_bits / n_fields..(index + 1) * n_bits / n_fields).collect()
}

/// Every choice of `n` of `fields`, or all of them where there are fewer.
fn choices(fields: &[Range<u32>], n: usize) -> Vec<Vec<Range<u32>>> {
    if fields.len() <= n {
        return vec![fields.to_vec()];
    }
    if n == 0 {
        return vec![Vec::new()];
    }
    let (first, rest) = (&fields[0], &fields[1..]);
    let with = choices(rest, n - 1).into_iter().map(|others| [vec![first.clone()], others].concat());
    with.chain(choices(rest, n)).collect()
}

impl Part {
    /// The length of a pair's row: all monomials up to the last of this part, and room for a vector that begins with any.
    fn stride(&self) -> usize {
        if self.n_steps == 0 { 1 } else { self.monomials.start + self.width + LANES }
    }
}

impl Table {
    fn of(fields: Vec<Range<u32>>, start: usize) -> Self {
        let mask = fields.iter().flat_map(Clone::clone).fold(0, |mask, bit| mask | 1 << bit);
        Self { fields, mask, start }
    }

    /// The number of the bin of the pattern `bits`.
    fn bin(&self, bits: u32) -> u32 {
        let mut places = Vec::new();
        self.places(&[bits], &mut places);
        places[0]
    }

    /// The numbers of the bins of some patterns, into `places`.
    fn places(&self, bits: &[u32], places: &mut Vec<u32>) {
        places.clear();
        places.resize(bits.len(), 0);
        let mut low = 0;
        for field in &self.fields {
            let mask = (1u32 << field.len()).wrapping_sub(1);
            add_field(places, bits, field.start, mask, low);
            low += field.len() as u32;
        }
    }
}

widest! {
    /// Adds the bits of each pattern from `shift` on, those of `mask`, to its bin's number, from its bit `low` on.
    fn add_field(places: &mut [u32], bits: &[u32], shift: u32, mask: u32, low: u32) {
        for (place, bits) in places.iter_mut().zip(bits) {
            *place |= (bits >> shift & mask) << low;
        }
    }

    /// Writes the monomials of pairs, from `first` on, into `rows`: each of their weight (1 without) and what `steps` makes of it.
    fn make_rows(
        rows: &mut [f64],
        stride: usize,
        steps: &[Step],
        dense: &[Vec<f64>],
        first: usize,
        weights: Option<&[f64]>,
    ) {
        for (pair, row) in rows.chunks_exact_mut(stride).enumerate() {
            row[0] = weights.map_or(1.0, |weights| weights[pair]);
        }
        // A step of several pairs at once: none waits for what was just written.
        for (group, rows) in rows.chunks_mut(stride * TOGETHER).enumerate() {
            for Step { from, to, column } in steps {
                let distances = &dense[*column][first + group * TOGETHER..];
                for (row, distance) in rows.chunks_exact_mut(stride).zip(distances) {
                    // Whole vectors: what they write too much, later steps write over, or nobody reads.
                    for start in (0..from.len()).step_by(LANES) {
                        let mut products = [0.0; LANES];
                        products.copy_from_slice(&row[from.start + start..][..LANES]);
                        for product in &mut products {
*product *= distance;
}
                        row[to + start..][..LANES].copy_from_slice(&products);
                    }
                }
            }
        }
    }

    /// Adds the number of each row at `place` to its bin, of one cell.
    fn add_numbers(cells: &mut [f64], places: &[u32], rows: &[f64], stride: usize, place: usize) {
        for (&bin, row) in places.iter().zip(rows.chunks_exact(stride)) {
            cells[bin as usize] += row[place];
        }
    }

    /// Adds `width` numbers of each row, from `first` on, to its bin.
    fn add_rows(cells: &mut [f64], width: usize, places: &[u32], rows: &[f64], stride: usize, first: usize) {
        // Where the compiler knows how many vectors there are, it does without a loop over them.
        match width / LANES {
            1 => add_vectors::<1>(cells, places, rows, stride, first),
            2 => add_vectors::<2>(cells, places, rows, stride, first),
            3 => add_vectors::<3>(cells, places, rows, stride, first),
            4 => add_vectors::<4>(cells, places, rows, stride, first),
            5 => add_vectors::<5>(cells, places, rows, stride, first),
            6 => add_vectors::<6>(cells, places, rows, stride, first),
            7 => add_vectors::<7>(cells, places, rows, stride, first),
            8 => add_vectors::<8>(cells, places, rows, stride, first),
            _ => {
                for (&place, row) in places.iter().zip(rows.chunks_exact(stride)) {
                    let (bin, _) = cells[place as usize * width..][..width].as_chunks_mut::<LANES>();
                    let (row, _) = row[first..][..width].as_chunks::<LANES>();
                    bin.iter_mut().zip(row).for_each(|(sums, monomials)| add_vector(sums, monomials));
                }
            }
        }
    }
}

/// Adds `N` vectors of each row, from `first` on, to its bin.
#[inline(always)]
#[expect(clippy::inline_always, reason = "a part of loops that are compiled for several machines")]
fn add_vectors<const N: usize>(cells: &mut [f64], places: &[u32], rows: &[f64], stride: usize, first: usize) {
    let (bins, _) = cells.as_chunks_mut::<LANES>();
    let (bins, _) = bins.as_chunks_mut::<N>();
    for (&place, row) in places.iter().zip(rows.chunks_exact(stride)) {
        let (row, _) = row[first..][..N * LANES].as_chunks::<LANES>();
        for (sums, monomials) in bins[place as usize].iter_mut().zip(row) {
            add_vector(sums, monomials);
        }
    }
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "a part of loops that are compiled for several machines")]
fn add_vector(sums: &mut [f64; LANES], monomials: &[f64; LANES]) {
    for (sum, monomial) in sums.iter_mut().zip(monomials) {
        *sum += monomial;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts_of(n_bits: u32, n_dense: usize, degree: usize) -> Option<Vec<Part>> {
        Some(parts(n_bits, &Lists::new(n_dense, degree)?, usize::MAX)?.0)
    }

    #[test]
    fn monomials_are_counted_and_made_of_earlier_ones() {
        // Three columns, degree four: 7 choose 3.
        let Lists { columns, steps, degrees } = Lists::new(3, 4).unwrap();
        assert_eq!(columns.len(), 35);
        assert_eq!(degrees, [0..1, 1..4, 4..10, 10..20, 20..35]);
        for Step { from, to, column } in steps {
            for (place, parent) in (to..).zip(from) {
                assert_eq!(columns[place], [columns[parent].as_slice(), &[column as u32]].concat());
                assert!(columns[place].is_sorted());
            }
        }
        assert_eq!(Lists::new(0, 4).unwrap().columns.len(), 1);
        assert!(Lists::new(40, 4).is_none());
    }

    #[test]
    fn a_few_bits_have_one_table_and_many_have_one_for_every_product() {
        assert_eq!(parts_of(10, 3, 4).unwrap().len(), 1);
        let parts = parts_of(30, 10, 4).unwrap();
        assert_eq!(parts.len(), 5);
        for (degree, part) in parts.iter().enumerate() {
            // All choices of as many of nine of the bits as a product with so many numbers can have.
            for bits in (0..1u32 << 9).filter(|bits| bits.count_ones() as usize <= 4 - degree) {
                let mask =
                    (0..9).filter(|bit| bits >> bit & 1 == 1).fold(0, |mask, bit| mask | 1 << (7 * bit % 30));
                assert!(part.tables.iter().any(|table| mask & !table.mask == 0), "{degree} {mask:b}");
            }
        }
    }

    #[test]
    fn grouping_knows_when_it_does_not_pay() {
        assert!(parts(30, &Lists::new(10, 4).unwrap(), 100).is_none());
        assert!(parts(30, &Lists::new(10, 4).unwrap(), 820 * 820 / 8).is_some());
    }

    #[test]
    fn a_bin_has_the_bits_of_its_fields() {
        let table = Table::of(vec![1..3, 5..9], 0);
        assert_eq!(table.mask, 0b1_1110_0110);
        assert_eq!(table.bin(0b0_1010_0100), 0b0101 << 2 | 0b10);
        assert_eq!(Table::of(Vec::new(), 0).bin(7), 0);
    }
}
