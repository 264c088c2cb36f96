//! RWKV-7 "Goose" (Peng et al. 2025), under the names of the Hub's checkpoints in the layout of flash-linear-attention
//! (`RWKV/RWKV7-Goose-…-HF`).
//!
//! The formulas are those of the paper's section 4; the constant in the decay is `e^(-1/2)`.

use super::steps::{Carried, sigmoid};
use crate::models::checkpoint::weights::Weights;
use crate::models::declarations::activation::Activation;
use crate::models::declarations::names::{Linear, linear};
use crate::models::declarations::spec::{self, Spec};
use crate::models::error::Result;
use crate::models::packed::kernels::linear::{Finish, PackedLinear};
use crate::models::packed::kernels::norm::Norm;
use crate::models::packed::kernels::scan::Delta;
use crate::models::sequences::Sequences;

/// A block with its weights.
pub(in crate::models) struct Rwkv7 {
    pub(in crate::models) d: usize,
    pub(in crate::models) d_head: usize,
    /// Before the first block, of the embeddings.
    pub(in crate::models) first_norm: Option<Norm>,
    pub(in crate::models) time_norm: Norm,
    pub(in crate::models) time: Time,
    pub(in crate::models) channel_norm: Norm,
    /// `(d_model,)`.
    pub(in crate::models) channel_shift: Vec<f32>,
    pub(in crate::models) channel_key: PackedLinear,
    pub(in crate::models) channel_value: PackedLinear,
}

/// The mixing over time.
pub(in crate::models) struct Time {
    /// How much of the token before goes into what `receptance`, `decay`, `key`, `value`, `rate` and `gate` are made from.
    pub(in crate::models) shifts: [Vec<f32>; 6],
    pub(in crate::models) receptance: PackedLinear,
    pub(in crate::models) key: PackedLinear,
    pub(in crate::models) value: PackedLinear,
    pub(in crate::models) output: PackedLinear,
    pub(in crate::models) decay: LowRank,
    pub(in crate::models) rate: LowRank,
    pub(in crate::models) gate: LowRank,
    /// How much of the first block's values is taken; none in the first block.
    pub(in crate::models) value_mix: Option<LowRank>,
    /// `(d_model,)` each.
    pub(in crate::models) removal: Vec<f32>,
    pub(in crate::models) rate_mix: Vec<f32>,
    pub(in crate::models) bonus: Vec<f32>,
    /// Of each head.
    pub(in crate::models) norms: Vec<Norm>,
}

/// Two layers with few units between.
pub(in crate::models) struct LowRank {
    pub(in crate::models) down: PackedLinear,
    pub(in crate::models) up: PackedLinear,
}

impl LowRank {
    fn load(
        (down, up): (&'static str, Linear),
        rank: usize,
        d: usize,
        layer: usize,
        weights: &Weights,
    ) -> Result<Self> {
        Ok(Self {
            down: weights.matrix(linear(down).bias(false), layer, rank, d)?.pack(),
            up: weights.matrix(up, layer, d, rank)?.pack(),
        })
    }

    fn forward(&self, x: &[f32], between: impl Fn(&mut f32)) -> Vec<f32> {
        let mut hidden = self.down.forward(x, Finish::Plain);
        for value in &mut hidden {
            between(value);
        }
        self.up.forward(&hidden, Finish::Plain)
    }
}

impl Rwkv7 {
    pub(super) fn load(spec: &Spec, of: &spec::Rwkv7, layer: usize, weights: &Weights) -> Result<Self> {
        let d = spec.d_model;
        let norm = |name: &str| weights.norm(name, layer, d, spec.norm);
        let square = |name: &'static str| -> Result<PackedLinear> {
            Ok(weights.matrix(linear(name).bias(false), layer, d, d)?.pack())
        };
        let vector = |name: &str| weights.values(name, layer, &[d]);
        let shift = |name: &str| weights.values(&format!("layers.{{}}.attn.x_{name}"), layer, &[1, 1, d]);
        let low =
            |down: &'static str, up: Linear, rank: usize| LowRank::load((down, up), rank, d, layer, weights);
        let n_heads = d / of.d_head;
        let group = (vector("layers.{}.attn.g_norm.weight")?, vector("layers.{}.attn.g_norm.bias")?);
        let norms = group.0.chunks_exact(of.d_head).zip(group.1.chunks_exact(of.d_head));
        let time = Time {
            shifts: [shift("r")?, shift("w")?, shift("k")?, shift("v")?, shift("a")?, shift("g")?],
            receptance: square("layers.{}.attn.r_proj")?,
            key: square("layers.{}.attn.k_proj")?,
            value: square("layers.{}.attn.v_proj")?,
            output: square("layers.{}.attn.o_proj")?,
            decay: low("layers.{}.attn.w_lora.lora.0", linear("layers.{}.attn.w_lora.lora.2"), of.d_decay)?,
            rate: low("layers.{}.attn.a_lora.lora.0", linear("layers.{}.attn.a_lora.lora.2"), of.d_rate)?,
            gate: low(
                "layers.{}.attn.g_lora.lora.0",
                linear("layers.{}.attn.g_lora.lora.2").bias(false),
                of.d_gate,
            )?,
            value_mix: (layer > 0)
                .then(|| {
                    low("layers.{}.attn.v_lora.lora.0", linear("layers.{}.attn.v_lora.lora.2"), of.d_value)
                })
                .transpose()?,
            removal: vector("layers.{}.attn.k_k")?,
            rate_mix: vector("layers.{}.attn.k_a")?,
            bonus: weights.values("layers.{}.attn.r_k", layer, &[n_heads, of.d_head])?,
            norms: norms
                .map(|(weight, bias)| Norm {
                    centre: true,
                    eps: of.d_head as f32 * spec.norm.eps,
                    weight: weight.to_vec(),
                    bias: bias.to_vec(),
                })
                .collect(),
        };
        let first_norm = (layer == 0).then(|| norm("layers.{}.pre_norm")).transpose()?;
        Ok(Self {
            d,
            d_head: of.d_head,
            first_norm,
            time_norm: norm("layers.{}.attn_norm")?,
            time,
            channel_norm: norm("layers.{}.ffn_norm")?,
            channel_shift: vector("layers.{}.ffn.x_k")?,
            channel_key: weights.matrix(linear("layers.{}.ffn.key").bias(false), layer, of.d_mlp, d)?.pack(),
            channel_value: weights
                .matrix(linear("layers.{}.ffn.value").bias(false), layer, d, of.d_mlp)?
                .pack(),
        })
    }

