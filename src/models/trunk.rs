//! The computation: embeddings and a stack of blocks, on tokens packed without padding.
//!
//! Every tensor of a pass is `(n_tokens, …)`: the sequences of a batch stand one after another, and only attention
//! looks at where one ends.

use std::sync::Arc;

use candle_core::{Device, Result, Tensor};

use super::block::{Block, DistanceTable, Shared};
use super::convolution::Convolution;
use super::error;
use super::kernels::linear::PackedLinear;
use super::kernels::norm::Norm;
use super::kernels::ops;
use super::names::{Declaration, Names};
use super::recurrent::{Carried, Recurrent};
use super::rotary::Rotary;
use super::sequences::Sequences;
use super::spec::{self, Positions, Projected, Spec};
use super::weights::Weights;

/// Embeddings and blocks with their weights.
pub(super) struct Trunk {
    pub(super) embeddings: Embeddings,
    pub(super) blocks: Vec<Layer>,
    /// The distinct rotations of all blocks.
    pub(super) rotaries: Vec<Rotary>,
    pub(super) distances: Option<DistanceTable>,
    pub(super) final_norm: Option<Norm>,
    pub(super) last_projection: Option<PackedLinear>,
    pub(super) convolution: Option<Convolution>,
}

/// A block of either kind.
pub(super) enum Layer {
    /// The same one several times where an architecture shares it.
    Attention(Arc<Block>),
    Recurrent(Recurrent),
}

pub(super) struct Embeddings {
    /// `(vocab_size, d)`.
    pub(super) tokens: Tensor,
    pub(super) scale: f32,
    /// `(rows, d)`; the first segment's embedding, which all tokens share, is in it.
    pub(super) positions: Option<(Positions, Tensor)>,
    pub(super) norm: Option<Norm>,
    pub(super) projected: Projected,
    pub(super) projection: Option<PackedLinear>,
}

impl Trunk {
    pub(super) fn load(declaration: &Declaration, weights: &mut Weights) -> error::Result<Self> {
        let Declaration { spec, names } = declaration;
        weights.find_prefix(names.prefixes, &format!("{}.weight", names.tokens));
        let embeddings = Embeddings::load(spec, names, weights)?;
        let mut rotaries: Vec<Rotary> = Vec::new();
        let mut blocks: Vec<Layer> = Vec::with_capacity(spec.n_layers);
        let shared = !names.block.attention.name.contains("{}");
        for (layer, variant) in spec.blocks.iter().enumerate() {
            if let Some(recurrence) = &spec.recurrence {
                blocks.push(Layer::Recurrent(Recurrent::load(spec, recurrence, layer, weights)?));
                continue;
            }
            if let Some(Layer::Attention(first)) = blocks.first().filter(|_| shared) {
                blocks.push(Layer::Attention(Arc::clone(first)));
                continue;
            }
            let rotary = variant.rotary.as_ref().map(|rotary| {
                rotaries.iter().position(|known| known == rotary).unwrap_or_else(|| {
                    rotaries.push(rotary.clone());
                    rotaries.len() - 1
                })
            });
            let block = Block::load(spec, &names.block, layer, rotary, weights)?;
            blocks.push(Layer::Attention(Arc::new(block)));
        }
        let final_norm =
            names.final_norm.map(|name| weights.norm(name, 0, spec.d_model, spec.norm)).transpose()?;
        let distances = DistanceTable::load(spec, &names.block, weights)?;
        let last_projection = match (names.last_projection, spec.d_last) {
            (Some(name), Some(d_last)) => Some(weights.matrix(name, 0, d_last, spec.d_model)?.pack()),
            _ => None,
        };
        let convolution = Convolution::load(spec, names, weights)?;
        Ok(Self { embeddings, blocks, rotaries, distances, final_norm, last_projection, convolution })
    }

    /// Runs blocks up to hidden state `deepest`, giving each hidden state `(n_tokens, d_model)` to `visit` as it is made.
    pub(super) fn forward(
        &self,
        sequences: &Sequences,
        deepest: usize,
        mut visit: impl FnMut(usize, &[f32]) -> error::Result<()>,
    ) -> error::Result<()> {
        let shared = Shared::new(sequences, &self.rotaries, self.distances.as_ref());
        let mut x = self.embeddings.forward(sequences)?;
        ops::with_values(&x, |values| visit(0, values))?;
        let mut carried = Carried::default();
        let mut convolved = match &self.convolution {
            Some(convolution) if deepest > 0 => Some(convolution.forward(&x, sequences)?),
            _ => None,
        };
        for (index, block) in self.blocks.iter().take(deepest).enumerate() {
            x = match block {
                Layer::Attention(block) => block.forward(&x, sequences, &shared)?,
                Layer::Recurrent(block) => {
                    let after = ops::with_values(&x, |values| {
                        Ok::<_, candle_core::Error>(block.forward(values, sequences, &mut carried))
                    })?;
                    Tensor::from_vec(after, x.shape(), &Device::Cpu)?
                }
            };
            if let Some((convolution, convolved)) = self.convolution.as_ref().zip(convolved.take()) {
                x = convolution.add(&x, &convolved)?;
            }
            if index + 1 == self.blocks.len() {
                if let Some(norm) = &self.final_norm {
                    x = ops::normalize(&x, norm)?;
                }
                if let Some(projection) = &self.last_projection {
                    x = ops::linear(&x, projection, None)?;
                }
            }
            ops::with_values(&x, |values| visit(index + 1, values))?;
        }
        Ok(())
    }
}

