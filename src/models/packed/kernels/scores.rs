//! Scores of a few queries side by side: products with keys, shares of one, and the sum of values that they weigh.

use std::ops::Range;

use super::columns::Columns;
use super::math::exp;
use super::simd::Simd;

/// How many queries are taken at once: their sums are chains that wait for themselves and not for each other.
pub(super) const ROWS: usize = 6;

/// The scores of `R` queries, `(d_head,)`, with the keys, `(d_head, columns)`, that one of them sees (and some beside them).
#[inline(always)]
pub(super) fn score<S: Simd, const R: usize>(
    simd: S,
    queries: [&[f32]; R],
    scale: f32,
    keys: (&[f32], usize),
    scores: &mut [f32],
    seen: &Range<usize>,
) {
    let mut start = seen.start - seen.start % S::LANES;
    // As many vectors side by side as there are registers for their sums.
    if S::LANES == 16 || R == 1 {
        while start + 3 * S::LANES < seen.end {
            score_vectors::<S, R, 4>(simd, queries, scale, keys, scores, start);
            start += 4 * S::LANES;
        }
    }
    while start + S::LANES < seen.end {
        score_vectors::<S, R, 2>(simd, queries, scale, keys, scores, start);
        start += 2 * S::LANES;
    }
    if start < seen.end {
        score_vectors::<S, R, 1>(simd, queries, scale, keys, scores, start);
    }
}

/// The scores of `R` queries with `N` vectors of keys from `start`.
#[inline(always)]
fn score_vectors<S: Simd, const R: usize, const N: usize>(
    simd: S,
    queries: [&[f32]; R],
    scale: f32,
    (keys, columns): (&[f32], usize),
    scores: &mut [f32],
    start: usize,
) {
    let mut sums = [[simd.splat(0.0); N]; R];
    for (units, row) in Columns::of(queries).iter().zip(keys.chunks_exact(columns)) {
        let row = &row[start..][..N * S::LANES];
        let mut keys = [simd.splat(0.0); N];
        for (vector, keys) in keys.iter_mut().enumerate() {
            *keys = simd.load(&row[vector * S::LANES..]);
        }
        for (query, sums) in sums.iter_mut().enumerate() {
            let unit = simd.splat(units.get(query));
            for (sum, &keys) in sums.iter_mut().zip(&keys) {
                *sum = simd.mul_add(unit, keys, *sum);
            }
        }
    }
    let (scale, stride) = (simd.splat(scale), scores.len() / ROWS);
    for (sums, scores) in sums.into_iter().zip(scores.chunks_exact_mut(stride)) {
        for (vector, sum) in sums.into_iter().enumerate() {
            simd.store(&mut scores[start + vector * S::LANES..], simd.mul(sum, scale));
        }
    }
}

/// `e^(s - max) / sum` of `R` rows that are `stride` apart: `n` whole vectors of each from `start`. What is to count for nothing
/// is -∞, of which `exp` makes less than rounding. Rows go side by side, for each waits for itself at every step.
// Loops and not closures: one that the compiler does not inline has no vectors, and calls a function for each operation.
#[inline(always)]
pub(super) fn softmax<S: Simd, const R: usize>(
    simd: S,
    scores: &mut [f32],
    stride: usize,
    start: usize,
    n: usize,
) {
    let mut most = [simd.splat(f32::NEG_INFINITY); R];
    for vector in 0..n {
        for (row, most) in most.iter_mut().enumerate() {
            *most = simd.max(simd.load(&scores[row * stride + start + vector * S::LANES..]), *most);
        }
    }
    for most in &mut most {
        *most = simd.splat(simd.most(*most));
    }
    let mut total = [simd.splat(0.0); R];
    for vector in 0..n {
        for (row, (total, &most)) in total.iter_mut().zip(&most).enumerate() {
            let scores = &mut scores[row * stride + start + vector * S::LANES..][..S::LANES];
            let weights = exp(simd, simd.sub(simd.load(scores), most));
            *total = simd.add(*total, weights);
            simd.store(scores, weights);
        }
    }
    for total in &mut total {
        *total = simd.splat(1.0 / simd.sum(*total));
    }
    for vector in 0..n {
        for (row, &share) in total.iter().enumerate() {
            let scores = &mut scores[row * stride + start + vector * S::LANES..][..S::LANES];
            simd.store(scores, simd.mul(simd.load(scores), share));
        }
    }
}

/// For each of `R` rows the sum of the values of `tokens`, `(d_head,)` each, as the row's weights say; rows of weights are `stride`
/// apart. The sums go to `outs`, of as many rows as are wanted.
#[expect(clippy::too_many_arguments, reason = "weights, values and places of the sums, each with its size")]
#[inline(always)]
pub(super) fn mix<'a, S: Simd, const R: usize>(
    simd: S,
    weights: &[f32],
    stride: usize,
    tokens: &[u32],
    values: impl Fn(u32) -> &'a [f32],
    mixed: &mut [f32],
    outs: &[usize],
    d_head: usize,
) {
    let mut rows = [[].as_slice(); R];
    for (row, of) in rows.iter_mut().enumerate() {
        *of = &weights[row * stride..][..tokens.len()];
    }
    let weights = rows;
    let mut start = 0;
    // As many vectors side by side as there are registers for their sums.
    if S::LANES == 16 || R == 1 {
        while start + 4 * S::LANES <= d_head {
            mix_vectors::<S, R, 4>(simd, weights, tokens, &values, mixed, outs, start);
            start += 4 * S::LANES;
        }
    }
    while start + 2 * S::LANES <= d_head {
        mix_vectors::<S, R, 2>(simd, weights, tokens, &values, mixed, outs, start);
        start += 2 * S::LANES;
    }
    while start + S::LANES <= d_head {
        mix_vectors::<S, R, 1>(simd, weights, tokens, &values, mixed, outs, start);
        start += S::LANES;
    }
    for (weights, &out) in weights.iter().zip(outs) {
        for unit in start..d_head {
            let products = weights.iter().zip(tokens).map(|(&weight, &token)| weight * values(token)[unit]);
            mixed[out + unit] = products.fold(0.0, |sum, product| sum + product);
        }
    }
}

/// `N` vectors of the sums, from unit `start`, which stay in registers.
#[inline(always)]
fn mix_vectors<'a, S: Simd, const R: usize, const N: usize>(
    simd: S,
    weights: [&[f32]; R],
    tokens: &[u32],
    values: &impl Fn(u32) -> &'a [f32],
    mixed: &mut [f32],
    outs: &[usize],
    start: usize,
) {
    let mut sums = [[simd.splat(0.0); N]; R];
    for (weights, &token) in Columns::of(weights).iter().zip(tokens) {
        let row = &values(token)[start..][..N * S::LANES];
        let mut values = [simd.splat(0.0); N];
        for (vector, values) in values.iter_mut().enumerate() {
            *values = simd.load(&row[vector * S::LANES..]);
        }
        for (row, sums) in sums.iter_mut().enumerate() {
            let weight = simd.splat(weights.get(row));
            for (sum, &value) in sums.iter_mut().zip(&values) {
                *sum = simd.mul_add(weight, value, *sum);
            }
        }
    }
    for (sums, out) in sums.into_iter().zip(outs) {
        for (vector, sum) in sums.into_iter().enumerate() {
            simd.store(&mut mixed[out + start + vector * S::LANES..], sum);
        }
    }
}
