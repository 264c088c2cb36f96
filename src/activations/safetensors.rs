//! Activations in a safetensors file.
//!
//! The header is the `safetensors` crate's to parse. The numbers are read and written here, tensor by tensor: that crate
//! wants all of them in memory twice, and orders the metadata by a random hash. The format is a length, a JSON header and
//! the numbers.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use ::safetensors::Dtype;
use ::safetensors::tensor::Metadata;
use half::{bf16, f16};
use ndarray::{Array2, Array3, Axis};
use serde_json::{Map, Value, json};

use super::{Activations, Error, Provenance, Result, Transform, by_layer};
use crate::files;

/// Between the transforms in the metadata, whose values are text.
const THEN: &str = "; ";

pub(super) fn write(activations: &Activations, path: &Path) -> Result<()> {
    Ok(files::write_with(path, |out| write_to(activations, out))?)
}

pub(super) fn write_to(activations: &Activations, out: &mut dyn Write) -> io::Result<()> {
    let Provenance { model, commit, untrained, pooling, stimuli_hash, transforms } = activations.provenance();
    let transforms: Vec<String> = transforms.iter().map(ToString::to_string).collect();
    let metadata = [
        ("model", model.clone()),
        ("commit", commit.clone()),
        ("untrained", untrained.map(|seed| seed.to_string())),
        ("pooling", pooling.map(|pooling| pooling.to_string())),
        ("stimuli_hash", stimuli_hash.clone()),
        ("transforms", (!transforms.is_empty()).then(|| transforms.join(THEN))),
    ];
    let metadata = metadata.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into())));
    let mut header = Map::new();
    header.insert("__metadata__".to_owned(), Value::Object(metadata.collect()));
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
    out.write_all(&(header.len() as u64).to_le_bytes())?;
    out.write_all(header.as_bytes())?;
    let mut bytes = Vec::new();
    for row in activations.matrices.iter().flat_map(|matrix| matrix.rows()) {
        bytes.clear();
        bytes.extend(row.iter().flat_map(|value| value.to_le_bytes()));
        out.write_all(&bytes)?;
    }
    Ok(())
}

pub(super) fn read(path: &Path) -> Result<Activations> {
    let failed = |source| Error::Files(files::Error::Read { path: path.to_owned(), source });
    let file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    read_from(&mut BufReader::with_capacity(1 << 20, file), length, path)
}

/// Reads the `length` bytes of a safetensors file from `source`; `path` is its name for messages.
pub(super) fn read_from(source: &mut dyn Read, length: u64, path: &Path) -> Result<Activations> {
    let wrong = |message: String| Error::Format { path: path.to_owned(), message };
    let cut_short = |error: io::Error| wrong(format!("not a readable safetensors file: {error}"));
    let mut length_of_header = [0; 8];
    source.read_exact(&mut length_of_header).map_err(cut_short)?;
    let header = u64::from_le_bytes(length_of_header);
    if header > length.saturating_sub(8) {
        let message = format!("not a readable safetensors file: a header of {header} bytes in {length}");
        return Err(wrong(message));
    }
    let mut text = vec![0; header as usize];
    source.read_exact(&mut text).map_err(cut_short)?;
    let metadata: Metadata = serde_json::from_slice(&text)
        .map_err(|error| wrong(format!("not a readable safetensors file: {error}")))?;
    let names = metadata.offset_keys();
    let tensors: Vec<_> =
        names.into_iter().filter_map(|name| metadata.info(&name).map(|info| (name, info))).collect();
    let numbers = tensors.last().map_or(0, |(_, info)| info.data_offsets.1);
    if numbers as u64 != length - 8 - header {
        let there = length - 8 - header;
        let message = format!(
            "not a readable safetensors file: {numbers} bytes of numbers are promised, and {there} are there"
        );
        return Err(wrong(message));
    }
    let alone = tensors.len() == 1;
    let mut named = Vec::new();
    let mut stacked = None;
    for (name, info) in tensors {
        // The offsets follow one another with no gap: `Metadata` has seen to it.
        let mut bytes = vec![0; info.data_offsets.1 - info.data_offsets.0];
        source.read_exact(&mut bytes).map_err(cut_short)?;
        let values = values(&bytes, info.dtype)
            .ok_or_else(|| wrong(format!("tensor `{name}` holds {}, not floats", info.dtype)))?;
        let shaped = |error: ndarray::ShapeError| wrong(error.to_string());
        match *info.shape.as_slice() {
            [rows, columns] => {
                named.push((name, Array2::from_shape_vec((rows, columns), values).map_err(shaped)?));
            }
            [layers, rows, columns] if alone => {
                stacked = Some(Array3::from_shape_vec((layers, rows, columns), values).map_err(shaped)?);
            }
            ref shape => {
                return Err(wrong(format!(
                    "tensor `{name}` has shape {shape:?}, which is not (n_stimuli, d)"
                )));
            }
        }
    }
    let field = |name: &str| metadata.metadata().as_ref().and_then(|fields| fields.get(name)).cloned();
    let transforms = field("transforms").unwrap_or_default();
    let transforms = transforms.split(THEN).filter(|name| !name.is_empty()).map(str::parse::<Transform>);
    let provenance = Provenance {
        model: field("model"),
        commit: field("commit"),
        untrained: field("untrained").and_then(|seed| seed.parse().ok()),
        pooling: field("pooling").map(|name| name.parse()).transpose()?,
        stimuli_hash: field("stimuli_hash"),
        transforms: transforms.collect::<Result<_>>()?,
    };
    let (layers, matrices) = match stacked {
        Some(stacked) => (
            (0..stacked.len_of(Axis(0))).collect(),
            stacked.outer_iter().map(|layer| layer.to_owned()).collect(),
        ),
        None => by_layer(named),
    };
    Activations::new(layers, matrices, provenance)
}

