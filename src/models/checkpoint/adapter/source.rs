//! The files that an adapter's tensors are in.

use crate::hub;
use crate::models::checkpoint::pytorch::PytorchFile;
use crate::models::checkpoint::safetensors::SafetensorsFile;
use crate::models::error::Result;

/// Files of tensors.
pub(super) enum Source {
    Safetensors(Vec<SafetensorsFile>),
    Pytorch(Vec<PytorchFile>),
}

impl Source {
    /// Opens the files of `weights`; those that are in none have none.
    pub(super) fn open(weights: &hub::Weights) -> Result<Self> {
        Ok(match weights {
            hub::Weights::Safetensors(paths) => {
                let open = |path| SafetensorsFile::open(path);
                Self::Safetensors(paths.iter().map(|path| open(path)).collect::<Result<_>>()?)
            }
            hub::Weights::Pytorch(paths) => {
                Self::Pytorch(paths.iter().map(|path| PytorchFile::open(path)).collect::<Result<_>>()?)
            }
            hub::Weights::Absent | hub::Weights::Embedded(_) => Self::Safetensors(Vec::new()),
        })
    }

    /// The names of all tensors, in order.
    pub(super) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = match self {
            Self::Safetensors(files) => files.iter().flat_map(SafetensorsFile::names).collect(),
            Self::Pytorch(files) => files.iter().flat_map(|file| file.names().map(str::to_owned)).collect(),
        };
        names.sort();
        names
    }

    /// The shape of a tensor that is there.
    pub(super) fn shape(&self, name: &str) -> Vec<usize> {
        let shape = match self {
            Self::Safetensors(files) => {
                files.iter().find_map(|file| file.get(name)).map(|info| info.shape.clone())
            }
            Self::Pytorch(files) => {
                files.iter().find_map(|file| file.get(name)).map(|stored| stored.shape().to_vec())
            }
        };
        shape.unwrap_or_default()
    }

    /// The values of a tensor that is there, row-major.
    pub(super) fn read(&self, name: &str) -> Result<Vec<f32>> {
        match self {
            Self::Safetensors(files) => {
                let found = files.iter().find_map(|file| Some((file, file.get(name)?)));
                found.map_or_else(|| Ok(Vec::new()), |(file, info)| file.read(name, info))
            }
            Self::Pytorch(files) => {
                let found = files.iter().find_map(|file| Some((file, file.get(name)?)));
                found.map_or_else(|| Ok(Vec::new()), |(file, stored)| file.read(name, stored))
            }
        }
    }
}
