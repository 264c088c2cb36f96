//! What can be wrong with activations.

use std::path::PathBuf;

use crate::{files, text};

/// A result whose error is this module's.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can be wrong with activations.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written.
    #[error(transparent)]
    Files(#[from] files::Error),
    /// There is no matrix at all.
    #[error("no layer of activations")]
    NoLayers,
    /// There are not as many matrices as layers, or the layers do not ascend.
    #[error("{matrices} matrices for layers {layers:?}, which should ascend, one each")]
    Layers {
        /// The layers.
        layers: Vec<usize>,
        /// How many matrices.
        matrices: usize,
    },
    /// A layer that was asked for is not there.
    #[error("there is no layer {layer}")]
    NoSuchLayer {
        /// Which layer.
        layer: usize,
        /// The layers there are.
        layers: Vec<usize>,
    },
    /// A layer has another number of rows than the first.
    #[error("layer {layer} has {found} rows, but layer {first} has {expected}")]
    RowCounts {
        /// Which layer.
        layer: usize,
        /// Its rows.
        found: usize,
        /// The layer it is compared with.
        first: usize,
        /// The rows of that one.
        expected: usize,
    },
    /// A matrix without rows or columns.
    #[error("layer {layer} is empty: {rows} stimuli × {columns} units")]
    Empty {
        /// Which layer.
        layer: usize,
        /// Its rows.
        rows: usize,
        /// Its columns.
        columns: usize,
    },
    /// A value that is NaN or infinite.
    #[error("layer {layer}, stimulus {stimulus}: unit {unit} is {value}")]
    NotFinite {
        /// Which layer.
        layer: usize,
        /// Which stimulus, from 1.
        stimulus: usize,
        /// Which unit, from 0.
        unit: usize,
        /// The value.
        value: f32,
    },
    /// A file that is not what its name says, or holds something else than activations.
    #[error("{}: {message}", path.display())]
    Format {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// A file whose ending is none of the formats.
    #[error("{}: the ending says no format of activations", path.display())]
    UnknownFormat {
        /// Which file.
        path: PathBuf,
    },
    /// A pooling that does not exist.
    #[error("no pooling is called `{name}`")]
    UnknownPooling {
        /// The name.
        name: String,
    },
}

impl Error {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Files(error) => return error.hint(),
            Self::NotFinite { .. } => {
                "drop that stimulus, or find out where the recording or the model overflows".to_owned()
            }
            Self::NoSuchLayer { layers, .. } => {
                let layers: Vec<String> = layers.iter().map(ToString::to_string).collect();
                format!("the layers are {}", text::join_and(&layers))
            }
            Self::RowCounts { .. } => "every layer needs one row per stimulus, in the same order".to_owned(),
            Self::Format { .. } => {
                "arrays are (n_stimuli, d) each, or one .npy of (n_layers, n_stimuli, d), saved as float32 or float64"
                    .to_owned()
            }
            Self::UnknownFormat { .. } => "use .safetensors or .npy, or .npz to read".to_owned(),
            Self::UnknownPooling { .. } => "use mean, max, min, first, last or none".to_owned(),
            Self::NoLayers | Self::Layers { .. } | Self::Empty { .. } => return None,
        })
    }
}
