//! What a block of a decoder takes from the encoder's last hidden state, between its attention and its MLP.

use super::kernels::cross::Attend;
use super::kernels::linear::{Finish, PackedLinear};
use super::kernels::norm::Norm;
use super::parts::Parts;
use super::pass::{Pass, sized};
use crate::models::checkpoint::matrix::Matrix;
use crate::models::declarations::spec::Attention;
use crate::models::error::Result;

/// Attention to an encoder's last hidden state, with its weights and the norms around it.
pub(in crate::models) struct Cross {
    pub(in crate::models) spec: Attention,
    pub(in crate::models) before: Option<Norm>,
    /// `d_model` to `n_heads d_head`.
    pub(in crate::models) query: PackedLinear,
    /// Keys and values in one: `d_source` to `2 n_kv_heads d_head`.
    pub(in crate::models) keys: PackedLinear,
    pub(in crate::models) output: PackedLinear,
    pub(in crate::models) out: Option<Norm>,
    pub(in crate::models) after: Option<Norm>,
}

impl Cross {
    /// None where the model reads no encoder.
    pub(in crate::models) fn load(parts: Parts<'_>) -> Result<Option<Self>> {
        let (Some(names), Some(decoder)) = (parts.names.cross, &parts.spec.decoder) else { return Ok(None) };
        let Attention { n_heads, n_kv_heads, d_head, .. } = decoder.cross;
        let (weights, layer, d) = (parts.weights, parts.layer, parts.spec.d_model);
        let (of_queries, of_keys) = (n_heads * d_head, n_kv_heads * d_head);
        let key = weights.matrix(names.key, layer, of_keys, decoder.d_source)?;
        let value = weights.matrix(names.value, layer, of_keys, decoder.d_source)?;
        let rows = (0..2 * of_keys).map(|row| (row / of_keys, row % of_keys));
        Ok(Some(Self {
            spec: decoder.cross.clone(),
            before: parts.norm(names.before)?,
            query: weights.matrix(names.query, layer, of_queries, d)?.pack(),
            keys: Matrix::gather(&[&key, &value], rows).pack(),
            output: parts.written(weights.matrix(names.output, layer, d, of_queries)?),
            out: parts.norm(names.out)?,
            after: parts.norm(names.after)?,
        }))
    }

    /// What each token of `x`, `(n_tokens, d_model)`, takes from what the encoder made, `(n_tokens, n_heads d_head)`, to `mixed`.
    pub(in crate::models) fn mix(&self, x: &[f32], pass: &Pass<'_>, mixed: &mut Vec<f32>) {
        let queries = self.query.forward(x, Finish::Plain);
        let mixed = sized(mixed, queries.len());
        if let Some(read) = &pass.read {
            let keys = self.keys.forward(&read.states, Finish::Plain);
            let sources = (read.sequences, read.of);
            let attend = Attend { spec: &self.spec, sequences: pass.sequences, sources };
            attend.forward_to(&queries, &keys, mixed);
        }
    }
}
