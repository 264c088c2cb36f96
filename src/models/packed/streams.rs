//! What blocks are given beside the residual stream: embeddings of their own, and streams that they do not read (Gemma 3n and 4).
//!
//! Source: `models/{gemma3n,gemma4}/modeling_*.py` of Hugging Face transformers.

use super::kernels::linear::{Finish, PackedLinear};
use super::kernels::norm::Norm;
use super::parts::Parts;
use super::pass::Pass;
use crate::models::checkpoint::initialize::Role;
use crate::models::checkpoint::table::Table;
use crate::models::checkpoint::weights::{Weights, in_block};
use crate::models::declarations::activation::Activation;
use crate::models::declarations::names::linear;
use crate::models::declarations::spec::{self, Spec};
use crate::models::error::Result;

/// Embeddings of tokens for each block, of all blocks.
pub(in crate::models) struct Inputs {
    pub(in crate::models) spec: spec::PerLayer,
    /// `(rows, n_layers d)`, in its file where that is possible: it is larger than all else, and few rows of it are needed.
    pub(in crate::models) table: Table,
    pub(in crate::models) projection: PackedLinear,
    /// Of what a block is given.
    pub(in crate::models) norm: Norm,
}

impl Inputs {
    /// Those of a model that has them.
    pub(super) fn load(
        spec: &Spec,
        names: Option<[&'static str; 3]>,
        weights: &Weights,
    ) -> Result<Option<Self>> {
        let Some((of, [table, projection, norm])) = spec.per_layer.zip(names) else { return Ok(None) };
        let (d, all) = (spec.d_model, spec.n_layers * of.d);
        let projection = weights.matrix(linear(projection).bias(false), 0, all, d)?;
        Ok(Some(Self {
            spec: of,
            table: weights.tokens(table, of.rows, all, true)?,
            projection: projection.scaled(1.0 / (d as f32).sqrt()).pack(),
            norm: weights.norm(norm, 0, of.d, spec.norm)?,
        }))
    }

    /// Rows of the table for `tokens`: those beyond it have the first.
    pub(in crate::models) fn rows(&self, tokens: &[u32]) -> Vec<u32> {
        let row = |&token: &u32| if (token as usize) < self.spec.rows { token } else { 0 };
        tokens.iter().map(row).collect()
    }

    /// What blocks are given of `tokens`, whose hidden state 0 is `x`: `(n_tokens, n_layers d)`.
    pub(super) fn forward(&self, tokens: &[u32], x: &[f32]) -> Result<Vec<f32>> {
        let mut given = self.projection.forward(x, Finish::Plain);
        self.norm.apply_to_rows(&mut given);
        let of_tokens: Vec<f32> = self.table.gather(&self.rows(tokens))?.flatten_all()?.to_vec1()?;
        let root = (self.spec.d as f32).sqrt();
        for (given, of_token) in given.iter_mut().zip(of_tokens) {
            *given = (*given + of_token * root) * std::f32::consts::FRAC_1_SQRT_2;
        }
        Ok(given)
    }
}

/// What a block makes of its embeddings.
pub(in crate::models) struct PerLayer {
    pub(in crate::models) layer: usize,
    pub(in crate::models) d: usize,
    pub(in crate::models) activation: Activation,
    pub(in crate::models) gate: PackedLinear,
    pub(in crate::models) projection: PackedLinear,
    pub(in crate::models) norm: Norm,
}

impl PerLayer {
    /// That of a block of a model that has them.
    pub(super) fn load(parts: Parts<'_>) -> Result<Option<Self>> {
        let Some(spec::PerLayer { d, .. }) = parts.spec.per_layer else { return Ok(None) };
        let d_model = parts.spec.d_model;
        Ok(Some(Self {
            layer: parts.layer,
            d,
            activation: parts.spec.mlp.activation,
            gate: parts.linear("layers.{}.per_layer_input_gate", false, d, d_model)?,
            projection: parts.linear("layers.{}.per_layer_projection", false, d_model, d)?,
            norm: parts.norm_of("layers.{}.post_per_layer_input_norm", d_model, parts.spec.norm)?,
        }))
    }

