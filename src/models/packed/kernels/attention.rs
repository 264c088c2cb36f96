//! Attention within each sequence of a packed batch.
//!
//! Sequences are short, so a head's keys are turned once, to `(d_head, tokens)`: then a row of scores is a sum of
//! vectors, with no sums across lanes. What a token does not see is not computed, so there is no mask and no padding.

use std::ops::Range;

use super::PANEL;
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

impl Kernel for Run<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Attention { n_heads, n_kv_heads, d_head, scale, cap, .. } = *self.attend.spec;
        let width = (n_heads + 2 * n_kv_heads) * d_head;
        let head_of = |token: u32, head: usize| &self.qkv[token as usize * width + head * d_head..][..d_head];
        // Tokens to a whole number of vectors; what is beyond a sequence is never looked at.
        let columns = self.sequences.longest().next_multiple_of(PANEL);
        let mut turned = vec![0.0; d_head * columns];
        // As many more as a vector may run over the end of what is seen.
        let mut scores = vec![0.0; columns + PANEL];
        for kv_head in 0..n_kv_heads {
            for sequence in self.sequences.iter() {
                let path = sequence.path;
                // The shared keys are there still, from the sequence before.
                for (column, &token) in path.iter().enumerate().skip(sequence.shared) {
                    let key = head_of(token, n_heads + kv_head);
                    for (place, &value) in turned[column..].iter_mut().step_by(columns).zip(key) {
                        *place = value;
                    }
                }
                let group = n_heads / n_kv_heads;
                for head in kv_head * group..(kv_head + 1) * group {
                    for (row, &query) in path.iter().enumerate().skip(sequence.shared) {
                        let seen = self.attend.seen(row, path.len());
                        score(simd, head_of(query, head), scale, (&turned, columns), &mut scores, &seen);
                        if let Some(distances) = self.attend.distances {
                            let query = head_of(query, head);
                            disentangle(
                                simd,
                                (query, row),
                                (&turned, columns, scale),
                                distances,
                                head,
                                &mut scores,
                                &seen,
                            );
                        }
                        let n_seen = seen.len();
                        let scores = &mut scores[seen.start..][..n_seen.next_multiple_of(S::LANES)];
                        if let Some(bias) = self.attend.bias {
                            let start = head * (2 * bias.longest - 1) + bias.longest - 1 + seen.start - row;
                            for (score, &value) in scores[..n_seen].iter_mut().zip(&bias.values[start..]) {
                                *score += value;
                            }
                        }
                        if let Some(cap) = cap {
                            let (by, times) = (simd.splat(1.0 / cap), simd.splat(cap));
                            for_each(simd, &mut scores[..n_seen], |simd, score| {
                                simd.mul(activate(simd, Activation::Tanh, simd.mul(score, by)), times)
                            });
                        }
                        scores[n_seen..].fill(f32::NEG_INFINITY);
                        softmax(simd, scores);
                        let out = &mut self.mixed[(query as usize * n_heads + head) * d_head..][..d_head];
                        let values = |token| head_of(token, n_heads + n_kv_heads + kv_head);
                        mix(simd, &scores[..n_seen], &path[seen], values, out);
                    }
                }
            }
        }
    }
}

/// The scores of a query, `(d_head,)`, with the keys, `(d_head, columns)`, that it sees (and some beside them).
#[inline(always)]
fn score<S: Simd>(
    simd: S,
    query: &[f32],
    scale: f32,
    (keys, columns): (&[f32], usize),
    scores: &mut [f32],
    seen: &Range<usize>,
) {
    let mut start = seen.start - seen.start % S::LANES;
    // Each vector is a chain of sums that wait for each other: four go side by side.
    while start + 3 * S::LANES < seen.end {
        score_vectors::<S, 4>(simd, query, scale, (keys, columns), scores, start);
        start += 4 * S::LANES;
    }
    if start + 2 * S::LANES < seen.end {
        score_vectors::<S, 3>(simd, query, scale, (keys, columns), scores, start);
    } else if start + S::LANES < seen.end {
        score_vectors::<S, 2>(simd, query, scale, (keys, columns), scores, start);
    } else if start < seen.end {
        score_vectors::<S, 1>(simd, query, scale, (keys, columns), scores, start);
    }
}

