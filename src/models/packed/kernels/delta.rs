//! The gated delta rule (Yang et al. 2024) along each sequence of a packed batch.
//!
//! As in [`super::scan`], what sequences share is gone through again in each, and only a sequence's own tokens are written.

use super::scan::Columns;
use super::simd::{self, Kernel, Simd};
use crate::models::sequences::Sequences;

/// For each head of values a state `S` `(d_key, d_value)`: `S = e^g S`, then `S = S + k ⊗ β (v − Sᵀ k)` and `y = Sᵀ q`.
pub(in crate::models) struct GatedDelta<'a> {
    pub(in crate::models) n_key_heads: usize,
    pub(in crate::models) n_value_heads: usize,
    pub(in crate::models) d_key: usize,
    pub(in crate::models) d_value: usize,
    /// `(n_tokens, n_key_heads d_key)` each.
    pub(in crate::models) query: Columns<'a>,
    pub(in crate::models) key: Columns<'a>,
    /// `(n_tokens, n_value_heads d_value)`.
    pub(in crate::models) value: Columns<'a>,
    /// `(n_tokens, n_value_heads)` each: `e^g` and `β`.
    pub(in crate::models) kept: &'a [f32],
    pub(in crate::models) rate: &'a [f32],
}

impl GatedDelta<'_> {
    /// `(n_tokens, n_value_heads d_value)`.
    pub(in crate::models) fn forward(self, sequences: &Sequences) -> Vec<f32> {
        let mut y = vec![0.0; sequences.tokens().len() * self.n_value_heads * self.d_value];
        simd::run(Run { of: self, sequences, y: &mut y });
        y
    }
}

struct Run<'a> {
    of: GatedDelta<'a>,
    sequences: &'a Sequences,
    y: &'a mut [f32],
}

impl Kernel for Run<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let GatedDelta { n_key_heads, n_value_heads, d_key, d_value, query, key, value, kept, rate } =
            self.of;
        let mut state = vec![0.0f32; d_key * d_value];
        let mut change = vec![0.0f32; d_value];
        for head in 0..n_value_heads {
            let key_head = head / (n_value_heads / n_key_heads);
            for sequence in self.sequences.iter() {
                state.fill(0.0);
                for (position, &token) in sequence.path.iter().enumerate() {
                    let token = token as usize;
                    let key = &key.row(token, n_key_heads * d_key)[key_head * d_key..][..d_key];
                    let query = &query.row(token, n_key_heads * d_key)[key_head * d_key..][..d_key];
                    let value = &value.row(token, n_value_heads * d_value)[head * d_value..][..d_value];
                    let at = token * n_value_heads + head;
                    let (kept, rate) = (kept[at], rate[at]);
                    change.fill(0.0);
                    for (row, key) in state.chunks_exact_mut(d_value).zip(key) {
                        for (state, change) in row.iter_mut().zip(&mut change) {
                            *state *= kept;
                            *change += *state * key;
                        }
                    }
                    for (change, value) in change.iter_mut().zip(value) {
                        *change = (value - *change) * rate;
                    }
                    let y = &mut self.y[at * d_value..][..d_value];
                    let fresh = position >= sequence.shared;
                    for ((row, key), query) in state.chunks_exact_mut(d_value).zip(key).zip(query) {
                        for (state, change) in row.iter_mut().zip(&change) {
                            *state += key * change;
                        }
                        if fresh {
                            for (y, state) in y.iter_mut().zip(&*row) {
                                *y += state * query;
                            }
                        }
                    }
                }
            }
        }
    }
}
