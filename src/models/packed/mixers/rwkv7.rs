//! The mixing over time of RWKV-7 "Goose" (Peng et al. 2025), under the names of the Hub's checkpoints in the layout of
//! flash-linear-attention (`RWKV/RWKV7-Goose-…-HF`).
//!
//! The formulas are those of the paper's section 4; the constant in the decay is `e^(-1/2)`.

use crate::models::declarations::spec;
use crate::models::error::Result;
use crate::models::packed::kernels::linear::{Finish, PackedLinear};
use crate::models::packed::kernels::norm::Norm;
use crate::models::packed::kernels::scan::Delta;
use crate::models::packed::parts::Parts;
use crate::models::packed::pass::Pass;
use crate::models::packed::steps::{before, mix, sigmoid};

/// The mixing over time, with its weights.
pub(in crate::models) struct Rwkv7 {
    pub(in crate::models) d: usize,
    pub(in crate::models) d_head: usize,
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
    fn load(parts: Parts<'_>, name: &str, rank: usize, bias: bool) -> Result<Self> {
        let (name, d) = (format!("{}.{name}.lora", parts.names.mixer), parts.spec.d_model);
        Ok(Self {
            down: parts.linear(&format!("{name}.0"), false, rank, d)?,
            up: parts.linear(&format!("{name}.2"), bias, d, rank)?,
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
    pub(super) fn load(of: &spec::Rwkv7, parts: Parts<'_>) -> Result<Self> {
        let (d, d_head) = (parts.spec.d_model, of.d_head);
        let name = |part: &str| format!("{}.{part}", parts.names.mixer);
        let square = |part: &str| parts.linear(&name(part), false, d, d);
        let vector = |part: &str| parts.values(&name(part), &[d]);
        let shift = |part: &str| parts.values(&name(part), &[1, 1, d]);
        let group = (vector("g_norm.weight")?, vector("g_norm.bias")?);
        let norms = group.0.chunks_exact(d_head).zip(group.1.chunks_exact(d_head));
        Ok(Self {
            d,
            d_head,
            shifts: [
                shift("x_r")?,
                shift("x_w")?,
                shift("x_k")?,
                shift("x_v")?,
                shift("x_a")?,
                shift("x_g")?,
            ],
            receptance: square("r_proj")?,
            key: square("k_proj")?,
            value: square("v_proj")?,
            output: parts.output(&name("o_proj"), false, d)?,
            decay: LowRank::load(parts, "w_lora", of.d_decay, true)?,
            rate: LowRank::load(parts, "a_lora", of.d_rate, true)?,
            gate: LowRank::load(parts, "g_lora", of.d_gate, false)?,
            value_mix: match parts.layer {
                0 => None,
                _ => Some(LowRank::load(parts, "v_lora", of.d_value, true)?),
            },
            removal: vector("k_k")?,
            rate_mix: vector("k_a")?,
            bonus: parts.values(&name("r_k"), &[d / d_head, d_head])?,
            norms: norms
                .map(|(weight, bias)| Norm {
                    centre: true,
                    scaled: false,
                    eps: d_head as f32 * parts.spec.norm.eps,
                    weight: weight.to_vec(),
                    bias: bias.to_vec(),
                })
                .collect(),
        })
    }

    /// What each token takes from those before it, `(n_tokens, d_model)`.
    pub(super) fn mix(&self, x: &[f32], pass: &mut Pass<'_>) -> Vec<f32> {
        let (d, d_head) = (self.d, self.d_head);
        let previous = before(x, d, pass.sequences);
        let [for_receptance, for_decay, for_key, for_value, for_rate, for_gate] =
            self.shifts.each_ref().map(|shift| mix(x, &previous, shift));
        let receptance = self.receptance.forward(&for_receptance, Finish::Plain);
        let mut key = self.key.forward(&for_key, Finish::Plain);
        let mut value = self.value.forward(&for_value, Finish::Plain);
        let mut decay = self.decay.forward(&for_decay, |hidden| *hidden = hidden.tanh());
        for decay in &mut decay {
            *decay = (-(-0.5f32).exp() * sigmoid(*decay)).exp();
        }
        let mut rate = self.rate.forward(&for_rate, |_| ());
        for rate in &mut rate {
            *rate = sigmoid(*rate);
        }
        let gate = self.gate.forward(&for_gate, |hidden| *hidden = sigmoid(*hidden));
        if let Some((mixing, first)) = self.value_mix.as_ref().zip(pass.carried.first_values.as_ref()) {
            let share = mixing.forward(&for_value, |_| ());
            for ((value, first), share) in value.iter_mut().zip(first).zip(&share) {
                *value += (first - *value) * sigmoid(*share);
            }
        } else {
            pass.carried.first_values = Some(value.clone());
        }
        let mut removed: Vec<f32> =
            key.iter().zip(self.removal.iter().cycle()).map(|(key, removal)| key * removal).collect();
        for head in removed.chunks_exact_mut(d_head) {
            let length = head.iter().map(|value| value * value).sum::<f32>().sqrt().max(1e-12);
            for value in head {
                *value /= length;
            }
        }
        let replaced: Vec<f32> = removed.iter().zip(&rate).map(|(removed, rate)| removed * rate).collect();
        for ((key, rate), share) in key.iter_mut().zip(&rate).zip(self.rate_mix.iter().cycle()) {
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
        .forward(pass.sequences);
        for (index, (head, norm)) in mixed.chunks_exact_mut(d_head).zip(self.norms.iter().cycle()).enumerate()
        {
            let start = index * d_head;
            let bonus = &self.bonus[start % d..][..d_head];
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
        mixed
    }
}
