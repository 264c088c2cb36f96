//! An attention layer: queries, keys and values of each token, what happens to them before attention, and attention itself.

use super::disentangled::LayerDistances;
use crate::models::checkpoint::matrix::Matrix;
use crate::models::declarations::names::{self, NormOver, Qkv};
use crate::models::declarations::spec::{self, NormKind, Pairs};
use crate::models::error;
use crate::models::packed::distances::DistanceTable;
use crate::models::packed::kernels::attention::Attend;
use crate::models::packed::kernels::linear::{Finish, PackedLinear};
use crate::models::packed::kernels::norm::Norm;
use crate::models::packed::kernels::rotate::Prepare;
use crate::models::packed::parts::Parts;
use crate::models::packed::pass::{Pass, sized};
use crate::models::packed::steps::sigmoid;

/// An attention layer with its weights.
pub(in crate::models) struct Attention {
    pub(in crate::models) spec: spec::Attention,
    pub(in crate::models) reach: Option<usize>,
    /// Which of the trunk's rotations.
    pub(in crate::models) rotary: Option<usize>,
    /// Queries, keys and values in one: `d_model` to `(n_heads + 2 n_kv_heads) d_head`.
    pub(in crate::models) qkv: PackedLinear,
    pub(in crate::models) qk_norm: Option<(Vec<Norm>, Vec<Norm>)>,
    pub(in crate::models) value_norm: Option<Norm>,
    /// The block whose keys and values are taken; then `qkv` makes queries alone.
    pub(in crate::models) keys_of: Option<usize>,
    /// This block, if others take its keys and values.
    pub(in crate::models) keeps: Option<usize>,
    pub(in crate::models) distances: Option<LayerDistances>,
    /// What is added to scores by distance, where it is not that of all blocks.
    pub(in crate::models) bias: Option<DistanceTable>,
    /// For each head a score of nothing.
    pub(in crate::models) sinks: Option<Vec<f32>>,
    /// What heads take is multiplied by the sigmoid of this, `d_model` to `n_heads d_head` or to `n_heads`.
    pub(in crate::models) gate: Option<PackedLinear>,
    pub(in crate::models) output: PackedLinear,
}

impl Attention {
    pub(super) fn load(parts: Parts<'_>) -> error::Result<Self> {
        Self::beside(parts, 0)
    }

    /// The same, whose last layer takes `others` more inputs.
    pub(super) fn beside(parts: Parts<'_>, others: usize) -> error::Result<Self> {
        let spec::Attention { n_heads, d_head, .. } = parts.attention();
        let inputs = n_heads * d_head + others;
        let output = parts.weights.matrix(parts.names.attention, parts.layer, parts.spec.d_model, inputs)?;
        Self::of(parts, &qkv(parts)?, parts.written(output))
    }

    /// The same of layers that are read already.
    pub(super) fn of(parts: Parts<'_>, qkv: &Matrix, output: PackedLinear) -> error::Result<Self> {
        let (spec, names, block) = (parts.attention(), parts.names, parts.block());
        let spec::Attention { n_heads, n_kv_heads, d_head, .. } = spec;
        let n_made = if block.keys_of.is_some() { 0 } else { n_kv_heads };
        Ok(Self {
            reach: block.reach,
            rotary: parts.rotary,
            qkv: qkv.pack(),
            qk_norm: match names.qk_norm {
                None => None,
                Some(qk) => Some((norms(parts, qk, qk.query, n_heads)?, norms(parts, qk, qk.key, n_made)?)),
            },
            value_norm: spec.value_norm.map(|eps| Norm {
                centre: false,
                scaled: false,
                eps,
                weight: vec![1.0; d_head],
                bias: vec![0.0; d_head],
            }),
            keys_of: block.keys_of,
            keeps: block.keeps_keys.then_some(parts.layer),
            distances: LayerDistances::load(parts)?,
            bias: if names.has_own_distances() {
                DistanceTable::of_block(parts.spec, names, parts.weights, parts.layer)?
            } else {
                None
            },
            sinks: match names.sinks {
                Some(name) => Some(parts.values(name, &[n_heads])?),
                None => None,
            },
            gate: gate(parts)?.map(|gate| gate.pack()),
            output,
            spec,
        })
    }

