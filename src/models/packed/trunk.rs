//! The computation: embeddings and a stack of blocks, on tokens packed without padding.
//!
//! Every tensor of a pass is `(n_tokens, …)`: the sequences of a batch stand one after another, and only attention
//! looks at where one ends. A pass goes through all blocks with one batch ([`Trunk::forward`]), or, where blocks are made ready one at
//! a time, through one block with all batches ([`Trunk::forward_together`]); its steps are the same either way.

use std::sync::{Mutex, PoisonError};

use candle_core::{Device, Result, Tensor};
use rayon::prelude::*;

use super::block::Block;
use super::convolution::Convolution;
use super::distances::DistanceTable;
use super::kernels::linear::{Finish, PackedLinear};
use super::kernels::norm::Norm;
use super::kernels::ops;
use super::pass::{Pass, Read};
use super::stack::Stack;
use super::streams::{Inputs, Streams};
use super::waves::{sinusoids, waves};
use crate::models::checkpoint::table::Table;
use crate::models::checkpoint::weights::Weights;
use crate::models::declarations::names::{Declaration, Names};
use crate::models::declarations::rotary::Rotary;
use crate::models::declarations::spec::{self, Mixer, Positions, Projected, Spec};
use crate::models::edit::Edit;
use crate::models::error;
use crate::models::sequences::Sequences;
use crate::models::site::Site;

/// Embeddings and blocks with their weights.
pub(in crate::models) struct Trunk {
    pub(in crate::models) embeddings: Embeddings,
    pub(in crate::models) blocks: Stack,
    /// The distinct rotations of all blocks.
    pub(in crate::models) rotaries: Vec<Rotary>,
    pub(in crate::models) distances: Option<DistanceTable>,
    /// Of hidden state 0, before the first block reads it.
    pub(in crate::models) first_norm: Option<Norm>,
    pub(in crate::models) final_norm: Option<Norm>,
    pub(in crate::models) last_projection: Option<PackedLinear>,
    pub(in crate::models) convolution: Option<Convolution>,
    /// What each block is given of the tokens.
    pub(in crate::models) inputs: Option<Inputs>,
    /// Streams beside the one that blocks read.
    pub(in crate::models) streams: Option<Streams>,
    /// Whether blocks read hidden state 0.
    pub(in crate::models) read_again: bool,
    /// What a decoder reads.
    pub(in crate::models) encoder: Option<Box<Self>>,
    /// What is changed on the way.
    pub(in crate::models) edit: Option<Edit>,
}

pub(in crate::models) struct Embeddings {
    /// `(vocab_size, d)`.
    pub(in crate::models) tokens: Table,
    pub(in crate::models) neighbours: bool,
    pub(in crate::models) scale: f32,
    /// `(rows, d)`; the embeddings of the first segment and the first task, which all tokens share, are in it.
    pub(in crate::models) positions: Option<(Positions, Tensor)>,
    /// `(1, d)`: the embedding that all tokens share, where there is no table of positions for it to be in.
    pub(in crate::models) segment: Option<Tensor>,
    pub(in crate::models) norm: Option<Norm>,
    pub(in crate::models) projected: Projected,
    pub(in crate::models) projection: Option<PackedLinear>,
}

/// A batch on its way through the blocks.
struct Batch<'a> {
    pass: Pass<'a>,
    /// The convolution's part of the first block's output, until it is added.
    convolved: Option<Vec<f32>>,
    /// The last hidden state, `(n_tokens, d_model)`.
    x: Vec<f32>,
}

impl Batch<'_> {
    /// Hidden state 0, where hidden states are asked for.
    fn first(&self) -> Option<&[f32]> {
        match self.pass.tap.site {
            Site::Residual => Some(&self.x),
            Site::Streams => Some(&self.pass.tap.values),
            _ => None,
        }
    }

    /// What is asked for of block `index`, which has run, and the number of its layer.
    fn taken(&self, index: usize) -> (usize, &[f32]) {
        match self.pass.tap.site {
            Site::Residual => (index + 1, &self.x),
            Site::Streams => (index + 1, &self.pass.tap.values),
            _ => (index, &self.pass.tap.values),
        }
    }
}

