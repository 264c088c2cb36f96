//! A block: attention and an MLP, each added to the residual stream, with norms where an architecture has them.

use super::disentangled::LayerDistances;
use super::error;
use super::kernels::attention::{Attend, Bias};
use super::kernels::linear::{Finish, PackedLinear};
use super::kernels::mlp::PackedMlp;
use super::kernels::norm::Norm;
use super::kernels::rotate::Prepare;
use super::names::{self, NormOver, Qkv};
use super::rotary::Rotary;
use super::sequences::Sequences;
use super::spec::{self, Attention, DistanceBias, NormKind, Spec};
use super::weights::{Matrix, Weights};

/// A block with its weights; [`names::Block`] says where its norms stand.
pub(super) struct Block {
    pub(super) spec: Attention,
    pub(super) reach: Option<usize>,
    /// Which of the trunk's rotations.
    pub(super) rotary: Option<usize>,
    pub(super) attention_in: Option<Norm>,
    /// Queries, keys and values in one: `d_model` to `(n_heads + 2 n_kv_heads) d_head`.
    pub(super) qkv: PackedLinear,
    pub(super) qk_norm: Option<(Vec<Norm>, Vec<Norm>)>,
    pub(super) distances: Option<LayerDistances>,
    pub(super) attention: PackedLinear,
    pub(super) attention_out: Option<Norm>,
    pub(super) after_attention: Option<Norm>,
    pub(super) parallel: bool,
    pub(super) mlp_in: Option<Norm>,
    pub(super) mlp: PackedMlp,
    pub(super) mlp_out: Option<Norm>,
    pub(super) after_mlp: Option<Norm>,
}

/// Memory that a pass uses again block after block.
#[derive(Default)]
pub(super) struct Room {
    read: Vec<f32>,
    qkv: Vec<f32>,
    mixed: Vec<f32>,
    wrote: Vec<f32>,
}

/// What all blocks of a pass share.
pub(super) struct Shared {
    /// Each token's place in its sequence.
    positions: Vec<u32>,
    /// For each of the trunk's rotations its cosines and sines, `(longest, pairs)` each, and `pairs`.
    rotations: Vec<(Vec<f32>, Vec<f32>, usize)>,
    bias: Option<Bias>,
}

impl Shared {
    pub(super) fn new(sequences: &Sequences, rotaries: &[Rotary], distances: Option<&DistanceTable>) -> Self {
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
    pub(super) fn load(
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
    pub(super) fn forward(&self, x: &mut Vec<f32>, sequences: &Sequences, shared: &Shared, room: &mut Room) {
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

/// What is added to scores, by head and distance.
pub(super) enum DistanceTable {
    /// A slope per head.
    Slopes(Vec<f32>),
    /// `(buckets, heads)`.
    Buckets { table: Vec<Vec<f32>>, max_distance: usize },
}

impl DistanceTable {
    pub(super) fn load(spec: &Spec, names: &names::Block, weights: &Weights) -> error::Result<Option<Self>> {
        Ok(match spec.attention.bias {
            // Disentangled layers have tables of their own.
            DistanceBias::None | DistanceBias::Disentangled(_) => None,
            DistanceBias::Alibi { scale } => {
                Some(Self::Slopes(alibi_slopes(spec.attention.n_heads).map(|slope| slope * scale).collect()))
            }
            DistanceBias::Buckets { count, max_distance } => {
                let name = names.distance_bias.unwrap_or_default();
                let table = weights.table(name, count, spec.attention.n_heads)?.to_vec2()?;
                Some(Self::Buckets { table, max_distance })
            }
        })
    }

    /// The values for sequences of up to `longest` tokens.
    pub(super) fn up_to(&self, longest: usize) -> Bias {
        let distances = || (0..2 * longest - 1).map(|index| index as i64 - (longest as i64 - 1));
        let values = match self {
            Self::Slopes(slopes) => slopes
                .iter()
                .flat_map(|slope| distances().map(move |distance| slope * distance as f32))
                .collect(),
            Self::Buckets { table, max_distance } => {
                let buckets: Vec<usize> =
                    distances().map(|distance| bucket(distance, table.len(), *max_distance)).collect();
                let n_heads = table.first().map_or(0, Vec::len);
                (0..n_heads).flat_map(|head| buckets.iter().map(move |&bucket| table[bucket][head])).collect()
            }
        };
        Bias { longest, values }
    }
}

/// The slopes of Press et al. 2022: powers of one number when there are `2^k` heads, else those and every other one of the
/// next `2^k`.
fn alibi_slopes(n_heads: usize) -> impl Iterator<Item = f32> {
    let whole = if n_heads.is_power_of_two() { n_heads } else { n_heads.next_power_of_two() / 2 };
    let base = |heads: usize| 2f64.powf(-8.0 / heads as f64);
    let first = (1..=whole).map(move |power| base(whole).powi(power as i32) as f32);
    let rest = (0..n_heads - whole).map(move |index| base(2 * whole).powi(2 * index as i32 + 1) as f32);
    first.chain(rest)
}

/// The bucket of a distance (key less query), in both directions (Raffel et al. 2020): each small distance has its own, and
/// larger ones share more and more.
fn bucket(distance: i64, count: usize, max_distance: usize) -> usize {
    let half = count / 2;
    let direction = if distance > 0 { half } else { 0 };
    let distance = distance.unsigned_abs() as usize;
    let exact = half / 2;
    let within = if distance < exact {
        distance
    } else {
        // In f32, as transformers computes it: the rounding decides where buckets end.
        let ratio = (distance as f32 / exact as f32).ln() / (max_distance as f32 / exact as f32).ln();
        (exact + (ratio * (half - exact) as f32) as usize).min(half - 1)
    };
    direction + within
}
