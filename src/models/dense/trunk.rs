//! Embeddings, blocks, and what comes after them, on a device.

use std::sync::Arc;

use candle_core::{DType, Device, Result, Tensor};

use super::block::Block;
use super::convolution::Convolution;
use super::layers::{Linear, Norm};
use super::means::Means;
use super::padded::Padded;
use super::pass::{Pass, Read};
use super::scan::shift;
use super::streams::{Inputs, Streams};
use crate::models::declarations::rotary::Rotary;
use crate::models::declarations::spec::{Positions, Projected};
use crate::models::device::DeviceChoice;
use crate::models::elsewhere::Elsewhere;
use crate::models::error;
use crate::models::packed::block as packed;
use crate::models::packed::distances::DistanceTable;
use crate::models::packed::kernels::norm;
use crate::models::packed::stack::Stack;
use crate::models::packed::trunk::{self as packed_trunk, Trunk};
use crate::models::sequences::Sequences;
use crate::models::site::Site;

/// Embeddings and blocks with their weights, on a device.
struct Dense {
    device: Device,
    embeddings: Embeddings,
    /// The same one several times where an architecture shares it.
    blocks: Vec<Arc<Block>>,
    rotaries: Vec<Rotary>,
    distances: Option<DistanceTable>,
    first_norm: Option<Norm>,
    final_norm: Option<Norm>,
    last_projection: Option<Linear>,
    convolution: Option<Convolution>,
    inputs: Option<Inputs>,
    streams: Option<Streams>,
    read_again: bool,
    /// What a decoder reads.
    encoder: Option<Box<Self>>,
}

struct Embeddings {
    /// `(vocab_size, d)`, of whatever type it is held as.
    tokens: Tensor,
    neighbours: bool,
    scale: f32,
    /// `(rows, d)`.
    positions: Option<(Positions, Tensor)>,
    /// `(1, d)`.
    segment: Option<Tensor>,
    norm: Option<Norm>,
    projected: Projected,
    projection: Option<Linear>,
}

impl Elsewhere for Dense {
    fn forward(
        &self,
        sequences: &Sequences,
        wanted: (Site, &[usize]),
        visit: &mut dyn FnMut(usize, &[f32]) -> error::Result<()>,
    ) -> error::Result<()> {
        let padded = Padded::new(sequences, &self.device)?;
        self.take(sequences, &padded, wanted, |layer, x| {
            let values = padded.without_padding(x)?.flatten_all()?.to_vec1::<f32>()?;
            visit(layer, &values)
        })
    }

    fn means(
        &self,
        sequences: &Sequences,
        wanted: (Site, &[usize]),
        groups: &[(usize, &[u32])],
        visit: &mut dyn FnMut(usize, &[f32]) -> error::Result<()>,
    ) -> error::Result<()> {
        let padded = Padded::new(sequences, &self.device)?;
        let means = Means::new(groups, &padded, &self.device)?;
        self.take(sequences, &padded, wanted, |layer, x| {
            let values = means.of(x)?.flatten_all()?.to_vec1::<f32>()?;
            visit(layer, &values)
        })
    }
}

/// The [`Upload`](crate::models::elsewhere::Upload) of this computation.
pub(in crate::models) fn upload(trunk: Trunk, device: DeviceChoice) -> error::Result<Box<dyn Elsewhere>> {
    Ok(Box::new(Dense::upload(trunk, &device.open()?)?))
}

impl Dense {
    /// Lays out the weights of `trunk` on `device`; each block's are let go of as soon as they are there.
    fn upload(trunk: Trunk, device: &Device) -> error::Result<Self> {
        // What runs on a device is on it as a whole.
        let Stack::Ready(blocks) = trunk.blocks else { return Err(error::Error::Offload) };
        let mut uploaded: Vec<Arc<Block>> = Vec::with_capacity(blocks.len());
        let mut last: Option<(Arc<packed::Block>, Arc<Block>)> = None;
        for block in blocks {
            let same = last.take().filter(|(known, _)| Arc::ptr_eq(known, &block));
            let on_device = match same {
                Some((_, on_device)) => on_device,
                None => Arc::new(Block::upload(&block, device)?),
            };
            last = Some((block, Arc::clone(&on_device)));
            uploaded.push(on_device);
        }
        let norm = |norm: Option<norm::Norm>| norm.map(|norm| Norm::upload(&norm, device)).transpose();
        let last_projection = trunk.last_projection;
        let convolution = trunk.convolution;
        Ok(Self {
            device: device.clone(),
            embeddings: Embeddings::upload(&trunk.embeddings, device)?,
            blocks: uploaded,
            rotaries: trunk.rotaries,
            distances: trunk.distances,
            first_norm: norm(trunk.first_norm)?,
            final_norm: norm(trunk.final_norm)?,
            last_projection: last_projection.map(|layer| Linear::upload(&layer, device)).transpose()?,
            convolution: convolution
                .map(|convolution| Convolution::upload(&convolution, device))
                .transpose()?,
            inputs: trunk.inputs.map(|inputs| Inputs::upload(inputs, device)).transpose()?,
            streams: trunk.streams.map(|streams| Streams::upload(&streams, device)).transpose()?,
            read_again: trunk.read_again,
            encoder: match trunk.encoder {
                Some(encoder) => Some(Box::new(Self::upload(*encoder, device)?)),
                None => None,
            },
        })
    }