impl Trunk {
    /// Embeddings and blocks of `declaration`; with `offload`, blocks and the table of tokens stay in their files.
    pub(in crate::models) fn load(
        declaration: &Declaration,
        weights: Weights,
        offload: bool,
    ) -> error::Result<Self> {
        let Declaration { spec, names } = declaration;
        let tokens = weights.tokens_name(names.tokens);
        let embeddings = Embeddings::load(spec, &Names { tokens, ..*names }, &weights, offload)?;
        let norm =
            |name: Option<&str>| name.map(|name| weights.norm(name, 0, spec.d_model, spec.norm)).transpose();
        let (first_norm, final_norm) = (norm(names.first_norm)?, norm(names.final_norm)?);
        let distances = DistanceTable::load(spec, &names.block, &weights)?;
        let last_projection = match (names.last_projection, spec.d_last) {
            (Some(name), Some(d_last)) => Some(weights.matrix(name, 0, d_last, spec.d_model)?.pack()),
            _ => None,
        };
        let convolution = Convolution::load(spec, names, &weights)?;
        let inputs = Inputs::load(spec, names.per_layer, &weights)?;
        let streams = Streams::load(spec, &weights)?;
        let (blocks, rotaries) = Stack::load(declaration, weights, offload)?;
        Ok(Self {
            embeddings,
            blocks,
            rotaries,
            distances,
            first_norm,
            final_norm,
            last_projection,
            convolution,
            inputs,
            streams,
            read_again: spec.blocks.iter().any(|block| matches!(block.mixer, Mixer::Shared(_))),
            encoder: None,
            edit: None,
        })
    }

    /// Runs blocks up to layer `deepest` of `site`, giving what each has of it, `(n_tokens, …)`, to `visit` as it is made: hidden states
    /// by their number, others by that of the block.
    pub(in crate::models) fn forward(
        &self,
        sequences: &Sequences,
        (site, deepest): (Site, usize),
        mut visit: impl FnMut(usize, &[f32]) -> error::Result<()>,
    ) -> error::Result<()> {
        let read = self.encoded(std::slice::from_ref(sequences), (site, deepest))?.pop();
        let mut batch = self.begin(sequences, (site, deepest), read)?;
        batch.first().map_or(Ok(()), |x| visit(0, x))?;
        for index in 0..site.blocks_to(deepest).min(self.blocks.len()) {
            let block = self.blocks.block(index)?;
            self.step(&mut batch, index, &block);
            let (layer, values) = batch.taken(index);
            visit(layer, values)?;
        }
        Ok(())
    }

    /// The same for several batches at once, block by block: each block is made ready once for all of them. `visit` is given the
    /// place of the batch too, and is called from any thread.
    pub(in crate::models) fn forward_together(
        &self,
        batches: &[Sequences],
        (site, deepest): (Site, usize),
        visit: impl Fn(usize, usize, &[f32]) -> error::Result<()> + Sync,
    ) -> error::Result<()> {
        let mut read = self.encoded(batches, (site, deepest))?.into_iter().map(Some).collect::<Vec<_>>();
        read.resize(batches.len(), None);
        let begun = batches.par_iter().zip(read).enumerate().map(|(batch, (sequences, read))| {
            let begun = self.begin(sequences, (site, deepest), read)?;
            begun.first().map_or(Ok(()), |x| visit(batch, 0, x))?;
            Ok(begun)
        });
        let mut batches = begun.collect::<error::Result<Vec<Batch<'_>>>>()?;
        for index in 0..site.blocks_to(deepest).min(self.blocks.len()) {
            let block = self.blocks.block(index)?;
            batches.par_iter_mut().enumerate().try_for_each(|(place, batch)| {
                self.step(batch, index, &block);
                let (layer, values) = batch.taken(index);
                visit(place, layer, values)
            })?;
        }
        Ok(())
    }

