//! Attention within each sequence of a packed batch.
//!
//! Sequences are short, so a head's keys are turned once, to `(d_head, tokens)`: then a row of scores is a sum of
//! vectors, with no sums across lanes, and no mask or padding is needed.

use std::ops::Range;

use super::PANEL;
use super::math::exp;
use super::simd::{self, Kernel, Simd};

/// The shape of an attention layer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::models) struct Heads {
    /// How many heads.
    pub(in crate::models) count: usize,
    /// Units of each.
    pub(in crate::models) d_head: usize,
    /// What the scores are multiplied by.
    pub(in crate::models) scale: f32,
}

/// Attends within each of `sequences`. `qkv` is `(n_tokens, 3, heads, d_head)`; the result is `(n_tokens, heads, d_head)`.
pub(in crate::models) fn attend(
    heads: Heads,
    qkv: &[f32],
    sequences: impl Iterator<Item = Range<usize>>,
) -> Vec<f32> {
    let mut mixed = vec![0.0; qkv.len() / 3];
    simd::run(Attend { heads, qkv, sequences, mixed: &mut mixed });
    mixed
}

struct Attend<'a, I> {
    heads: Heads,
    qkv: &'a [f32],
    sequences: I,
    mixed: &'a mut [f32],
}

impl<I: Iterator<Item = Range<usize>>> Kernel for Attend<'_, I> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Heads { count, d_head, scale } = self.heads;
        let width = count * d_head;
        let mut turned = Vec::new();
        let mut scores = Vec::new();
        for tokens in self.sequences {
            // Tokens to a whole number of vectors; what is beyond the sequence stays 0 and is never looked at.
            let columns = tokens.len().next_multiple_of(PANEL);
            turned.clear();
            turned.resize(d_head * columns, 0.0);
            scores.resize(columns, 0.0);
            let row = |token: usize, part: usize, head: usize| {
                &self.qkv[(token * 3 + part) * width + head * d_head..][..d_head]
            };
            for head in 0..count {
                for (column, token) in tokens.clone().enumerate() {
                    for (place, &key) in turned[column..].iter_mut().step_by(columns).zip(row(token, 1, head))
                    {
                        *place = key;
                    }
                }
                for query in tokens.clone() {
                    score(simd, row(query, 0, head), scale, &turned, &mut scores);
                    softmax(simd, &mut scores[..tokens.len()]);
                    let out = &mut self.mixed[query * width + head * d_head..][..d_head];
                    for (&weight, token) in scores.iter().zip(tokens.clone()) {
                        add_scaled(simd, out, weight, row(token, 2, head));
                    }
                }
            }
        }
    }
}

/// The scores of a query, `(d_head,)`, with all keys, `(d_head, columns)`.
#[inline(always)]
fn score<S: Simd>(simd: S, query: &[f32], scale: f32, keys: &[f32], scores: &mut [f32]) {
    let columns = scores.len();
    let scale = simd.splat(scale);
    for start in (0..columns).step_by(S::LANES) {
        let mut sum = simd.splat(0.0);
        for (&unit, keys) in query.iter().zip(keys.chunks_exact(columns)) {
            sum = simd.mul_add(simd.splat(unit), simd.load(&keys[start..]), sum);
        }
        simd.store(&mut scores[start..], simd.mul(sum, scale));
    }
}

/// `e^(s - max) / sum`.
#[inline(always)]
fn softmax<S: Simd>(simd: S, scores: &mut [f32]) {
    let most = scores.iter().fold(f32::NEG_INFINITY, |most, &score| if score > most { score } else { most });
    let most = simd.splat(most);
    super::math::for_each(simd, scores, |simd, score| exp(simd, simd.sub(score, most)));
    let total: f32 = scores.iter().sum();
    let share = simd.splat(1.0 / total);
    super::math::for_each(simd, scores, |simd, weight| simd.mul(weight, share));
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

    #[test]
    fn mixes_are_those_of_the_formula_at_any_length() {
        let heads = Heads { count: 3, d_head: 20, scale: 0.3 };
        let lengths = [1usize, 7, 16, 40];
        let n_tokens: usize = lengths.iter().sum();
        let qkv: Vec<f32> =
            (0..n_tokens * 180).map(|i| ((i * 7919 % 257) as f32 / 64.0 - 2.0) * 0.7).collect();
        let at = |token: usize, part: usize, head: usize, unit: usize| {
            f64::from(qkv[((token * 3 + part) * 3 + head) * 20 + unit])
        };
        let ranges = || {
            let ends = lengths.iter().scan(0, |end, &length| {
                *end += length;
                Some(*end - length..*end)
            });
            ends.collect::<Vec<_>>().into_iter()
        };
        for level in Level::here() {
            let mut mixed = vec![0.0; n_tokens * 60];
            run_at(level, Attend { heads, qkv: &qkv, sequences: ranges(), mixed: &mut mixed });
            for tokens in ranges() {
                for (query, head) in tokens.clone().flat_map(|query| (0..3).map(move |head| (query, head))) {
                    let exps: Vec<f64> = tokens
                        .clone()
                        .map(|key| {
                            (0..20).map(|unit| at(query, 0, head, unit) * at(key, 1, head, unit)).sum::<f64>()
                        })
                        .map(|score| (score * 0.3).exp())
                        .collect();
                    let total: f64 = exps.iter().sum();
                    for unit in 0..20 {
                        let values =
                            tokens.clone().zip(&exps).map(|(key, exp)| exp / total * at(key, 2, head, unit));
                        let expected: f64 = values.sum();
                        let found = f64::from(mixed[(query * 3 + head) * 20 + unit]);
                        assert!((found - expected).abs() < 1e-5, "{level:?}: {found} {expected}");
                    }
                }
            }
        }
    }
}
