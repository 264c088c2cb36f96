//! The mixed attention of `ConvBERT`, on a device.

use candle_core::{Device, Result, Tensor};
use candle_nn::ops::softmax_last_dim;

use super::attention::Attention;
use crate::models::declarations::spec;
use crate::models::dense::layers::Linear;
use crate::models::dense::pass::Pass;
use crate::models::dense::scan::shift;
use crate::models::packed::mixers::span as packed;

/// Heads and convolutions with their weights; [`packed::Span`] says what each is.
pub(in crate::models::dense) struct Span {
    pub(super) attention: Attention,
    width: usize,
    by_unit: Tensor,
    mixed: Linear,
    kernel: Linear,
    value: Linear,
}

impl Span {
    pub(super) fn upload(mixer: &packed::Span, device: &Device) -> Result<Self> {
        let d = mixer.by_unit.len() / mixer.width;
        Ok(Self {
            attention: Attention::upload(&mixer.attention, device)?,
            width: mixer.width,
            by_unit: Tensor::from_slice(&mixer.by_unit, (mixer.width, d), device)?,
            mixed: Linear::upload(&mixer.mixed, device)?,
            kernel: Linear::upload(&mixer.kernel, device)?,
            value: Linear::upload(&mixer.value, device)?,
        })
    }

    /// What each token takes by attention, then by convolution, `(batch * length, 2 n_heads d_head)`.
    pub(super) fn mix(&self, x: &Tensor, pass: &Pass<'_>) -> Result<Tensor> {
        let spec::Attention { n_heads, d_head, .. } = self.attention.spec;
        let (rows, d) = x.dims2()?;
        let (batch, length, all) = (pass.batch, pass.length, n_heads * d_head);
        let qkv = self.attention.project(x)?;
        let before = (self.width / 2) as i64;
        // Beyond the end of a sequence there is nothing, as beyond its beginning.
        let there = pass.padded.without_what_follows(&x.reshape((batch, length, d))?)?;
        let by_unit = (0..self.width).map(|place| {
            let weight = self.by_unit.narrow(0, place, 1)?.reshape((1, 1, d))?;
            shift(&there, before - place as i64)?.broadcast_mul(&weight)
        });
        let by_unit = sum(by_unit)?.reshape((rows, d))?;
        let product = (self.mixed.forward(&by_unit)? * qkv.narrow(1, 0, all)?)?;
        let kernels = self.kernel.forward(&product)?.reshape((rows * n_heads, self.width))?;
        let kernels = softmax_last_dim(&kernels)?;
        let values = self.value.forward(x)?.reshape((batch, length, all))?;
        let values = pass.padded.without_what_follows(&values)?;
        let convolved = (0..self.width).map(|place| {
            let moved = shift(&values, before - place as i64)?.reshape((rows * n_heads, d_head))?;
            moved.broadcast_mul(&kernels.narrow(1, place, 1)?)
        });
        let convolved = sum(convolved)?.reshape((rows, all))?;
        Tensor::cat(&[&self.attention.attend(&qkv, pass)?, &convolved], 1)
    }
}

fn sum(mut terms: impl Iterator<Item = Result<Tensor>>) -> Result<Tensor> {
    let Some(first) = terms.next() else { candle_core::bail!("there is nothing to add") };
    terms.try_fold(first?, |sum, term| sum + term?)
}
