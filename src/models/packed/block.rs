//! A block: attention and an MLP, each added to the residual stream, with norms where an architecture has them.

use super::disentangled::LayerDistances;
use super::distances::DistanceTable;
use super::kernels::attention::Attend;
use super::kernels::distances::Bias;
use super::kernels::linear::{Finish, PackedLinear};
use super::kernels::mlp::PackedMlp;
use super::kernels::norm::Norm;
use super::kernels::rotate::Prepare;
use crate::models::checkpoint::matrix::Matrix;
use crate::models::checkpoint::weights::Weights;
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
    pub(in crate::models) mlp: PackedMlp,
    pub(in crate::models) mlp_out: Option<Norm>,
    pub(in crate::models) after_mlp: Option<Norm>,
}

/// Memory that a pass uses again block after block.
#[derive(Default)]
pub(in crate::models) struct Room {
    read: Vec<f32>,
    qkv: Vec<f32>,
    mixed: Vec<f32>,
    wrote: Vec<f32>,
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
            mlp: load_mlp(spec, names.mlp, layer, weights)?,
            mlp_out: norm(names.mlp_out)?,
            after_mlp: norm(names.after_mlp)?,
        })
    }

    /// Takes the residual stream `x`, `(n_tokens, d_model)`, through the block.
    pub(in crate::models) fn forward(&self, x: &mut Vec<f32>, sequences: &Sequences, shared: &Shared, room: &mut Room) {
        let Room { read, qkv, mixed, wrote } = room;
        if let Some(norm) = &self.attention_in {
            normalized(x, norm, read);
        }
        let reads: &[f32] = if self.attention_in.is_some() { read } else { x };
        self.qkv.forward_to(reads, Finish::Plain, sized(qkv, reads.len() / self.qkv.inputs() * self.qkv.outputs()));
        self.attend(qkv, sequences, shared, mixed);
        // What runs beside attention reads the residual stream as it was.
        match &self.mlp_in {
            Some(norm) if self.parallel => normalized(x, norm, read),
            None if self.parallel && self.attention_in.is_none() => read.clone_from(x),
            _ => {}
        }
        let attended = sized(wrote, x.len());
        match &self.attention_out {
            None => self.attention.forward_to(mixed, Finish::Add(x), attended),
            Some(norm) => {
                self.attention.forward_to(mixed, Finish::Plain, attended);
                add_normalized(attended, norm, x);
            }
        }
        std::mem::swap(x, wrote);
        if let Some(norm) = &self.after_attention {
            norm.apply_to_rows(x);
        }
        if let Some(norm) = self.mlp_in.as_ref().filter(|_| !self.parallel) {
            normalized(x, norm, read);
        }
        let reads: &[f32] = if self.mlp_in.is_some() || self.parallel { read } else { x };
        let hidden = sized(wrote, x.len());
        match &self.mlp_out {
            None => self.mlp.forward_to(reads, Finish::Add(x), hidden),
            Some(norm) => {
                self.mlp.forward_to(reads, Finish::Plain, hidden);
                add_normalized(hidden, norm, x);
            }
        }
        std::mem::swap(x, wrote);
        if let Some(norm) = &self.after_mlp {
            norm.apply_to_rows(x);
        }
    }

    /// Attention of `qkv`, which is prepared where it stands, to `mixed`.
    fn attend(&self, qkv: &mut [f32], sequences: &Sequences, shared: &Shared, mixed: &mut Vec<f32>) {
        let rotation = self.rotary.map(|index| &shared.rotations[index]);
        let Attention { clip, growth, n_heads, n_kv_heads, .. } = self.spec;
        if rotation.is_some() || self.qk_norm.is_some() || clip.is_some() || growth.is_some() {
            let prepare = Prepare {
                spec: &self.spec,
                norms: self.qk_norm.as_ref(),
                rotation: rotation.map(|(cosines, sines, _)| (cosines.as_slice(), sines.as_slice())),
                pairs: rotation.map_or(0, |&(_, _, pairs)| pairs),
            };
            prepare.forward(qkv, &shared.positions);
        }
        let distances = self.distances.as_ref().map(|distances| distances.up_to(sequences.longest()));
        let attend = Attend {
            spec: &self.spec,
            reach: self.reach,
            bias: shared.bias.as_ref(),
            distances: distances.as_ref(),
        };
        let size = qkv.len() / (n_heads + 2 * n_kv_heads) * n_heads;
        attend.forward_to(qkv, sequences, sized(mixed, size));
    }
}

/// `room` made to hold `size` values, of whatever it held.
fn sized(room: &mut Vec<f32>, size: usize) -> &mut Vec<f32> {
    room.resize(size, 0.0);
    room
}

/// Rows of `x` through `norm`, to `read`.
fn normalized(x: &[f32], norm: &Norm, read: &mut Vec<f32>) {
    read.clear();
    read.extend_from_slice(x);
    norm.apply_to_rows(read);
}

/// Rows of `wrote` through `norm`, and the residual stream added.
fn add_normalized(wrote: &mut [f32], norm: &Norm, residual: &[f32]) {
    norm.apply_to_rows(wrote);
    for (wrote, residual) in wrote.iter_mut().zip(residual) {
        *wrote += residual;
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

fn load_mlp(spec: &Spec, names: names::Mlp, layer: usize, weights: &Weights) -> error::Result<PackedMlp> {
    let (d, d_mlp) = (spec.d_model, spec.mlp.d);
    let inner = |name| weights.matrix(name, layer, d_mlp, d);
    let (activated, factor, down) = match names {
        names::Mlp::Plain { up, down } => (inner(up)?, None, down),
        names::Mlp::Gated { gate, up, down } => (inner(gate)?, Some(inner(up)?), down),
        names::Mlp::GatedStacked { gate_up, down } => {
            let both = weights.matrix(gate_up, layer, 2 * d_mlp, d)?;
            let half = |start: usize| Matrix::gather(&[&both], (start..start + d_mlp).map(|row| (0, row)));
            (half(0), Some(half(d_mlp)), down)
        }
    };
    let down = weights.matrix(down, layer, d, d_mlp)?.scaled(spec.residual_scale);
    Ok(Matrix::pack_mlp(spec.mlp.activation, &activated, factor.as_ref(), &down))
}
