//! Attention within each sequence of a packed batch.
//!
//! Sequences are short, so a head's keys are turned once, to `(d_head, tokens)`: then a row of scores is a sum of
//! vectors, with no sums across lanes. What a token does not see is not computed, so there is no mask and no padding.

use std::ops::Range;

use super::PANEL;
use super::columns::Columns;
use super::distances::{Bias, Distances, disentangle};
use super::math::{activate, exp, for_each};
use super::simd::{self, Kernel, Simd};
use crate::models::declarations::activation::Activation;
use crate::models::declarations::spec::Attention;
use crate::models::sequences::Sequences;

/// An attention layer.
#[derive(Clone, Copy)]
pub(in crate::models) struct Attend<'a> {
    pub(in crate::models) spec: &'a Attention,
    /// How far a token sees.
    pub(in crate::models) reach: Option<usize>,
    pub(in crate::models) bias: Option<&'a Bias>,
    pub(in crate::models) distances: Option<&'a Distances>,
}

impl Attend<'_> {
    /// Attends within each of `sequences`. `qkv` is `(n_tokens, (n_heads + 2 n_kv_heads) d_head)`: queries, keys, values; the
    /// result, `mixed`, is `(n_tokens, n_heads d_head)`.
    pub(in crate::models) fn forward_to(self, qkv: &[f32], sequences: &Sequences, mixed: &mut [f32]) {
        simd::run(Run { attend: self, qkv, sequences, mixed });
    }

    /// The columns (keys, from 0) that row (query) `row` of `n` sees.
    #[inline(always)]
    fn seen(&self, row: usize, n: usize) -> Range<usize> {
        let reach = self.reach.unwrap_or(n);
        let end = if self.spec.causal { row + 1 } else { n.min(row.saturating_add(reach).saturating_add(1)) };
        row.saturating_sub(reach)..end
    }
}

struct Run<'a> {
    attend: Attend<'a>,
    qkv: &'a [f32],
    sequences: &'a Sequences,
    mixed: &'a mut [f32],
}

/// How many queries are taken at once: their sums are chains that wait for themselves and not for each other.
const ROWS: usize = 6;
/// How many values of turned keys are kept for the next sequence: 1 MiB.
const TURNED: usize = 256 << 10;

