//! The tensors of a checkpoint by name, checked against the shape that the configuration calls for.

use std::path::Path;

use candle_core::safetensors::{Load, MmapedSafetensors, SliceSafetensors};
use candle_core::{DType, Device, Tensor};
use safetensors::tensor::TensorView;

use super::error::{Error, Result};
use crate::{files, hub};

/// The weights files of a checkpoint, open.
pub(super) struct Weights {
    id: String,
    files: Vec<File>,
    /// Put before every name; see [`Weights::find_prefix`].
    prefix: &'static str,
}

enum File {
    Mapped(MmapedSafetensors),
    Embedded(SliceSafetensors<'static>),
}

impl Weights {
    /// Opens the files of checkpoint `id`.
    pub(super) fn open(id: &str, weights: &hub::Weights) -> Result<Self> {
        let files = match weights {
            hub::Weights::Safetensors(paths) => paths.iter().map(|path| map(path)).collect::<Result<_>>()?,
            hub::Weights::Embedded(bytes) => {
                vec![File::Embedded(SliceSafetensors::new(bytes).map_err(|error| Error::WeightsFile {
                    file: id.to_owned(),
                    message: error.to_string(),
                })?)]
            }
        };
        Ok(Self { id: id.to_owned(), files, prefix: "" })
    }

    /// Settles which of `prefixes` this checkpoint puts before every name, by looking for `name`.
    pub(super) fn find_prefix(&mut self, prefixes: &'static [&'static str], name: &str) {
        self.prefix = prefixes
            .iter()
            .find(|prefix| self.view(&format!("{prefix}{name}")).is_some())
            .or_else(|| prefixes.first())
            .copied()
            .unwrap_or_default();
    }

    fn view(&self, full_name: &str) -> Option<TensorView<'_>> {
        self.files.iter().find_map(|file| match file {
            File::Mapped(file) => file.get(full_name).ok(),
            File::Embedded(file) => file.get(full_name).ok(),
        })
    }

    /// Tensor `name` as f32, or the first of `names` that is there.
    fn tensor(&self, names: &[String], shape: &[usize]) -> Result<Tensor> {
        let full = |name: &String| format!("{}{name}", self.prefix);
        let found = names.iter().map(full).find_map(|name| self.view(&name).map(|view| (name, view)));
        let Some((name, view)) = found else {
            return Err(Error::MissingTensor {
                id: self.id.clone(),
                name: names.first().map(full).unwrap_or_default(),
                expected: shape.to_vec(),
            });
        };
        if view.shape() != shape {
            return Err(Error::TensorShape {
                id: self.id.clone(),
                name,
                found: view.shape().to_vec(),
                expected: shape.to_vec(),
            });
        }
        Ok(view.load(&Device::Cpu)?.to_dtype(DType::F32)?)
    }

    /// An embedding table, `(rows, columns)`.
    pub(super) fn table(&self, name: &str, rows: usize, columns: usize) -> Result<Tensor> {
        self.tensor(&[format!("{name}.weight")], &[rows, columns])
    }

    /// A linear layer's weight, `(outputs, inputs)`, and its bias, `(outputs,)`.
    pub(super) fn linear(&self, name: &str, outputs: usize, inputs: usize) -> Result<(Tensor, Tensor)> {
        Ok((
            self.tensor(&[format!("{name}.weight")], &[outputs, inputs])?,
            self.tensor(&[format!("{name}.bias")], &[outputs])?,
        ))
    }

    /// A norm's weight and bias, `(size,)` each, under their new names or their old ones.
    pub(super) fn norm(&self, name: &str, size: usize) -> Result<(Tensor, Tensor)> {
        Ok((
            self.tensor(&[format!("{name}.weight"), format!("{name}.gamma")], &[size])?,
            self.tensor(&[format!("{name}.bias"), format!("{name}.beta")], &[size])?,
        ))
    }
}

fn map(path: &Path) -> Result<File> {
    let metadata =
        std::fs::metadata(path).map_err(|source| files::Error::Read { path: path.to_owned(), source })?;
    if metadata.len() == 0 {
        // An empty file cannot be mapped, and the system's word for it would not help.
        return Err(Error::weights_file(path, "the file is empty".to_owned()));
    }
    #[expect(unsafe_code, reason = "a memory map has no safe constructor")]
    // SAFETY: the map is read-only, and it is dropped before `Model::load` returns. A program that changes the file
    // in that moment can make us read other numbers, as with any file.
    let file = unsafe { MmapedSafetensors::new(path) };
    file.map(File::Mapped).map_err(|error| Error::weights_file(path, root_cause(&error)))
}

/// What candle says without the path, which the error has already.
fn root_cause(error: &candle_core::Error) -> String {
    match error {
        candle_core::Error::WithPath { inner, .. } | candle_core::Error::WithBacktrace { inner, .. } => {
            root_cause(inner)
        }
        other => other.to_string(),
    }
}