    /// What each token takes from those it sees, `(n_tokens, n_heads d_head)`, to `mixed`.
    pub(super) fn mix(&self, x: &[f32], pass: &mut Pass<'_>, mixed: &mut Vec<f32>) {
        let mut qkv = std::mem::take(&mut pass.qkv);
        self.project(x, &mut qkv);
        self.prepare(&mut qkv, pass);
        let spec::Attention { n_heads, n_kv_heads, d_head, .. } = self.spec;
        let (queries, both) = (n_heads * d_head, 2 * n_kv_heads * d_head);
        if let Some(kept) = self.keys_of.and_then(|layer| pass.carried.keys.get(&layer)) {
            let rows = qkv.chunks_exact(queries).zip(kept.chunks_exact(both));
            qkv = rows.flat_map(|(queries, kept)| queries.iter().chain(kept)).copied().collect();
        }
        if let Some(layer) = self.keeps {
            let rows = qkv.chunks_exact(queries + both);
            let kept = rows.flat_map(|row| &row[queries..]).copied().collect();
            pass.carried.keys.insert(layer, kept);
        }
        self.attend_prepared(&qkv, pass, mixed);
        pass.qkv = qkv;
        if let Some(gate) = &self.gate {
            // One for each unit, or one for each head.
            let each = self.spec.n_heads * self.spec.d_head / gate.outputs();
            for (mixed, gate) in mixed.chunks_exact_mut(each).zip(gate.forward(x, Finish::Plain)) {
                let gate = sigmoid(gate);
                for mixed in mixed {
                    *mixed *= gate;
                }
            }
        }
    }

    /// Queries, keys and values, `(n_tokens, (n_heads + 2 n_kv_heads) d_head)`, to `qkv`.
    pub(super) fn project(&self, x: &[f32], qkv: &mut Vec<f32>) {
        let size = x.len() / self.qkv.inputs() * self.qkv.outputs();
        self.qkv.forward_to(x, Finish::Plain, sized(qkv, size));
    }

    /// What each token takes, of queries, keys and values, which are prepared where they stand, to `mixed`.
    pub(super) fn attend(&self, qkv: &mut [f32], pass: &Pass<'_>, mixed: &mut Vec<f32>) {
        self.prepare(qkv, pass);
        self.attend_prepared(qkv, pass, mixed);
    }

    /// What happens to queries, keys and values before attention, where they stand.
    fn prepare(&self, qkv: &mut [f32], pass: &Pass<'_>) {
        let rotation = self.rotary.map(|index| &pass.rotations[index]);
        let spec::Attention { clip, growth, .. } = self.spec;
        // Where keys are those of another block, there are queries alone.
        let made = match self.keys_of {
            Some(_) => &spec::Attention { n_kv_heads: 0, ..self.spec.clone() },
            None => &self.spec,
        };
        let norms = self.qk_norm.is_some() || self.value_norm.is_some();
        if rotation.is_some() || norms || clip.is_some() || growth.is_some() {
            let prepare = Prepare {
                spec: made,
                norms: self.qk_norm.as_ref(),
                value_norm: self.value_norm.as_ref(),
                rotation: rotation.map(|(cosines, sines, _)| (cosines.as_slice(), sines.as_slice())),
                pairs: rotation.map_or(0, |&(_, _, pairs)| pairs),
            };
            prepare.forward(qkv, &pass.positions);
        }
    }

    /// What each token takes, of queries, keys and values that are prepared, to `mixed`.
    fn attend_prepared(&self, qkv: &[f32], pass: &Pass<'_>, mixed: &mut Vec<f32>) {
        let spec::Attention { n_heads, n_kv_heads, .. } = self.spec;
        let distances = self.distances.as_ref().map(|distances| distances.up_to(pass.sequences.longest()));
        let own = self.bias.as_ref().map(|bias| bias.up_to(pass.sequences.longest()));
        let attend = Attend {
            spec: &self.spec,
            reach: self.reach,
            bias: own.as_ref().or(pass.bias.as_ref()),
            distances: distances.as_ref(),
            sinks: self.sinks.as_deref(),
        };
        let size = qkv.len() / (n_heads + 2 * n_kv_heads) * n_heads;
        attend.forward_to(qkv, pass.sequences, sized(mixed, size));
    }
}

/// The norms of queries or of keys, whichever `name` is of.
fn norms(parts: Parts<'_>, qk: names::QkNorm, name: &str, heads: usize) -> error::Result<Vec<Norm>> {
    let (spec, d_head) = (parts.spec, parts.attention().d_head);
    if heads == 0 {
        return Ok(Vec::new());
    }
    match qk.over {
        NormOver::All => Ok(vec![parts.norm_of(name, heads * d_head, spec.norm)?]),
        NormOver::Head => Ok(vec![parts.norm_of(name, d_head, spec.norm)?]),
        NormOver::OwnHead => {
            let own = spec::Norm { kind: NormKind::LayerUnbiased, ..spec.norm };
            let name = |head: usize| name.replace("{head}", &head.to_string());
            (0..heads).map(|head| parts.norm_of(&name(head), d_head, own)).collect()
        }
    }
}

