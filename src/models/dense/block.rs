//! A block of attention and an MLP, on a device; step by step that of [`crate::models::packed::block`].

use candle_core::{Device, Result, Tensor};

use super::attention::{self, Shared, Visible};
use super::disentangled::Distances;
use super::layers::{Linear, Norm, Norms, activate};
use crate::models::declarations::activation::Activation;
use crate::models::declarations::spec::Attention;
use crate::models::packed::block as packed;
use crate::models::packed::kernels::norm;

/// A block with its weights.
pub(super) struct Block {
    spec: Attention,
    reach: Option<usize>,
    rotary: Option<usize>,
    attention_in: Option<Norm>,
    qkv: Linear,
    qk_norm: Option<(Norms, Norms)>,
    distances: Option<Distances>,
    attention: Linear,
    attention_out: Option<Norm>,
    after_attention: Option<Norm>,
    parallel: bool,
    mlp_in: Option<Norm>,
    activation: Activation,
    activated: Linear,
    factor: Option<Linear>,
    down: Linear,
    mlp_out: Option<Norm>,
    after_mlp: Option<Norm>,
}

impl Block {
    pub(super) fn upload(block: &packed::Block, device: &Device) -> Result<Self> {
        let norm =
            |norm: &Option<norm::Norm>| norm.as_ref().map(|norm| Norm::upload(norm, device)).transpose();
        let linear = |layer| Linear::upload(layer, device);
        let qk_norm = match &block.qk_norm {
            Some((query, key)) => Some((Norms::upload(query, device)?, Norms::upload(key, device)?)),
            None => None,
        };
        let scale = block.spec.scale;
        let distances = block.distances.as_ref();
        let (activated, factor, down) = block.mlp.layers();
        Ok(Self {
            spec: block.spec.clone(),
            reach: block.reach,
            rotary: block.rotary,
            attention_in: norm(&block.attention_in)?,
            qkv: linear(&block.qkv)?,
            qk_norm,
            distances: distances.map(|of| Distances::upload(of, scale, device)).transpose()?,
            attention: linear(&block.attention)?,
            attention_out: norm(&block.attention_out)?,
            after_attention: norm(&block.after_attention)?,
            parallel: block.parallel,
            mlp_in: norm(&block.mlp_in)?,
            activation: block.mlp.activation(),
            activated: linear(activated)?,
            factor: factor.map(linear).transpose()?,
            down: linear(down)?,
            mlp_out: norm(&block.mlp_out)?,
            after_mlp: norm(&block.after_mlp)?,
        })
    }

    /// What its tokens see.
    pub(super) fn visible(&self) -> Visible {
        Visible { causal: self.spec.causal, reach: self.reach }
    }

    /// The residual stream `x`, `(batch * length, d_model)`, after the block.
    pub(super) fn forward(&self, x: &Tensor, shared: &Shared) -> Result<Tensor> {
        let read = normalized(x, self.attention_in.as_ref())?;
        let mixed = self.attention.forward(&self.attend(&read, shared)?)?;
        let mut after = (x + normalized(&mixed, self.attention_out.as_ref())?)?;
        after = normalized(&after, self.after_attention.as_ref())?;
        let read = match (&self.mlp_in, self.parallel) {
            (Some(norm), parallel) => norm.forward(if parallel { x } else { &after })?,
            (None, true) => read,
            (None, false) => after.clone(),
        };
        let mut hidden = activate(&self.activated.forward(&read)?, self.activation)?;
        if let Some(factor) = &self.factor {
            hidden = (hidden * factor.forward(&read)?)?;
        }
        let wrote = self.down.forward(&hidden)?;
        let x = (after + normalized(&wrote, self.mlp_out.as_ref())?)?;
        normalized(&x, self.after_mlp.as_ref())
    }

    fn attend(&self, x: &Tensor, shared: &Shared) -> Result<Tensor> {
        let Attention { n_heads, n_kv_heads, d_head, scale, clip, growth, .. } = self.spec;
        let mut qkv = self.qkv.forward(x)?;
        if let Some(clip) = clip {
            qkv = qkv.clamp(-clip, clip)?;
        }
        let (of_queries, of_keys) = (n_heads * d_head, n_kv_heads * d_head);
        let part = |start, size| qkv.narrow(1, start, size)?.contiguous();
        let mut queries = part(0, of_queries)?;
        let mut keys = part(of_queries, of_keys)?;
        let values = part(of_queries + of_keys, of_keys)?;
        if let Some((query_norms, key_norms)) = &self.qk_norm {
            queries = query_norms.forward(&queries)?;
            keys = key_norms.forward(&keys)?;
        }
        let mut queries = attention::by_head(&queries, n_heads, d_head, shared)?;
        let mut keys = attention::by_head(&keys, n_kv_heads, d_head, shared)?;
        let values = attention::by_head(&values, n_kv_heads, d_head, shared)?;
        if let Some(rotary) = self.rotary {
            queries = attention::rotate(&queries, &shared.rotations[rotary])?;
            keys = attention::rotate(&keys, &shared.rotations[rotary])?;
        }
        if let Some(growth) = growth {
            let factors = (0..shared.length)
                .map(|position| growth.beta.mul_add(((1 + position / growth.period) as f32).ln(), 1.0));
            let factors = Tensor::from_iter(factors, &shared.device)?;
            queries = queries.broadcast_mul(&factors.reshape((1, 1, shared.length, 1))?)?;
        }
        let queries = (queries * f64::from(scale))?;
        let extra = match &self.distances {
            Some(distances) => distances.scores(&queries, &keys, shared)?,
            None => None,
        };
        let qkv = (&queries, &keys, &values);
        attention::attend(qkv, extra.as_ref(), &self.spec, self.visible(), shared)
    }
}

fn normalized(x: &Tensor, norm: Option<&Norm>) -> Result<Tensor> {
    match norm {
        Some(norm) => norm.forward(x),
        None => Ok(x.clone()),
    }
}
