//! The same computation on a padded batch, of candle's tensor operations alone: it runs wherever candle does, on a GPU too.
//!
//! The trunk is loaded as ever, by [`Trunk::load`]; here its weights are laid out once more, on the device. So everything
//! that is read of a checkpoint is read in one place, and this module is a second way to compute with it.
//!
//! Tensors of a pass are `(batch * length, …)`: every sequence takes as many rows as the longest has tokens. What stands in
//! the rows after a sequence's end is computed and never looked at: causal attention and recurrences do not look ahead,
//! and other attention is given a mask.

mod attention;
mod block;
mod convolution;
mod disentangled;
mod layers;
mod mamba;
mod mamba2;
mod means;
pub(super) mod open;
mod padded;
mod rwkv7;
mod scan;

use std::sync::Arc;

use candle_core::{DType, Device, Result, Tensor};

use crate::models::declarations::rotary::Rotary;
use crate::models::declarations::spec::{Positions, Projected};
use crate::models::error;
use crate::models::packed::block as packed;
use crate::models::packed::convolution as packed_convolution;
use crate::models::packed::distances::DistanceTable;
use crate::models::packed::recurrent::Recurrent;
use crate::models::packed::stack::{Layer, Stack};
use crate::models::packed::trunk::{self, Trunk};
use crate::models::sequences::Sequences;
use attention::Shared;
use block::Block;
use convolution::Convolution;
use layers::{Linear, Norm};
use means::Means;
use padded::Padded;

/// Embeddings and blocks with their weights, on a device.
pub(in crate::models) struct Dense {
    device: Device,
    embeddings: Embeddings,
    blocks: Vec<Mixer>,
    rotaries: Vec<Rotary>,
    distances: Option<DistanceTable>,
    final_norm: Option<Norm>,
    last_projection: Option<Linear>,
    convolution: Option<Convolution>,
}

/// A block of either kind.
enum Mixer {
    /// The same one several times where an architecture shares it.
    Attention(Arc<Block>),
    Mamba(Box<mamba::Mamba>),
    Mamba2(Box<mamba2::Mamba2>),
    Rwkv7(Box<rwkv7::Rwkv7>),
}

struct Embeddings {
    /// `(vocab_size, d)`, of whatever type it is held as.
    tokens: Tensor,
    scale: f32,
    /// `(rows, d)`.
    positions: Option<(Positions, Tensor)>,
    /// `(1, d)`.
    segment: Option<Tensor>,
    norm: Option<Norm>,
    projected: Projected,
    projection: Option<Linear>,
}

impl Dense {
    /// Lays out the weights of `trunk` on `device`; each block's are let go of as soon as they are there.
    pub(in crate::models) fn upload(trunk: Trunk, device: &Device) -> error::Result<Self> {
        let Trunk { embeddings, blocks, rotaries, distances, final_norm, last_projection, convolution } =
            trunk;
        // What runs on a device is on it as a whole.
        let Stack::Ready(blocks) = blocks else { return Err(error::Error::Offload) };
        let mut mixers: Vec<Mixer> = Vec::with_capacity(blocks.len());
        let mut last: Option<(Arc<packed::Block>, Arc<Block>)> = None;
        for layer in blocks {
            mixers.push(match layer {
                Layer::Attention(block) => {
                    let same = last.take().filter(|(known, _)| Arc::ptr_eq(known, &block));
                    let uploaded = match same {
                        Some((_, uploaded)) => uploaded,
                        None => Arc::new(Block::upload(&block, device)?),
                    };
                    last = Some((block, Arc::clone(&uploaded)));
                    Mixer::Attention(uploaded)
                }
                Layer::Recurrent(block) => match &*block {
                    Recurrent::Mamba(block) => Mixer::Mamba(Box::new(mamba::Mamba::upload(block, device)?)),
                    Recurrent::Mamba2(block) => {
                        Mixer::Mamba2(Box::new(mamba2::Mamba2::upload(block, device)?))
                    }
                    Recurrent::Rwkv7(block) => Mixer::Rwkv7(Box::new(rwkv7::Rwkv7::upload(block, device)?)),
                },
            });
        }
        Ok(Self {
            device: device.clone(),
            embeddings: Embeddings::upload(&embeddings, device)?,
            blocks: mixers,
            rotaries,
            distances,
            final_norm: final_norm.map(|norm| Norm::upload(&norm, device)).transpose()?,
            last_projection: last_projection.map(|layer| Linear::upload(&layer, device)).transpose()?,
            convolution: convolution
                .map(|convolution: packed_convolution::Convolution| Convolution::upload(&convolution, device))
                .transpose()?,
        })
    }

