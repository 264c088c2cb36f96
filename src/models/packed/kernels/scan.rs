//! The recurrences of state-space models and of RWKV-7, along each sequence of a packed batch.
//!
//! The loops run over channels side by side, so that the compiler makes vectors of them. Where sequences share a beginning,
//! each runs through it again (the state of a token is far larger than the token), and only its own tokens are written.

use super::math::{activate, exp, for_each};
use super::simd::{self, Kernel, Simd};
use crate::models::declarations::activation::Activation;
use crate::models::sequences::Sequences;

/// Rows of `width` values in a flat table, of which columns from `start` on are meant.
#[derive(Clone, Copy)]
pub(in crate::models) struct Columns<'a> {
    pub(in crate::models) values: &'a [f32],
    pub(in crate::models) width: usize,
    pub(in crate::models) start: usize,
}

impl<'a> Columns<'a> {
    /// All columns of a table of rows of `width`.
    pub(in crate::models) fn all(values: &'a [f32], width: usize) -> Self {
        Self { values, width, start: 0 }
    }

    #[inline(always)]
    pub(super) fn row(&self, row: usize, size: usize) -> &'a [f32] {
        &self.values[row * self.width + self.start..][..size]
    }
}

/// A convolution of each channel over the tokens before, then an activation, if there is one.
pub(in crate::models) struct Convolve<'a> {
    /// `(n_tokens, channels)`.
    pub(in crate::models) x: Columns<'a>,
    /// `(width, channels)`; the last row is the token's own.
    pub(in crate::models) weight: &'a [f32],
    /// `(channels,)`.
    pub(in crate::models) bias: &'a [f32],
    pub(in crate::models) activation: Option<Activation>,
}

impl Convolve<'_> {
    /// `(n_tokens, channels)`.
    pub(in crate::models) fn forward(self, sequences: &Sequences) -> Vec<f32> {
        let mut y = vec![0.0; sequences.tokens().len() * self.bias.len()];
        simd::run(RunConvolve { of: self, sequences, y: &mut y });
        y
    }
}

struct RunConvolve<'a> {
    of: Convolve<'a>,
    sequences: &'a Sequences,
    y: &'a mut [f32],
}

impl Kernel for RunConvolve<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Convolve { x, weight, bias, activation } = self.of;
        let channels = bias.len();
        let last = weight.len() / channels - 1;
        for sequence in self.sequences.iter() {
            for (position, &token) in sequence.path.iter().enumerate().skip(sequence.shared) {
                let y = &mut self.y[token as usize * channels..][..channels];
                y.copy_from_slice(bias);
                for back in (0..=last.min(position)).rev() {
                    let x = x.row(sequence.path[position - back] as usize, channels);
                    let weight = &weight[(last - back) * channels..][..channels];
                    for ((y, x), weight) in y.iter_mut().zip(x).zip(weight) {
                        *y += x * weight;
                    }
                }
                if let Some(activation) = activation {
                    for_each(simd, y, |simd, value| activate(simd, activation, value));
                }
            }
        }
    }
}

/// Mamba's selective scan (Gu and Dao 2023): for each channel, with its step `Δ`, a state `h` of `d_state` values,
/// `h = e^(Δa) h + Δ B x` and `y = (C·h + D x) · silu(z)`.
pub(in crate::models) struct Selective<'a> {
    pub(in crate::models) channels: usize,
    pub(in crate::models) d_state: usize,
    /// `(n_tokens, channels)` each: inputs, steps and gates.
    pub(in crate::models) x: Columns<'a>,
    pub(in crate::models) step: Columns<'a>,
    pub(in crate::models) gate: Columns<'a>,
    /// `(n_tokens, d_state)` each: `B` and `C`.
    pub(in crate::models) input: Columns<'a>,
    pub(in crate::models) output: Columns<'a>,
    /// `(d_state, channels)`, negative.
    pub(in crate::models) decay: &'a [f32],
    /// `(channels,)`.
    pub(in crate::models) skip: &'a [f32],
    pub(in crate::models) activation: Activation,
}

