//! Tensors by their whole names: of all experts, one expert at a time, and biases.

use std::sync::Arc;

use safetensors::Dtype;
use safetensors::tensor::TensorInfo;

use super::four;
use super::{Found, Weights, in_block};
use crate::models::checkpoint::eight::Eight;
use crate::models::checkpoint::initialize::Role;
use crate::models::checkpoint::memory;
use crate::models::checkpoint::safetensors::SafetensorsFile;
use crate::models::declarations::quantised::Quantised;
use crate::models::error::{Error, Result};

/// A tensor that is read one entry of its first side at a time: of many experts, one need be in memory twice.
pub(in crate::models) enum Slices {
    File {
        file: Arc<SafetensorsFile>,
        name: String,
        info: TensorInfo,
        size: usize,
    },
    Values {
        values: Vec<f32>,
        size: usize,
    },
    /// Bytes, as numbers.
    Bytes {
        file: Arc<SafetensorsFile>,
        info: TensorInfo,
        size: usize,
    },
    /// In MXFP4, each entry `(inputs, outputs)`.
    Fours {
        id: String,
        name: String,
        blocks: Box<Self>,
        scales: Box<Self>,
        inputs: usize,
    },
}

impl Slices {
    /// The first `count` entries.
    pub(in crate::models) fn all(&self, count: usize) -> Result<Vec<f32>> {
        Ok((0..count).map(|index| self.get(index)).collect::<Result<Vec<_>>>()?.concat())
    }

    /// Entry `index`, row-major.
    pub(in crate::models) fn get(&self, index: usize) -> Result<Vec<f32>> {
        match self {
            Self::File { file, name, info, size } => file.read_part(name, info, index * size, *size),
            Self::Bytes { file, info, size } => {
                Ok(file.bytes_part(info, index * size, *size)?.into_iter().map(f32::from).collect())
            }
            Self::Values { values, size } => Ok(values[index * size..][..*size].to_vec()),
            Self::Fours { id, name, blocks, scales, inputs } => {
                let values = four::decode(&blocks.get(index)?, &scales.get(index)?, *inputs);
                values.ok_or_else(|| {
                    let message = "one of its scales is 255, which stands for no number".to_owned();
                    Error::Scales { id: id.clone(), name: name.clone(), message }
                })
            }
        }
    }
}

impl Weights {
    /// Tensor `name` of experts, `(count, inputs, outputs)`, if it is stored in MXFP4: as `NAME_blocks`,
    /// `(count, outputs, inputs / 32, 16)`, and `NAME_scales`, without the last side (gpt-oss).
    pub(super) fn fours(&self, name: &str, shape: &[usize]) -> Result<Option<Slices>> {
        let full = format!("{}{name}", self.prefix);
        if self.quantised != Quantised::Mxfp4 || self.view(&format!("{full}_blocks")).is_none() {
            return Ok(None);
        }
        let wrong = |message: String| Error::Scales { id: self.id.clone(), name: full.clone(), message };
        let &[count, inputs, outputs] = shape else {
            return Err(wrong("it is in MXFP4, in which tensors of experts alone are read".to_owned()));
        };
        if !inputs.is_multiple_of(four::BLOCK) {
            let message = format!("it is in MXFP4, in blocks of {}, and has {inputs} inputs", four::BLOCK);
            return Err(wrong(message));
        }
        memory::fits(&self.id, &full, shape)?;
        let part = |ending: &str, shape: &[usize]| -> Result<Box<Slices>> {
            let (name, found) = self.find(&[format!("{name}_{ending}")], shape)?;
            if self.adapter.is_some() {
                self.read.borrow_mut().insert(self.layout.stored(&name).unwrap_or(&name).to_owned());
            }
            let size = shape.iter().skip(1).product();
            Ok(Box::new(match found {
                Found::Read(file, info) if info.dtype == Dtype::U8 => {
                    Slices::Bytes { file: Arc::clone(file), info: info.clone(), size }
                }
                found => Slices::Values { values: found.load(&name)?, size },
            }))
        };
        let blocks = part("blocks", &[count, outputs, inputs / four::BLOCK, four::BLOCK / 2])?;
        let scales = part("scales", &[count, outputs, inputs / four::BLOCK])?;
        Ok(Some(Slices::Fours { id: self.id.clone(), name: full, blocks, scales, inputs }))
    }

    /// Whether there is a tensor of block `layer` of this whole name.
    pub(in crate::models) fn has(&self, name: &str, layer: usize) -> bool {
        self.view(&format!("{}{}", self.prefix, in_block(name, layer))).is_some()
    }

    /// A tensor of block `layer`, of which one entry of the first side is wanted after another.
    pub(in crate::models) fn slices(&self, name: &str, layer: usize, shape: &[usize]) -> Result<Slices> {
        let size = shape.iter().skip(1).product();
        let name = in_block(name, layer);
        if self.initialiser.is_none() && self.adapter.is_none() {
            if let Some(fours) = self.fours(&name, shape)? {
                return Ok(fours);
            }
            let found = self.find(std::slice::from_ref(&name), shape);
            let (name, found) = found.map_err(|error| self.explained(error))?;
            if let Found::Read(file, info) = found
                && Eight::of(info.dtype).is_none()
            {
                return Ok(Slices::File { file: Arc::clone(file), name, info: info.clone(), size });
            }
        }
        let role = if name.ends_with("bias") { Role::Zero } else { Role::Drawn };
        Ok(Slices::Values { values: self.floats(&[name], shape, role)?, size })
    }

    /// A bias of block `layer` by its whole name, whatever that ends in.
    pub(in crate::models) fn bias(&self, name: &str, layer: usize, size: usize) -> Result<Vec<f32>> {
        self.floats(&[in_block(name, layer)], &[size], Role::Zero)
    }
}