    /// What the encoder makes of what each of `batches` reads, `(n_source_tokens, d_source)`; nothing where there is no encoder, or no
    /// block that asks for it.
    fn encoded(&self, batches: &[Sequences], (site, deepest): (Site, usize)) -> error::Result<Vec<Vec<f32>>> {
        let Some(encoder) = self.encoder.as_ref().filter(|_| site.blocks_to(deepest) > 0) else {
            return Ok(Vec::new());
        };
        let last = (Site::Residual, encoder.blocks.len());
        let sources: Vec<&Sequences> = batches.iter().filter_map(|batch| Some(batch.sources()?.0)).collect();
        if !encoder.blocks.is_offloaded() {
            let mut all = vec![Vec::new(); sources.len()];
            for (source, states) in sources.into_iter().zip(&mut all) {
                encoder.forward(source, last, |layer, x| {
                    if layer == last.1 {
                        x.clone_into(states);
                    }
                    Ok(())
                })?;
            }
            return Ok(all);
        }
        // Each block is read once for all of them.
        let all: Vec<Mutex<Vec<f32>>> = sources.iter().map(|_| Mutex::default()).collect();
        let sources: Vec<Sequences> = sources.into_iter().cloned().collect();
        encoder.forward_together(&sources, last, |batch, layer, x| {
            if layer == last.1 {
                x.clone_into(&mut all[batch].lock().unwrap_or_else(PoisonError::into_inner));
            }
            Ok(())
        })?;
        Ok(all
            .into_iter()
            .map(|states| states.into_inner().unwrap_or_else(PoisonError::into_inner))
            .collect())
    }

    /// A batch at hidden state 0, on its way to layer `deepest` of `site`.
    fn begin<'a>(
        &self,
        sequences: &'a Sequences,
        (site, deepest): (Site, usize),
        read: Option<Vec<f32>>,
    ) -> error::Result<Batch<'a>> {
        let mut x: Vec<f32> = self.embeddings.forward(sequences)?.flatten_all()?.to_vec1()?;
        self.edit.iter().for_each(|edit| edit.at(0, &mut x));
        let convolution = self.convolution.as_ref().filter(|_| deepest > 0);
        let convolved = convolution.map(|convolution| convolution.forward(&x, sequences));
        let mut pass = Pass::new(sequences, &self.rotaries, self.distances.as_ref(), site);
        pass.read =
            sequences.sources().zip(read).map(|((sequences, of), states)| Read { states, sequences, of });
        pass.carried.embedded = self.read_again.then(|| x.clone());
        if let Some(inputs) = self.inputs.as_ref().filter(|_| deepest > 0) {
            pass.carried.per_layer = inputs.forward(sequences.tokens(), &x)?;
        }
        if let Some(streams) = &self.streams {
            (x, pass.carried.streams) = streams.begin(x);
            if site == Site::Streams {
                pass.tap.values = streams.side_by_side(&x, &pass.carried.streams);
            }
        }
        Ok(Batch { pass, convolved, x })
    }

    /// Takes a batch through block `index`, which is `block`, and what follows it.
    fn step(&self, batch: &mut Batch<'_>, index: usize, block: &Block) {
        let Batch { pass, convolved, x } = batch;
        if let Some(norm) = self.first_norm.as_ref().filter(|_| index == 0) {
            norm.apply_to_rows(x);
        }
        block.forward(x, pass);
        if let Some((convolution, convolved)) = self.convolution.as_ref().zip(convolved.take()) {
            convolution.add(x, &convolved);
        }
        if let Some(streams) = self.streams.as_ref().filter(|_| pass.tap.site == Site::Streams) {
            pass.tap.values = streams.side_by_side(x, &pass.carried.streams);
        }
        if index + 1 == self.blocks.len() {
            if let Some(streams) = &self.streams {
                streams.end(x, std::mem::take(&mut pass.carried.streams));
            }
            if let Some(norm) = &self.final_norm {
                norm.apply_to_rows(x);
            }
            if let Some(projection) = &self.last_projection {
                *x = projection.forward(x, Finish::Plain);
            }
        }
        self.edit.iter().for_each(|edit| edit.at(index + 1, x));
    }
}