    /// What the encoder makes of what the sequences of a decoder read.
    fn encoded(&self, (sources, of): (&Sequences, &[usize])) -> error::Result<Option<Read>> {
        let Some(encoder) = &self.encoder else { return Ok(None) };
        let padded = Padded::new(sources, &self.device)?;
        let mut states = None;
        encoder.take(sources, &padded, (Site::Residual, &[encoder.blocks.len()]), |_, x| {
            states = Some(x.clone());
            Ok(())
        })?;
        Ok(states.map(|states| Read::new(states, &padded, of)).transpose()?)
    }

    /// The same, with `(batch * length, …)` on the device.
    fn take(
        &self,
        sequences: &Sequences,
        padded: &Padded,
        (site, layers): (Site, &[usize]),
        mut visit: impl FnMut(usize, &Tensor) -> error::Result<()>,
    ) -> error::Result<()> {
        let deepest = layers.last().copied().unwrap_or(0);
        let visible = self.blocks.iter().filter_map(|block| block.visible());
        let distances = self.distances.as_ref();
        let mut pass = Pass::new(padded, &self.rotaries, distances, visible, (site, &self.device))?;
        pass.read = match sequences.sources().filter(|_| site.blocks_to(deepest) > 0) {
            Some(sources) => self.encoded(sources)?,
            None => None,
        };
        let mut visit = |layer: usize, x: &Tensor| {
            if layers.binary_search(&layer).is_ok() { visit(layer, x) } else { Ok(()) }
        };
        let mut x = self.embeddings.forward(sequences, padded)?;
        if let Some(inputs) = self.inputs.as_ref().filter(|_| deepest > 0) {
            pass.carried.per_layer = Some(inputs.forward(sequences, padded, &x)?);
        }
        if let Some(streams) = &self.streams {
            pass.carried.streams = streams.begin(&x)?;
            x = pass.carried.streams[streams.spec.read].clone();
            if site == Site::Streams {
                visit(0, &Tensor::cat(&pass.carried.streams, 1)?)?;
            }
        }
        if site == Site::Residual {
            visit(0, &x)?;
        }
        pass.carried.embedded = self.read_again.then(|| x.clone());
        let mut convolved = match &self.convolution {
            Some(convolution) if deepest > 0 => Some(convolution.forward(&x, padded)?),
            _ => None,
        };
        for (index, block) in self.blocks.iter().take(site.blocks_to(deepest)).enumerate() {
            if let Some(norm) = self.first_norm.as_ref().filter(|_| index == 0) {
                x = norm.forward(&x)?;
            }
            x = block.forward(&x, &mut pass)?;
            if let Some((convolution, convolved)) = self.convolution.as_ref().zip(convolved.take()) {
                x = convolution.add(&x, &convolved)?;
            }
            if site == Site::Streams {
                pass.tap.values = Some(Tensor::cat(&pass.carried.streams, 1)?);
            }
            if index + 1 == self.blocks.len() {
                if let Some(streams) = &self.streams {
                    x = streams.end(&pass.carried.streams)?;
                }
                if let Some(norm) = &self.final_norm {
                    x = norm.forward(&x)?;
                }
                if let Some(projection) = &self.last_projection {
                    x = projection.forward(&x)?;
                }
            }
            match (site, &pass.tap.values) {
                (Site::Residual, _) => visit(index + 1, &x)?,
                (Site::Streams, Some(values)) => visit(index + 1, values)?,
                (_, Some(values)) => visit(index, values)?,
                (_, None) => {}
            }
        }
        Ok(())
    }
}

impl Embeddings {
    fn upload(packed: &packed_trunk::Embeddings, device: &Device) -> error::Result<Self> {
        let positions = packed.positions.as_ref();
        Ok(Self {
            tokens: packed.tokens.held()?.to_device(device)?,
            neighbours: packed.neighbours,
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
        if self.neighbours {
            let d = x.dim(1)?;
            let own = x.reshape((padded.batch, padded.length, d))?;
            let own = padded.without_what_follows(&own)?;
            let all = Tensor::cat(&[&shift(&own, -1)?, &own, &shift(&own, 1)?], 2)?;
            x = all.reshape((padded.batch * padded.length, 3 * d))?;
        }
        x = self.project(x, Projected::BeforePositions)?;
        if let Some((layout, table)) = &self.positions {
            let rows = packed_trunk::position_rows(sequences, *layout);
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