/// The numbers of a tensor of floats.
fn values(bytes: &[u8], dtype: Dtype) -> Option<Vec<f32>> {
    fn parse<const N: usize>(bytes: &[u8], parse: impl Fn([u8; N]) -> f32) -> Vec<f32> {
        bytes.as_chunks::<N>().0.iter().map(|&chunk| parse(chunk)).collect()
    }
    match dtype {
        Dtype::F32 => Some(parse(bytes, f32::from_le_bytes)),
        Dtype::F64 => Some(parse(bytes, |chunk| f64::from_le_bytes(chunk) as f32)),
        Dtype::F16 => Some(parse(bytes, |chunk| f16::from_le_bytes(chunk).to_f32())),
        Dtype::BF16 => Some(parse(bytes, |chunk| bf16::from_le_bytes(chunk).to_f32())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn file(header: &Value, numbers: &[u8]) -> Vec<u8> {
        let header = header.to_string();
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.extend(numbers);
        bytes
    }

    fn parse(bytes: &[u8]) -> Result<Activations> {
        read_from(&mut &*bytes, bytes.len() as u64, Path::new("a.safetensors"))
    }

    #[test]
    fn half_precision_is_read_whatever_the_order_of_the_names() {
        let header = json!({
            "layer.2": {"dtype": "F16", "shape": [2, 1], "data_offsets": [0, 4]},
            "layer.0": {"dtype": "BF16", "shape": [2, 1], "data_offsets": [4, 8]},
        });
        let mut numbers: Vec<u8> = [0.1, -7.5].iter().flat_map(|&x| f16::from_f32(x).to_le_bytes()).collect();
        numbers.extend([1e30f32, 0.5].iter().flat_map(|&x| bf16::from_f32(x).to_le_bytes()));
        let found = parse(&file(&header, &numbers)).unwrap();
        assert_eq!(found.layers(), [0, 2]);
        assert_eq!(found.matrix(0)[[0, 0]], bf16::from_f32(1e30).to_f32());
        assert_eq!(found.matrix(1), array![[f16::from_f32(0.1).to_f32()], [-7.5]]);
    }

    #[test]
    fn one_tensor_may_hold_all_layers() {
        let numbers: Vec<u8> = [1.0f32, 2.0, 3.0, 4.0].iter().flat_map(|x| x.to_le_bytes()).collect();
        let header = json!({"all": {"dtype": "F32", "shape": [2, 1, 2], "data_offsets": [0, 16]}});
        let found = parse(&file(&header, &numbers)).unwrap();
        assert_eq!((found.layers(), found.matrix(1)), ([0, 1].as_slice(), array![[3.0, 4.0]].view()));
    }

    #[test]
    fn numbers_that_are_missing_or_too_many_are_noticed() {
        let header = json!({"layer.0": {"dtype": "F32", "shape": [1, 2], "data_offsets": [0, 8]}});
        for size in [7, 9] {
            let error = parse(&file(&header, &vec![0; size])).unwrap_err().to_string();
            assert!(error.contains("8 bytes of numbers are promised"), "{error}");
        }
        let integers = json!({"layer.0": {"dtype": "I64", "shape": [1, 1], "data_offsets": [0, 8]}});
        let error = parse(&file(&integers, &[0; 8])).unwrap_err().to_string();
        assert_eq!(error, "a.safetensors: tensor `layer.0` holds I64, not floats");
    }
}
