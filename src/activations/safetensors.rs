//! Activations in a safetensors file.
//!
//! Reading is the `safetensors` crate's. Writing is by hand, because that crate makes a copy of all tensors in memory
//! and orders the metadata by a random hash; the format is a length, a JSON header and the numbers.

use std::path::Path;

use ::safetensors::{Dtype, SafeTensors, tensor::TensorView};
use ndarray::Array2;
use serde_json::{Map, Value, json};

use super::{Activations, Error, Provenance, Result, by_layer};
use crate::files;

pub(super) fn write(activations: &Activations, path: &Path) -> Result<()> {
    let mut header = Map::new();
    let metadata = match serde_json::to_value(activations.provenance()) {
        Ok(Value::Object(fields)) => {
            // The format's metadata are texts.
            let text = |value: Value| if value.is_number() { Value::from(value.to_string()) } else { value };
            let known = fields.into_iter().filter(|(_, value)| !value.is_null());
            known.map(|(name, value)| (name, text(value))).collect::<Map<_, _>>()
        }
        _ => Map::new(),
    };
    header.insert("__metadata__".to_owned(), Value::Object(metadata));
    let mut start = 0;
    for (layer, matrix) in activations.layers.iter().zip(&activations.matrices) {
        let end = start + matrix.len() * size_of::<f32>();
        let shape = matrix.shape();
        header.insert(
            format!("layer.{layer}"),
            json!({ "dtype": "F32", "shape": shape, "data_offsets": [start, end] }),
        );
        start = end;
    }
    let mut header = Value::Object(header).to_string();
    // The numbers begin at a multiple of 8 bytes.
    header.push_str(&" ".repeat(header.len().next_multiple_of(8) - header.len()));
    files::write_with(path, |out| {
        out.write_all(&(header.len() as u64).to_le_bytes())?;
        out.write_all(header.as_bytes())?;
        for matrix in &activations.matrices {
            for value in matrix {
                out.write_all(&value.to_le_bytes())?;
            }
        }
        Ok(())
    })?;
    Ok(())
}

pub(super) fn read(path: &Path) -> Result<Activations> {
    let wrong = |message: String| Error::Format { path: path.to_owned(), message };
    let bytes = files::read(path)?;
    let unreadable = |error| wrong(format!("not a readable safetensors file: {error}"));
    let (_, metadata) = SafeTensors::read_metadata(&bytes).map_err(unreadable)?;
    let file = SafeTensors::deserialize(&bytes).map_err(unreadable)?;
    let mut named = Vec::new();
    for (name, tensor) in file.iter() {
        let &[rows, columns] = tensor.shape() else {
            return Err(wrong(format!(
                "tensor `{name}` has shape {:?}, which is not (n_stimuli, d)",
                tensor.shape()
            )));
        };
        let values = values(&tensor)
            .ok_or_else(|| wrong(format!("tensor `{name}` holds {}, not floats", tensor.dtype())))?;
        let matrix =
            Array2::from_shape_vec((rows, columns), values).map_err(|error| wrong(error.to_string()))?;
        named.push((name.to_owned(), matrix));
    }
    let field = |name: &str| metadata.metadata().as_ref().and_then(|fields| fields.get(name)).cloned();
    let provenance = Provenance {
        model: field("model"),
        commit: field("commit"),
        untrained: field("untrained").and_then(|seed| seed.parse().ok()),
        pooling: field("pooling").map(|name| name.parse()).transpose()?,
        stimuli_hash: field("stimuli_hash"),
    };
    let (layers, matrices) = by_layer(named);
    Activations::new(layers, matrices, provenance)
}

/// The numbers of a tensor of floats.
fn values(tensor: &TensorView<'_>) -> Option<Vec<f32>> {
    fn parse<const N: usize>(bytes: &[u8], parse: impl Fn([u8; N]) -> f32) -> Vec<f32> {
        bytes.as_chunks::<N>().0.iter().map(|&chunk| parse(chunk)).collect()
    }
    let bytes = tensor.data();
    match tensor.dtype() {
        Dtype::F32 => Some(parse(bytes, f32::from_le_bytes)),
        Dtype::F64 => Some(parse(bytes, |chunk| f64::from_le_bytes(chunk) as f32)),
        Dtype::BF16 => Some(parse(bytes, |[low, high]| f32::from_le_bytes([0, 0, low, high]))),
        _ => None,
    }
}