impl Selective<'_> {
    /// `(n_tokens, channels)`.
    pub(in crate::models) fn forward(self, sequences: &Sequences) -> Vec<f32> {
        let mut y = vec![0.0; sequences.tokens().len() * self.channels];
        simd::run(RunSelective { of: self, sequences, y: &mut y });
        y
    }
}

struct RunSelective<'a> {
    of: Selective<'a>,
    sequences: &'a Sequences,
    y: &'a mut [f32],
}

impl Kernel for RunSelective<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let of = self.of;
        let n = of.channels;
        let mut states = vec![0.0f32; of.d_state * n];
        let (mut kept, mut added) = (vec![0.0f32; n], vec![0.0f32; n]);
        for sequence in self.sequences.iter() {
            states.fill(0.0);
            for (position, &token) in sequence.path.iter().enumerate() {
                let token = token as usize;
                let (x, step) = (of.x.row(token, n), of.step.row(token, n));
                for ((added, x), step) in added.iter_mut().zip(x).zip(step) {
                    *added = x * step;
                }
                let (input, output) = (of.input.row(token, of.d_state), of.output.row(token, of.d_state));
                let y = &mut self.y[token * n..][..n];
                let fresh = position >= sequence.shared;
                for (index, state) in states.chunks_exact_mut(n).enumerate() {
                    for ((kept, step), decay) in kept.iter_mut().zip(step).zip(&of.decay[index * n..]) {
                        *kept = step * decay;
                    }
                    for_each(simd, &mut kept, exp);
                    let input = input[index];
                    for ((state, kept), added) in state.iter_mut().zip(&kept).zip(&added) {
                        *state = *state * kept + added * input;
                    }
                    if fresh {
                        let output = output[index];
                        for (y, state) in y.iter_mut().zip(&*state) {
                            *y += state * output;
                        }
                    }
                }
                if fresh {
                    let gate = &mut kept;
                    gate.copy_from_slice(of.gate.row(token, n));
                    for_each(simd, gate, |simd, value| activate(simd, of.activation, value));
                    for (((y, x), skip), gate) in y.iter_mut().zip(x).zip(of.skip).zip(&*gate) {
                        *y = (*y + x * skip) * gate;
                    }
                }
            }
        }
    }
}

/// Mamba-2's scan (Dao and Gu 2024): for each head, with its step `Δ`, a state `h` `(d_state, d_head)`,
/// `h = e^(Δa) h + Δ B xᵀ` and `y = Cᵀ h + D x`.
pub(in crate::models) struct ByHead<'a> {
    pub(in crate::models) n_heads: usize,
    pub(in crate::models) d_head: usize,
    pub(in crate::models) n_groups: usize,
    pub(in crate::models) d_state: usize,
    /// `(n_tokens, n_heads d_head)`.
    pub(in crate::models) x: Columns<'a>,
    /// `(n_tokens, n_heads)`.
    pub(in crate::models) step: Columns<'a>,
    /// `(n_tokens, n_groups d_state)` each: `B` and `C`, each of a group of heads.
    pub(in crate::models) input: Columns<'a>,
    pub(in crate::models) output: Columns<'a>,
    /// `(n_heads,)` each: `a` (negative) and `D`.
    pub(in crate::models) decay: &'a [f32],
    pub(in crate::models) skip: &'a [f32],
}

impl ByHead<'_> {
    /// `(n_tokens, n_heads d_head)`.
    pub(in crate::models) fn forward(self, sequences: &Sequences) -> Vec<f32> {
        let mut y = vec![0.0; sequences.tokens().len() * self.n_heads * self.d_head];
        simd::run(RunByHead { of: self, sequences, y: &mut y });
        y
    }
}

struct RunByHead<'a> {
    of: ByHead<'a>,
    sequences: &'a Sequences,
    y: &'a mut [f32],
}

