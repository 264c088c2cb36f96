//! The convolution of DeBERTa-v2-xlarge, on a device.

use candle_core::{Device, Result, Tensor};

use super::layers::{Linear, Norm, activate};
use super::padded::Padded;
use super::scan::shift;
use crate::models::declarations::activation::Activation;
use crate::models::packed::convolution as packed;

/// A convolution over neighbouring tokens, with its weights.
pub(super) struct Convolution {
    width: usize,
    activation: Activation,
    layer: Linear,
    norm: Norm,
}

impl Convolution {
    pub(super) fn upload(convolution: &packed::Convolution, device: &Device) -> Result<Self> {
        Ok(Self {
            width: convolution.width,
            activation: convolution.activation,
            layer: Linear::upload(&convolution.layer, device)?,
            norm: Norm::upload(&convolution.norm, device)?,
        })
    }

    /// The convolution of `x`, `(batch * length, d_model)`, within each sequence, through its activation.
    pub(super) fn forward(&self, x: &Tensor, padded: &Padded) -> Result<Tensor> {
        let (rows, d) = x.dims2()?;
        // Beyond the end of a sequence there is nothing, as beyond its beginning.
        let x = padded.without_what_follows(&x.reshape((padded.batch, padded.length, d))?)?;
        let before = (self.width / 2) as i64;
        let neighbours: Vec<Tensor> =
            (0..self.width as i64).map(|place| shift(&x, before - place)).collect::<Result<_>>()?;
        let neighbours = Tensor::cat(&neighbours, 2)?.reshape((rows, self.width * d))?;
        activate(&self.layer.forward(&neighbours)?, self.activation)
    }

    /// The first block's output `x` with the convolution added.
    pub(super) fn add(&self, x: &Tensor, convolved: &Tensor) -> Result<Tensor> {
        self.norm.forward(&(x + convolved)?)
    }
}
