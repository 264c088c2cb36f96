//! The short convolution of LFM2, on a device.

use candle_core::{Device, Result, Tensor};

use crate::models::dense::layers::Linear;
use crate::models::dense::pass::Pass;
use crate::models::dense::scan::Convolution;
use crate::models::packed::mixers::short as packed;

/// The mixer with its weights; [`packed::Short`] says what each is.
pub(in crate::models::dense) struct Short {
    d: usize,
    inwards: Linear,
    convolution: Convolution,
    pub(super) output: Linear,
}

impl Short {
    pub(super) fn upload(block: &packed::Short, device: &Device) -> Result<Self> {
        let convolution = (block.convolution.as_slice(), block.convolution_bias.as_slice());
        Ok(Self {
            d: block.convolution_bias.len(),
            inwards: Linear::upload(&block.inwards, device)?,
            convolution: Convolution::upload(convolution, None, device)?,
            output: Linear::upload(&block.output, device)?,
        })
    }

    /// What each token takes from those before it, `(batch * length, d_model)`.
    pub(super) fn mix(&self, x: &Tensor, pass: &Pass<'_>) -> Result<Tensor> {
        let projected = self.inwards.forward(x)?;
        let part = |index: usize| projected.narrow(1, index * self.d, self.d)?.contiguous();
        self.convolution.forward(&(part(0)? * part(2)?)?, pass.padded)? * part(1)?
    }
}
