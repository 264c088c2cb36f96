//! An MLP, on a device.

use candle_core::{Device, Result, Tensor};

use crate::models::declarations::activation::Activation;
use crate::models::dense::layers::{Linear, activate};
use crate::models::packed::kernels::mlp::PackedMlp;

/// An MLP with its weights; [`PackedMlp`] says what each is.
pub(in crate::models::dense) struct Mlp {
    activation: Activation,
    clamp: Option<f32>,
    activated: Linear,
    factor: Option<Linear>,
    down: Linear,
}

impl Mlp {
    pub(in crate::models::dense) fn upload(mlp: &PackedMlp, device: &Device) -> Result<Self> {
        let (activated, factor, down) = mlp.layers();
        Ok(Self {
            activation: mlp.activation(),
            clamp: mlp.clamp(),
            activated: Linear::upload(activated, device)?,
            factor: factor.map(|layer| Linear::upload(layer, device)).transpose()?,
            down: Linear::upload(down, device)?,
        })
    }

    pub(in crate::models::dense) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let mut activated = self.activated.forward(x)?;
        if let Some(clamp) = self.clamp {
            activated = activated.minimum(clamp)?;
        }
        let mut hidden = activate(&activated, self.activation)?;
        if let Some(factor) = &self.factor {
            let mut factor = factor.forward(x)?;
            if let Some(clamp) = self.clamp {
                factor = (factor.clamp(-clamp, clamp)? + 1.0)?;
            }
            hidden = (hidden * factor)?;
        }
        self.down.forward(&hidden)
    }
}