/// The layer of gates, if there is one.
fn gate(parts: Parts<'_>) -> error::Result<Option<Matrix>> {
    let spec::Attention { n_heads, d_head, .. } = parts.attention();
    let (queries, d) = (n_heads * d_head, parts.spec.d_model);
    match (parts.names.qkv, parts.names.gate) {
        (Qkv::Gated(query, ..), _) => {
            let stored = parts.weights.matrix(query, parts.layer, 2 * queries, d)?;
            let rows = (0..queries).map(|row| (0, (row / d_head * 2 + 1) * d_head + row % d_head));
            Ok(Some(Matrix::gather(&[&stored], rows)))
        }
        (_, Some(name)) => parts.weights.matrix(name, parts.layer, n_heads, d).map(Some),
        _ => Ok(None),
    }
}

/// Queries, keys and values in one layer, in this order, and in a head those units next to each other that are turned together
/// half a rotation apart.
pub(super) fn qkv(parts: Parts<'_>) -> error::Result<Matrix> {
    let spec::Attention { n_heads, n_kv_heads, d_head, pairs, .. } = parts.attention();
    let matrix = in_order(parts)?;
    let n_pairs = parts.block().rotary.as_ref().map_or(0, |rotary| rotary.frequencies.len());
    if pairs == Pairs::Halves || n_pairs == 0 {
        return Ok(matrix);
    }
    // A score is a sum over units, whose order is free as long as queries and keys have the same.
    let turned = (n_heads + n_kv_heads) * d_head;
    let stored = |row: usize| match row % d_head {
        unit if row < turned && unit < n_pairs => row - unit + 2 * unit,
        unit if row < turned && unit < 2 * n_pairs => row - unit + 2 * (unit - n_pairs) + 1,
        _ => row,
    };
    Ok(Matrix::gather(&[&matrix], (0..matrix.outputs).map(|row| (0, stored(row)))))
}

/// Queries, keys and values in one layer, in this order.
fn in_order(parts: Parts<'_>) -> error::Result<Matrix> {
    let (layer, weights, d) = (parts.layer, parts.weights, parts.spec.d_model);
    let spec::Attention { n_heads, n_kv_heads, d_head, .. } = parts.attention();
    let (queries, keys) = (n_heads * d_head, n_kv_heads * d_head);
    let (n_keys, all) = (keys, queries + 2 * keys);
    match parts.names.qkv {
        Qkv::Separate(query, ..) if parts.block().keys_of.is_some() => {
            weights.matrix(query, layer, queries, d)
        }
        Qkv::Separate(query, key, value) => {
            let value = if parts.block().values_are_keys { key } else { value };
            let query = weights.matrix(query, layer, queries, d)?;
            let key = weights.matrix(key, layer, keys, d)?;
            let value = weights.matrix(value, layer, keys, d)?;
            let rows = (0..queries).map(|row| (0, row)).chain((0..keys).map(|row| (1, row)));
            Ok(Matrix::gather(&[&query, &key, &value], rows.chain((0..keys).map(|row| (2, row)))))
        }
        Qkv::Gated(query, key, value) => {
            // Stored as (heads, its query and its gate, d_head).
            let query = weights.matrix(query, layer, 2 * queries, d)?;
            let key = weights.matrix(key, layer, keys, d)?;
            let value = weights.matrix(value, layer, keys, d)?;
            let rows = (0..queries).map(|row| (0, row / d_head * 2 * d_head + row % d_head));
            let rows = rows.chain((0..keys).map(|row| (1, row)));
            Ok(Matrix::gather(&[&query, &key, &value], rows.chain((0..keys).map(|row| (2, row)))))
        }
        Qkv::Stacked(name) => weights.matrix(name, layer, all, d),
        Qkv::Interleaved(name) | Qkv::InterleavedApart { layer: name, .. } => {
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
            let values = (0..keys).map(move |value| row(value / d_head, group + 1, value % d_head));
            let keys = (0..keys).map(move |key| row(key / d_head, group, key % d_head));
            let mut matrix = Matrix::gather(&[&stored], queries.chain(keys).chain(values));
            if let Qkv::InterleavedApart { query_bias, value_bias, .. } = parts.names.qkv {
                let mut bias = weights.bias(query_bias, layer, n_heads * d_head)?;
                bias.resize(bias.len() + n_keys, 0.0);
                bias.extend(weights.bias(value_bias, layer, n_keys)?);
                matrix.bias = Some(bias);
            }
            Ok(matrix)
        }
        Qkv::Sharded(name, shards) => {
            // Stored as (shards, queries + values + keys of the shard).
            let stored = weights.matrix(name, layer, all, d)?;
            let size = queries / shards;
            let rows =
                |part: usize| (0..queries).map(move |row| (0, (row / size * 3 + part) * size + row % size));
            Ok(Matrix::gather(&[&stored], rows(0).chain(rows(2)).chain(rows(1))))
        }
    }
}
