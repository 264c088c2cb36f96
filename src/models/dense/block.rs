//! A block of a mixer and an MLP, on a device; step by step that of [`crate::models::packed::block`].

use candle_core::{Device, Result, Tensor};

use super::layers::Norm;
use super::mixers::Mixer;
use super::mlps::FeedForward;
use super::pass::{Pass, Visible};
use crate::models::packed::block as packed;
use crate::models::packed::kernels::norm;
use crate::models::site::Site;

/// A block with its weights.
pub(super) struct Block {
    mixer_in: Option<Norm>,
    mixer: Mixer,
    mixer_out: Option<Norm>,
    after_mixer: Option<Norm>,
    parallel: bool,
    mlp_in: Option<Norm>,
    mlp: Option<FeedForward>,
    mlp_out: Option<Norm>,
    after_mlp: Option<Norm>,
}

impl Block {
    pub(super) fn upload(block: &packed::Block, device: &Device) -> Result<Self> {
        let norm =
            |norm: &Option<norm::Norm>| norm.as_ref().map(|norm| Norm::upload(norm, device)).transpose();
        Ok(Self {
            mixer_in: norm(&block.mixer_in)?,
            mixer: Mixer::upload(&block.mixer, device)?,
            mixer_out: norm(&block.mixer_out)?,
            after_mixer: norm(&block.after_mixer)?,
            parallel: block.parallel,
            mlp_in: norm(&block.mlp_in)?,
            mlp: block.mlp.as_ref().map(|mlp| FeedForward::upload(mlp, device)).transpose()?,
            mlp_out: norm(&block.mlp_out)?,
            after_mlp: norm(&block.after_mlp)?,
        })
    }

    /// What its tokens see, if they attend.
    pub(super) fn visible(&self) -> Option<Visible> {
        self.mixer.visible()
    }

    /// The residual stream `x`, `(batch * length, d_model)`, after the block.
    pub(super) fn forward(&self, x: &Tensor, pass: &mut Pass<'_>) -> Result<Tensor> {
        pass.tap.values = None;
        let read = normalized(x, self.mixer_in.as_ref())?;
        let after = match (self.mixer.mix(&read, pass)?, self.mixer.output()) {
            (Some(mixed), Some(output)) => {
                if pass.tap.site == Site::AttentionHeads {
                    pass.tap.values = self.mixer.heads(&mixed)?;
                }
                let wrote = normalized(&output.forward(&mixed)?, self.mixer_out.as_ref())?;
                pass.tap.keep(Site::Attention, &wrote);
                normalized(&(x + wrote)?, self.after_mixer.as_ref())?
            }
            _ => x.clone(),
        };
        let Some(mlp) = &self.mlp else { return Ok(after) };
        let read = match (&self.mlp_in, self.parallel) {
            (Some(norm), parallel) => norm.forward(if parallel { x } else { &after })?,
            (None, true) => read,
            (None, false) => after.clone(),
        };
        if pass.tap.site == Site::Router {
            pass.tap.values = mlp.probabilities(&read)?;
        }
        let wrote = normalized(&mlp.forward(&read, pass)?, self.mlp_out.as_ref())?;
        pass.tap.keep(Site::Mlp, &wrote);
        let x = (after + wrote)?;
        normalized(&x, self.after_mlp.as_ref())
    }
}

fn normalized(x: &Tensor, norm: Option<&Norm>) -> Result<Tensor> {
    match norm {
        Some(norm) => norm.forward(x),
        None => Ok(x.clone()),
    }
}
