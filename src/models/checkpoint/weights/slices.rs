//! Tensors by their whole names: of all experts, one expert at a time, and biases.

use std::sync::Arc;

use safetensors::tensor::TensorInfo;

use super::{Found, Weights, in_block};
use crate::models::checkpoint::eight::Eight;
use crate::models::checkpoint::initialize::Role;
use crate::models::checkpoint::safetensors::SafetensorsFile;
use crate::models::error::Result;

/// A tensor that is read one entry of its first side at a time: of many experts, one need be in memory twice.
pub(in crate::models) enum Slices {
    File { file: Arc<SafetensorsFile>, name: String, info: TensorInfo, size: usize },
    Values { values: Vec<f32>, size: usize },
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
            Self::Values { values, size } => Ok(values[index * size..][..*size].to_vec()),
        }
    }
}

impl Weights {
    /// Whether there is a tensor of block `layer` of this whole name.
    pub(in crate::models) fn has(&self, name: &str, layer: usize) -> bool {
        self.view(&format!("{}{}", self.prefix, in_block(name, layer))).is_some()
    }

    /// A tensor of block `layer`, of which one entry of the first side is wanted after another.
    pub(in crate::models) fn slices(&self, name: &str, layer: usize, shape: &[usize]) -> Result<Slices> {
        let size = shape.iter().skip(1).product();
        let name = in_block(name, layer);
        if self.initialiser.is_none() && self.adapter.is_none() {
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
