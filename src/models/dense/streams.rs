//! What blocks are given beside the residual stream, on a device; step by step that of [`crate::models::packed::streams`].

use candle_core::{D, DType, Device, Result, Tensor};

use super::layers::{Linear, Norm, activate};
use super::padded::Padded;
use super::pass::Pass;
use crate::models::checkpoint::table::Table;
use crate::models::declarations::activation::Activation;
use crate::models::declarations::spec;
use crate::models::error;
use crate::models::packed::kernels::linear::PackedLinear;
use crate::models::packed::streams as packed;
use crate::models::sequences::Sequences;

/// Embeddings of tokens for each block, of all blocks; the table is not on the device.
pub(super) struct Inputs {
    spec: spec::PerLayer,
    table: Table,
    projection: Linear,
    norm: Norm,
}

impl Inputs {
    pub(super) fn upload(of: packed::Inputs, device: &Device) -> Result<Self> {
        Ok(Self {
            spec: of.spec,
            projection: Linear::upload(&of.projection, device)?,
            norm: Norm::upload(&of.norm, device)?,
            table: of.table,
        })
    }

    /// What blocks are given of tokens whose hidden state 0 is `x`, `(batch * length, n_layers, d)`.
    pub(super) fn forward(
        &self,
        sequences: &Sequences,
        padded: &Padded,
        x: &Tensor,
    ) -> error::Result<Tensor> {
        let tokens = padded.spread(sequences.tokens())?.to_vec1::<u32>()?;
        let row = |&token: &u32| if (token as usize) < self.spec.rows { token } else { 0 };
        let rows: Vec<u32> = tokens.iter().map(row).collect();
        let of_tokens = self.table.gather(&rows)?.to_device(x.device())?;
        let d = self.spec.d;
        let shape = (rows.len(), of_tokens.dim(1)? / d, d);
        let given = self.norm.forward(&self.projection.forward(x)?.reshape(shape)?)?;
        let of_tokens = (of_tokens.reshape(shape)? * (d as f64).sqrt())?;
        Ok(((given + of_tokens)? * std::f64::consts::FRAC_1_SQRT_2)?)
    }
}

/// What a block makes of its embeddings.
pub(super) struct PerLayer {
    layer: usize,
    activation: Activation,
    gate: Linear,
    projection: Linear,
    norm: Norm,
}

impl PerLayer {
    pub(super) fn upload(of: &packed::PerLayer, device: &Device) -> Result<Self> {
        Ok(Self {
            layer: of.layer,
            activation: of.activation,
            gate: Linear::upload(&of.gate, device)?,
            projection: Linear::upload(&of.projection, device)?,
            norm: Norm::upload(&of.norm, device)?,
        })
    }

    /// What is to be added to the residual stream, `(batch * length, d_model)`, of `x`, of the same size.
    pub(super) fn forward(&self, x: &Tensor, pass: &Pass<'_>) -> Result<Tensor> {
        let Some(given) = &pass.carried.per_layer else { return x.zeros_like() };
        let given = given.narrow(1, self.layer, 1)?.squeeze(1)?.contiguous()?;
        let gates = (activate(&self.gate.forward(x)?, self.activation)? * given)?;
        self.norm.forward(&self.projection.forward(&gates)?)
    }
}

/// From hidden state 0 to all streams, and from all streams to what the last norm reads.
pub(super) struct Streams {
    pub(super) spec: spec::Streams,
    outward: Vec<Linear>,
    back: Vec<Linear>,
}

impl Streams {
    pub(super) fn upload(of: &packed::Streams, device: &Device) -> Result<Self> {
        let layers = |layers: &[PackedLinear]| {
            layers.iter().map(|layer| Linear::upload(layer, device)).collect::<Result<Vec<_>>>()
        };
        Ok(Self { spec: of.spec, outward: layers(&of.outward)?, back: layers(&of.back)? })
    }

    /// All streams, of hidden state 0.
    pub(super) fn begin(&self, x: &Tensor) -> Result<Vec<Tensor>> {
        let others = self.outward.iter().map(|layer| like(&layer.forward(x)?, x));
        std::iter::once(Ok(x.clone())).chain(others).collect()
    }

