//! Sums over units of the differences of two stimuli.

use crate::numeric::simd::widest;

/// Strands of a sum, so that it vectorises with several vectors in flight.
const STRANDS: usize = 32;
/// Sums whose strands are added up side by side.
const SIDE_BY_SIDE: usize = 8;

widest! {
    /// Adds the squared differences of `x` and `y` to `sum`.
    pub(super) fn add_squares(sum: &mut f64, x: &[f64], y: &[f64]) {
        let (strands, rest) = strands_of(x, y, |difference| difference * difference);
        *sum += strands.iter().sum::<f64>() + rest;
    }

    /// Adds the absolute differences of `x` and `y` to `sum`.
    pub(super) fn add_absolutes(sum: &mut f64, x: &[f64], y: &[f64]) {
        let (strands, rest) = strands_of(x, y, f64::abs);
        *sum += strands.iter().sum::<f64>() + rest;
    }

    /// The sums of squared differences of `x` and the rows of `all` at `at`, as [`add_squares`] has each.
    pub(super) fn sums_of_squares(out: &mut [f64], x: &[f64], all: &[f64], at: &[u32]) {
        let width = x.len();
        for (out, at) in out.chunks_mut(SIDE_BY_SIDE).zip(at.chunks(SIDE_BY_SIDE)) {
            let (mut strands, mut rest) = ([[0.0; STRANDS]; SIDE_BY_SIDE], [0.0; SIDE_BY_SIDE]);
            for ((&row, strands), rest) in at.iter().zip(&mut strands).zip(&mut rest) {
                let row = &all[row as usize * width..][..width];
                (*strands, *rest) = strands_of(x, row, |difference| difference * difference);
            }
            // Additions of one sum wait for one another, so that several are under way.
            let mut sums = [0.0; SIDE_BY_SIDE];
            for strand in 0..STRANDS {
                for (sum, strands) in sums.iter_mut().zip(&strands) {
                    *sum += strands[strand];
                }
            }
            for ((out, sum), rest) in out.iter_mut().zip(sums).zip(rest) {
                *out = sum + rest;
            }
        }
    }
}

/// The sum over units of `of(x − y)`, in strands, and what is left of it.
#[inline(always)]
#[expect(clippy::inline_always, reason = "a part of loops that are compiled for several machines")]
fn strands_of(x: &[f64], y: &[f64], of: impl Fn(f64) -> f64) -> ([f64; STRANDS], f64) {
    let mut strands = [0.0; STRANDS];
    let (x_chunks, y_chunks) = (x.chunks_exact(STRANDS), y.chunks_exact(STRANDS));
    let rest: f64 = x_chunks.remainder().iter().zip(y_chunks.remainder()).map(|(x, y)| of(x - y)).sum();
    for (x, y) in x_chunks.zip(y_chunks) {
        for ((strand, x), y) in strands.iter_mut().zip(x).zip(y) {
            *strand += of(x - y);
        }
    }
    (strands, rest)
}
