//! Attention of the tokens of one packed batch to those of another, sequence by sequence: all of the other sequence is seen.

use super::PANEL;
use super::math::{activate, for_each};
use super::scores::{ROWS, mix, score, softmax};
use super::simd::{self, Kernel, Simd};
use crate::models::declarations::activation::Activation;
use crate::models::declarations::spec::Attention;
use crate::models::sequences::Sequences;

/// Which tokens attend to which.
#[derive(Clone, Copy)]
pub(in crate::models) struct Attend<'a> {
    pub(in crate::models) spec: &'a Attention,
    /// Those that attend.
    pub(in crate::models) sequences: &'a Sequences,
    /// Those that are attended to, and for each of the sequences that attend which of these.
    pub(in crate::models) sources: (&'a Sequences, &'a [usize]),
}

impl Attend<'_> {
    /// Attends. `queries` are `(n_tokens, n_heads d_head)`, `keys` keys and then values of the other tokens,
    /// `(n_source_tokens, 2 n_kv_heads d_head)`; the result, `mixed`, is as `queries`.
    pub(in crate::models) fn forward_to(self, queries: &[f32], keys: &[f32], mixed: &mut [f32]) {
        simd::run(Run { attend: self, queries, keys, mixed });
    }
}

struct Run<'a> {
    attend: Attend<'a>,
    queries: &'a [f32],
    keys: &'a [f32],
    mixed: &'a mut [f32],
}

impl Kernel for Run<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Attention { n_heads, n_kv_heads, d_head, .. } = *self.attend.spec;
        let (sources, of) = self.attend.sources;
        let paths: Vec<&[u32]> = sources.iter().map(|source| source.path).collect();
        // Tokens to a whole number of vectors; what is beyond a sequence is never looked at.
        let columns = sources.longest().next_multiple_of(PANEL);
        let mut turned = vec![0.0; d_head * columns];
        let mut scores = vec![0.0; ROWS * (columns + PANEL)];
        let (width, group) = (2 * n_kv_heads * d_head, n_heads / n_kv_heads);
        for (sequence, &source) in self.attend.sequences.iter().zip(of) {
            for kv_head in 0..n_kv_heads {
                for (column, &token) in paths[source].iter().enumerate() {
                    let key = &self.keys[token as usize * width + kv_head * d_head..][..d_head];
                    for (keys, &value) in turned.chunks_exact_mut(columns).zip(key) {
                        keys[column] = value;
                    }
                }
                for head in kv_head * group..(kv_head + 1) * group {
                    let of = Head {
                        spec: self.attend.spec,
                        queries: self.queries,
                        keys: (&turned, columns),
                        values: (self.keys, n_kv_heads + kv_head),
                        source: paths[source],
                        place: head,
                    };
                    let mut row = sequence.shared;
                    while row < sequence.path.len() {
                        // A few rows that are computed twice are sooner done than one after the other.
                        if sequence.path.len() - row > ROWS / 2 {
                            of.rows::<S, ROWS>(simd, (sequence.path, row), &mut scores, self.mixed);
                            row += ROWS;
                        } else {
                            of.rows::<S, 1>(simd, (sequence.path, row), &mut scores, self.mixed);
                            row += 1;
                        }
                    }
                }
            }
        }
    }
}

