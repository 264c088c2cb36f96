//! Attention and Mamba-2 side by side (Falcon-H1, Zuo et al. 2025): both read the same, and what they make is added.
//!
//! Source: `models/falcon_h1/modeling_falcon_h1.py` of Hugging Face transformers. Its many factors are taken into the weights.

use super::attention::{self, Attention};
use super::mamba2::Mamba2;
use crate::models::checkpoint::matrix::Matrix;
use crate::models::declarations::spec;
use crate::models::error::Result;
use crate::models::packed::parts::Parts;
use crate::models::packed::pass::Pass;

/// Both with their weights.
pub(in crate::models) struct Both {
    /// Its last layer takes what the other makes, too.
    pub(in crate::models) attention: Attention,
    pub(in crate::models) mamba2: Mamba2,
}

impl Both {
    pub(super) fn load(of: &spec::Both, parts: Parts<'_>) -> Result<Self> {
        let spec::Attention { n_heads, n_kv_heads, d_head, .. } = parts.spec.attention;
        let [reads, keys, gives] = of.attention_scales;
        let mut qkv = attention::qkv(parts)?;
        qkv.weight.iter_mut().for_each(|value| *value *= reads);
        let of_keys = n_heads * d_head..(n_heads + n_kv_heads) * d_head;
        let bias = qkv.bias.iter_mut().flat_map(|bias| &mut bias[of_keys.clone()]);
        for value in qkv.weight[of_keys.start * qkv.inputs..of_keys.end * qkv.inputs].iter_mut().chain(bias) {
            *value *= keys;
        }
        let (d, inputs) = (parts.spec.d_model, n_heads * d_head);
        let attended = parts.weights.matrix(parts.names.attention, parts.layer, d, inputs)?;
        let attended = parts.as_written(attended).scaled(gives);
        let output = beside(&attended, &Mamba2::output(&of.mamba2, parts)?);
        Ok(Self {
            attention: Attention::of(parts, &qkv, output.pack())?,
            mamba2: Mamba2::load(&of.mamba2, parts)?,
        })
    }

    /// What each token takes by attention, then by Mamba-2, `(n_tokens, n_heads d_head + d_inner)`.
    pub(super) fn mix(&self, x: &[f32], pass: &mut Pass<'_>) -> Vec<f32> {
        let mut attended = Vec::new();
        self.attention.mix(x, pass, &mut attended);
        let mixed = self.mamba2.mix(x, pass);
        let n_tokens = pass.positions.len().max(1);
        let rows =
            attended.chunks_exact(attended.len() / n_tokens).zip(mixed.chunks_exact(mixed.len() / n_tokens));
        rows.flat_map(|(attended, mixed)| attended.iter().chain(mixed)).copied().collect()
    }
}

/// Two layers whose outputs are added, as one of the inputs of both.
fn beside(a: &Matrix, b: &Matrix) -> Matrix {
    let rows = a.weight.chunks_exact(a.inputs).zip(b.weight.chunks_exact(b.inputs));
    let weight = rows.flat_map(|(a, b)| a.iter().chain(b)).copied().collect();
    let bias = match (&a.bias, &b.bias) {
        (Some(a), Some(b)) => Some(a.iter().zip(b).map(|(a, b)| a + b).collect()),
        (one, other) => one.as_ref().or(other.as_ref()).cloned(),
    };
    Matrix { form: a.form, ..Matrix::new(weight, bias, a.outputs, a.inputs + b.inputs) }
}
