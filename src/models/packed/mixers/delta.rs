//! The gated delta rule (Yang et al. 2024), as Qwen3-Next, Qwen 3.5 and OLMo Hybrid have it.
//!
//! Source: `models/{qwen3_next,qwen3_5,olmo_hybrid}/modeling_*.py` of Hugging Face transformers. There chunks of tokens are computed
//! at once; here it is one token after another, which is nearer to the exact numbers.

use crate::models::checkpoint::matrix::Matrix;
use crate::models::declarations::spec::{self, DeltaLayout};
use crate::models::error::{Error, Result};
use crate::models::packed::kernels::delta::GatedDelta;
use crate::models::packed::kernels::linear::{Finish, PackedLinear};
use crate::models::packed::kernels::norm::Norm;
use crate::models::packed::kernels::scan::{Columns, Convolve};
use crate::models::packed::parts::Parts;
use crate::models::packed::pass::Pass;
use crate::models::packed::steps::{sigmoid, softplus, turned};

/// The mixer with its weights.
pub(in crate::models) struct Delta {
    pub(in crate::models) spec: spec::Delta,
    /// To queries, keys, values, gates, and for each head of values what rates and steps are made of.
    pub(in crate::models) inwards: PackedLinear,
    /// Of queries, keys and values, `(width, channels)`.
    pub(in crate::models) convolution: Vec<f32>,
    /// `(n_value_heads,)` each.
    pub(in crate::models) step_bias: Vec<f32>,
    pub(in crate::models) decay: Vec<f32>,
    /// Of a head of values.
    pub(in crate::models) norm: Norm,
    pub(in crate::models) output: PackedLinear,
}

/// Added to the square of a query's or key's length, before it is made 1.
pub(in crate::models) const LENGTH_EPS: f32 = 1e-6;

/// The channels of queries and keys, each, and of values.
pub(in crate::models) fn channels(of: &spec::Delta) -> (usize, usize) {
    (of.n_key_heads * of.d_key, of.n_value_heads * of.d_value)
}

impl Delta {
    pub(super) fn load(of: &spec::Delta, parts: Parts<'_>) -> Result<Self> {
        let (keys, values) = channels(of);
        let all = 2 * keys + values;
        let name = |part: &str| format!("{}.{part}", parts.names.mixer);
        let tensor = |part: &str, shape: &[usize]| parts.values(&name(part), shape);
        let width = of.width;
        let convolution = if of.layout == DeltaLayout::Apart {
            let in_parts = |sizes: [usize; 3]| -> Result<Vec<f32>> {
                let parts = ["q_conv1d.weight", "k_conv1d.weight", "v_conv1d.weight"].into_iter().zip(sizes);
                let parts = parts.map(|(part, channels)| tensor(part, &[channels, 1, width]));
                Ok(parts.collect::<Result<Vec<_>>>()?.concat())
            };
            // transformers 5 cuts the three into equal parts when it writes a file, wherever the one ends and the other begins; the last
            // has what is left.
            let third = all.div_ceil(3);
            match in_parts([keys, keys, values]) {
                Err(Error::TensorShape { .. }) => in_parts([third, third, all - 2 * third])?,
                found => found?,
            }
        } else {
            tensor("conv1d.weight", &[all, 1, width])?
        };
        let (norm, output) = match of.layout {
            DeltaLayout::Apart => ("o_norm.weight", "o_proj"),
            _ => ("norm.weight", "out_proj"),
        };
        Ok(Self {
            spec: *of,
            inwards: inwards(of, parts)?.pack(),
            convolution: turned(&convolution, all, width),
            step_bias: tensor("dt_bias", &[of.n_value_heads])?,
            decay: tensor("A_log", &[of.n_value_heads])?.iter().map(|log| -log.exp()).collect(),
            norm: Norm {
                centre: false,
                scaled: false,
                eps: of.eps.unwrap_or(parts.spec.norm.eps),
                weight: tensor(norm, &[of.d_value])?,
                bias: vec![0.0; of.d_value],
            },
            output: parts.output(&name(output), false, values)?,
        })
    }

