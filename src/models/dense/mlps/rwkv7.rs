//! The channel mixing of RWKV-7, on a device.

use candle_core::{Device, Result, Tensor};

use crate::models::declarations::activation::Activation;
use crate::models::dense::layers::{Linear, activate};
use crate::models::dense::pass::Pass;
use crate::models::dense::scan::{less_before, mix};
use crate::models::packed::mlps::rwkv7 as packed;

/// The channel mixing, with its weights; [`packed::Rwkv7`] says what each is.
pub(in crate::models::dense) struct Rwkv7 {
    shift: Tensor,
    key: Linear,
    value: Linear,
}

impl Rwkv7 {
    pub(super) fn upload(mlp: &packed::Rwkv7, device: &Device) -> Result<Self> {
        Ok(Self {
            shift: Tensor::new(mlp.shift.as_slice(), device)?,
            key: Linear::upload(&mlp.key, device)?,
            value: Linear::upload(&mlp.value, device)?,
        })
    }

    pub(super) fn forward(&self, x: &Tensor, pass: &Pass<'_>) -> Result<Tensor> {
        let shifted = mix(x, &less_before(x, pass.padded)?, &self.shift)?;
        self.value.forward(&activate(&self.key.forward(&shifted)?, Activation::ReluSquared)?)
    }
}
