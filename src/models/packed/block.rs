//! A block: attention and an MLP, each added to the residual stream, with norms where an architecture has them.

use candle_core::{Result, Tensor};

use super::disentangled::LayerDistances;
use super::distances::DistanceTable;
use super::kernels::attention::Attend;
use super::kernels::distances::Bias;
use super::kernels::linear::PackedLinear;
use super::kernels::norm::Norm;
use super::kernels::ops;
use super::kernels::rotate::Prepare;
use crate::models::checkpoint::matrix::Matrix;
use crate::models::checkpoint::weights::Weights;
use crate::models::declarations::activation::Activation;
use crate::models::declarations::names::{self, NormOver, Qkv};
use crate::models::declarations::rotary::Rotary;
use crate::models::declarations::spec::{self, Attention, NormKind, Spec};
use crate::models::error;
use crate::models::sequences::Sequences;

/// A block with its weights; [`names::Block`] says where its norms stand.
pub(in crate::models) struct Block {
    pub(in crate::models) spec: Attention,
    pub(in crate::models) reach: Option<usize>,
    /// Which of the trunk's rotations.
    pub(in crate::models) rotary: Option<usize>,
    pub(in crate::models) attention_in: Option<Norm>,
    /// Queries, keys and values in one: `d_model` to `(n_heads + 2 n_kv_heads) d_head`.
    pub(in crate::models) qkv: PackedLinear,
    pub(in crate::models) qk_norm: Option<(Vec<Norm>, Vec<Norm>)>,
    pub(in crate::models) distances: Option<LayerDistances>,
    pub(in crate::models) attention: PackedLinear,
    pub(in crate::models) attention_out: Option<Norm>,
    pub(in crate::models) after_attention: Option<Norm>,
    pub(in crate::models) parallel: bool,
    pub(in crate::models) mlp_in: Option<Norm>,
    pub(in crate::models) mlp: Mlp,
    pub(in crate::models) mlp_out: Option<Norm>,
    pub(in crate::models) after_mlp: Option<Norm>,
}

pub(in crate::models) struct Mlp {
    pub(in crate::models) activation: Activation,
    /// Goes through the activation; multiplied by `factor`'s output if there is one.
    pub(in crate::models) activated: PackedLinear,
    pub(in crate::models) factor: Option<PackedLinear>,
    pub(in crate::models) down: PackedLinear,
}

/// What all blocks of a pass share.
pub(in crate::models) struct Shared {
    /// Each token's place in its sequence.
    positions: Vec<u32>,
    /// For each of the trunk's rotations its cosines and sines, `(longest, pairs)` each, and `pairs`.
    rotations: Vec<(Vec<f32>, Vec<f32>, usize)>,
    bias: Option<Bias>,
}

impl Shared {
    pub(in crate::models) fn new(
        sequences: &Sequences,
        rotaries: &[Rotary],
        distances: Option<&DistanceTable>,
    ) -> Self {
        let longest = sequences.longest();
        let rotations = rotaries.iter().map(|rotary| {
            let (cosines, sines) = rotary.tables(longest);
            (cosines, sines, rotary.frequencies.len())
        });
        Self {
            positions: sequences.positions(),
            rotations: rotations.collect(),
            bias: distances.map(|distances| distances.up_to(longest)),
        }
    }
}

impl Block {
    pub(in crate::models) fn load(
        spec: &Spec,
        names: &names::Block,
        layer: usize,
        rotary: Option<usize>,
        weights: &Weights,
    ) -> error::Result<Self> {
        let d = spec.d_model;
        let variant = &spec.blocks[layer];
        let norm =
            |name: Option<&'static str>| name.map(|name| weights.norm(name, layer, d, spec.norm)).transpose();
        let Attention { n_heads, n_kv_heads, d_head, .. } = spec.attention;
        let qk_norm = match names.qk_norm {
            None => None,
            Some(qk) => {
                let norms = |name: &str, heads: usize| match qk.over {
                    NormOver::All => Ok(vec![weights.norm(name, layer, heads * d_head, spec.norm)?]),
                    NormOver::Head => Ok(vec![weights.norm(name, layer, d_head, spec.norm)?]),
                    NormOver::OwnHead => {
                        let own = spec::Norm { kind: NormKind::LayerUnbiased, ..spec.norm };
                        let name = |head: usize| name.replace("{head}", &head.to_string());
                        (0..heads).map(|head| weights.norm(&name(head), layer, d_head, own)).collect()
                    }
                };
                Some((norms(qk.query, n_heads)?, norms(qk.key, n_kv_heads)?))
            }
        };
        let qkv = load_qkv(spec, names.qkv, layer, weights)?;
        let attention = weights.matrix(names.attention, layer, d, n_heads * d_head)?;
        let scale = variant.scale.unwrap_or(spec.attention.scale);
        Ok(Self {
            spec: Attention { scale, ..spec.attention.clone() },
            reach: variant.reach,
            rotary,
            attention_in: norm(names.attention_in.filter(|_| !variant.bare))?,
            qkv,
            qk_norm,
            distances: LayerDistances::load(spec, names, layer, weights)?,
            attention: attention.scaled(spec.residual_scale).pack(),
            attention_out: norm(names.attention_out)?,
            after_attention: norm(names.after_attention)?,
            parallel: spec.parallel,
            mlp_in: norm(names.mlp_in)?,
            mlp: Mlp::load(spec, names.mlp, layer, weights)?,
            mlp_out: norm(names.mlp_out)?,
            after_mlp: norm(names.after_mlp)?,
        })
    }