    /// Runs blocks up to the last of `layers` (ascending), and gives these hidden states to `visit`, `(n_tokens, d_model)`, with
    /// rows as those of [`Sequences::tokens`].
    pub(super) fn forward(
        &self,
        sequences: &Sequences,
        layers: &[usize],
        mut visit: impl FnMut(usize, &[f32]) -> error::Result<()>,
    ) -> error::Result<()> {
        let padded = Padded::new(sequences, &self.device)?;
        self.hidden_states(sequences, &padded, layers, |layer, x| {
            let values = padded.without_padding(x)?.flatten_all()?.to_vec1::<f32>()?;
            visit(layer, &values)
        })
    }

    /// The same with means over groups of tokens, `(groups, d_model)`, which are made on the device: each group has a sequence
    /// and positions in it.
    pub(super) fn means(
        &self,
        sequences: &Sequences,
        layers: &[usize],
        groups: &[(usize, &[u32])],
        mut visit: impl FnMut(usize, &[f32]) -> error::Result<()>,
    ) -> error::Result<()> {
        let padded = Padded::new(sequences, &self.device)?;
        let means = Means::new(groups, &padded, &self.device)?;
        self.hidden_states(sequences, &padded, layers, |layer, x| {
            let values = means.of(x)?.flatten_all()?.to_vec1::<f32>()?;
            visit(layer, &values)
        })
    }

    /// The same, with hidden states `(batch * length, d_model)` on the device.
    fn hidden_states(
        &self,
        sequences: &Sequences,
        padded: &Padded,
        layers: &[usize],
        mut visit: impl FnMut(usize, &Tensor) -> error::Result<()>,
    ) -> error::Result<()> {
        let deepest = layers.last().copied().unwrap_or(0);
        let reaches = self.blocks.iter().filter_map(|block| match block {
            Mixer::Attention(block) => Some(block.visible()),
            _ => None,
        });
        let shared = Shared::new(padded, &self.rotaries, self.distances.as_ref(), reaches, &self.device)?;
        let mut visit = |layer: usize, x: &Tensor| {
            if layers.binary_search(&layer).is_ok() { visit(layer, x) } else { Ok(()) }
        };
        let mut x = self.embeddings.forward(sequences, padded)?;
        visit(0, &x)?;
        let mut first_values = None;
        let mut convolved = match &self.convolution {
            Some(convolution) if deepest > 0 => Some(convolution.forward(&x, padded)?),
            _ => None,
        };
        for (index, block) in self.blocks.iter().take(deepest).enumerate() {
            x = match block {
                Mixer::Attention(block) => block.forward(&x, &shared)?,
                Mixer::Mamba(block) => block.forward(&x, padded)?,
                Mixer::Mamba2(block) => block.forward(&x, padded)?,
                Mixer::Rwkv7(block) => block.forward(&x, padded, &mut first_values)?,
            };
            if let Some((convolution, convolved)) = self.convolution.as_ref().zip(convolved.take()) {
                x = convolution.add(&x, &convolved)?;
            }
            if index + 1 == self.blocks.len() {
                if let Some(norm) = &self.final_norm {
                    x = norm.forward(&x)?;
                }
                if let Some(projection) = &self.last_projection {
                    x = projection.forward(&x)?;
                }
            }
            visit(index + 1, &x)?;
        }
        Ok(())
    }
}

impl Embeddings {
    fn upload(packed: &trunk::Embeddings, device: &Device) -> error::Result<Self> {
        let positions = packed.positions.as_ref();
        Ok(Self {
            tokens: packed.tokens.held()?.to_device(device)?,
            scale: packed.scale,
            positions: positions
                .map(|(layout, table)| table.to_device(device).map(|table| (*layout, table)))
                .transpose()?,
            segment: packed.segment.as_ref().map(|segment| segment.to_device(device)).transpose()?,
            norm: packed.norm.as_ref().map(|norm| Norm::upload(norm, device)).transpose()?,
            projected: packed.projected,
            projection: packed.projection.as_ref().map(|layer| Linear::upload(layer, device)).transpose()?,
        })
    }

    /// Hidden state 0, `(batch * length, d_model)`.
    fn forward(&self, sequences: &Sequences, padded: &Padded) -> Result<Tensor> {
        let rows = padded.spread(sequences.tokens())?;
        let mut x = self.tokens.index_select(&rows, 0)?.to_dtype(DType::F32)?;
        if self.scale != 1.0 {
            x = (x * f64::from(self.scale))?;
        }
        x = self.project(x, Projected::BeforePositions)?;
        if let Some((layout, table)) = &self.positions {
            let rows = trunk::position_rows(sequences, *layout);
            x = (x + table.index_select(&padded.spread(&rows)?, 0)?)?;
        }
        if let Some(segment) = &self.segment {
            x = x.broadcast_add(segment)?;
        }
        x = self.project(x, Projected::BeforeNorm)?;
        if let Some(norm) = &self.norm {
            x = norm.forward(&x)?;
        }
        self.project(x, Projected::Last)
    }

    /// `x` through the linear layer, if it stands at `place`.
    fn project(&self, x: Tensor, place: Projected) -> Result<Tensor> {
        match &self.projection {
            Some(projection) if self.projected == place => projection.forward(&x),
            _ => Ok(x),
        }
    }
}