    /// What is to be added to the residual stream, `(n_tokens, d_model)`, of `x`, of the same size.
    pub(super) fn forward(&self, x: &[f32], pass: &Pass<'_>) -> Vec<f32> {
        let mut gates = self.gate.forward(x, Finish::Activate(self.activation));
        let all = &pass.carried.per_layer;
        let width = all.len() / pass.positions.len().max(1);
        for (gates, given) in gates.chunks_exact_mut(self.d).zip(all.chunks_exact(width.max(1))) {
            let given = &given[self.layer * self.d..][..self.d];
            gates.iter_mut().zip(given).for_each(|(gate, given)| *gate *= given);
        }
        let mut added = self.projection.forward(&gates, Finish::Plain);
        self.norm.apply_to_rows(&mut added);
        added
    }
}

/// From hidden state 0 to all streams, and from all streams to what the last norm reads.
pub(in crate::models) struct Streams {
    pub(in crate::models) spec: spec::Streams,
    /// Units of each.
    d: usize,
    pub(in crate::models) outward: Vec<PackedLinear>,
    pub(in crate::models) back: Vec<PackedLinear>,
}

/// The least mean square that a vector is made longer from.
pub(in crate::models) const LEAST_SQUARE: f32 = 1e-5;

impl Streams {
    /// All streams side by side, `(n_tokens, streams d_model)`, of the one that blocks read and the others.
    pub(super) fn side_by_side(&self, x: &[f32], others: &[Vec<f32>]) -> Vec<f32> {
        let stream = |at: usize| if at == self.spec.read { x } else { others[at].as_slice() };
        let token = |start: usize| (0..others.len()).flat_map(move |at| &stream(at)[start..][..self.d]);
        (0..x.len()).step_by(self.d).flat_map(token).copied().collect()
    }

    /// Those of a model that has several.
    pub(super) fn load(spec: &Spec, weights: &Weights) -> Result<Option<Self>> {
        let Some(of) = spec.streams else { return Ok(None) };
        let layers = |name: &str| -> Result<Vec<PackedLinear>> {
            let layer = |number: usize| -> Result<PackedLinear> {
                let name = format!("{name}.{number}");
                Ok(weights.layer(&name, (false, false), 0, spec.d_model, spec.d_model)?.pack())
            };
            (0..of.count - 1).map(layer).collect()
        };
        Ok(Some(Self {
            spec: of,
            d: spec.d_model,
            outward: layers("altup_projections")?,
            back: layers("altup_unembed_projections")?,
        }))
    }

    /// All streams, of hidden state 0; the one that blocks read is the first that is returned, and its place among the others is empty.
    pub(super) fn begin(&self, x: Vec<f32>) -> (Vec<f32>, Vec<Vec<f32>>) {
        let others = self.outward.iter().map(|layer| {
            let mut stream = layer.forward(&x, Finish::Plain);
            like(&mut stream, &x, layer.outputs());
            stream
        });
        let others: Vec<Vec<f32>> = others.collect();
        let mut all = vec![x];
        all.extend(others);
        (std::mem::take(&mut all[self.spec.read]), all)
    }

    /// Their mean, of the one that blocks read and the others.
    pub(super) fn end(&self, x: &mut Vec<f32>, mut streams: Vec<Vec<f32>>) {
        streams[self.spec.read] = std::mem::take(x);
        let mut sum = streams[0].clone();
        for (stream, layer) in streams[1..].iter().zip(&self.back) {
            let mut projected = layer.forward(stream, Finish::Plain);
            like(&mut projected, &streams[0], layer.outputs());
            sum.iter_mut().zip(projected).for_each(|(sum, value)| *sum += value);
        }
        let count = self.spec.count as f32;
        for value in &mut sum {
            *value /= count;
        }
        *x = sum;
    }
}

/// Makes vectors of `d` values as long as those of `other`.
fn like(values: &mut [f32], other: &[f32], d: usize) {
    let square = |row: &[f32]| row.iter().map(|value| value * value).sum::<f32>() / d as f32;
    for (row, other) in values.chunks_exact_mut(d).zip(other.chunks_exact(d)) {
        let factor = square(other).sqrt() / square(row).max(LEAST_SQUARE).sqrt();
        for value in row {
            *value *= factor;
        }
    }
}

/// What a block does to the streams, and the path beside its attention.
pub(in crate::models) struct Updates {
    pub(in crate::models) spec: spec::Streams,
    pub(in crate::models) norm: Norm,
    pub(in crate::models) router: PackedLinear,
    pub(in crate::models) prediction: PackedLinear,
    pub(in crate::models) correction: PackedLinear,
    /// What a block's own embeddings are made with is multiplied by these, `(d_model,)`, or empty.
    pub(in crate::models) scale: Vec<f32>,
    /// The path beside attention: two layers, and the norm after them.
    pub(in crate::models) left: PackedLinear,
    pub(in crate::models) right: PackedLinear,
    pub(in crate::models) path_norm: Norm,
}

impl Updates {
    /// Those of a block of a model that has several streams.
    pub(super) fn load(parts: Parts<'_>) -> Result<Option<Self>> {
        let Some(of) = parts.spec.streams else { return Ok(None) };
        let (d, count) = (parts.spec.d_model, of.count);
        let name = |part: &str| format!("layers.{{}}.{part}");
        let linear = |part: &str, outputs, inputs| parts.linear(&name(part), false, outputs, inputs);
        let norm = |part: &str| parts.norm_of(&name(part), d, parts.spec.norm);
        let router = name("altup.modality_router");
        let router = parts.weights.layer(&router, (false, false), parts.layer, count, d)?;
        let scale = in_block(&name("altup.correct_output_scale"), parts.layer);
        Ok(Some(Self {
            spec: of,
            norm: norm("altup.router_norm")?,
            router: router.scaled(1.0 / d as f32).pack(),
            prediction: linear("altup.prediction_coefs", count * count, count)?,
            correction: linear("altup.correction_coefs", count, count)?,
            scale: if of.scaled { parts.weights.floats(&[scale], &[d], Role::Zero)? } else { Vec::new() },
            left: linear("laurel.linear_left", of.rank, d)?,
            right: linear("laurel.linear_right", d, of.rank)?,
            path_norm: norm("laurel.post_laurel_norm")?,
        }))
    }

