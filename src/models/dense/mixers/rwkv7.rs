//! The mixing over time of RWKV-7, on a device, one token after another.

use candle_core::{D, DType, Device, Result, Tensor};
use candle_nn::ops::sigmoid;

use crate::models::dense::layers::{Linear, Norms};
use crate::models::dense::pass::Pass;
use crate::models::dense::scan::{less_before, mix, scan};
use crate::models::packed::mixers::rwkv7 as packed;

/// The mixing over time, with its weights; [`packed::Rwkv7`] says what each is.
pub(in crate::models::dense) struct Rwkv7 {
    d: usize,
    d_head: usize,
    shifts: [Tensor; 6],
    receptance: Linear,
    key: Linear,
    value: Linear,
    pub(super) output: Linear,
    decay: LowRank,
    rate: LowRank,
    gate: LowRank,
    value_mix: Option<LowRank>,
    removal: Tensor,
    rate_mix: Tensor,
    bonus: Tensor,
    norms: Norms,
}

struct LowRank {
    down: Linear,
    up: Linear,
}

impl LowRank {
    fn upload(layers: &packed::LowRank, device: &Device) -> Result<Self> {
        Ok(Self { down: Linear::upload(&layers.down, device)?, up: Linear::upload(&layers.up, device)? })
    }

    fn forward(&self, x: &Tensor, between: impl Fn(&Tensor) -> Result<Tensor>) -> Result<Tensor> {
        self.up.forward(&between(&self.down.forward(x)?)?)
    }
}

impl Rwkv7 {
    pub(super) fn upload(block: &packed::Rwkv7, device: &Device) -> Result<Self> {
        let vector = |values: &Vec<f32>| Tensor::new(values.as_slice(), device);
        let linear = |layer| Linear::upload(layer, device);
        let low = |layers| LowRank::upload(layers, device);
        let [receptance, decay, key, value, rate, gate] = &block.shifts;
        Ok(Self {
            d: block.d,
            d_head: block.d_head,
            shifts: [
                vector(receptance)?,
                vector(decay)?,
                vector(key)?,
                vector(value)?,
                vector(rate)?,
                vector(gate)?,
            ],
            receptance: linear(&block.receptance)?,
            key: linear(&block.key)?,
            value: linear(&block.value)?,
            output: linear(&block.output)?,
            decay: low(&block.decay)?,
            rate: low(&block.rate)?,
            gate: low(&block.gate)?,
            value_mix: block.value_mix.as_ref().map(low).transpose()?,
            removal: vector(&block.removal)?,
            rate_mix: vector(&block.rate_mix)?,
            bonus: vector(&block.bonus)?,
            norms: Norms::upload(&block.norms, device)?,
        })
    }

    /// What each token takes from those before it, `(batch * length, d_model)`.
    pub(super) fn mix(&self, x: &Tensor, pass: &mut Pass<'_>) -> Result<Tensor> {
        let (d, d_head, n_heads) = (self.d, self.d_head, self.d / self.d_head);
        let (batch, length) = (pass.batch, pass.length);
        let less = less_before(x, pass.padded)?;
        let [for_receptance, for_decay, for_key, for_value, for_rate, for_gate] = &self.shifts;
        let shifted = |shift: &Tensor| mix(x, &less, shift);
        let receptance = self.receptance.forward(&shifted(for_receptance)?)?;
        let mut key = self.key.forward(&shifted(for_key)?)?;
        let for_value = shifted(for_value)?;
        let mut value = self.value.forward(&for_value)?;
        let decay = self.decay.forward(&shifted(for_decay)?, Tensor::tanh)?;
        let decay = (sigmoid(&decay)? * -(-0.5f64).exp())?.exp()?;
        let rate = sigmoid(&self.rate.forward(&shifted(for_rate)?, |hidden| Ok(hidden.clone()))?)?;
        let gate = self.gate.forward(&shifted(for_gate)?, sigmoid)?;
        if let Some((mixing, first)) = self.value_mix.as_ref().zip(pass.carried.first_values.as_ref()) {
            let share = sigmoid(&mixing.forward(&for_value, |hidden| Ok(hidden.clone()))?)?;
            value = (&value + ((first - &value)? * share)?)?;
        } else {
            pass.carried.first_values = Some(value.clone());
        }
        let heads = |x: &Tensor| x.reshape((batch * length, n_heads, d_head));
        let removed = heads(&key.broadcast_mul(&self.removal)?)?;
        let size = removed.sqr()?.sum_keepdim(D::Minus1)?.sqrt()?.maximum(1e-12f32)?;
        let removed = removed.broadcast_div(&size)?.reshape((batch * length, d))?;
        let replaced = (&removed * &rate)?;
        key = (key * ((rate - 1.0)?.broadcast_mul(&self.rate_mix)? + 1.0)?)?;
        let state = Tensor::zeros((batch, n_heads, d_head, d_head), DType::F32, x.device())?;
        let by_token = |x: &Tensor| x.reshape((batch, length, n_heads, d_head));
        let tokens = (by_token(&decay)?, by_token(&key)?, by_token(&value)?, by_token(&removed)?);
        let (replaced, receptances) = (by_token(&replaced)?, by_token(&receptance)?);
        // Of each head, turned: (keys, values).
        let mixed = scan(pass.padded, d, state, |state, place| {
            let at = |x: &Tensor| x.narrow(1, place, 1)?.squeeze(1)?.contiguous();
            let (decay, key, value, removed) = (&tokens.0, &tokens.1, &tokens.2, &tokens.3);
            let found = at(removed)?.unsqueeze(2)?.matmul(state)?.neg()?;
            let kept = state.broadcast_mul(&at(decay)?.unsqueeze(3)?)?;
            let replaced = at(&replaced)?.unsqueeze(3)?.broadcast_mul(&found)?;
            let written = at(key)?.unsqueeze(3)?.broadcast_mul(&at(value)?.unsqueeze(2)?)?;
            let state = ((kept + replaced)? + written)?;
            let output = at(&receptances)?.unsqueeze(2)?.matmul(&state)?;
            Ok((state, output))
        })?;
        let normed = self.norms.forward(&mixed)?;
        let extra = heads(&(receptance * key)?.broadcast_mul(&self.bonus)?)?.sum_keepdim(D::Minus1)?;
        let extra = heads(&value)?.broadcast_mul(&extra)?.reshape((batch * length, d))?;
        (normed + extra)? * gate
    }
}
