//! RWKV-7, on a device, one token after another.

use candle_core::{D, DType, Device, Result, Tensor};
use candle_nn::ops::sigmoid;

use super::layers::{Linear, Norm, Norms, activate};
use super::padded::Padded;
use super::scan::{scan, shift};
use crate::models::declarations::activation::Activation;
use crate::models::packed::recurrent::rwkv7 as packed;

/// A block with its weights; [`packed::Rwkv7`] says what each is.
pub(super) struct Rwkv7 {
    d: usize,
    d_head: usize,
    first_norm: Option<Norm>,
    time_norm: Norm,
    time: Time,
    channel_norm: Norm,
    channel_shift: Tensor,
    channel_key: Linear,
    channel_value: Linear,
}

/// The mixing over time.
struct Time {
    shifts: [Tensor; 6],
    receptance: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
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
        let time = &block.time;
        let [receptance, decay, key, value, rate, gate] = &time.shifts;
        Ok(Self {
            d: block.d,
            d_head: block.d_head,
            first_norm: block.first_norm.as_ref().map(|norm| Norm::upload(norm, device)).transpose()?,
            time_norm: Norm::upload(&block.time_norm, device)?,
            time: Time {
                shifts: [
                    vector(receptance)?,
                    vector(decay)?,
                    vector(key)?,
                    vector(value)?,
                    vector(rate)?,
                    vector(gate)?,
                ],
                receptance: linear(&time.receptance)?,
                key: linear(&time.key)?,
                value: linear(&time.value)?,
                output: linear(&time.output)?,
                decay: low(&time.decay)?,
                rate: low(&time.rate)?,
                gate: low(&time.gate)?,
                value_mix: time.value_mix.as_ref().map(low).transpose()?,
                removal: vector(&time.removal)?,
                rate_mix: vector(&time.rate_mix)?,
                bonus: vector(&time.bonus)?,
                norms: Norms::upload(&time.norms, device)?,
            },
            channel_norm: Norm::upload(&block.channel_norm, device)?,
            channel_shift: vector(&block.channel_shift)?,
            channel_key: linear(&block.channel_key)?,
            channel_value: linear(&block.channel_value)?,
        })
    }

    /// The residual stream `x`, `(batch * length, d_model)`, after the block; `first_values` are the first block's.
    pub(super) fn forward(
        &self,
        x: &Tensor,
        padded: &Padded,
        first_values: &mut Option<Tensor>,
    ) -> Result<Tensor> {
        let first = self.first_norm.as_ref().map(|norm| norm.forward(x)).transpose()?;
        let x = self.time(first.as_ref().unwrap_or(x), padded, first_values)?;
        let read = self.channel_norm.forward(&x)?;
        let less = less_before(&read, padded)?;
        let hidden = self.channel_key.forward(&mix(&read, &less, &self.channel_shift)?)?;
        x + self.channel_value.forward(&activate(&hidden, Activation::ReluSquared)?)?
    }

    /// The residual stream after the mixing over time.
    fn time(&self, x: &Tensor, padded: &Padded, first_values: &mut Option<Tensor>) -> Result<Tensor> {
        let time = &self.time;
        let (d, d_head, n_heads) = (self.d, self.d_head, self.d / self.d_head);
        let (batch, length) = (padded.batch, padded.length);
        let read = self.time_norm.forward(x)?;
        let less = less_before(&read, padded)?;
        let [for_receptance, for_decay, for_key, for_value, for_rate, for_gate] = &time.shifts;
        let shifted = |shift: &Tensor| mix(&read, &less, shift);
        let receptance = time.receptance.forward(&shifted(for_receptance)?)?;
        let mut key = time.key.forward(&shifted(for_key)?)?;
        let for_value = shifted(for_value)?;
        let mut value = time.value.forward(&for_value)?;
        let decay = time.decay.forward(&shifted(for_decay)?, Tensor::tanh)?;
        let decay = (sigmoid(&decay)? * -(-0.5f64).exp())?.exp()?;
        let rate = sigmoid(&time.rate.forward(&shifted(for_rate)?, |hidden| Ok(hidden.clone()))?)?;
        let gate = time.gate.forward(&shifted(for_gate)?, sigmoid)?;
        if let Some((mixing, first)) = time.value_mix.as_ref().zip(first_values.as_ref()) {
            let share = sigmoid(&mixing.forward(&for_value, |hidden| Ok(hidden.clone()))?)?;
            value = (&value + ((first - &value)? * share)?)?;
        } else {
            *first_values = Some(value.clone());
        }
        let heads = |x: &Tensor| x.reshape((batch * length, n_heads, d_head));
        let removed = heads(&key.broadcast_mul(&time.removal)?)?;
        let size = removed.sqr()?.sum_keepdim(D::Minus1)?.sqrt()?.maximum(1e-12f32)?;
        let removed = removed.broadcast_div(&size)?.reshape((batch * length, d))?;
        let replaced = (&removed * &rate)?;
        key = (key * ((rate - 1.0)?.broadcast_mul(&time.rate_mix)? + 1.0)?)?;
        let state = Tensor::zeros((batch, n_heads, d_head, d_head), DType::F32, x.device())?;
        let by_token = |x: &Tensor| x.reshape((batch, length, n_heads, d_head));
        let tokens = (by_token(&decay)?, by_token(&key)?, by_token(&value)?, by_token(&removed)?);
        let (replaced, receptances) = (by_token(&replaced)?, by_token(&receptance)?);
        // Of each head, turned: (keys, values).
        let mixed = scan(padded, d, state, |state, place| {
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
        let normed = time.norms.forward(&mixed)?;
        let extra = heads(&(receptance * key)?.broadcast_mul(&time.bonus)?)?.sum_keepdim(D::Minus1)?;
        let extra = heads(&value)?.broadcast_mul(&extra)?.reshape((batch * length, d))?;
        x + time.output.forward(&((normed + extra)? * gate)?)?
    }
}

/// The token before less the token itself; before the first there are zeros.
fn less_before(x: &Tensor, padded: &Padded) -> Result<Tensor> {
    let (rows, d) = x.dims2()?;
    shift(&x.reshape((padded.batch, padded.length, d))?, 1)?.reshape((rows, d))? - x
}

/// `x + less · shift`.
fn mix(x: &Tensor, less: &Tensor, shift: &Tensor) -> Result<Tensor> {
    x + less.broadcast_mul(shift)?
}
