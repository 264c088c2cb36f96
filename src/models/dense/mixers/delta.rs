//! The gated delta rule, on a device, one token after another.

use candle_core::{D, DType, Device, Result, Tensor};
use candle_nn::ops::sigmoid;

use crate::models::declarations::spec;
use crate::models::dense::layers::{Linear, Norm, softplus};
use crate::models::dense::pass::Pass;
use crate::models::dense::scan::{Convolution, scan};
use crate::models::packed::mixers::delta as packed;

/// The mixer with its weights; [`packed::Delta`] says what each is.
pub(in crate::models::dense) struct Delta {
    spec: spec::Delta,
    inwards: Linear,
    convolution: Convolution,
    /// `(n_value_heads,)` each.
    step_bias: Tensor,
    decay: Tensor,
    norm: Norm,
    pub(super) output: Linear,
}

impl Delta {
    pub(super) fn upload(block: &packed::Delta, device: &Device) -> Result<Self> {
        let channels = block.convolution.len() / block.spec.width.max(1);
        let convolution = (block.convolution.as_slice(), &*vec![0.0; channels]);
        Ok(Self {
            spec: block.spec,
            inwards: Linear::upload(&block.inwards, device)?,
            convolution: Convolution::upload(convolution, Some(block.spec.activation), device)?,
            step_bias: Tensor::new(block.step_bias.as_slice(), device)?,
            decay: Tensor::new(block.decay.as_slice(), device)?,
            norm: Norm::upload(&block.norm, device)?,
            output: Linear::upload(&block.output, device)?,
        })
    }

    /// What each token takes from those before it, `(batch * length, n_value_heads d_value)`.
    pub(super) fn mix(&self, x: &Tensor, pass: &Pass<'_>) -> Result<Tensor> {
        let spec::Delta { n_key_heads, n_value_heads, d_key, d_value, doubled, .. } = self.spec;
        let (batch, length) = (pass.batch, pass.length);
        let (keys, values) = packed::channels(&self.spec);
        let all = 2 * keys + values;
        let projected = self.inwards.forward(x)?;
        let convolved = self.convolution.forward(&projected.narrow(1, 0, all)?, pass.padded)?;
        let of_keys = |start: usize| -> Result<Tensor> {
            // Each for all heads of values that it serves, (batch, length, n_value_heads, d_key).
            let heads = convolved.narrow(1, start, keys)?.contiguous()?;
            let heads = heads.reshape((batch, length, n_key_heads, 1, d_key))?;
            let lengths = (heads.sqr()?.sum_keepdim(D::Minus1)? + f64::from(packed::LENGTH_EPS))?.sqrt()?;
            let heads = heads.broadcast_div(&lengths)?;
            let shape = (batch, length, n_key_heads, n_value_heads / n_key_heads, d_key);
            heads.broadcast_as(shape)?.contiguous()?.reshape((batch, length, n_value_heads, d_key))
        };
        let queries = (of_keys(0)? / (d_key as f64).sqrt())?;
        let by_key = of_keys(keys)?;
        let by_value = convolved.narrow(1, 2 * keys, values)?.contiguous()?;
        let by_value = by_value.reshape((batch, length, n_value_heads, d_value))?;
        let heads = |start: usize| projected.narrow(1, all + values + start, n_value_heads)?.contiguous();
        let rates = (sigmoid(&heads(0)?)? * if doubled { 2.0 } else { 1.0 })?;
        let steps = softplus(&heads(n_value_heads)?.broadcast_add(&self.step_bias)?)?;
        let kept = steps.broadcast_mul(&self.decay)?.exp()?;
        let (rates, kept) =
            (rates.reshape((batch, length, n_value_heads))?, kept.reshape((batch, length, n_value_heads))?);
        let state = Tensor::zeros((batch, n_value_heads, d_key, d_value), DType::F32, x.device())?;
        let mixed = scan(pass.padded, values, state, |state, place| {
            let at = |x: &Tensor| x.narrow(1, place, 1)?.squeeze(1)?.contiguous();
            let kept = at(&kept)?.reshape((batch, n_value_heads, 1, 1))?;
            let rate = at(&rates)?.reshape((batch, n_value_heads, 1))?;
            let key = at(&by_key)?;
            let state = state.broadcast_mul(&kept)?;
            let found = key.unsqueeze(2)?.matmul(&state)?.squeeze(2)?;
            let change = (at(&by_value)? - found)?.broadcast_mul(&rate)?;
            let state = (state + key.unsqueeze(3)?.broadcast_mul(&change.unsqueeze(2)?)?)?;
            let output = at(&queries)?.unsqueeze(2)?.matmul(&state)?;
            Ok((state, output))
        })?;
        let rows = mixed.reshape((batch * length * n_value_heads, d_value))?;
        let normed = self.norm.forward(&rows)?.reshape((batch * length, values))?;
        let gate = projected.narrow(1, all, values)?.contiguous()?;
        normed * gate.silu()?
    }
}