impl Kernel for RunByHead<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let of = self.of;
        let width = of.n_heads * of.d_head;
        let mut state = vec![0.0f32; of.d_state * of.d_head];
        let mut added = vec![0.0f32; of.d_head];
        for head in 0..of.n_heads {
            let group = head / (of.n_heads / of.n_groups);
            for sequence in self.sequences.iter() {
                state.fill(0.0);
                for (position, &token) in sequence.path.iter().enumerate() {
                    let token = token as usize;
                    let step = of.step.row(token, of.n_heads)[head];
                    let kept = (step * of.decay[head]).exp();
                    let x = &of.x.row(token, width)[head * of.d_head..][..of.d_head];
                    for (added, x) in added.iter_mut().zip(x) {
                        *added = x * step;
                    }
                    let groups = of.n_groups * of.d_state;
                    let input = &of.input.row(token, groups)[group * of.d_state..][..of.d_state];
                    let output = &of.output.row(token, groups)[group * of.d_state..][..of.d_state];
                    let y = &mut self.y[token * width + head * of.d_head..][..of.d_head];
                    let fresh = position >= sequence.shared;
                    let rows = state.chunks_exact_mut(of.d_head);
                    for ((state, input), output) in rows.zip(input).zip(output) {
                        for (state, added) in state.iter_mut().zip(&added) {
                            *state = *state * kept + added * input;
                        }
                        if fresh {
                            for (y, state) in y.iter_mut().zip(&*state) {
                                *y += state * output;
                            }
                        }
                    }
                    if fresh {
                        for (y, x) in y.iter_mut().zip(x) {
                            *y += x * of.skip[head];
                        }
                    }
                }
            }
        }
    }
}

/// RWKV-7's delta rule (Peng et al. 2025): for each head a state `S` `(values, keys)`,
/// `S = S (diag(w) − κ̂ (a κ̂)ᵀ) + v kᵀ` and `y = S r`.
pub(in crate::models) struct Delta<'a> {
    pub(in crate::models) n_heads: usize,
    pub(in crate::models) d_head: usize,
    /// `(n_tokens, n_heads d_head)` each.
    pub(in crate::models) receptance: &'a [f32],
    pub(in crate::models) decay: &'a [f32],
    pub(in crate::models) key: &'a [f32],
    pub(in crate::models) value: &'a [f32],
    /// `κ̂`, and `a κ̂`.
    pub(in crate::models) removed: &'a [f32],
    pub(in crate::models) replaced: &'a [f32],
}

impl Delta<'_> {
    /// `(n_tokens, n_heads d_head)`.
    pub(in crate::models) fn forward(self, sequences: &Sequences) -> Vec<f32> {
        let mut y = vec![0.0; sequences.tokens().len() * self.n_heads * self.d_head];
        simd::run(RunDelta { of: self, sequences, y: &mut y });
        y
    }
}

struct RunDelta<'a> {
    of: Delta<'a>,
    sequences: &'a Sequences,
    y: &'a mut [f32],
}

impl Kernel for RunDelta<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let of = self.of;
        let (n, d) = (of.n_heads, of.d_head);
        // Of one head, turned: (keys, values).
        let mut state = vec![0.0f32; d * d];
        let mut found = vec![0.0f32; d];
        for head in 0..n {
            for sequence in self.sequences.iter() {
                state.fill(0.0);
                for (position, &token) in sequence.path.iter().enumerate() {
                    let start = token as usize * n * d + head * d;
                    let value = &of.value[start..][..d];
                    found.fill(0.0);
                    for (row, removed) in state.chunks_exact(d).zip(&of.removed[start..][..d]) {
                        for (found, state) in found.iter_mut().zip(row) {
                            *found -= state * removed;
                        }
                    }
                    let y = &mut self.y[start..][..d];
                    let fresh = position >= sequence.shared;
                    for (key, row) in state.chunks_exact_mut(d).enumerate() {
                        let at = start + key;
                        let (decay, replaced, key) = (of.decay[at], of.replaced[at], of.key[at]);
                        for ((state, found), value) in row.iter_mut().zip(&found).zip(value) {
                            *state = *state * decay + found * replaced + value * key;
                        }
                        if fresh {
                            for (y, state) in y.iter_mut().zip(&*row) {
                                *y += state * of.receptance[at];
                            }
                        }
                    }
                }
            }
        }
    }
}
