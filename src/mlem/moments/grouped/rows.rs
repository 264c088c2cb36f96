//! The loops over pairs: their bins, their products, and the sums of these.

use super::lists::Step;
use crate::numeric::simd::widest;

/// Pairs whose monomials are computed together.
const TOGETHER: usize = 8;
/// Numbers of a vector; the monomials of a bin fill whole ones.
pub(super) const LANES: usize = 8;

widest! {
    /// Adds the bits of each pattern from `shift` on, those of `mask`, to its bin's number, from its bit `low` on.
    pub(super) fn add_field(places: &mut [u32], bits: &[u32], shift: u32, mask: u32, low: u32) {
        for (place, bits) in places.iter_mut().zip(bits) {
            *place |= (bits >> shift & mask) << low;
        }
    }

    /// Writes the monomials of the pairs from `first` on into `rows`: each row is the pair's weight (1 without weights), and its
    /// products by `steps`, of the distances or (where that is said) of their squares.
    pub(super) fn make_rows(
        rows: &mut [f64],
        stride: usize,
        steps: &[Step],
        squares: bool,
        dense: &[Vec<f64>],
        first: usize,
        weights: Option<&[f64]>,
    ) {
        for (pair, row) in rows.chunks_exact_mut(stride).enumerate() {
            row[0] = weights.map_or(1.0, |weights| weights[pair]);
        }
        // Each step is done for several pairs at once, so that no product waits for one that was just written.
        for (group, rows) in rows.chunks_mut(stride * TOGETHER).enumerate() {
            for Step { from, to, column } in steps {
                let distances = &dense[*column][first + group * TOGETHER..];
                for (row, &distance) in rows.chunks_exact_mut(stride).zip(distances) {
                    let factor = if squares { distance * distance } else { distance };
                    // Whole vectors are written: the surplus is overwritten by later steps, or never read.
                    for start in (0..from.len()).step_by(LANES) {
                        let mut products = [0.0; LANES];
                        products.copy_from_slice(&row[from.start + start..][..LANES]);
                        for product in &mut products {
*product *= factor;
}
                        row[to + start..][..LANES].copy_from_slice(&products);
                    }
                }
            }
        }
    }

    /// Adds the number of each row at `place` to its bin, of one cell.
    pub(super) fn add_numbers(cells: &mut [f64], places: &[u32], rows: &[f64], stride: usize, place: usize) {
        for (&bin, row) in places.iter().zip(rows.chunks_exact(stride)) {
            cells[bin as usize] += row[place];
        }
    }

    /// Adds `width` numbers of each row, from `first` on, to its bin.
    pub(super) fn add_rows(cells: &mut [f64], width: usize, places: &[u32], rows: &[f64], stride: usize, first: usize) {
        // Where the number of vectors is known when compiling, there is no loop over them.
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