impl Embeddings {
    fn load(spec: &Spec, names: &Names, weights: &Weights, offload: bool) -> error::Result<Self> {
        let spec::Embeddings { d, projected, neighbours, .. } = spec.embeddings;
        let d_positions = if projected == Projected::BeforePositions { spec.d_model } else { d };
        let d_norm = if projected == Projected::Last { d } else { spec.d_model };
        let tokens = weights.tokens(names.tokens, spec.vocab_size, d, offload)?;
        let (mut positions, mut segment) = (None, None);
        if let Some(layout) = spec.embeddings.positions {
            let stored = || weights.has(&format!("{}.weight", names.positions), 0);
            let table = if spec.embeddings.waves_unless_stored && !stored() {
                weights.fits(names.positions, &[layout.rows, d_positions])?;
                Tensor::from_vec(waves(layout.rows, d_positions), (layout.rows, d_positions), &Device::Cpu)?
            } else if layout.learned {
                weights.table(names.positions, layout.rows, d_positions)?
            } else {
                weights.fits(names.positions, &[layout.rows, d_positions])?;
                Tensor::from_vec(sinusoids(layout, d_positions), (layout.rows, d_positions), &Device::Cpu)?
            };
            positions = Some((layout, table));
        }
        for (name, rows) in
            [(names.segments, spec.embeddings.n_segments), (names.tasks, spec.embeddings.n_tasks)]
        {
            if rows == 0 {
                continue;
            }
            let first = weights.table(name, rows, d_positions)?.narrow(0, 0, 1)?;
            match (&mut positions, &mut segment) {
                (Some((_, table)), _) => *table = table.broadcast_add(&first)?,
                (None, Some(segment)) => *segment = (&*segment + &first)?,
                (None, None) => segment = Some(first),
            }
        }
        Ok(Self {
            tokens,
            neighbours,
            scale: spec.embeddings.scale,
            positions,
            segment,
            norm: names.embedding_norm.map(|name| weights.norm(name, 0, d_norm, spec.norm)).transpose()?,
            projected,
            projection: names
                .embedding_projection
                .map(|name| weights.matrix(name, 0, spec.d_model, if neighbours { 3 * d } else { d }))
                .transpose()?
                .map(|matrix| matrix.pack()),
        })
    }

    fn forward(&self, sequences: &Sequences) -> error::Result<Tensor> {
        let mut x = self.tokens.gather(sequences.tokens())?;
        if self.scale != 1.0 {
            x = (x * f64::from(self.scale))?;
        }
        if self.neighbours {
            x = beside(&x, sequences)?;
        }
        x = self.project(x, Projected::BeforePositions)?;
        if let Some((layout, table)) = &self.positions {
            let rows = Tensor::new(position_rows(sequences, *layout), &Device::Cpu)?;
            x = (x + table.index_select(&rows, 0)?)?;
        }
        if let Some(segment) = &self.segment {
            x = x.broadcast_add(segment)?;
        }
        x = self.project(x, Projected::BeforeNorm)?;
        if let Some(norm) = &self.norm {
            x = ops::normalize(&x, norm)?;
        }
        Ok(self.project(x, Projected::Last)?)
    }

    /// `x` through the linear layer, if it stands at `place`.
    fn project(&self, x: Tensor, place: Projected) -> Result<Tensor> {
        match &self.projection {
            Some(projection) if self.projected == place => ops::linear(&x, projection),
            _ => Ok(x),
        }
    }
}

/// Embeddings `(n_tokens, d)` with those of the token after and of the token before on either side, `(n_tokens, 3 d)`: nothing beyond the
/// ends of a sequence.
fn beside(x: &Tensor, sequences: &Sequences) -> Result<Tensor> {
    let (rows, d) = x.dims2()?;
    let values: Vec<f32> = x.flatten_all()?.to_vec1()?;
    let mut all = vec![0.0; rows * 3 * d];
    for sequence in sequences.iter() {
        for (place, &token) in sequence.path.iter().enumerate().skip(sequence.shared) {
            let before = place.checked_sub(1).map(|place| sequence.path[place]);
            let all_three = [sequence.path.get(place + 1).copied(), Some(token), before];
            let out = &mut all[token as usize * 3 * d..][..3 * d];
            for (out, other) in out.chunks_exact_mut(d).zip(all_three) {
                if let Some(other) = other {
                    out.copy_from_slice(&values[other as usize * d..][..d]);
                }
            }
        }
    }
    Tensor::from_vec(all, (rows, 3 * d), &Device::Cpu)
}

/// Which row of the table of positions each token has.
pub(in crate::models) fn position_rows(sequences: &Sequences, layout: Positions) -> Vec<u32> {
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
