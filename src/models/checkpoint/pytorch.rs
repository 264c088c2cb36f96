//! PyTorch's own weights files (`pytorch_model.bin`): the tensors by their names.

use std::collections::BTreeMap;
use std::path::Path;

use super::unfit::not_weights;
use crate::files::kind::Kind;
use crate::files::torch::{Failed, Tensor, TorchFile};
use crate::models::error::{Error, Result};

/// A tensor of a file.
pub(in crate::models) type Stored = Tensor;

/// A weights file, open.
pub(in crate::models) struct PytorchFile {
    name: String,
    file: TorchFile,
    /// Where each stands among those of the file.
    tensors: BTreeMap<String, usize>,
}

impl PytorchFile {
    /// Opens the file at `path` and reads which tensors it has.
    pub(in crate::models) fn open(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let file = TorchFile::weights(path).map_err(|failed| match failed {
            Failed::Files(error) => error.into(),
            Failed::Wrong(message) => not_weights(path, "PyTorch", &[Kind::TorchZip, Kind::TorchOld])
                .unwrap_or(Error::WeightsFile { file: name.clone(), format: "PyTorch", message }),
        })?;
        let names = file.described.tensors.iter().enumerate();
        let tensors = names.map(|(at, (name, _))| (name.clone(), at)).collect();
        Ok(Self { name, file, tensors })
    }

    /// The names of its tensors.
    pub(in crate::models) fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// The tensor called `name`.
    pub(in crate::models) fn get(&self, name: &str) -> Option<&Stored> {
        self.tensors.get(name).map(|&at| &self.file.described.tensors[at].1)
    }

    /// The values of a tensor of this file, row-major.
    pub(in crate::models) fn read(&self, name: &str, tensor: &Stored) -> Result<Vec<f32>> {
        let wrong = |message: String| Error::WeightsFile {
            file: self.name.clone(),
            format: "PyTorch",
            message: format!("tensor `{name}`: {message}"),
        };
        if !tensor.kind.is_float() {
            let dtype = format!("{:?}", tensor.kind);
            return Err(Error::NotFloats { file: self.name.clone(), name: name.to_owned(), dtype });
        }
        self.file.read(tensor).map_err(wrong)
    }
}
