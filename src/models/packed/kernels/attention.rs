//! Attention within each sequence of a packed batch.
//!
//! Sequences are short, so a head's keys are turned once, to `(d_head, tokens)`: then a row of scores is a sum of
//! vectors, with no sums across lanes. What a token does not see is not computed, so there is no mask and no padding.

use std::ops::Range;

use super::PANEL;
use super::distances::{Bias, Distances, disentangle};
use super::math::{activate, for_each};
use super::scores::{ROWS, mix, score, softmax};
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
    /// For each head a score of nothing, which takes its share (gpt-oss).
    pub(in crate::models) sinks: Option<&'a [f32]>,
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
                        let of = Queries { attend: self.attend, qkv, path, head, kv_head, keys, columns };
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

/// The queries of a head in a sequence.
struct Queries<'a> {
    attend: Attend<'a>,
    qkv: &'a [f32],
    path: &'a [u32],
    head: usize,
    kv_head: usize,
    /// `(d_head, columns)`.
    keys: &'a [f32],
    columns: usize,
}

impl Queries<'_> {
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
        // What nothing takes stands after all that is seen, where no value is added for it.
        let sink = self.attend.sinks.map(|sinks| sinks[self.head]);
        if let Some(sink) = sink {
            let after = begin + n_vectors * S::LANES;
            for scores in scores.chunks_exact_mut(stride) {
                scores[after..after + S::LANES].fill(f32::NEG_INFINITY);
                scores[after] = sink;
            }
        }
        softmax::<S, R>(simd, scores, stride, begin, n_vectors + usize::from(sink.is_some()));
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
            let attend = Attend { spec, reach, bias, distances, sinks: None };
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