    pub(super) fn forward(&self, x: &[f32], sequences: &Sequences, carried: &mut Carried) -> Vec<f32> {
        let first = self.first_norm.as_ref().map(|norm| norm.forward(x));
        let x = first.as_deref().unwrap_or(x);
        let x = self.time(x, sequences, carried);
        let read = self.channel_norm.forward(&x);
        let shifted = mix(&read, &before(&read, self.d, sequences), &self.channel_shift);
        let hidden = self.channel_key.forward(&shifted, Finish::Activate(Activation::ReluSquared));
        self.channel_value.forward(&hidden, Finish::Add(&x))
    }

    /// The residual stream after the mixing over time.
    fn time(&self, x: &[f32], sequences: &Sequences, carried: &mut Carried) -> Vec<f32> {
        let Time { shifts, .. } = &self.time;
        let (d, d_head, time) = (self.d, self.d_head, &self.time);
        let read = self.time_norm.forward(x);
        let previous = before(&read, d, sequences);
        let [for_receptance, for_decay, for_key, for_value, for_rate, for_gate] =
            shifts.each_ref().map(|shift| mix(&read, &previous, shift));
        let receptance = time.receptance.forward(&for_receptance, Finish::Plain);
        let mut key = time.key.forward(&for_key, Finish::Plain);
        let mut value = time.value.forward(&for_value, Finish::Plain);
        let mut decay = time.decay.forward(&for_decay, |hidden| *hidden = hidden.tanh());
        for decay in &mut decay {
            *decay = (-(-0.5f32).exp() * sigmoid(*decay)).exp();
        }
        let mut rate = time.rate.forward(&for_rate, |_| ());
        for rate in &mut rate {
            *rate = sigmoid(*rate);
        }
        let gate = time.gate.forward(&for_gate, |hidden| *hidden = sigmoid(*hidden));
        if let Some((mixing, first)) = time.value_mix.as_ref().zip(carried.first_values.as_ref()) {
            let share = mixing.forward(&for_value, |_| ());
            for ((value, first), share) in value.iter_mut().zip(first).zip(&share) {
                *value += (first - *value) * sigmoid(*share);
            }
        } else {
            carried.first_values = Some(value.clone());
        }
        let mut removed: Vec<f32> =
            key.iter().zip(time.removal.iter().cycle()).map(|(key, removal)| key * removal).collect();
        for head in removed.chunks_exact_mut(d_head) {
            let length = head.iter().map(|value| value * value).sum::<f32>().sqrt().max(1e-12);
            for value in head {
                *value /= length;
            }
        }
        let replaced: Vec<f32> = removed.iter().zip(&rate).map(|(removed, rate)| removed * rate).collect();
        for ((key, rate), share) in key.iter_mut().zip(&rate).zip(time.rate_mix.iter().cycle()) {
            *key *= 1.0 + (rate - 1.0) * share;
        }
        let mut mixed = Delta {
            n_heads: d / d_head,
            d_head,
            receptance: &receptance,
            decay: &decay,
            key: &key,
            value: &value,
            removed: &removed,
            replaced: &replaced,
        }
        .forward(sequences);
        for (index, (head, norm)) in mixed.chunks_exact_mut(d_head).zip(time.norms.iter().cycle()).enumerate()
        {
            let start = index * d_head;
            let bonus = &time.bonus[start % d..][..d_head];
            let of_head = start..start + d_head;
            let pairs = receptance[of_head.clone()].iter().zip(&key[of_head.clone()]);
            let extra: f32 =
                pairs.zip(bonus).map(|((receptance, key), bonus)| receptance * key * bonus).sum();
            let normed = norm.forward(head);
            let others = value[of_head.clone()].iter().zip(&gate[of_head]);
            for ((out, normed), (value, gate)) in head.iter_mut().zip(normed).zip(others) {
                *out = (normed + extra * value) * gate;
            }
        }
        time.output.forward(&mixed, Finish::Add(x))
    }
}

/// The row of the token before, for each token; zeros for the first of a sequence.
fn before(x: &[f32], d: usize, sequences: &Sequences) -> Vec<f32> {
    let mut previous = vec![0.0; x.len()];
    for sequence in sequences.iter() {
        for (position, &token) in sequence.path.iter().enumerate().skip(sequence.shared.max(1)) {
            let last = sequence.path[position - 1] as usize;
            previous[token as usize * d..][..d].copy_from_slice(&x[last * d..][..d]);
        }
    }
    previous
}

/// `x + (previous - x) · shift`.
fn mix(x: &[f32], previous: &[f32], shift: &[f32]) -> Vec<f32> {
    x.iter()
        .zip(previous)
        .zip(shift.iter().cycle())
        .map(|((x, previous), shift)| x + (previous - x) * shift)
        .collect()
}