/// The scores of `N` vectors of keys from `start`.
#[inline(always)]
fn score_vectors<S: Simd, const N: usize>(
    simd: S,
    query: &[f32],
    scale: f32,
    (keys, columns): (&[f32], usize),
    scores: &mut [f32],
    start: usize,
) {
    let mut sums = [simd.splat(0.0); N];
    for (&unit, keys) in query.iter().zip(keys.chunks_exact(columns)) {
        let unit = simd.splat(unit);
        for (vector, sum) in sums.iter_mut().enumerate() {
            *sum = simd.mul_add(unit, simd.load(&keys[start + vector * S::LANES..]), *sum);
        }
    }
    let scale = simd.splat(scale);
    for (vector, &sum) in sums.iter().enumerate() {
        simd.store(&mut scores[start + vector * S::LANES..], simd.mul(sum, scale));
    }
}

/// `e^(s - max) / sum`, of whole vectors. What is to count for nothing is -∞, of which `exp` makes less than rounding.
// Loops and not closures: one that the compiler does not inline has no vectors, and calls a function for each operation.
#[inline(always)]
fn softmax<S: Simd>(simd: S, scores: &mut [f32]) {
    let mut most = simd.splat(f32::NEG_INFINITY);
    for scores in scores.chunks_exact(S::LANES) {
        most = simd.max(simd.load(scores), most);
    }
    let mut lanes = [f32::NEG_INFINITY; PANEL];
    simd.store(&mut lanes, most);
    let mut half = S::LANES;
    while half > 1 {
        half /= 2;
        for lane in 0..half {
            lanes[lane] = if lanes[lane + half] > lanes[lane] { lanes[lane + half] } else { lanes[lane] };
        }
    }
    let most = simd.splat(lanes[0]);
    let mut total = simd.splat(0.0);
    for scores in scores.chunks_exact_mut(S::LANES) {
        let weights = exp(simd, simd.sub(simd.load(scores), most));
        total = simd.add(total, weights);
        simd.store(scores, weights);
    }
    let share = simd.splat(1.0 / simd.sum(total));
    for scores in scores.chunks_exact_mut(S::LANES) {
        simd.store(scores, simd.mul(simd.load(scores), share));
    }
}

/// The sum of the values of `tokens`, `(d_head,)` each, as `weights` say.
#[inline(always)]
fn mix<'a, S: Simd>(
    simd: S,
    weights: &[f32],
    tokens: &[u32],
    values: impl Fn(u32) -> &'a [f32],
    out: &mut [f32],
) {
    let mut start = 0;
    while start + 4 * S::LANES <= out.len() {
        mix_vectors::<S, 4>(simd, weights, tokens, &values, out, start);
        start += 4 * S::LANES;
    }
    while start + 2 * S::LANES <= out.len() {
        mix_vectors::<S, 2>(simd, weights, tokens, &values, out, start);
        start += 2 * S::LANES;
    }
    while start + S::LANES <= out.len() {
        mix_vectors::<S, 1>(simd, weights, tokens, &values, out, start);
        start += S::LANES;
    }
    for (unit, out) in out.iter_mut().enumerate().skip(start) {
        *out =
            weights.iter().zip(tokens).fold(0.0, |sum, (&weight, &token)| sum + weight * values(token)[unit]);
    }
}

/// `N` vectors of the sum, from unit `start`, which stay in registers.
#[inline(always)]
fn mix_vectors<'a, S: Simd, const N: usize>(
    simd: S,
    weights: &[f32],
    tokens: &[u32],
    values: &impl Fn(u32) -> &'a [f32],
    out: &mut [f32],
    start: usize,
) {
    let mut sums = [simd.splat(0.0); N];
    for (&weight, &token) in weights.iter().zip(tokens) {
        let (weight, row) = (simd.splat(weight), values(token));
        for (vector, sum) in sums.iter_mut().enumerate() {
            *sum = simd.mul_add(weight, simd.load(&row[start + vector * S::LANES..]), *sum);
        }
    }
    for (vector, &sum) in sums.iter().enumerate() {
        simd.store(&mut out[start + vector * S::LANES..], sum);
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