    /// What each token takes from those before it, `(n_tokens, n_value_heads d_value)`.
    pub(super) fn mix(&self, x: &[f32], pass: &Pass<'_>) -> Vec<f32> {
        let spec::Delta { n_key_heads, n_value_heads, d_key, d_value, doubled, .. } = self.spec;
        let (keys, values) = channels(&self.spec);
        let all = 2 * keys + values;
        let width = all + values + 2 * n_value_heads;
        let projected = self.inwards.forward(x, Finish::Plain);
        let mut convolved = Convolve {
            x: Columns { values: &projected, width, start: 0 },
            weight: &self.convolution,
            bias: &vec![0.0; all],
            activation: Some(self.spec.activation),
        }
        .forward(pass.sequences);
        let scale = 1.0 / (d_key as f32).sqrt();
        for row in convolved.chunks_exact_mut(all) {
            let (queries, rest) = row.split_at_mut(keys);
            queries.chunks_exact_mut(d_key).for_each(|head| to_length(head, scale));
            rest[..keys].chunks_exact_mut(d_key).for_each(|head| to_length(head, 1.0));
        }
        let heads = projected.len() / width * n_value_heads;
        let (mut kept, mut rate) = (Vec::with_capacity(heads), Vec::with_capacity(heads));
        for row in projected.chunks_exact(width) {
            let (rates, steps) = row[all + values..].split_at(n_value_heads);
            rate.extend(rates.iter().map(|rate| sigmoid(*rate) * if doubled { 2.0 } else { 1.0 }));
            let steps = steps.iter().zip(&self.step_bias).zip(&self.decay);
            kept.extend(steps.map(|((step, bias), decay)| (decay * softplus(step + bias)).exp()));
        }
        let part = |start| Columns { values: &convolved, width: all, start };
        let mut mixed = GatedDelta {
            n_key_heads,
            n_value_heads,
            d_key,
            d_value,
            query: part(0),
            key: part(keys),
            value: part(2 * keys),
            kept: &kept,
            rate: &rate,
        }
        .forward(pass.sequences);
        self.norm.apply_to_rows(&mut mixed);
        for (row, projected) in mixed.chunks_exact_mut(values).zip(projected.chunks_exact(width)) {
            for (value, gate) in row.iter_mut().zip(&projected[all..]) {
                *value *= gate * sigmoid(*gate);
            }
        }
        mixed
    }
}

/// Makes a vector's length `length`, or nearly so where it is short.
fn to_length(vector: &mut [f32], length: f32) {
    let square: f32 = vector.iter().map(|value| value * value).sum();
    let factor = length / (square + LENGTH_EPS).sqrt();
    for value in vector {
        *value *= factor;
    }
}

/// The layers that read, in one: queries, keys, values, gates, rates, steps.
fn inwards(of: &spec::Delta, parts: Parts<'_>) -> Result<Matrix> {
    let (keys, values) = channels(of);
    let (heads, d) = (of.n_value_heads, parts.spec.d_model);
    let layer = |part: &str, outputs: usize| {
        let name = format!("{}.{part}", parts.names.mixer);
        parts.weights.layer(&name, (false, false), parts.layer, outputs, d)
    };
    let by_part: &[(&str, usize)] = match of.layout {
        DeltaLayout::InOrder => &[
            ("in_proj_qkv", 2 * keys + values),
            ("in_proj_z", values),
            ("in_proj_b", heads),
            ("in_proj_a", heads),
        ],
        DeltaLayout::Apart => &[
            ("q_proj", keys),
            ("k_proj", keys),
            ("v_proj", values),
            ("g_proj", values),
            ("b_proj", heads),
            ("a_proj", heads),
        ],
        DeltaLayout::ByHead => {
            let layers = [&layer("in_proj_qkvz", 2 * keys + 2 * values)?, &layer("in_proj_ba", 2 * heads)?];
            return Ok(by_head(of, layers));
        }
    };
    let layers = by_part.iter().map(|&(part, outputs)| layer(part, outputs)).collect::<Result<Vec<_>>>()?;
    let layers: Vec<&Matrix> = layers.iter().collect();
    let rows: Vec<(usize, usize)> =
        (0..layers.len()).flat_map(|part| (0..by_part[part].1).map(move |row| (part, row))).collect();
    Ok(Matrix::gather(&layers, rows.into_iter()))
}

/// The same of two layers, in which what belongs to a head of keys is together: its query, its key, the values and the gates of its
/// heads of values; and their rates and steps.
fn by_head(of: &spec::Delta, layers: [&Matrix; 2]) -> Matrix {
    let served = of.n_value_heads / of.n_key_heads;
    let (d_key, d_values) = (of.d_key, served * of.d_value);
    let group = 2 * d_key + 2 * d_values;
    let part = |layer: usize, group: usize, start: usize, size: usize| {
        (0..of.n_key_heads)
            .flat_map(move |head| (0..size).map(move |row| (layer, head * group + start + row)))
    };
    let rows = part(0, group, 0, d_key)
        .chain(part(0, group, d_key, d_key))
        .chain(part(0, group, 2 * d_key, d_values))
        .chain(part(0, group, 2 * d_key + d_values, d_values))
        .chain(part(1, 2 * served, 0, served))
        .chain(part(1, 2 * served, served, served));
    Matrix::gather(&layers, rows)
}
