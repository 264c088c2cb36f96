//! Mamba-2, on a device, one token after another.

use candle_core::{DType, Device, Result, Tensor};

use crate::models::declarations::activation::Activation;
use crate::models::declarations::spec::{self, Gated};
use crate::models::dense::layers::{Linear, Norms, activate, softplus};
use crate::models::dense::pass::Pass;
use crate::models::dense::scan::{Convolution, scan};
use crate::models::packed::mixers::mamba2 as packed;

/// The mixer with its weights; [`packed::Mamba2`] says what each is.
pub(in crate::models::dense) struct Mamba2 {
    spec: spec::Mamba2,
    inwards: Linear,
    convolution: Convolution,
    /// `(n_heads,)`.
    step_bias: Tensor,
    /// `(1, 1, n_heads)`.
    decay: Tensor,
    /// `(1, 1, n_heads, 1)`.
    skip: Tensor,
    /// None where it is gated alone.
    gated_norms: Option<Norms>,
}

impl Mamba2 {
    pub(super) fn upload(block: &packed::Mamba2, device: &Device) -> Result<Self> {
        let n_heads = block.spec.n_heads;
        let convolution = (block.convolution.as_slice(), block.convolution_bias.as_slice());
        Ok(Self {
            spec: block.spec,
            inwards: Linear::upload(&block.inwards, device)?,
            convolution: Convolution::upload(convolution, Some(block.spec.activation), device)?,
            step_bias: Tensor::new(block.step_bias.as_slice(), device)?,
            decay: Tensor::from_slice(&block.decay, (1, 1, n_heads), device)?,
            skip: Tensor::from_slice(&block.skip, (1, 1, n_heads, 1), device)?,
            gated_norms: match block.spec.gated {
                Gated::Alone => None,
                _ => Some(Norms::upload(&block.gated_norms, device)?),
            },
        })
    }

    /// What each token takes from those before it, `(batch * length, d_inner)`.
    pub(super) fn mix(&self, x: &Tensor, pass: &Pass<'_>) -> Result<Tensor> {
        let spec::Mamba2 { n_heads, d_head, n_groups, d_state, step_limits, .. } = self.spec;
        let (batch, length) = (pass.batch, pass.length);
        let (d_inner, of_groups) = (n_heads * d_head, n_groups * d_state);
        let channels = d_inner + 2 * of_groups;
        let projected = self.inwards.forward(x)?;
        let gate = projected.narrow(1, 0, d_inner)?.contiguous()?;
        let convolved = self.convolution.forward(&projected.narrow(1, d_inner, channels)?, pass.padded)?;
        let step = projected.narrow(1, d_inner + channels, n_heads)?.broadcast_add(&self.step_bias)?;
        let step = softplus(&step)?.maximum(step_limits.0)?.minimum(step_limits.1)?;
        let step = step.reshape((batch, length, n_heads))?;
        let values = convolved.narrow(1, 0, d_inner)?.contiguous()?;
        let values = values.reshape((batch, length, n_heads, d_head))?;
        let steering = |start: usize| -> Result<Tensor> {
            // Each group's for all of its heads, (batch, length, n_heads, d_state).
            let of_groups = convolved.narrow(1, start, of_groups)?.contiguous()?;
            let shape = (batch, length, n_groups, n_heads / n_groups, d_state);
            let of_heads = of_groups.reshape((batch, length, n_groups, 1, d_state))?.broadcast_as(shape)?;
            of_heads.contiguous()?.reshape((batch, length, n_heads, d_state))
        };
        let (input, output) = (steering(d_inner)?, steering(d_inner + of_groups)?);
        let kept = step.broadcast_mul(&self.decay)?.exp()?;
        let added = values.broadcast_mul(&step.reshape((batch, length, n_heads, 1))?)?;
        let state = Tensor::zeros((batch, n_heads, d_state, d_head), DType::F32, x.device())?;
        let mixed = scan(pass.padded, d_inner, state, |state, place| {
            let at = |x: &Tensor| x.narrow(1, place, 1)?.squeeze(1)?.contiguous();
            let kept = at(&kept)?.reshape((batch, n_heads, 1, 1))?;
            let added = at(&input)?.unsqueeze(3)?.broadcast_mul(&at(&added)?.unsqueeze(2)?)?;
            let state = (state.broadcast_mul(&kept)? + added)?;
            let output = at(&output)?.unsqueeze(2)?.matmul(&state)?;
            Ok((state, output))
        })?;
        let skipped = values.broadcast_mul(&self.skip)?.reshape((batch * length, d_inner))?;
        let (mixed, gate) = ((mixed + skipped)?, activate(&gate, Activation::Silu)?);
        match &self.gated_norms {
            None => mixed * gate,
            Some(norms) if self.spec.gated == Gated::AfterNorm => norms.forward(&mixed)? * gate,
            Some(norms) => norms.forward(&(mixed * gate)?),
        }
    }
}
