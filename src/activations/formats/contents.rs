//! Which arrays a file has, whatever its format, and their numbers.

use std::fs::File;
use std::path::{Path, PathBuf};

use ndarray::{ArrayD, IxDyn};

use super::array::{Array, Holds};
use super::names::{Format, format};
use super::{npy, npz, safetensors};
use crate::activations::error::{Error, Result};
use crate::activations::provenance::Provenance;
use crate::files;
use crate::files::tensors;
use crate::files::torch::{Failed, TorchFile};

/// An open file of arrays.
pub(in crate::activations) struct Contents {
    path: PathBuf,
    pub(in crate::activations) arrays: Vec<Array>,
    /// Whether the arrays have names of their own; else there is one, called after the file.
    pub(in crate::activations) named: bool,
    /// Whether the file keeps the order in which its arrays were saved.
    pub(in crate::activations) ordered: bool,
    pub(in crate::activations) provenance: Provenance,
    /// What else is in the file, by its names.
    pub(in crate::activations) others: Vec<String>,
    source: Source,
}

enum Source {
    Npy(File),
    Npz,
    Safetensors(File),
    Torch(Box<TorchFile>),
}

impl Contents {
    /// Opens the file at `path` and reads which arrays it has.
    ///
    /// # Errors
    ///
    /// [`Error::Files`], [`Error::UnknownFormat`], [`Error::Format`].
    pub(in crate::activations) fn open(path: &Path) -> Result<Self> {
        let failed = |source| Error::Files(files::Error::Read { path: path.to_owned(), source });
        let stem = || path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let of = |source, arrays| Self {
            path: path.to_owned(),
            arrays,
            named: true,
            ordered: true,
            provenance: Provenance::default(),
            others: Vec::new(),
            source,
        };
        Ok(match format(path)? {
            Format::Npy => {
                let mut file = File::open(path).map_err(failed)?;
                let array = npy::array(&mut file, path, stem())?;
                Self { named: false, ..of(Source::Npy(file), vec![array]) }
            }
            Format::Npz => of(Source::Npz, npz::arrays(path)?),
            Format::Safetensors => {
                let file = File::open(path).map_err(failed)?;
                let length = file.metadata().map_err(failed)?.len();
                let (arrays, provenance) = safetensors::arrays(&file, 0..length, path)?;
                Self { ordered: false, provenance, ..of(Source::Safetensors(file), arrays) }
            }
            Format::Torch => {
                let torch = TorchFile::arrays(path).map_err(|failed| match failed {
                    Failed::Files(error) => Error::Files(error),
                    Failed::Wrong(message) => {
                        let message = format!("not a readable file of torch.save: {message}");
                        Error::Format { path: path.to_owned(), message }
                    }
                })?;
                let described = &torch.described;
                let array = |(name, tensor): &(String, files::torch::Tensor)| Array {
                    name: if described.alone { stem() } else { name.clone() },
                    shape: tensor.shape().to_vec(),
                    holds: tensor.holds(),
                    place: None,
                };
                let arrays = described.tensors.iter().map(array).collect();
                let (named, others) = (!described.alone, described.others.clone());
                Self { named, others, ..of(Source::Torch(Box::new(torch)), arrays) }
            }
        })
    }

    /// The numbers of the array at `index`, as f32 in its own shape.
    ///
    /// # Errors
    ///
    /// [`Error::Files`], [`Error::Format`].
    pub(in crate::activations) fn numbers(&self, index: usize) -> Result<ArrayD<f32>> {
        let array = &self.arrays[index];
        let wrong = |message: String| Error::Format {
            path: self.path.clone(),
            message: if self.named { format!("array `{}`: {message}", array.name) } else { message },
        };
        let shaped = |values| {
            ArrayD::from_shape_vec(IxDyn(&array.shape), values).map_err(|error| wrong(error.to_string()))
        };
        match (&self.source, array.place) {
            (Source::Npy(file) | Source::Safetensors(file), Some((offset, number))) => {
                let count = array.shape.iter().product();
                let values = tensors::numbers(file, offset, number, count)
                    .map_err(|source| files::Error::Read { path: self.path.clone(), source })?;
                shaped(values)
            }
            (Source::Npy(_), None) => npy::parse(&files::read(&self.path)?).map_err(wrong),
            (Source::Npz, _) => npz::one(&self.path, &array.name),
            (Source::Torch(file), _) => {
                let (_, tensor) = &file.described.tensors[index];
                shaped(file.read(tensor).map_err(wrong)?)
            }
            (Source::Safetensors(_), None) => Err(wrong("it holds no real numbers".to_owned())),
        }
    }

    /// The file, for who reads where [`Array::place`] says.
    pub(in crate::activations) fn into_file(self) -> Option<File> {
        match self.source {
            Source::Npy(file) | Source::Safetensors(file) => Some(file),
            Source::Npz | Source::Torch(_) => None,
        }
    }
}

impl files::torch::Tensor {
    fn holds(&self) -> Holds {
        use files::torch::Kind;
        match self.kind {
            kind if kind.is_float() => Holds::Floats,
            Kind::Bool => Holds::Flags,
            Kind::Unread(_) => Holds::Other("complex numbers".to_owned()),
            _ => Holds::WholeNumbers,
        }
    }
}