    /// What steers a token's updates, `(n_tokens, count)`.
    fn route(&self, x: &[f32]) -> Vec<f32> {
        let mut routed = self.router.forward(&self.norm.forward(x), Finish::Plain);
        for value in &mut routed {
            *value = value.tanh();
        }
        routed
    }

    /// Each stream becomes what is expected of it after the block, of all streams; `x` is the one that the block reads.
    pub(super) fn predict(&self, x: &mut Vec<f32>, streams: &mut [Vec<f32>]) {
        let spec::Streams { count, read, .. } = self.spec;
        let factors = self.prediction.forward(&self.route(x), Finish::Plain);
        std::mem::swap(x, &mut streams[read]);
        let d = self.norm.weight.len();
        let mut before = vec![0.0; count];
        for (token, factors) in factors.chunks_exact(count * count).enumerate() {
            for at in token * d..(token + 1) * d {
                before.iter_mut().zip(&*streams).for_each(|(value, stream)| *value = stream[at]);
                for (stream, factors) in streams.iter_mut().zip(factors.chunks_exact(count)) {
                    stream[at] +=
                        factors.iter().zip(&before).map(|(factor, value)| factor * value).sum::<f32>();
                }
            }
        }
        std::mem::swap(x, &mut streams[read]);
    }

    /// Adds the path beside attention to `x`, of what attention reads.
    pub(super) fn beside(&self, reads: &[f32], x: &mut [f32]) {
        let mut path = self.right.forward(&self.left.forward(reads, Finish::Plain), Finish::Plain);
        self.path_norm.apply_to_rows(&mut path);
        for ((x, read), path) in x.iter_mut().zip(reads).zip(path) {
            *x = (*x + (read + path)) * std::f32::consts::FRAC_1_SQRT_2;
        }
    }

    /// What the block changed of `expected` is taken over by all streams; `x` is what the block gave.
    pub(super) fn correct(&self, expected: &[f32], x: &mut [f32], streams: &mut [Vec<f32>]) {
        let spec::Streams { count, read, .. } = self.spec;
        let factors = self.correction.forward(&self.route(x), Finish::Plain);
        let d = self.norm.weight.len();
        for (token, factors) in factors.chunks_exact(count).enumerate() {
            for at in token * d..(token + 1) * d {
                let change = x[at] - expected[at];
                for (number, (stream, factor)) in streams.iter_mut().zip(factors).enumerate() {
                    if number != read {
                        stream[at] += change * (factor + 1.0);
                    }
                }
                x[at] = expected[at] + change * (factors[read] + 1.0);
            }
        }
    }

    /// Adds `added`, of the block's own embeddings, to all streams but the first.
    pub(super) fn add(&self, added: &[f32], x: &mut [f32], streams: &mut [Vec<f32>]) {
        for (number, stream) in streams.iter_mut().enumerate().skip(1) {
            let stream: &mut [f32] = if number == self.spec.read { x } else { stream };
            stream.iter_mut().zip(added).for_each(|(value, added)| *value += added);
        }
    }

    /// What the block's own embeddings are made with, of `x`.
    pub(super) fn scaled(&self, x: &[f32]) -> Vec<f32> {
        let mut scaled = x.to_vec();
        for row in scaled.chunks_exact_mut(self.norm.weight.len()) {
            row.iter_mut().zip(&self.scale).for_each(|(value, scale)| *value *= scale);
        }
        scaled
    }
}