impl Kernel for Run<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Attention { n_heads, n_kv_heads, d_head, .. } = *self.attend.spec;
        let (qkv, width) = (self.qkv, (n_heads + 2 * n_kv_heads) * d_head);
        // Tokens to a whole number of vectors; what is beyond a sequence is never looked at.
        let columns = self.sequences.longest().next_multiple_of(PANEL);
        // All heads of a sequence while its tokens are in the cache. Where keys are shared by the next one, each head has a place
        // for its own, for as many heads as there is room for.
        let size = d_head * columns;
        let (at_once, places) = if self.sequences.shares_prefixes() {
            let fit = (TURNED / size).clamp(1, n_kv_heads);
            (fit, fit)
        } else {
            (n_kv_heads, 1)
        };
        let mut turned = vec![0.0; places * size];
        // As many more as a vector may run over the end of what is seen.
        let mut scores = vec![0.0; ROWS * (columns + PANEL)];
        for first_head in (0..n_kv_heads).step_by(at_once) {
            for sequence in self.sequences.iter() {
                for kv_head in first_head..n_kv_heads.min(first_head + at_once) {
                    let keys = &mut turned[kv_head % places * size..][..size];
                    let path = sequence.path;
                    // The shared keys are there still, from the sequence before.
                    for (column, &token) in path.iter().enumerate().skip(sequence.shared) {
                        let key = &qkv[token as usize * width + (n_heads + kv_head) * d_head..][..d_head];
                        for (keys, &value) in keys.chunks_exact_mut(columns).zip(key) {
                            keys[column] = value;
                        }
                    }
                    let group = n_heads / n_kv_heads;
                    for head in kv_head * group..(kv_head + 1) * group {
                        let of = Head { attend: self.attend, qkv, path, head, kv_head, keys, columns };
                        let mut row = sequence.shared;
                        while row < path.len() {
                            // A few rows that are computed twice are sooner done than one after the other.
                            if path.len() - row > ROWS / 2 {
                                of.rows::<S, ROWS>(simd, row, &mut scores, self.mixed);
                                row += ROWS;
                            } else {
                                of.rows::<S, 1>(simd, row, &mut scores, self.mixed);
                                row += 1;
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A head of a sequence.
struct Head<'a> {
    attend: Attend<'a>,
    qkv: &'a [f32],
    path: &'a [u32],
    head: usize,
    kv_head: usize,
    /// `(d_head, columns)`.
    keys: &'a [f32],
    columns: usize,
}

impl Head<'_> {
    /// The part of a token's queries, keys and values that is the one of number `head`.
    #[inline(always)]
    fn part(&self, token: u32, head: usize) -> &[f32] {
        let Attention { n_heads, n_kv_heads, d_head, .. } = *self.attend.spec;
        &self.qkv[(token as usize * (n_heads + 2 * n_kv_heads) + head) * d_head..][..d_head]
    }

    /// Attention of `R` rows from `first`, or of those that there are.
    #[inline(always)]
    fn rows<S: Simd, const R: usize>(&self, simd: S, first: usize, scores: &mut [f32], mixed: &mut [f32]) {
        let Attention { n_heads, n_kv_heads, d_head, scale, .. } = *self.attend.spec;
        let n = self.path.len();
        let (mut rows, mut outs, mut queries) = ([0; R], [0; R], [[].as_slice(); R]);
        for (place, ((row, out), query)) in rows.iter_mut().zip(&mut outs).zip(&mut queries).enumerate() {
            *row = (first + place).min(n - 1);
            *out = (self.path[*row] as usize * n_heads + self.head) * d_head;
            *query = self.part(self.path[*row], self.head);
        }
        // What one of them sees, and not what all of them do.
        let seen = self.attend.seen(rows[0], n).start..self.attend.seen(rows[R - 1], n).end;
        score::<S, R>(simd, queries, scale, (self.keys, self.columns), scores, &seen);
        let stride = scores.len() / ROWS;
        // Which lane a key is in does not depend on the row, or on the rows beside it.
        let begin = seen.start - seen.start % S::LANES;
        let n_vectors = (seen.end - begin).div_ceil(S::LANES);
        for (row, scores) in rows.into_iter().zip(scores.chunks_exact_mut(stride)) {
            self.add(simd, row, &mut scores[..begin + n_vectors * S::LANES], begin);
        }
        softmax::<S, R>(simd, scores, stride, begin, n_vectors);
        for (row, scores) in rows.into_iter().zip(scores.chunks_exact_mut(stride)) {
            let own = self.attend.seen(row, n);
            scores[seen.start..own.start].fill(0.0);
            if own.end < seen.end {
                scores[own.end..seen.end].fill(0.0);
            }
        }
        let tokens = &self.path[seen.clone()];
        let values = |token| self.part(token, n_heads + n_kv_heads + self.kv_head);
        mix::<S, R>(
            simd,
            &scores[seen.start..],
            stride,
            tokens,
            values,
            mixed,
            &outs[..R.min(n - first)],
            d_head,
        );
    }

    /// Adds to the scores of `row` what is added to them, and caps them; what it does not see from `begin` on is -∞.
    #[inline(always)]
    fn add<S: Simd>(&self, simd: S, row: usize, scores: &mut [f32], begin: usize) {
        let Attention { scale, cap, .. } = *self.attend.spec;
        let seen = self.attend.seen(row, self.path.len());
        if let Some(distances) = self.attend.distances {
            let query = self.part(self.path[row], self.head);
            let keys = (self.keys, self.columns, scale);
            disentangle(simd, (query, row), keys, distances, self.head, scores, &seen);
        }
        let of_seen = &mut scores[seen.clone()];
        if let Some(bias) = self.attend.bias {
            let start = self.head * (2 * bias.longest - 1) + bias.longest - 1 + seen.start - row;
            for (score, &value) in of_seen.iter_mut().zip(&bias.values[start..]) {
                *score += value;
            }
        }
        if let Some(cap) = cap {
            let (by, times) = (simd.splat(1.0 / cap), simd.splat(cap));
            for_each(simd, of_seen, |simd, score| {
                simd.mul(activate(simd, Activation::Tanh, simd.mul(score, by)), times)
            });
        }
        scores[begin..seen.start].fill(f32::NEG_INFINITY);
        scores[seen.end..].fill(f32::NEG_INFINITY);
    }
}

/// The scores of `R` queries, `(d_head,)`, with the keys, `(d_head, columns)`, that one of them sees (and some beside them).
#[inline(always)]
fn score<S: Simd, const R: usize>(
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
fn softmax<S: Simd, const R: usize>(simd: S, scores: &mut [f32], stride: usize, start: usize, n: usize) {
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
fn mix<'a, S: Simd, const R: usize>(
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::packed::kernels::simd::{Level, run_at};

    /// Attention in f64, straight from its formula.
    fn expected(
        attend: Attend<'_>,
        qkv: &[f32],
        tokens: Range<usize>,
        query: usize,
        head: usize,
    ) -> Vec<f64> {
        let spec = attend.spec;
        let width = (spec.n_heads + 2 * spec.n_kv_heads) * spec.d_head;
        let at = |token: usize, head: usize, unit: usize| {
            f64::from(qkv[token * width + head * spec.d_head + unit])
        };
        let kv_head = head / (spec.n_heads / spec.n_kv_heads);
        let exps: Vec<f64> = tokens
            .clone()
            .map(|key| {
                let far = attend.reach.is_some_and(|reach| key.abs_diff(query) > reach);
                if far || (spec.causal && key > query) {
                    return 0.0;
                }
                let dot: f64 =
                    (0..spec.d_head).map(|u| at(query, head, u) * at(key, spec.n_heads + kv_head, u)).sum();
                let mut score = dot * f64::from(spec.scale);
                if let Some(distances) = attend.distances {
                    let of = |table: &[f32], unit: usize| {
                        let row = (head * spec.d_head + unit) * distances.columns;
                        f64::from(table[row + distances.longest - 1 + key - query])
                    };
                    let sum: f64 = (0..spec.d_head)
                        .map(|unit| {
                            at(query, head, unit) * of(&distances.keys, unit)
                                + at(key, spec.n_heads + kv_head, unit) * of(&distances.queries, unit)
                        })
                        .sum();
                    score += sum * f64::from(spec.scale);
                }
                if let Some(bias) = attend.bias {
                    let distance = (key + bias.longest - 1) - query;
                    score += f64::from(bias.values[head * (2 * bias.longest - 1) + distance]);
                }
                if let Some(cap) = spec.cap {
                    score = (score / f64::from(cap)).tanh() * f64::from(cap);
                }
                score.exp()
            })
            .collect();
        let total: f64 = exps.iter().sum();
        let value = |unit| {
            let values = tokens.clone().map(|key| at(key, spec.n_heads + spec.n_kv_heads + kv_head, unit));
            values.zip(&exps).map(|(value, exp)| exp / total * value).sum()
        };
        (0..spec.d_head).map(value).collect()
    }

    #[test]
    fn mixes_are_those_of_the_formula_at_any_length() {
        let lengths = [1usize, 7, 16, 40];
        let n_tokens: usize = lengths.iter().sum();
        let tokens = [0; 40];
        let sequences = Sequences::new(lengths.iter().map(|&length| &tokens[..length]));
        let ranges = || {
            let ends = lengths.iter().scan(0, |end, &length| {
                *end += length;
                Some(*end - length..*end)
            });
            ends.collect::<Vec<_>>().into_iter()
        };
        let bias =
            Bias { longest: 50, values: (0..4 * 99).map(|i| (i * 31 % 17) as f32 / 9.0 - 1.0).collect() };
        let full = Attention::full(4, 20);
        let grouped = Attention { n_kv_heads: 2, causal: true, cap: Some(0.9), ..full.clone() };
        let columns = Distances::columns(45);
        let table = |seed: usize| (0..80 * columns).map(|i| (i * seed % 19) as f32 / 12.0 - 0.8).collect();
        let distances = Distances { longest: 45, columns, keys: table(31), queries: table(37) };
        for (spec, reach, bias, distances) in [
            (&full, None, None, None),
            (&full, Some(3), None, None),
            (&full, None, Some(&bias), None),
            (&full, None, None, Some(&distances)),
            (&grouped, None, None, None),
            (&grouped, Some(5), Some(&bias), None),
        ] {
            let attend = Attend { spec, reach, bias, distances };
            let width = (4 + 2 * spec.n_kv_heads) * 20;
            let qkv: Vec<f32> = (0..n_tokens * width).map(|i| (i * 7919 % 257) as f32 / 90.0 - 1.4).collect();
            for level in Level::here() {
                let mut mixed = vec![0.0; n_tokens * 80];
                run_at(level, Run { attend, qkv: &qkv, sequences: &sequences, mixed: &mut mixed });
                for tokens in ranges() {
                    for (query, head) in
                        tokens.clone().flat_map(|query| (0..4).map(move |head| (query, head)))
                    {
                        let expected = expected(attend, &qkv, tokens.clone(), query, head);
                        for (found, expected) in mixed[(query * 4 + head) * 20..][..20].iter().zip(expected) {
                            assert!(
                                (f64::from(*found) - expected).abs() < 1e-5,
                                "{level:?}: {found} {expected}"
                            );
                        }
                    }
                }
            }
        }
    }
}
