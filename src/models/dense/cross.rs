//! What a block of a decoder takes from the encoder's last hidden state, on a device; step by step that of
//! [`crate::models::packed::cross`].

use candle_core::{Device, Result, Tensor};
use candle_nn::ops;

use super::layers::{Linear, Norm};
use super::pass::Pass;
use super::scores::by_head;
use crate::models::declarations::spec::Attention;
use crate::models::packed::cross as packed;
use crate::models::packed::kernels::norm;
use crate::models::site::Site;

/// Attention to an encoder's last hidden state, with its weights and the norms around it.
pub(super) struct Cross {
    spec: Attention,
    before: Option<Norm>,
    query: Linear,
    keys: Linear,
    output: Linear,
    out: Option<Norm>,
    after: Option<Norm>,
}

impl Cross {
    pub(super) fn upload(cross: &packed::Cross, device: &Device) -> Result<Self> {
        let norm =
            |norm: &Option<norm::Norm>| norm.as_ref().map(|norm| Norm::upload(norm, device)).transpose();
        Ok(Self {
            spec: cross.spec.clone(),
            before: norm(&cross.before)?,
            query: Linear::upload(&cross.query, device)?,
            keys: Linear::upload(&cross.keys, device)?,
            output: Linear::upload(&cross.output, device)?,
            out: norm(&cross.out)?,
            after: norm(&cross.after)?,
        })
    }

    /// The residual stream `x`, `(batch * length, d_model)`, after it.
    pub(super) fn forward(&self, x: &Tensor, pass: &mut Pass<'_>) -> Result<Tensor> {
        let normalized = |x: Tensor, norm: &Option<Norm>| match norm {
            Some(norm) => norm.forward(&x),
            None => Ok(x),
        };
        let mixed = self.mix(&normalized(x.clone(), &self.before)?, pass)?;
        pass.tap.keep(Site::CrossAttentionHeads, &mixed);
        let wrote = normalized(self.output.forward(&mixed)?, &self.out)?;
        pass.tap.keep(Site::CrossAttention, &wrote);
        normalized((x + wrote)?, &self.after)
    }

    /// What each token takes, `(batch * length, n_heads d_head)`.
    fn mix(&self, x: &Tensor, pass: &Pass<'_>) -> Result<Tensor> {
        let Attention { n_heads, n_kv_heads, d_head, scale, cap, .. } = self.spec;
        let (batch, length) = (pass.batch, pass.length);
        let Some(read) = &pass.read else { candle_core::bail!("there is no encoder to read") };
        let queries = (by_head(&self.query.forward(x)?, n_heads, d_head, pass)? * f64::from(scale))?;
        // Of each of the encoder's sequences once, and then for each of the decoder's that reads it.
        let (sources, places) = (read.states.dim(0)? / read.length, read.length);
        let both = self.keys.forward(&read.states)?.reshape((sources, places, 2 * n_kv_heads, d_head))?;
        let both = both.index_select(&read.of, 0)?.transpose(1, 2)?;
        let keys = both.narrow(1, 0, n_kv_heads)?.contiguous()?;
        let values = both.narrow(1, n_kv_heads, n_kv_heads)?.contiguous()?;
        // The queries that share keys stand one under another.
        let group = n_heads / n_kv_heads * length;
        let stacked = queries.reshape((batch, n_kv_heads, group, d_head))?;
        let mut scores = stacked.matmul(&keys.t()?)?;
        if let Some(cap) = cap {
            scores = ((scores / f64::from(cap))?.tanh()? * f64::from(cap))?;
        }
        if let Some(mask) = &read.mask {
            scores = scores.broadcast_add(mask)?;
        }
        let mixed = ops::softmax_last_dim(&scores)?.matmul(&values)?;
        let mixed = mixed.reshape((batch, n_heads, length, d_head))?;
        mixed.transpose(1, 2)?.reshape((batch * length, n_heads * d_head))
    }
}