impl Embeddings {
    fn load(spec: &Spec, names: &Names, weights: &Weights) -> error::Result<Self> {
        let spec::Embeddings { d, projected, .. } = spec.embeddings;
        let d_positions = if projected == Projected::BeforePositions { spec.d_model } else { d };
        let d_norm = if projected == Projected::Last { d } else { spec.d_model };
        let mut tokens = weights.table(names.tokens, spec.vocab_size, d)?;
        let mut positions = None;
        if let Some(layout) = spec.embeddings.positions {
            let table = if layout.learned {
                weights.table(names.positions, layout.rows, d_positions)?
            } else {
                Tensor::from_vec(sinusoids(layout, d_positions), (layout.rows, d_positions), &Device::Cpu)?
            };
            positions = Some((layout, table));
        }
        if spec.embeddings.n_segments > 0 {
            let segments = weights.table(names.segments, spec.embeddings.n_segments, d)?;
            let table = positions.as_mut().map_or(&mut tokens, |(_, table)| table);
            *table = table.broadcast_add(&segments.narrow(0, 0, 1)?)?;
        }
        Ok(Self {
            tokens,
            scale: spec.embeddings.scale,
            positions,
            norm: names.embedding_norm.map(|name| weights.norm(name, 0, d_norm, spec.norm)).transpose()?,
            projected,
            projection: names
                .embedding_projection
                .map(|name| weights.matrix(name, 0, spec.d_model, d))
                .transpose()?
                .map(|matrix| matrix.pack()),
        })
    }

    fn forward(&self, sequences: &Sequences) -> Result<Tensor> {
        let gather = |table: &Tensor, rows: &[u32]| table.index_select(&Tensor::new(rows, &Device::Cpu)?, 0);
        let mut x = gather(&self.tokens, sequences.tokens())?;
        if self.scale != 1.0 {
            x = (x * f64::from(self.scale))?;
        }
        x = self.project(x, Projected::BeforePositions)?;
        if let Some((layout, table)) = &self.positions {
            x = (x + gather(table, &position_rows(sequences, *layout))?)?;
        }
        x = self.project(x, Projected::BeforeNorm)?;
        if let Some(norm) = &self.norm {
            x = ops::normalize(&x, norm)?;
        }
        self.project(x, Projected::Last)
    }

    /// `x` through the linear layer, if it stands at `place`.
    fn project(&self, x: Tensor, place: Projected) -> Result<Tensor> {
        match &self.projection {
            Some(projection) if self.projected == place => ops::linear(&x, projection, None),
            _ => Ok(x),
        }
    }
}

/// The table of positions that is not learned, `(rows, d)`: the first half of a row are sines, the second cosines.
fn sinusoids(layout: Positions, d: usize) -> Vec<f32> {
    let half = d / 2;
    // In f32, as transformers computes it (`M2M100SinusoidalPositionalEmbedding`).
    let step = (10_000f64.ln() / (half as f64 - 1.0)) as f32;
    let frequencies: Vec<f32> = (0..half).map(|unit| (unit as f32 * -step).exp()).collect();
    let mut table = vec![0.0; layout.rows * d];
    for (row, values) in table.chunks_exact_mut(d).enumerate() {
        // The row of tokens that do not count is 0.
        if layout.uncounted.is_some() && row + 1 == layout.first {
            continue;
        }
        let (sines, cosines) = values.split_at_mut(half);
        for ((sine, cosine), frequency) in sines.iter_mut().zip(cosines).zip(&frequencies) {
            (*sine, *cosine) = (row as f32 * frequency).sin_cos();
        }
    }
    table
}

/// Which row of the table of positions each token has.
pub(super) fn position_rows(sequences: &Sequences, layout: Positions) -> Vec<u32> {
    let mut rows = Vec::with_capacity(sequences.tokens().len());
    let first = layout.first as u32;
    for sequence in sequences.iter() {
        let mut next = first;
        for (place, &token) in sequence.path.iter().enumerate() {
            let counts = layout.uncounted != Some(sequences.tokens()[token as usize]);
            if place >= sequence.shared {
                rows.push(if counts { next } else { first.saturating_sub(1) });
            }
            next += u32::from(counts);
        }
    }
    rows
}
