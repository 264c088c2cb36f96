//! Attention within each sequence of a packed batch.
//!
//! Sequences are short, so a head's keys are turned once, to `(d_head, tokens)`: then a row of scores is a sum of
//! vectors, with no sums across lanes. What a token does not see is not computed, so there is no mask and no padding.

use std::ops::Range;

use super::PANEL;
use super::math::{activate, exp, for_each};
use super::simd::{self, Kernel, Simd};
use crate::models::spec::Attention;
use crate::models::{Activation, Sequences};

/// What is added to the scores by distance: `(heads, 2 * longest - 1)`, for distances (key less query) from `1 - longest`.
#[derive(Debug)]
pub(in crate::models) struct Bias {
    pub(in crate::models) longest: usize,
    pub(in crate::models) values: Vec<f32>,
}

/// Keys and queries of distances, of a disentangled layer: for each head `(d_head, columns)`, whose column
/// `longest - 1 + key - query` is the vector of that distance. Empty where the layer has none.
#[derive(Debug)]
pub(in crate::models) struct Distances {
    pub(in crate::models) longest: usize,
    /// At least `2 * longest - 1`, and as many more as vectors may run over the end of a row of scores.
    pub(in crate::models) columns: usize,
    pub(in crate::models) keys: Vec<f32>,
    pub(in crate::models) queries: Vec<f32>,
}

impl Distances {
    /// The number of columns for sequences of up to `longest` tokens.
    pub(in crate::models) fn columns(longest: usize) -> usize {
        2 * longest + PANEL
    }
}

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
    /// result is `(n_tokens, n_heads d_head)`.
    pub(in crate::models) fn forward(self, qkv: &[f32], sequences: &Sequences) -> Vec<f32> {
        let Attention { n_heads, n_kv_heads, .. } = *self.spec;
        let mut mixed = vec![0.0; qkv.len() / (n_heads + 2 * n_kv_heads) * n_heads];
        simd::run(Run { attend: self, qkv, sequences, mixed: &mut mixed });
        mixed
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
        let mut scores = vec![0.0; columns];
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
                        score(simd, head_of(query, head), scale, &turned, &mut scores, &seen);
                        if let Some(distances) = self.attend.distances {
                            let query = head_of(query, head);
                            disentangle(
                                simd,
                                (query, row),
                                (&turned, scale),
                                distances,
                                head,
                                &mut scores,
                                &seen,
                            );
                        }
                        let scores = &mut scores[seen.clone()];
                        if let Some(bias) = self.attend.bias {
                            let start = head * (2 * bias.longest - 1) + bias.longest - 1 + seen.start - row;
                            for (score, &value) in scores.iter_mut().zip(&bias.values[start..]) {
                                *score += value;
                            }
                        }
                        if let Some(cap) = cap {
                            let (by, times) = (simd.splat(1.0 / cap), simd.splat(cap));
                            for_each(simd, scores, |simd, score| {
                                simd.mul(activate(simd, Activation::Tanh, simd.mul(score, by)), times)
                            });
                        }
                        softmax(simd, scores);
                        let out = &mut self.mixed[(query as usize * n_heads + head) * d_head..][..d_head];
                        for (&weight, &token) in scores.iter().zip(&path[seen]) {
                            add_scaled(simd, out, weight, head_of(token, n_heads + n_kv_heads + kv_head));
                        }
                    }
                }
            }
        }
    }
}

/// The scores of a query, `(d_head,)`, with the keys, `(d_head, columns)`, that it sees (and some beside them).
#[inline(always)]
fn score<S: Simd>(simd: S, query: &[f32], scale: f32, keys: &[f32], scores: &mut [f32], seen: &Range<usize>) {
    let columns = scores.len();
    let scale = simd.splat(scale);
    for start in (seen.start - seen.start % S::LANES..seen.end).step_by(S::LANES) {
        let mut sum = simd.splat(0.0);
        for (&unit, keys) in query.iter().zip(keys.chunks_exact(columns)) {
            sum = simd.mul_add(simd.splat(unit), simd.load(&keys[start..]), sum);
        }
        simd.store(&mut scores[start..], simd.mul(sum, scale));
    }
}

/// Adds to the scores of the query at `row` what distances contribute: the query with the keys of distances, and the keys
/// that it sees, `(d_head, columns)`, with the queries of distances.
#[inline(always)]
fn disentangle<S: Simd>(
    simd: S,
    (query, row): (&[f32], usize),
    (keys, scale): (&[f32], f32),
    distances: &Distances,
    head: usize,
    scores: &mut [f32],
    seen: &Range<usize>,
) {
    let columns = scores.len();
    let scale = simd.splat(scale);
    // Where the distance of key 0 stands.
    let first = distances.longest - 1 - row;
    let of_head = |table: &'_ [f32]| -> Range<usize> {
        let size = query.len() * distances.columns;
        if table.is_empty() { 0..0 } else { head * size..(head + 1) * size }
    };
    let to_position = &distances.keys[of_head(&distances.keys)];
    let from_position = &distances.queries[of_head(&distances.queries)];
    for start in (seen.start - seen.start % S::LANES..seen.end).step_by(S::LANES) {
        let mut sum = simd.splat(0.0);
        for (&unit, row) in query.iter().zip(to_position.chunks_exact(distances.columns)) {
            sum = simd.mul_add(simd.splat(unit), simd.load(&row[first + start..]), sum);
        }
        for (keys, row) in keys.chunks_exact(columns).zip(from_position.chunks_exact(distances.columns)) {
            sum = simd.mul_add(simd.load(&keys[start..]), simd.load(&row[first + start..]), sum);
        }
        let scored = simd.load(&scores[start..]);
        simd.store(&mut scores[start..], simd.mul_add(sum, scale, scored));
    }
}

/// `e^(s - max) / sum`.
#[inline(always)]
fn softmax<S: Simd>(simd: S, scores: &mut [f32]) {
    let most = scores.iter().fold(f32::NEG_INFINITY, |most, &score| if score > most { score } else { most });
    let most = simd.splat(most);
    for_each(simd, scores, |simd, score| exp(simd, simd.sub(score, most)));
    let total: f32 = scores.iter().sum();
    let share = simd.splat(1.0 / total);
    for_each(simd, scores, |simd, weight| simd.mul(weight, share));
}

/// `out += weight * row`.
#[inline(always)]
fn add_scaled<S: Simd>(simd: S, out: &mut [f32], weight: f32, row: &[f32]) {
    let weights = simd.splat(weight);
    let whole = out.len() - out.len() % S::LANES;
    for start in (0..whole).step_by(S::LANES) {
        let sum = simd.mul_add(weights, simd.load(&row[start..]), simd.load(&out[start..]));
        simd.store(&mut out[start..], sum);
    }
    for unit in whole..out.len() {
        out[unit] += weight * row[unit];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::kernels::simd::{Level, run_at};

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
