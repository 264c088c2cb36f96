//! Products in f32, with the processor's vectors.
//!
//! Every output is one chain of multiply-adds over the inputs in their order, so it does not depend on what else is in the
//! batch, to the last bit. Rows are laid out in groups that are multiplied at once, input by input, so that a group is read from one
//! place. Weights that are held in half precision are made f32 panel by panel, once for a block of rows.

use std::ops::Range;

use super::PANEL;
use super::multiply::{Block, Multiply, Taken};
use super::room::{Both, Rows};
use super::simd::{Kernel, Simd};
use super::weights::Weights;

/// Rows in groups, `(groups, inputs, rows of the group)`, and panels of weights, `(inputs, PANEL)`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Vectors;

/// As many rows as fill the registers of 16 lanes with sums, two vectors a row.
const MOST: usize = 12;

/// How many rows a group has, but for the last: sums of 12 by two vectors of 16 lanes fit the registers, or of 6 by two of 8.
#[inline(always)]
const fn group<S: Simd>() -> usize {
    if S::LANES == 16 { MOST } else { MOST / 2 }
}

/// Calls what is generic over a number of rows with the number that there are.
macro_rules! for_rows {
    ($rows:expr, $call:ident::<$of:ty>($($argument:expr),*)) => {
        match $rows {
            1 => $call::<$of, 1>($($argument),*),
            2 => $call::<$of, 2>($($argument),*),
            3 => $call::<$of, 3>($($argument),*),
            4 => $call::<$of, 4>($($argument),*),
            5 => $call::<$of, 5>($($argument),*),
            6 => $call::<$of, 6>($($argument),*),
            7 => $call::<$of, 7>($($argument),*),
            8 => $call::<$of, 8>($($argument),*),
            9 => $call::<$of, 9>($($argument),*),
            10 => $call::<$of, 10>($($argument),*),
            11 => $call::<$of, 11>($($argument),*),
            _ => $call::<$of, MOST>($($argument),*),
        }
    };
}

impl Multiply for Vectors {
    type Item = f32;
    const ROWS: usize = MOST;
    /// Rows are there twice: as they are, and laid out.
    const VALUES: usize = 80 << 10;

    fn size(self, rows: usize, inputs: usize) -> usize {
        rows * inputs
    }

    fn empty(self) -> f32 {
        0.0
    }

    #[inline(always)]
    fn take<S: Simd>(self, simd: S, x: Taken<'_>, room: &mut [f32]) {
        for (index, to) in room.chunks_mut(group::<S>() * x.inputs).enumerate() {
            let (first, rows) = (index * group::<S>(), to.len() / x.inputs);
            simd.apart(Turn { rows, row: |row: usize| x.row(first + row), to });
        }
    }

    #[inline(always)]
    fn put<S: Simd>(self, simd: S, sums: &[f32], block: Block, panel: usize, to: &mut [f32]) {
        let width = PANEL.min(block.inputs - panel * PANEL);
        let groups = to[block.first * block.inputs..][..block.rows * block.inputs]
            .chunks_mut(group::<S>() * block.inputs)
            .zip(sums.chunks(group::<S>() * PANEL));
        for (to, sums) in groups {
            let rows = to.len() / block.inputs;
            let to = &mut to[panel * PANEL * rows..][..width * rows];
            simd.apart(Turn { rows, row: |row: usize| &sums[row * PANEL..][..width], to });
        }
    }

    fn panel<'a>(
        self,
        weights: &'a Weights,
        inputs: usize,
        index: usize,
        range: Range<usize>,
        room: &'a mut Vec<f32>,
    ) -> &'a [f32] {
        weights.values((index * inputs + range.start) * PANEL, range.len() * PANEL, room)
    }

    fn ahead(self, weights: &Weights, inputs: usize, index: usize, range: Range<usize>) -> &[f32] {
        weights.stored((index * inputs + range.start) * PANEL, range.len() * PANEL)
    }

    fn rows(room: &mut Both) -> &mut Rows<f32> {
        &mut room.values
    }

    #[inline(always)]
    fn product<S: Simd>(
        self,
        simd: S,
        x: &[f32],
        block: Block,
        weights: &[f32],
        ahead: &[f32],
        sums: &mut [f32],
        begin: bool,
    ) {
        let x = &x[block.first * block.inputs..][..block.rows * block.inputs];
        simd.apart(Tiles { x, block, weights, ahead, sums, begin });
    }
}

