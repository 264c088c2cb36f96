//! What the ending of a file says: its format.

use std::path::Path;

use crate::activations::error::{Error, Result};

/// A format of files of activations.
pub(in crate::activations) enum Format {
    Safetensors,
    Npy,
    Npz,
    /// What `torch.save` writes.
    Torch,
}

/// The format of the file at `path`, by its ending.
pub(in crate::activations) fn format(path: &Path) -> Result<Format> {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("safetensors") => Ok(Format::Safetensors),
        Some("npy") => Ok(Format::Npy),
        Some("npz") => Ok(Format::Npz),
        Some("pt" | "pth" | "bin") => Ok(Format::Torch),
        _ => Err(Error::UnknownFormat { path: path.to_owned() }),
    }
}
