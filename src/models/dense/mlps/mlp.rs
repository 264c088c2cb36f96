//! An MLP, on a device.

use candle_core::{Device, Result, Tensor};

use crate::models::declarations::activation::Activation;
use crate::models::dense::layers::{Linear, activate};
use crate::models::packed::mlps::mlp as packed;

/// An MLP with its weights; [`packed::Mlp`] says what each is.
pub(in crate::models::dense) struct Mlp {
    activation: Activation,
    activated: Linear,
    factor: Option<Linear>,
    down: Linear,
}

impl Mlp {
    pub(super) fn upload(mlp: &packed::Mlp, device: &Device) -> Result<Self> {
        Ok(Self {
            activation: mlp.activation,
            activated: Linear::upload(&mlp.activated, device)?,
            factor: mlp.factor.as_ref().map(|layer| Linear::upload(layer, device)).transpose()?,
            down: Linear::upload(&mlp.down, device)?,
        })
    }

    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let mut hidden = activate(&self.activated.forward(x)?, self.activation)?;
        if let Some(factor) = &self.factor {
            hidden = (hidden * factor.forward(x)?)?;
        }
        self.down.forward(&hidden)
    }
}