/// A group of rows, each of as many values, and where they go, `(values, rows)`.
struct Turn<'a, F> {
    rows: usize,
    row: F,
    to: &'a mut [f32],
}

impl<'a, F: Fn(usize) -> &'a [f32]> Kernel for Turn<'a, F> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { rows, row, to } = self;
        for_rows!(rows, turn::<S>(simd, &row, to));
    }
}

/// Rows side by side become values side by side.
#[inline(always)]
fn turn<'a, S: Simd, const ROWS: usize>(simd: S, row: &impl Fn(usize) -> &'a [f32], to: &mut [f32]) {
    let size = to.len() / ROWS;
    let mut whole = 0;
    if ROWS >= 4 {
        whole = size - size % 4;
        for first in (0..ROWS).step_by(4) {
            // The last four may have some of those before them, which come to the same places again.
            let first = first.min(ROWS - 4);
            let (a, b) = (&row(first)[..size], &row(first + 1)[..size]);
            let (c, d) = (&row(first + 2)[..size], &row(first + 3)[..size]);
            for start in (0..whole).step_by(4) {
                let four = [&a[start..], &b[start..], &c[start..], &d[start..]];
                simd.turn(four, &mut to[start * ROWS + first..], ROWS);
            }
        }
    }
    for index in 0..ROWS {
        let values = &row(index)[..size];
        for (to, &value) in to.as_chunks_mut::<ROWS>().0.iter_mut().zip(values).skip(whole) {
            to[index] = value;
        }
    }
}

/// The product of a block of rows with a panel.
struct Tiles<'a> {
    x: &'a [f32],
    block: Block,
    weights: &'a [f32],
    ahead: &'a [f32],
    sums: &'a mut [f32],
    begin: bool,
}

impl Kernel for Tiles<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { x, block, weights, ahead, sums, begin } = self;
        let groups = x.chunks(group::<S>() * block.inputs).zip(sums.chunks_mut(group::<S>() * PANEL));
        for (x, sums) in groups {
            let rows = x.len() / block.inputs;
            for offset in (0..PANEL).step_by(2 * S::LANES) {
                for_rows!(rows, tile::<S>(simd, x, weights, ahead, (&mut *sums, offset), begin));
            }
        }
    }
}

