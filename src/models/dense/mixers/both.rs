//! Attention and Mamba-2 side by side, on a device.

use candle_core::{Device, Result, Tensor};

use super::attention::Attention;
use super::mamba2::Mamba2;
use crate::models::dense::pass::Pass;
use crate::models::packed::mixers::both as packed;

/// Both with their weights; [`packed::Both`] says what each is.
pub(in crate::models::dense) struct Both {
    pub(super) attention: Attention,
    mamba2: Mamba2,
}

impl Both {
    pub(super) fn upload(block: &packed::Both, device: &Device) -> Result<Self> {
        Ok(Self {
            attention: Attention::upload(&block.attention, device)?,
            mamba2: Mamba2::upload(&block.mamba2, device)?,
        })
    }

    /// What each token takes by attention, then by Mamba-2.
    pub(super) fn mix(&self, x: &Tensor, pass: &Pass<'_>) -> Result<Tensor> {
        Tensor::cat(&[self.attention.mix(x, pass)?, self.mamba2.mix(x, pass)?], 1)
    }
}
