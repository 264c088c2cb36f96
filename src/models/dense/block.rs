//! A block of a mixer and an MLP, on a device; step by step that of [`crate::models::packed::block`].

use candle_core::{Device, Result, Tensor};

use super::cross::Cross;
use super::layers::Norm;
use super::mixers::Mixer;
use super::mlps::FeedForward;
use super::mlps::mlp::Mlp;
use super::pass::{Pass, Visible};
use super::streams::{PerLayer, Updates};
use crate::models::packed::block as packed;
use crate::models::packed::kernels::norm;
use crate::models::site::Site;

/// A block with its weights.
pub(super) struct Block {
    mixer_in: Option<Norm>,
    mixer: Mixer,
    mixer_out: Option<Norm>,
    after_mixer: Option<Norm>,
    cross: Option<Cross>,
    parallel: bool,
    mlp_in: Option<Norm>,
    mlp: Option<FeedForward>,
    mlp_out: Option<Norm>,
    language: Option<(Option<Norm>, bool, Mlp)>,
    after_mlp: Option<Norm>,
    per_layer: Option<PerLayer>,
    updates: Option<Updates>,
    scalar: f32,
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
            cross: block.cross.as_ref().map(|cross| Cross::upload(cross, device)).transpose()?,
            parallel: block.parallel,
            mlp_in: norm(&block.mlp_in)?,
            mlp: block.mlp.as_ref().map(|mlp| FeedForward::upload(mlp, device)).transpose()?,
            mlp_out: norm(&block.mlp_out)?,
            language: match &block.language {
                Some(of) => Some((norm(&of.norm)?, of.normed, Mlp::upload(&of.mlp, device)?)),
                None => None,
            },
            after_mlp: norm(&block.after_mlp)?,
            per_layer: block.per_layer.as_ref().map(|of| PerLayer::upload(of, device)).transpose()?,
            updates: block.updates.as_ref().map(|of| Updates::upload(of, device)).transpose()?,
            scalar: block.scalar,
        })
    }

    /// What its tokens see, if they attend.
    pub(super) fn visible(&self) -> Option<Visible> {
        self.mixer.visible()
    }

    /// The residual stream `x`, `(batch * length, d_model)`, after the block.
    pub(super) fn forward(&self, x: &Tensor, pass: &mut Pass<'_>) -> Result<Tensor> {
        let x = if let Some(updates) = &self.updates {
            let expected = updates.predict(&pass.carried.streams)?;
            let read = self.read(&expected);
            let x = self.halves(&read, pass)?;
            let added = |x: &Tensor| self.per_layer.as_ref().map(|of| of.forward(x, pass)).transpose();
            let streams = updates.correct(&expected, &x, added)?;
            let x = self.read(&streams);
            pass.carried.streams = streams;
            x
        } else {
            let x = self.halves(x, pass)?;
            match &self.per_layer {
                Some(per_layer) => (&x + per_layer.forward(&x, pass)?)?,
                None => x,
            }
        };
        if self.scalar == 1.0 { Ok(x) } else { x * f64::from(self.scalar) }
    }

    /// The stream that blocks read.
    fn read(&self, streams: &[Tensor]) -> Tensor {
        streams[self.updates.as_ref().map_or(0, |updates| updates.spec.read)].clone()
    }

    /// The residual stream after both halves.
    fn halves(&self, x: &Tensor, pass: &mut Pass<'_>) -> Result<Tensor> {
        pass.tap.values = None;
        let read = normalized(x, self.mixer_in.as_ref())?;
        let after = match (self.mixer.mix(&read, pass)?, self.mixer.output()) {
            (Some(mixed), Some(output)) => {
                if pass.tap.site == Site::AttentionHeads {
                    pass.tap.values = self.mixer.heads(&mixed)?;
                }
                let wrote = normalized(&output.forward(&mixed)?, self.mixer_out.as_ref())?;
                pass.tap.keep(Site::Attention, &wrote);
                let after = normalized(&(x + wrote)?, self.after_mixer.as_ref())?;
                match &self.updates {
                    Some(updates) => updates.beside(&read, &after)?,
                    None => after,
                }
            }
            _ => x.clone(),
        };
        let after = match &self.cross {
            Some(cross) => cross.forward(&after, pass)?,
            None => after,
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
        let mut x = (after + wrote)?;
        if let Some((norm, normed, mlp)) = &self.language {
            let read = normalized(&x, norm.as_ref())?;
            let made = mlp.forward(&read)?;
            x = (if *normed { &read } else { &x } + made)?;
        }
        normalized(&x, self.after_mlp.as_ref())
    }
}

fn normalized(x: &Tensor, norm: Option<&Norm>) -> Result<Tensor> {
    match norm {
        Some(norm) => norm.forward(x),
        None => Ok(x.clone()),
    }
}
