//! The mixed attention of `ConvBERT` (Jiang et al. 2020): heads that attend, and beside each a convolution over the tokens around,
//! whose kernel every token makes of itself and of them.
//!
//! Source: `models/convbert/modeling_convbert.py` of Hugging Face transformers.

use super::attention::Attention;
use crate::models::declarations::spec;
use crate::models::error;
use crate::models::packed::kernels::linear::{Finish, PackedLinear};
use crate::models::packed::parts::Parts;
use crate::models::packed::pass::Pass;
use crate::models::packed::steps::turned;
use crate::models::sequences::Sequences;

/// Heads and convolutions with their weights.
pub(in crate::models) struct Span {
    /// Its last layer takes what the convolutions make, too.
    pub(in crate::models) attention: Attention,
    pub(in crate::models) width: usize,
    /// Of each unit by itself, `(width, d_model)`.
    pub(in crate::models) by_unit: Vec<f32>,
    /// From that to what queries are multiplied by, `n_heads d_head`.
    pub(in crate::models) mixed: PackedLinear,
    /// From the product to a kernel for each head, `n_heads width`.
    pub(in crate::models) kernel: PackedLinear,
    /// What is convolved, `n_heads d_head`.
    pub(in crate::models) value: PackedLinear,
}

impl Span {
    pub(super) fn load(of: spec::Span, parts: Parts<'_>) -> error::Result<Self> {
        let (d, width) = (parts.spec.d_model, of.width);
        let spec::Attention { n_heads, d_head, .. } = parts.spec.attention;
        let all = n_heads * d_head;
        let name = |part: &str| format!("{}.{part}", parts.names.mixer);
        let by_unit = parts.values(&name("key_conv_attn_layer.depthwise.weight"), &[d, 1, width])?;
        let mixed = parts.values(&name("key_conv_attn_layer.pointwise.weight"), &[all, d, 1])?;
        let bias = parts.values(&name("key_conv_attn_layer.bias"), &[all, 1])?;
        Ok(Self {
            attention: Attention::beside(parts, all)?,
            width,
            by_unit: turned(&by_unit, d, width),
            mixed: parts.matrix(mixed, bias, all, d),
            kernel: parts.linear(&name("conv_kernel_layer"), true, n_heads * width, all)?,
            value: parts.linear(&name("conv_out_layer"), true, all, d)?,
        })
    }

    /// What each token takes by attention, then by convolution, `(n_tokens, 2 n_heads d_head)`.
    pub(super) fn mix(&self, x: &[f32], pass: &Pass<'_>) -> Vec<f32> {
        let (mut qkv, mut attended) = (Vec::new(), Vec::new());
        self.attention.project(x, &mut qkv);
        let convolved = self.convolve(x, &qkv, pass.sequences);
        self.attention.attend(&mut qkv, pass, &mut attended);
        let all = self.value.outputs();
        let rows = attended.chunks_exact(all).zip(convolved.chunks_exact(all));
        rows.flat_map(|(attended, convolved)| attended.iter().chain(convolved)).copied().collect()
    }

    fn convolve(&self, x: &[f32], qkv: &[f32], sequences: &Sequences) -> Vec<f32> {
        let spec::Attention { n_heads, n_kv_heads, d_head, .. } = self.attention.spec;
        let (all, of_token) = (n_heads * d_head, (n_heads + 2 * n_kv_heads) * d_head);
        let d = self.by_unit.len() / self.width;
        let mut by_unit = vec![0.0; x.len()];
        each_neighbour(sequences, self.width, |token, place, other| {
            let out = &mut by_unit[token * d..][..d];
            for ((out, x), weight) in out.iter_mut().zip(&x[other * d..]).zip(&self.by_unit[place * d..]) {
                *out += x * weight;
            }
        });
        let mut product = self.mixed.forward(&by_unit, Finish::Plain);
        for (row, qkv) in product.chunks_exact_mut(all).zip(qkv.chunks_exact(of_token)) {
            for (value, query) in row.iter_mut().zip(qkv) {
                *value *= query;
            }
        }
        let mut kernels = self.kernel.forward(&product, Finish::Plain);
        kernels.chunks_exact_mut(self.width).for_each(softmax);
        let values = self.value.forward(x, Finish::Plain);
        let mut convolved = vec![0.0; values.len()];
        each_neighbour(sequences, self.width, |token, place, other| {
            for head in 0..n_heads {
                let weight = kernels[(token * n_heads + head) * self.width + place];
                let start = head * d_head;
                let out = &mut convolved[token * all + start..][..d_head];
                for (out, value) in out.iter_mut().zip(&values[other * all + start..]) {
                    *out += weight * value;
                }
            }
        });
        convolved
    }
}

/// Each token with each of those around it, itself in the middle: where the two stand, and the place of the other in the span.
fn each_neighbour(sequences: &Sequences, width: usize, mut meet: impl FnMut(usize, usize, usize)) {
    for sequence in sequences.iter() {
        for (position, &token) in sequence.path.iter().enumerate() {
            for place in 0..width {
                let other = (position + place).checked_sub(width / 2);
                if let Some(&other) = other.and_then(|other| sequence.path.get(other)) {
                    meet(token as usize, place, other as usize);
                }
            }
        }
    }
}

/// `e^(x - max) / sum`.
fn softmax(values: &mut [f32]) {
    let most = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut total = 0.0;
    for value in &mut *values {
        *value = (*value - most).exp();
        total += *value;
    }
    for value in values {
        *value /= total;
    }
}