    /// Their mean.
    pub(super) fn end(&self, streams: &[Tensor]) -> Result<Tensor> {
        let mut sum = streams[0].clone();
        for (stream, layer) in streams[1..].iter().zip(&self.back) {
            sum = (sum + like(&layer.forward(stream)?, &streams[0])?)?;
        }
        sum / self.spec.count as f64
    }
}

/// Vectors as long as those of `other`.
fn like(values: &Tensor, other: &Tensor) -> Result<Tensor> {
    let wanted = other.sqr()?.mean_keepdim(D::Minus1)?.sqrt()?;
    let found = values.sqr()?.mean_keepdim(D::Minus1)?.maximum(f64::from(packed::LEAST_SQUARE))?.sqrt()?;
    values.broadcast_mul(&(wanted / found)?)
}

/// What a block does to the streams, and the path beside its attention.
pub(super) struct Updates {
    pub(super) spec: spec::Streams,
    norm: Norm,
    router: Linear,
    prediction: Linear,
    correction: Linear,
    scale: Option<Tensor>,
    left: Linear,
    right: Linear,
    path_norm: Norm,
}

impl Updates {
    pub(super) fn upload(of: &packed::Updates, device: &Device) -> Result<Self> {
        let linear = |layer| Linear::upload(layer, device);
        Ok(Self {
            spec: of.spec,
            norm: Norm::upload(&of.norm, device)?,
            router: linear(&of.router)?,
            prediction: linear(&of.prediction)?,
            correction: linear(&of.correction)?,
            scale: match of.scale.as_slice() {
                [] => None,
                scale => Some(Tensor::new(scale, device)?),
            },
            left: linear(&of.left)?,
            right: linear(&of.right)?,
            path_norm: Norm::upload(&of.path_norm, device)?,
        })
    }

    fn route(&self, x: &Tensor) -> Result<Tensor> {
        self.router.forward(&self.norm.forward(x)?)?.tanh()
    }

    /// What is expected of each stream after the block, of all streams.
    pub(super) fn predict(&self, streams: &[Tensor]) -> Result<Vec<Tensor>> {
        let spec::Streams { count, read, .. } = self.spec;
        let factors = self.prediction.forward(&self.route(&streams[read])?)?;
        let expected = streams.iter().enumerate().map(|(to, stream)| {
            let mut sum = stream.zeros_like()?.to_dtype(DType::F32)?;
            for (from, stream) in streams.iter().enumerate() {
                let factor = factors.narrow(1, to * count + from, 1)?.contiguous()?;
                sum = (sum + stream.broadcast_mul(&factor)?)?;
            }
            stream + sum
        });
        expected.collect()
    }

    /// `x` with the path beside attention added, of what attention reads.
    pub(super) fn beside(&self, reads: &Tensor, x: &Tensor) -> Result<Tensor> {
        let path = self.path_norm.forward(&self.right.forward(&self.left.forward(reads)?)?)?;
        (x + (reads + path)?)? * std::f64::consts::FRAC_1_SQRT_2
    }

    /// The streams after a block that gave `x`, of which `expected` was expected; `per_layer` makes of one of them what is added to all
    /// but the first.
    pub(super) fn correct(
        &self,
        expected: &[Tensor],
        x: &Tensor,
        per_layer: impl Fn(&Tensor) -> Result<Option<Tensor>>,
    ) -> Result<Vec<Tensor>> {
        let read = self.spec.read;
        let factors = (self.correction.forward(&self.route(x)?)? + 1.0)?;
        let change = (x - &expected[read])?;
        let corrected = expected.iter().enumerate().map(|(number, stream)| {
            stream + change.broadcast_mul(&factors.narrow(1, number, 1)?.contiguous()?)?
        });
        let mut corrected = corrected.collect::<Result<Vec<Tensor>>>()?;
        let scaled = match &self.scale {
            Some(scale) => corrected[read].broadcast_mul(scale)?,
            None => corrected[read].clone(),
        };
        if let Some(added) = per_layer(&scaled)? {
            for stream in &mut corrected[1..] {
                *stream = (&*stream + &added)?;
            }
        }
        Ok(corrected)
    }
}