    pub(in crate::models) fn forward(
        &self,
        x: &Tensor,
        sequences: &Sequences,
        shared: &Shared,
    ) -> Result<Tensor> {
        let read = normalized(x, self.attention_in.as_ref())?;
        let mixed = self.attend(&read, sequences, shared)?;
        let mut after = add(x, &mixed, &self.attention, self.attention_out.as_ref())?;
        after = normalized(&after, self.after_attention.as_ref())?;
        let read = match (&self.mlp_in, self.parallel) {
            (Some(norm), parallel) => ops::normalize(if parallel { x } else { &after }, norm)?,
            (None, true) => read,
            (None, false) => after.clone(),
        };
        let hidden = self.mlp.hidden(&read)?;
        let x = add(&after, &hidden, &self.mlp.down, self.mlp_out.as_ref())?;
        normalized(&x, self.after_mlp.as_ref())
    }

    fn attend(&self, x: &Tensor, sequences: &Sequences, shared: &Shared) -> Result<Tensor> {
        let qkv = ops::linear(x, &self.qkv, None)?;
        let rotation = self.rotary.map(|index| &shared.rotations[index]);
        let Attention { clip, growth, .. } = self.spec;
        if rotation.is_some() || self.qk_norm.is_some() || clip.is_some() || growth.is_some() {
            let prepare = Prepare {
                spec: &self.spec,
                norms: self.qk_norm.as_ref(),
                rotation: rotation.map(|(cosines, sines, _)| (cosines.as_slice(), sines.as_slice())),
                pairs: rotation.map_or(0, |&(_, _, pairs)| pairs),
            };
            ops::prepare(&qkv, prepare, &shared.positions)?;
        }
        let distances = self.distances.as_ref().map(|distances| distances.up_to(sequences.longest()));
        let attend = Attend {
            spec: &self.spec,
            reach: self.reach,
            bias: shared.bias.as_ref(),
            distances: distances.as_ref(),
        };
        ops::attend(&qkv, attend, sequences)
    }
}

fn normalized(x: &Tensor, norm: Option<&Norm>) -> Result<Tensor> {
    match norm {
        Some(norm) => ops::normalize(x, norm),
        None => Ok(x.clone()),
    }
}

/// The residual stream plus a layer of `x`, which is normalized first if there is a norm.
fn add(residual: &Tensor, x: &Tensor, layer: &PackedLinear, norm: Option<&Norm>) -> Result<Tensor> {
    match norm {
        None => ops::add_linear(residual, x, layer),
        Some(norm) => residual + ops::normalize(&ops::linear(x, layer, None)?, norm)?,
    }
}

/// Queries, keys and values in one layer, in this order.
fn load_qkv(spec: &Spec, names: Qkv, layer: usize, weights: &Weights) -> error::Result<PackedLinear> {
    let Attention { n_heads, n_kv_heads, d_head, .. } = spec.attention;
    let d = spec.d_model;
    let (queries, keys) = (n_heads * d_head, n_kv_heads * d_head);
    let all = queries + 2 * keys;
    let matrix = match names {
        Qkv::Separate(query, key, value) => {
            let query = weights.matrix(query, layer, queries, d)?;
            let key = weights.matrix(key, layer, keys, d)?;
            let value = weights.matrix(value, layer, keys, d)?;
            let rows = (0..queries).map(|row| (0, row)).chain((0..keys).map(|row| (1, row)));
            Matrix::gather(&[&query, &key, &value], rows.chain((0..keys).map(|row| (2, row))))
        }
        Qkv::Stacked(name) => weights.matrix(name, layer, all, d)?,
        Qkv::Interleaved(name) => {
            // Stored as (kv heads, queries of the head + key + value, d_head).
            let stored = weights.matrix(name, layer, all, d)?;
            let group = n_heads / n_kv_heads;
            let row = move |kv_head: usize, part: usize, unit: usize| {
                (0, (kv_head * (group + 2) + part) * d_head + unit)
            };
            let queries = (0..queries).map(move |query| {
                let head = query / d_head;
                row(head / group, head % group, query % d_head)
            });
            let keys = (0..keys).map(move |key| row(key / d_head, group, key % d_head));
            let values =
                (0..n_kv_heads * d_head).map(move |value| row(value / d_head, group + 1, value % d_head));
            Matrix::gather(&[&stored], queries.chain(keys).chain(values))
        }
    };
    Ok(matrix.pack())
}

impl Mlp {
    fn load(spec: &Spec, names: names::Mlp, layer: usize, weights: &Weights) -> error::Result<Self> {
        let (d, d_mlp) = (spec.d_model, spec.mlp.d);
        let inner = |name| weights.matrix(name, layer, d_mlp, d);
        let (activated, factor, down) = match names {
            names::Mlp::Plain { up, down } => (inner(up)?, None, down),
            names::Mlp::Gated { gate, up, down } => (inner(gate)?, Some(inner(up)?), down),
            names::Mlp::GatedStacked { gate_up, down } => {
                let both = weights.matrix(gate_up, layer, 2 * d_mlp, d)?;
                let half =
                    |start: usize| Matrix::gather(&[&both], (start..start + d_mlp).map(|row| (0, row)));
                (half(0), Some(half(d_mlp)), down)
            }
        };
        Ok(Self {
            activation: spec.mlp.activation,
            activated: activated.pack(),
            factor: factor.map(|matrix| matrix.pack()),
            down: weights.matrix(down, layer, d, d_mlp)?.scaled(spec.residual_scale).pack(),
        })
    }

    /// The hidden layer: `(n_tokens, d_mlp)`.
    fn hidden(&self, x: &Tensor) -> Result<Tensor> {
        let activated = ops::linear(x, &self.activated, Some(self.activation))?;
        match &self.factor {
            Some(factor) => ops::gate_linear(&activated, x, factor),
            None => Ok(activated),
        }
    }
}