/// A head of queries, and what it attends to.
struct Head<'a> {
    spec: &'a Attention,
    queries: &'a [f32],
    /// `(d_head, columns)`.
    keys: (&'a [f32], usize),
    /// Keys and values, and which part of a row the values are.
    values: (&'a [f32], usize),
    source: &'a [u32],
    /// Which of the queries.
    place: usize,
}

impl Head<'_> {
    /// Attention of `R` tokens of `path` from `first`, or of those that there are.
    #[inline(always)]
    fn rows<S: Simd, const R: usize>(
        &self,
        simd: S,
        (path, first): (&[u32], usize),
        scores: &mut [f32],
        mixed: &mut [f32],
    ) {
        let Attention { n_heads, n_kv_heads, d_head, scale, cap, .. } = *self.spec;
        let n = self.source.len();
        let (mut outs, mut queries) = ([0; R], [[].as_slice(); R]);
        for (row, (out, query)) in outs.iter_mut().zip(&mut queries).enumerate() {
            let token = path[(first + row).min(path.len() - 1)] as usize;
            *out = (token * n_heads + self.place) * d_head;
            *query = &self.queries[*out..][..d_head];
        }
        score::<S, R>(simd, queries, scale, self.keys, scores, &(0..n));
        let stride = scores.len() / ROWS;
        let n_vectors = n.div_ceil(S::LANES);
        for scores in scores.chunks_exact_mut(stride).take(R) {
            if let Some(cap) = cap {
                let (by, times) = (simd.splat(1.0 / cap), simd.splat(cap));
                for_each(simd, &mut scores[..n], |simd, score| {
                    simd.mul(activate(simd, Activation::Tanh, simd.mul(score, by)), times)
                });
            }
            scores[n..n_vectors * S::LANES].fill(f32::NEG_INFINITY);
        }
        softmax::<S, R>(simd, scores, stride, 0, n_vectors);
        let (rows, part) = self.values;
        let values = |token: u32| &rows[(token as usize * 2 * n_kv_heads + part) * d_head..][..d_head];
        let outs = &outs[..R.min(path.len() - first)];
        mix::<S, R>(simd, scores, stride, self.source, values, mixed, outs, d_head);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::packed::kernels::simd::{Level, run_at};

    #[test]
    fn tokens_take_what_the_formula_says_from_all_of_another_sequence() {
        let tokens = [0; 40];
        let batch = |lengths: &[usize]| Sequences::new(lengths.iter().map(|&length| &tokens[..length]));
        let (sequences, sources) = (batch(&[1, 7, 16, 3]), batch(&[40, 1, 17]));
        let of = [2usize, 0, 1, 2];
        let full = Attention { n_kv_heads: 2, ..Attention::full(4, 20) };
        let capped = Attention { cap: Some(0.7), ..full.clone() };
        let queries: Vec<f32> = (0..27 * 80).map(|i| (i * 7919 % 257) as f32 / 90.0 - 1.4).collect();
        let keys: Vec<f32> = (0..58 * 80).map(|i| (i * 6133 % 263) as f32 / 90.0 - 1.4).collect();
        for (spec, level) in
            [&full, &capped].into_iter().flat_map(|spec| Level::here().map(move |l| (spec, l)))
        {
            let mut mixed = vec![0.0; queries.len()];
            let attend = Attend { spec, sequences: &sequences, sources: (&sources, &of) };
            run_at(level, Run { attend, queries: &queries, keys: &keys, mixed: &mut mixed });
            let paths: Vec<&[u32]> = sources.iter().map(|source| source.path).collect();
            for (sequence, source) in sequences.iter().zip(of) {
                for (&token, head) in
                    sequence.path.iter().flat_map(|token| (0..4).map(move |head| (token, head)))
                {
                    let query = &queries[(token as usize * 4 + head) * 20..][..20];
                    let part = |other: u32, part: usize| &keys[(other as usize * 4 + part) * 20..][..20];
                    let exps: Vec<f64> = paths[source]
                        .iter()
                        .map(|&other| {
                            let products = query.iter().zip(part(other, head / 2));
                            let dot: f64 = products.map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
                            let score = dot * f64::from(spec.scale);
                            spec.cap
                                .map_or(score, |cap| (score / f64::from(cap)).tanh() * f64::from(cap))
                                .exp()
                        })
                        .collect();
                    let total: f64 = exps.iter().sum();
                    for unit in 0..20 {
                        let values =
                            paths[source].iter().map(|&other| f64::from(part(other, 2 + head / 2)[unit]));
                        let expected: f64 = values.zip(&exps).map(|(value, exp)| exp / total * value).sum();
                        let found = f64::from(mixed[(token as usize * 4 + head) * 20 + unit]);
                        assert!((found - expected).abs() < 1e-5, "{level:?}: {found} {expected}");
                    }
                }
            }
        }
    }
}
