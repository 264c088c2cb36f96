//! Sums of the differences of two rows of numbers, unit by unit.

use super::simd::widest;

widest! {
    /// Adds the squared differences of `x` and `y` to `sum`.
    pub(crate) fn add_squares(sum: &mut f64, x: &[f64], y: &[f64]) {
        *sum += sum_of_differences(x, y, |difference| difference * difference);
    }

    /// Adds the absolute differences of `x` and `y` to `sum`.
    pub(crate) fn add_absolutes(sum: &mut f64, x: &[f64], y: &[f64]) {
        *sum += sum_of_differences(x, y, f64::abs);
    }
}

widest! {
    /// Adds the squared differences of `x` and `y` to `strands`, and writes those that are left over into `rest`.
    pub(crate) fn add_to_strands(strands: &mut [f64; STRANDS], rest: &mut f64, x: &[f64], y: &[f64]) {
        *rest = difference_strands(strands, x, y, |difference| difference * difference);
    }

    /// Adds the sum of its strands to each of `out`.
    pub(crate) fn sum_strands(out: &mut [f64], strands: &[[f64; STRANDS]; SIDE_BY_SIDE]) {
        let mut sums = [0.0; SIDE_BY_SIDE];
        for strand in 0..STRANDS {
            for (sum, strands) in sums.iter_mut().zip(strands) {
                *sum += strands[strand];
            }
        }
        for (to, sum) in out.iter_mut().zip(sums) {
            *to += sum;
        }
    }
}

/// Pairs whose strands are summed side by side: one addition of a sum waits for the one before it.
pub(crate) const SIDE_BY_SIDE: usize = 8;
/// Strands of a sum, so that it vectorises with several vectors in flight.
pub(crate) const STRANDS: usize = 32;

/// The sum over units of `of(x − y)`.
#[inline(always)]
#[expect(clippy::inline_always, reason = "a part of loops that are compiled for several machines")]
fn sum_of_differences(x: &[f64], y: &[f64], of: impl Fn(f64) -> f64) -> f64 {
    let mut strands = [0.0; STRANDS];
    let rest = difference_strands(&mut strands, x, y, of);
    strands.iter().sum::<f64>() + rest
}

/// Adds `of(x − y)` of every unit to its strand. Returns the sum of what is left over.
#[inline(always)]
#[expect(clippy::inline_always, reason = "a part of loops that are compiled for several machines")]
fn difference_strands(strands: &mut [f64; STRANDS], x: &[f64], y: &[f64], of: impl Fn(f64) -> f64) -> f64 {
    let (x_chunks, y_chunks) = (x.chunks_exact(STRANDS), y.chunks_exact(STRANDS));
    let rest: f64 = x_chunks.remainder().iter().zip(y_chunks.remainder()).map(|(x, y)| of(x - y)).sum();
    let mut sums = *strands;
    for (x, y) in x_chunks.zip(y_chunks) {
        for ((strand, x), y) in sums.iter_mut().zip(x).zip(y) {
            *strand += of(x - y);
        }
    }
    *strands = sums;
    rest
}
