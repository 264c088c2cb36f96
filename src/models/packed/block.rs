//! A block: a mixer and an MLP, each added to the residual stream, with norms where an architecture has them.

use candle_core::{Result, Tensor};

use super::kernels::norm::Norm;
use super::kernels::ops;
use super::mixers::Mixer;
use super::mlps::FeedForward;
use super::parts::Parts;
use super::pass::Pass;
use crate::models::declarations::spec;
use crate::models::error;

/// A block with its weights; [`names::Block`](crate::models::declarations::names::Block) says where its norms stand.
pub(in crate::models) struct Block {
    pub(in crate::models) mixer_in: Option<Norm>,
    pub(in crate::models) mixer: Mixer,
    pub(in crate::models) mixer_out: Option<Norm>,
    pub(in crate::models) after_mixer: Option<Norm>,
    pub(in crate::models) parallel: bool,
    pub(in crate::models) mlp_in: Option<Norm>,
    pub(in crate::models) mlp: Option<FeedForward>,
    pub(in crate::models) mlp_out: Option<Norm>,
    pub(in crate::models) after_mlp: Option<Norm>,
}

impl Block {
    pub(in crate::models) fn load(parts: Parts<'_>) -> error::Result<Self> {
        let names = parts.names;
        let has_mlp = parts.block().feed_forward != spec::FeedForward::None;
        Ok(Self {
            mixer_in: parts.norm(names.attention_in.filter(|_| !parts.block().bare))?,
            mixer: Mixer::load(parts)?,
            mixer_out: parts.norm(names.attention_out)?,
            after_mixer: parts.norm(names.after_attention)?,
            parallel: parts.spec.parallel,
            mlp_in: parts.norm(names.mlp_in.filter(|_| has_mlp))?,
            mlp: FeedForward::load(parts)?,
            mlp_out: parts.norm(names.mlp_out)?,
            after_mlp: parts.norm(names.after_mlp)?,
        })
    }

    /// The residual stream `x`, `(n_tokens, d_model)`, after the block.
    pub(in crate::models) fn forward(&self, x: &Tensor, pass: &mut Pass<'_>) -> Result<Tensor> {
        let read = normalized(x, self.mixer_in.as_ref())?;
        let mut after = match &self.mixer_out {
            None => self.mixer.forward(&read, Some(x), pass)?,
            Some(norm) => (x + ops::normalize(&self.mixer.forward(&read, None, pass)?, norm)?)?,
        };
        after = normalized(&after, self.after_mixer.as_ref())?;
        let Some(mlp) = &self.mlp else { return Ok(after) };
        let read = match (&self.mlp_in, self.parallel) {
            (Some(norm), parallel) => ops::normalize(if parallel { x } else { &after }, norm)?,
            (None, true) => read,
            (None, false) => after.clone(),
        };
        let x = match &self.mlp_out {
            None => mlp.forward(&read, Some(&after), pass)?,
            Some(norm) => (&after + ops::normalize(&mlp.forward(&read, None, pass)?, norm)?)?,
        };
        normalized(&x, self.after_mlp.as_ref())
    }
}

fn normalized(x: &Tensor, norm: Option<&Norm>) -> Result<Tensor> {
    match norm {
        Some(norm) => ops::normalize(x, norm),
        None => Ok(x.clone()),
    }
}