/// Adds to the sums of `ROWS` rows, two vectors of outputs from `offset`, or to zeros.
#[inline(always)]
fn tile<S: Simd, const ROWS: usize>(
    simd: S,
    x: &[f32],
    weights: &[f32],
    ahead: &[f32],
    (sums, offset): (&mut [f32], usize),
    begin: bool,
) {
    /// How many inputs ahead weights are fetched into the first cache.
    const AHEAD: usize = 16;
    /// How many values a cache line has.
    const LINE: usize = 16;
    let mut totals = [[simd.splat(0.0); 2]; ROWS];
    if !begin {
        for (totals, sums) in totals.iter_mut().zip(sums.as_chunks::<PANEL>().0) {
            for (vector, total) in totals.iter_mut().enumerate() {
                *total = simd.load(&sums[offset + vector * S::LANES..]);
            }
        }
    }
    let mut ahead = ahead.chunks(LINE);
    for (column, panel) in x.as_chunks::<ROWS>().0.iter().zip(weights.as_chunks::<PANEL>().0) {
        simd.prefetch(&panel[offset..], AHEAD * PANEL);
        simd.prefetch(&panel[offset..], AHEAD * PANEL + LINE);
        simd.prefetch(column, AHEAD * ROWS);
        if let Some(line) = ahead.next() {
            simd.prefetch_second(line);
        }
        // Loops and not closures: one that the compiler does not inline has no vectors.
        let mut weights = [simd.splat(0.0); 2];
        for (vector, weights) in weights.iter_mut().enumerate() {
            *weights = simd.load(&panel[offset + vector * S::LANES..]);
        }
        for (totals, &x) in totals.iter_mut().zip(column) {
            let x = simd.splat(x);
            for (total, &weight) in totals.iter_mut().zip(&weights) {
                *total = simd.mul_add(x, weight, *total);
            }
        }
    }
    for (totals, sums) in totals.iter().zip(sums.as_chunks_mut::<PANEL>().0) {
        for (vector, &total) in totals.iter().enumerate() {
            simd.store(&mut sums[offset + vector * S::LANES..], total);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::packed::kernels::multiply::blocks;
    use crate::models::packed::kernels::simd::{Level, run_at};
    use crate::numeric::rng::Stream;

    /// Rows by a panel in two steps over the inputs, and laid out again as the inputs of another layer.
    struct Products<'a> {
        x: Taken<'a>,
        panel: &'a [f32],
        sums: &'a mut Vec<f32>,
        again: &'a mut Vec<f32>,
    }

    impl Kernel for Products<'_> {
        #[inline(always)]
        fn run<S: Simd>(self, simd: S) {
            let Self { x, panel, sums, again } = self;
            let (rows, inputs) = (x.len(), x.inputs);
            let mut taken = vec![f32::NAN; rows * inputs];
            Vectors.take(simd, x, &mut taken);
            again.resize(rows * PANEL, f32::NAN);
            for block in blocks::<Vectors>(rows, inputs) {
                let mut of_block = vec![f32::NAN; MOST * PANEL];
                Vectors.product(simd, &taken, block, panel, &[], &mut of_block, true);
                Vectors.product(simd, &taken, block, panel, panel, &mut of_block, false);
                Vectors.put(simd, &of_block, Block { inputs: PANEL, ..block }, 0, again);
                sums.extend(&of_block[..block.rows * PANEL]);
            }
        }
    }

    struct Lay<'a>(Taken<'a>, &'a mut [f32]);

    impl Kernel for Lay<'_> {
        #[inline(always)]
        fn run<S: Simd>(self, simd: S) {
            Vectors.take(simd, self.0, self.1);
            let size = group::<S>().min(self.0.len());
            assert_eq!(
                self.1[..size],
                std::array::from_fn::<f32, MOST, _>(|row| self.0.row(row % size)[0])[..size]
            );
        }
    }

    #[test]
    fn sums_are_chains_over_the_inputs_in_order_whatever_the_number_of_rows() {
        let mut stream = Stream::new(1, "vectors");
        for (rows, inputs) in (1..=26).zip([1, 3, 4, 7, 8, 37].into_iter().cycle()) {
            let x: Vec<f32> = (0..rows * inputs).map(|_| stream.unit() as f32 - 0.5).collect();
            let panel: Vec<f32> = (0..inputs * PANEL).map(|_| stream.unit() as f32 - 0.5).collect();
            // Some of the rows, and the last one first.
            let which: Vec<(u32, f32)> = (0..rows as u32).rev().step_by(2).map(|row| (row, 1.0)).collect();
            for which in [None, Some(which.as_slice())] {
                let x = Taken { x: &x, inputs, which };
                for level in Level::here() {
                    let fused = !matches!(level, Level::Portable(_));
                    let (mut sums, mut again) = (Vec::new(), Vec::new());
                    run_at(level, Products { x, panel: &panel, sums: &mut sums, again: &mut again });
                    assert_eq!(sums.len(), x.len() * PANEL);
                    for (row, sums) in sums.chunks_exact(PANEL).enumerate() {
                        for (output, &sum) in sums.iter().enumerate() {
                            let twice = x.row(row).iter().enumerate().chain(x.row(row).iter().enumerate());
                            let expected = twice.fold(0.0f32, |sum, (input, &x)| {
                                let weight = panel[input * PANEL + output];
                                if fused { x.mul_add(weight, sum) } else { x * weight + sum }
                            });
                            assert_eq!(sum.to_bits(), expected.to_bits(), "{level:?}, {rows} × {inputs}");
                        }
                    }
                    // What is laid out again stands as what is taken.
                    let mut taken = vec![f32::NAN; sums.len()];
                    run_at(level, Lay(Taken { x: &sums, inputs: PANEL, which: None }, &mut taken));
                    assert_eq!(again, taken, "{level:?}");
                }
            }
        }
    }
}
