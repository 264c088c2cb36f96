//! Files of weights of any kind, and the tensors in them.

use std::sync::Arc;

use candle_core::safetensors::{Load, SliceSafetensors};
use candle_core::{DType, Device};
use safetensors::tensor::{TensorInfo, TensorView};

use crate::models::checkpoint::pytorch::{PytorchFile, Stored};
use crate::models::checkpoint::safetensors::SafetensorsFile;
use crate::models::error::Result;

pub(super) enum File {
    Safetensors(Arc<SafetensorsFile>),
    Embedded(SliceSafetensors<'static>),
    Pytorch(PytorchFile),
}

impl File {
    pub(super) fn get(&self, name: &str) -> Option<Found<'_>> {
        match self {
            Self::Safetensors(file) => file.get(name).map(|info| Found::Read(file, info)),
            Self::Embedded(file) => file.get(name).ok().map(Found::View),
            Self::Pytorch(file) => file.get(name).map(|stored| Found::Stored(file, stored)),
        }
    }

    pub(super) fn names(&self) -> Vec<String> {
        match self {
            Self::Safetensors(file) => file.names(),
            Self::Embedded(file) => file.tensors().into_iter().map(|(name, _)| name).collect(),
            Self::Pytorch(file) => file.names().map(str::to_owned).collect(),
        }
    }

    /// Names that were left out because another has the same tensor, with that one.
    pub(super) fn aliases(&self) -> Vec<(String, String)> {
        match self {
            Self::Safetensors(file) => file.aliases(),
            Self::Embedded(_) | Self::Pytorch(_) => Vec::new(),
        }
    }
}

/// A tensor of a file.
pub(super) enum Found<'a> {
    Read(&'a Arc<SafetensorsFile>, &'a TensorInfo),
    View(TensorView<'a>),
    Stored(&'a PytorchFile, &'a Stored),
}

impl Found<'_> {
    pub(super) fn shape(&self) -> &[usize] {
        match self {
            Self::Read(_, info) => &info.shape,
            Self::View(view) => view.shape(),
            Self::Stored(_, stored) => stored.shape(),
        }
    }

    /// As f32, row-major; `name` is the tensor's.
    pub(super) fn load(&self, name: &str) -> Result<Vec<f32>> {
        match self {
            Self::Read(file, info) => file.read(name, info),
            Self::View(view) => {
                Ok(view.load(&Device::Cpu)?.to_dtype(DType::F32)?.flatten_all()?.to_vec1()?)
            }
            Self::Stored(file, stored) => file.read(name, stored),
        }
    }
}
