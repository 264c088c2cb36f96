//! An MLP of which few hidden units are not 0, on a device.

use candle_core::{D, Device, Result, Tensor};

use crate::models::declarations::activation::Activation;
use crate::models::dense::layers::{Linear, activate};
use crate::models::packed::mlps::sparse as packed;

/// The MLP with its weights; [`packed::Sparse`] says what each is.
pub(in crate::models::dense) struct Sparse {
    activation: Activation,
    above: f32,
    activated: Linear,
    factor: Option<Linear>,
    down: Linear,
}

impl Sparse {
    pub(super) fn upload(of: &packed::Sparse, device: &Device) -> Result<Self> {
        let (activated, factor, down) = of.mlp.layers();
        Ok(Self {
            activation: of.mlp.activation(),
            above: of.above,
            activated: Linear::upload(activated, device)?,
            factor: factor.map(|layer| Linear::upload(layer, device)).transpose()?,
            down: Linear::upload(down, device)?,
        })
    }

    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let hidden = self.activated.forward(x)?;
        let centred = hidden.broadcast_sub(&hidden.mean_keepdim(D::Minus1)?)?;
        let deviation = centred.sqr()?.mean_keepdim(D::Minus1)?.sqrt()?;
        let above = centred.broadcast_sub(&(deviation * f64::from(self.above))?)?.relu()?;
        let mut hidden = activate(&above, self.activation)?;
        if let Some(factor) = &self.factor {
            hidden = (hidden * factor.forward(x)?)?;
        }
        self.down.forward(&hidden)
    }
}
