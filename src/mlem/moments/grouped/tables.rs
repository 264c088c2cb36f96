//! The tables of bins, and which products are summed in which.

use std::iter;
use std::ops::Range;

use super::lists::Lists;
use super::rows::{LANES, add_field};

/// The most cells (bins times monomials) of one table for all patterns.
const ONE_TABLE: usize = 1 << 19;
/// The most cells of one table where there are several, so that each stays in a core's nearest caches. The first of these numbers
/// with which all tables together are small enough is taken.
const EACH_TABLE: [usize; 4] = [1 << 13, 1 << 12, 1 << 11, 1 << 10];
/// The most cells of all tables.
const ALL_TABLES: usize = 1 << 21;

/// Monomials that are summed in the same tables.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    pub(super) monomials: Range<usize>,
    /// How many cells a bin has.
    pub(super) width: usize,
    /// How many of the steps make them.
    pub(super) n_steps: usize,
    pub(super) tables: Vec<Table>,
}

/// Bins for the patterns of some fields of the bits.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Table {
    /// The fields of the pattern that make a bin's number, from its lowest bits up.
    fields: Vec<Range<u32>>,
    /// The bits of all fields.
    pub(super) mask: u32,
    /// Its first cell.
    pub(super) start: usize,
}

/// The tables for `lists`, and how many cells they have; `None` where a pair takes as many vectors as `plain`, or more.
pub(super) fn parts(n_bits: u32, lists: &Lists, plain: usize) -> Option<(Vec<Part>, usize)> {
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
        // Each bin is found, read and written.
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
    pub(super) fn stride(&self) -> usize {
        if self.n_steps == 0 { 1 } else { self.monomials.start + self.width + LANES }
    }
}

impl Table {
    fn of(fields: Vec<Range<u32>>, start: usize) -> Self {
        let mask = fields.iter().flat_map(Clone::clone).fold(0, |mask, bit| mask | 1 << bit);
        Self { fields, mask, start }
    }

    /// The number of the bin of the pattern `bits`.
    pub(super) fn bin(&self, bits: u32) -> u32 {
        let mut places = Vec::new();
        self.places(&[bits], &mut places);
        places[0]
    }

    /// The numbers of the bins of some patterns, into `places`.
    pub(super) fn places(&self, bits: &[u32], places: &mut Vec<u32>) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn parts_of(n_bits: u32, n_dense: usize, degree: usize) -> Option<Vec<Part>> {
        Some(parts(n_bits, &Lists::new(n_dense, degree)?, usize::MAX)?.0)
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
