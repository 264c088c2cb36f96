//! The weights of a safetensors file, tensor by tensor.
//!
//! They are read where they stand, not mapped: a tensor is in memory once, as it is used, and a file that is cut short while the
//! program runs is an error, not the end of it.

use std::fs::File;
use std::path::{Path, PathBuf};

use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};

use super::unfit::not_weights;
use crate::files::kind::Kind;
use crate::files::{self, tensors};
use crate::models::error::{Error, Result};

/// A safetensors file, open.
#[derive(Debug)]
pub(in crate::models) struct SafetensorsFile {
    file: File,
    path: PathBuf,
    tensors: Metadata,
    /// Where the numbers begin.
    numbers: u64,
}

impl SafetensorsFile {
    /// Opens the file at `path` and reads which tensors it has.
    pub(in crate::models) fn open(path: &Path) -> Result<Self> {
        let failed = |source| files::Error::Read { path: path.to_owned(), source };
        let file = File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let wrong = |message| {
            not_weights(path, "safetensors", &[Kind::Safetensors])
                .unwrap_or_else(|| Error::weights_file(path, message))
        };
        let (tensors, numbers) = tensors::header(&file, 0..length).map_err(wrong)?;
        Ok(Self { file, path: path.to_owned(), tensors, numbers })
    }

    /// The names of its tensors.
    pub(in crate::models) fn names(&self) -> Vec<String> {
        self.tensors.offset_keys()
    }

    /// What its own record of shared tensors says, as `save_model` of safetensors writes it: a name that was left out, and the one
    /// that was kept. Other entries of the record are among them.
    pub(in crate::models) fn aliases(&self) -> Vec<(String, String)> {
        let record = self.tensors.metadata().iter().flatten();
        record.map(|(absent, kept)| (absent.clone(), kept.clone())).collect()
    }

    /// The tensor called `name`.
    pub(in crate::models) fn get(&self, name: &str) -> Option<&TensorInfo> {
        self.tensors.info(name)
    }

    /// The values of tensor `name`, row-major.
    pub(in crate::models) fn read(&self, name: &str, tensor: &TensorInfo) -> Result<Vec<f32>> {
        self.read_part(name, tensor, 0, tensor.shape.iter().product())
    }

    /// `count` values of tensor `name`, from value `first` on.
    pub(in crate::models) fn read_part(
        &self,
        name: &str,
        tensor: &TensorInfo,
        first: usize,
        count: usize,
    ) -> Result<Vec<f32>> {
        let number = tensors::number(tensor.dtype).ok_or_else(|| self.not_floats(name, tensor.dtype))?;
        let offset = self.numbers + tensor.data_offsets.0 as u64 + (first * number.bytes()) as u64;
        tensors::numbers(&self.file, offset, number, count)
            .map_err(|source| files::Error::Read { path: self.path.clone(), source }.into())
    }

    /// The bytes of a tensor, as they are stored.
    pub(in crate::models) fn bytes(&self, tensor: &TensorInfo) -> Result<Vec<u8>> {
        let (start, end) = tensor.data_offsets;
        self.bytes_part(tensor, 0, end.saturating_sub(start))
    }

    /// `count` bytes of a tensor, from byte `first` on.
    pub(in crate::models) fn bytes_part(
        &self,
        tensor: &TensorInfo,
        first: usize,
        count: usize,
    ) -> Result<Vec<u8>> {
        let mut bytes = vec![0; count];
        files::read_exact_at(&self.file, &mut bytes, self.numbers + (tensor.data_offsets.0 + first) as u64)
            .map_err(|source| files::Error::Read { path: self.path.clone(), source })?;
        Ok(bytes)
    }

    fn not_floats(&self, name: &str, dtype: Dtype) -> Error {
        Error::NotFloats {
            file: self.path.display().to_string(),
            name: name.to_owned(),
            dtype: dtype.to_string(),
        }
    }
}
