//! Multi-head latent attention, on a device.

use candle_core::{Device, Result, Tensor};

use super::attention::Attention;
use crate::models::declarations::spec;
use crate::models::dense::layers::{Linear, Norm};
use crate::models::dense::pass::Pass;
use crate::models::packed::mixers::latent as packed;

/// The mixer with its weights; [`packed::Latent`] says what each is.
#[expect(clippy::struct_field_names, reason = "the field's words for its parts")]
pub(in crate::models::dense) struct Latent {
    pub(super) spec: spec::Latent,
    query: Linear,
    query_latent: Option<(Linear, Norm)>,
    latent: Linear,
    norm: Norm,
    key_value: Linear,
    pub(super) attention: Attention,
}

impl Latent {
    pub(super) fn upload(block: &packed::Latent, device: &Device) -> Result<Self> {
        Ok(Self {
            spec: block.spec,
            query: Linear::upload(&block.query, device)?,
            query_latent: match &block.query_latent {
                Some((down, norm)) => Some((Linear::upload(down, device)?, Norm::upload(norm, device)?)),
                None => None,
            },
            latent: Linear::upload(&block.latent, device)?,
            norm: Norm::upload(&block.norm, device)?,
            key_value: Linear::upload(&block.key_value, device)?,
            attention: Attention::upload(&block.attention, device)?,
        })
    }

    /// What each token takes from those it sees.
    pub(super) fn mix(&self, x: &Tensor, pass: &Pass<'_>) -> Result<Tensor> {
        let spec::Latent { d_turned, d_plain, d_value, d_latent, .. } = self.spec;
        let (n_heads, head) = (self.attention.spec.n_heads, d_turned + d_plain);
        let rows = x.dim(0)?;
        let queries = match &self.query_latent {
            None => self.query.forward(x)?,
            Some((down, norm)) => self.query.forward(&norm.forward(&down.forward(x)?)?)?,
        };
        let made = self.latent.forward(x)?;
        let latent = self.norm.forward(&made.narrow(1, 0, d_latent)?.contiguous()?)?;
        let turned = made.narrow(1, d_latent, d_turned)?.reshape((rows, 1, d_turned))?;
        let turned = turned.broadcast_as((rows, n_heads, d_turned))?.contiguous()?;
        let made = self.key_value.forward(&latent)?;
        let part = |start: usize, size: usize| {
            made.narrow(1, start, n_heads * size)?.contiguous()?.reshape((rows, n_heads, size))
        };
        let keys = Tensor::cat(&[&turned, &part(0, d_plain)?], 2)?.reshape((rows, n_heads * head))?;
        let values = part(n_heads * d_plain, d_value)?.pad_with_zeros(2, 0, head - d_value)?;
        let values = values.reshape((rows, n_heads * head))?;
        self.attention.attend(&Tensor::cat(&[&queries, &keys, &values], 1)?, pass)
    }
}
