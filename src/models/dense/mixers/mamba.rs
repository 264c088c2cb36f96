//! Mamba and Falcon Mamba, on a device, one token after another.

use candle_core::{DType, Device, Result, Tensor};

use crate::models::declarations::activation::Activation;
use crate::models::dense::layers::{Linear, Norm, activate, softplus};
use crate::models::dense::pass::Pass;
use crate::models::dense::scan::{Convolution, scan};
use crate::models::packed::mixers::mamba as packed;

/// The mixer with its weights; [`packed::Mamba`] says what each is.
pub(in crate::models::dense) struct Mamba {
    d_inner: usize,
    d_state: usize,
    d_step: usize,
    inwards: Linear,
    convolution: Convolution,
    steering: Linear,
    steering_norms: Vec<Norm>,
    step: Linear,
    /// `(1, d_state, d_inner)`.
    decay: Tensor,
    /// `(d_inner,)`.
    skip: Tensor,
    pub(super) output: Linear,
}

impl Mamba {
    pub(super) fn upload(block: &packed::Mamba, device: &Device) -> Result<Self> {
        let (d_inner, d_state) = (block.d_inner, block.d_state);
        let convolution = (block.convolution.as_slice(), block.convolution_bias.as_slice());
        let norms = block.steering_norms.iter().flatten();
        Ok(Self {
            d_inner,
            d_state,
            d_step: block.d_step,
            inwards: Linear::upload(&block.inwards, device)?,
            convolution: Convolution::upload(convolution, Some(block.activation), device)?,
            steering: Linear::upload(&block.steering, device)?,
            steering_norms: norms.map(|norm| Norm::upload(norm, device)).collect::<Result<_>>()?,
            step: Linear::upload(&block.step, device)?,
            decay: Tensor::from_slice(&block.decay, (1, d_state, d_inner), device)?,
            skip: Tensor::new(block.skip.as_slice(), device)?,
            output: Linear::upload(&block.output, device)?,
        })
    }

    /// What each token takes from those before it, `(batch * length, d_inner)`.
    pub(super) fn mix(&self, x: &Tensor, pass: &Pass<'_>) -> Result<Tensor> {
        let (d_inner, d_state, d_step) = (self.d_inner, self.d_state, self.d_step);
        let (batch, length) = (pass.batch, pass.length);
        let projected = self.inwards.forward(x)?;
        let convolved = self.convolution.forward(&projected.narrow(1, 0, d_inner)?, pass.padded)?;
        let steering = self.steering.forward(&convolved)?;
        let part = |index: usize, start: usize, size: usize| -> Result<Tensor> {
            let part = steering.narrow(1, start, size)?.contiguous()?;
            match self.steering_norms.get(index) {
                Some(norm) => norm.forward(&part),
                None => Ok(part),
            }
        };
        let step = softplus(&self.step.forward(&part(0, 0, d_step)?)?)?;
        let by_token = |x: &Tensor, size: usize| x.reshape((batch, length, size));
        let input = by_token(&part(1, d_step, d_state)?, d_state)?;
        let output = by_token(&part(2, d_step + d_state, d_state)?, d_state)?;
        let added = by_token(&(&convolved * &step)?, d_inner)?;
        let step = by_token(&step, d_inner)?;
        let state = Tensor::zeros((batch, d_state, d_inner), DType::F32, x.device())?;
        let mixed = scan(pass.padded, d_inner, state, |state, place| {
            let at = |x: &Tensor| x.narrow(1, place, 1)?.contiguous();
            let kept = at(&step)?.broadcast_mul(&self.decay)?.exp()?;
            let added = at(&input)?.transpose(1, 2)?.broadcast_mul(&at(&added)?)?;
            let state = ((state * kept)? + added)?;
            let output = at(&output)?.matmul(&state)?;
            Ok((state, output))
        })?;
        let mixed = (mixed + convolved.broadcast_mul(&self.skip)?)?;
        let gate = projected.narrow(1, d_inner, d_inner)?.contiguous()?;
        mixed * activate(&gate, Activation::Silu)?
    }
}
