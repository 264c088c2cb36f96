//! Zamba2's layers with a shared block, on a device.

use candle_core::{Device, Result, Tensor};

use super::attention::Attention;
use super::mamba2::Mamba2;
use crate::models::dense::layers::{Linear, Norm};
use crate::models::dense::mlps::mlp::Mlp;
use crate::models::dense::pass::Pass;
use crate::models::packed::mixers::shared as packed;

/// The mixer with its weights; [`packed::Shared`] says what each is.
pub(in crate::models::dense) struct Shared {
    norm: Norm,
    pub(super) attention: Attention,
    mlp_norm: Norm,
    mlp: Mlp,
    linear: Linear,
    mamba2_norm: Norm,
    mamba2: Mamba2,
    pub(super) output: Linear,
}

impl Shared {
    pub(super) fn upload(block: &packed::Shared, device: &Device) -> Result<Self> {
        Ok(Self {
            norm: Norm::upload(&block.norm, device)?,
            attention: Attention::upload(&block.attention, device)?,
            mlp_norm: Norm::upload(&block.mlp_norm, device)?,
            mlp: Mlp::upload(&block.mlp, device)?,
            linear: Linear::upload(&block.linear, device)?,
            mamba2_norm: Norm::upload(&block.mamba2_norm, device)?,
            mamba2: Mamba2::upload(&block.mamba2, device)?,
            output: Linear::upload(&block.output, device)?,
        })
    }

    /// What each token takes from those before it, `(batch * length, d_inner)`, of the residual stream as it is.
    pub(super) fn mix(&self, x: &Tensor, pass: &Pass<'_>) -> Result<Tensor> {
        let embedded = pass.carried.embedded.as_ref().unwrap_or(x);
        let both = self.norm.forward(&Tensor::cat(&[x, embedded], 1)?)?;
        let attended = self.attention.output.forward(&self.attention.mix(&both, pass)?)?;
        let made = self.mlp.forward(&self.mlp_norm.forward(&attended)?)?;
        let read = (x + self.linear.forward(&made)?)?;
        self.mamba2.mix(&self.mamba2_norm.forward(&read)?, pass)
    }
}
