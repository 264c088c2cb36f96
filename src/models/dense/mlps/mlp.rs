//! An MLP, on a device.

use candle_core::{Device, Result, Tensor};

use crate::models::declarations::activation::Activation;
use crate::models::dense::layers::{Linear, activate};
use crate::models::packed::kernels::mlp::PackedMlp;

/// An MLP with its weights; [`PackedMlp`] says what each is.
pub(in crate::models::dense) struct Mlp {
    activation: Activation,
    activated: Linear,
    factor: Option<Linear>,
    down: Linear,
}

impl Mlp {
    pub(super) fn upload(mlp: &PackedMlp, device: &Device) -> Result<Self> {
        let (activated, factor, down) = mlp.layers();
        Ok(Self {
            activation: mlp.activation(),
            activated: Linear::upload(activated, device)?,
            factor: factor.map(|layer| Linear::upload(layer, device)).transpose()?,
            down: Linear::upload(down, device)?,
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
