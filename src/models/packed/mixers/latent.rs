//! Multi-head latent attention (DeepSeek-AI 2024): keys and values of all heads are made of a few units of each token, and so may
//! queries be; of each head only some units are turned by position, and those of keys are the same in all heads.
//!
//! Source: `models/{deepseek_v2,deepseek_v3,youtu}/modeling_*.py` of Hugging Face transformers.
//!
//! What is attended with are whole heads: first the units that are turned, then the others. Values are as wide as keys, with zeros
//! after what they have.

use super::attention::Attention;
use crate::models::checkpoint::matrix::Matrix;
use crate::models::declarations::spec::{self, Norm as NormSpec, NormKind};
use crate::models::error::Result;
use crate::models::packed::kernels::linear::{Finish, PackedLinear};
use crate::models::packed::kernels::norm::Norm;
use crate::models::packed::parts::Parts;
use crate::models::packed::pass::Pass;

/// The mixer with its weights.
#[expect(clippy::struct_field_names, reason = "the field's words for its parts")]
pub(in crate::models) struct Latent {
    pub(in crate::models) spec: spec::Latent,
    /// From what queries are made of to them: `n_heads (d_turned + d_plain)`.
    pub(in crate::models) query: PackedLinear,
    /// The few units that queries are made of, and their norm, if they are not made of the token itself.
    pub(in crate::models) query_latent: Option<(PackedLinear, Norm)>,
    /// To the few units that keys and values are made of, then the turned units of all keys.
    pub(in crate::models) latent: PackedLinear,
    pub(in crate::models) norm: Norm,
    /// To `n_heads` times the units of keys that are not turned, then `n_heads d_value`.
    pub(in crate::models) key_value: PackedLinear,
    /// What takes it from there. It makes no queries, keys and values itself.
    pub(in crate::models) attention: Attention,
}

/// The epsilon of norms of what is in between, whatever the others have.
const EPS: f32 = 1e-6;

impl Latent {
    pub(super) fn load(of: &spec::Latent, parts: Parts<'_>) -> Result<Self> {
        let spec::Latent { d_turned, d_plain, d_value, d_latent, .. } = *of;
        let (n_heads, d, layer) = (parts.spec.attention.n_heads, parts.spec.d_model, parts.layer);
        let head = d_turned + d_plain;
        let name = |part: &str| format!("{}.{part}", parts.names.mixer);
        let matrix = |part: &str, bias, outputs, inputs| {
            parts.weights.layer(&name(part), (bias, false), layer, outputs, inputs)
        };
        let norm =
            |part: &str, size| parts.norm_of(&name(part), size, NormSpec { kind: NormKind::Rms, eps: EPS });
        // Units that are neighbours are turned together: here they are half of what is turned apart.
        let unit = |unit: usize| match unit {
            unit if !of.neighbours => unit,
            unit if unit < d_turned / 2 => 2 * unit,
            unit => 2 * (unit - d_turned / 2) + 1,
        };
        let (query, query_latent) = match of.d_query {
            None => (matrix("q_proj", false, n_heads * head, d)?, None),
            Some(size) => {
                let down = matrix("q_a_proj", of.bias, size, d)?.pack();
                let latent = (down, norm("q_a_layernorm", size)?);
                (matrix("q_b_proj", false, n_heads * head, size)?, Some(latent))
            }
        };
        // Stored as (heads, units that are not turned, those that are).
        let rows = (0..n_heads * head).map(|row| match (row / head * head, row % head) {
            (start, at) if at < d_turned => (0, start + d_plain + unit(at)),
            (start, at) => (0, start + at - d_turned),
        });
        let query = Matrix::gather(&[&query], rows);
        let latent = matrix("kv_a_proj_with_mqa", of.bias, d_latent + d_turned, d)?;
        let rows = (0..d_latent).chain((0..d_turned).map(|at| d_latent + unit(at)));
        let latent = Matrix::gather(&[&latent], rows.map(|row| (0, row)));
        // Stored as (heads, a key's units, a value's units).
        let both = matrix("kv_b_proj", false, n_heads * (d_plain + d_value), d_latent)?;
        let of_head = d_plain + d_value;
        let keys = (0..n_heads * d_plain).map(|row| row / d_plain * of_head + row % d_plain);
        let values = (0..n_heads * d_value).map(|row| row / d_value * of_head + d_plain + row % d_value);
        let key_value = Matrix::gather(&[&both], keys.chain(values).map(|row| (0, row)));
        let output = matrix("o_proj", of.bias, d, n_heads * d_value)?;
        // One output, which nothing reads.
        let none = Matrix::new(vec![0.0; d], None, 1, d);
        Ok(Self {
            spec: *of,
            query: query.pack(),
            query_latent,
            latent: latent.pack(),
            norm: norm("kv_a_layernorm", d_latent)?,
            key_value: key_value.pack(),
            attention: Attention::of(parts, &none, parts.written(widened(&output, (d_value, head))))?,
        })
    }

    /// What each token takes from those it sees, `(n_tokens, n_heads (d_turned + d_plain))`.
    pub(super) fn mix(&self, x: &[f32], pass: &mut Pass<'_>, mixed: &mut Vec<f32>) {
        let spec::Latent { d_turned, d_plain, d_value, d_latent, .. } = self.spec;
        let (n_heads, head) = (self.attention.spec.n_heads, d_turned + d_plain);
        let queries = match &self.query_latent {
            None => self.query.forward(x, Finish::Plain),
            Some((down, norm)) => {
                let mut latent = down.forward(x, Finish::Plain);
                norm.apply_to_rows(&mut latent);
                self.query.forward(&latent, Finish::Plain)
            }
        };
        let made = self.latent.forward(x, Finish::Plain);
        let rows = made.chunks_exact(d_latent + d_turned);
        let mut latent: Vec<f32> = rows.clone().flat_map(|row| &row[..d_latent]).copied().collect();
        self.norm.apply_to_rows(&mut latent);
        let made = self.key_value.forward(&latent, Finish::Plain);
        let made = made.chunks_exact(n_heads * (d_plain + d_value));
        let mut qkv = std::mem::take(&mut pass.qkv);
        qkv.clear();
        for ((queries, row), made) in queries.chunks_exact(n_heads * head).zip(rows).zip(made) {
            qkv.extend_from_slice(queries);
            let (keys, values) = made.split_at(n_heads * d_plain);
            for at in 0..n_heads {
                qkv.extend_from_slice(&row[d_latent..]);
                qkv.extend_from_slice(&keys[at * d_plain..][..d_plain]);
            }
            for value in values.chunks_exact(d_value) {
                qkv.extend_from_slice(value);
                qkv.resize(qkv.len() + head - d_value, 0.0);
            }
        }
        self.attention.attend(&mut qkv, pass, mixed);
        pass.qkv = qkv;
    }
}

/// A layer of heads of `narrow` inputs, as one of heads of `wide` inputs of which the last count for nothing.
fn widened(layer: &Matrix, (narrow, wide): (usize, usize)) -> Matrix {
    let mut weight = Vec::with_capacity(layer.weight.len() / narrow * wide);
    for head in layer.weight.chunks_exact(narrow) {
        weight.extend_from_slice(head);
        weight.resize(weight.len() + wide - narrow, 0.0);
    }
    let inputs = layer.inputs / narrow * wide;
    Matrix { form: layer.form, ..Matrix::new(weight, layer.bias.clone(), layer.outputs, inputs) }
}
