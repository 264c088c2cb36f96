//! Activations in a safetensors file.
//!
//! The header is written here: the `safetensors` crate would order the metadata by a random hash. The format is a length, a JSON
//! header and the numbers.

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;
use std::path::Path;

use ::safetensors::tensor::Metadata;
use serde_json::{Map, Value, json};

use super::array::{Array, Holds};
use super::place::Place;
use crate::activations::by_layer::Shape;
use crate::activations::error::{Error, Result};
use crate::activations::provenance::Provenance;
use crate::activations::transform::Transform;
use crate::files::tensors::{self, Number};

/// Between the transforms in the metadata, whose values are text.
const THEN: &str = "; ";

/// All that stands before the numbers of activations of this shape.
pub(in crate::activations) fn header(shape: &Shape, provenance: &Provenance) -> Vec<u8> {
    let Provenance {
        model,
        commit,
        untrained,
        dtype,
        precision,
        part,
        target,
        site,
        pooling,
        stimuli_hash,
        transforms,
        labels,
        ..
    } = provenance;
    let named: BTreeMap<&usize, &String> =
        labels.iter().filter(|(layer, _)| shape.layers.binary_search(layer).is_ok()).collect();
    let transforms: Vec<String> = transforms.iter().map(ToString::to_string).collect();
    let metadata = [
        ("model", model.clone()),
        ("commit", commit.clone()),
        ("untrained", untrained.map(|seed| seed.to_string())),
        ("dtype", dtype.clone()),
        ("precision", precision.clone()),
        ("part", part.clone()),
        ("target", target.clone()),
        ("site", site.clone()),
        ("labels", (!named.is_empty()).then(|| json!(named).to_string())),
        ("pooling", pooling.map(|pooling| pooling.to_string())),
        ("stimuli_hash", stimuli_hash.clone()),
        ("transforms", (!transforms.is_empty()).then(|| transforms.join(THEN))),
    ];
    let metadata = metadata.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into())));
    let mut header = Map::new();
    header.insert("__metadata__".to_owned(), Value::Object(metadata.collect()));
    let mut start = 0;
    for (layer, width) in shape.layers.iter().zip(&shape.widths) {
        let end = start + shape.n_stimuli * width * size_of::<f32>();
        header.insert(
            labels.get(layer).cloned().unwrap_or_else(|| format!("layer.{layer}")),
            json!({ "dtype": "F32", "shape": [shape.n_stimuli, width], "data_offsets": [start, end] }),
        );
        start = end;
    }
    let mut header = Value::Object(header).to_string();
    // The numbers begin at a multiple of 8 bytes.
    header.push_str(&" ".repeat(header.len().next_multiple_of(8) - header.len()));
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header.as_bytes());
    bytes
}

/// The layers of the safetensors file in `range` of `file`, as [`header()`] names them, where their numbers stand, and what they
/// are activations of. `path` is its name for messages.
pub(in crate::activations) fn places(
    file: &File,
    range: Range<u64>,
    path: &Path,
) -> Result<(Vec<usize>, Vec<Place>, Provenance)> {
    let (arrays, provenance) = arrays(file, range, path)?;
    let mut named = BTreeMap::new();
    for Array { name, shape, place, .. } in arrays {
        let labelled =
            || provenance.labels.iter().find(|(_, label)| **label == name).map(|(&layer, _)| layer);
        let layer = name.strip_prefix("layer.").and_then(|number| number.parse::<usize>().ok());
        let layer = layer.or_else(labelled);
        let (Some(layer), &[rows, columns], Some((offset, number))) = (layer, shape.as_slice(), place) else {
            let message = format!("tensor `{name}` is no layer as this program writes them");
            return Err(Error::Format { path: path.to_owned(), message });
        };
        named.insert(layer, Place { offset, rows, columns, number });
    }
    let (layers, places) = named.into_iter().unzip();
    Ok((layers, places, provenance))
}

/// The arrays of the safetensors file in `range` of `file`, and what they are activations of.
pub(super) fn arrays(file: &File, range: Range<u64>, path: &Path) -> Result<(Vec<Array>, Provenance)> {
    let wrong = |message: String| Error::Format { path: path.to_owned(), message };
    let (metadata, numbers) = tensors::header(file, range)
        .map_err(|message| wrong(format!("not a readable safetensors file: {message}")))?;
    let mut arrays = Vec::new();
    for name in metadata.offset_keys() {
        let Some(info) = metadata.info(&name) else { continue };
        let (float, whole) = (tensors::number(info.dtype), tensors::whole_number(info.dtype));
        let holds = match (float, whole) {
            (Some(_), _) => Holds::Floats,
            (None, Some(Number::Bool)) => Holds::Flags,
            (None, Some(_)) => Holds::WholeNumbers,
            (None, None) => Holds::Other(format!("{}, which is not read", info.dtype)),
        };
        let offset = numbers + info.data_offsets.0 as u64;
        let place = float.or(whole).map(|number| (offset, number));
        arrays.push(Array { name, shape: info.shape.clone(), holds, place });
    }
    Ok((arrays, provenance(&metadata)?))
}

fn provenance(metadata: &Metadata) -> Result<Provenance> {
    let field = |name: &str| metadata.metadata().as_ref().and_then(|fields| fields.get(name)).cloned();
    let transforms = field("transforms").unwrap_or_default();
    let transforms = transforms.split(THEN).filter(|name| !name.is_empty()).map(str::parse::<Transform>);
    Ok(Provenance {
        model: field("model"),
        commit: field("commit"),
        untrained: field("untrained").and_then(|seed| seed.parse().ok()),
        dtype: field("dtype"),
        precision: field("precision"),
        part: field("part"),
        target: field("target"),
        site: field("site"),
        // What another program wrote under this name is not ours to read.
        labels: field("labels").and_then(|labels| serde_json::from_str(&labels).ok()).unwrap_or_default(),
        pooling: field("pooling").map(|name| name.parse()).transpose()?,
        stimuli_hash: field("stimuli_hash"),
        transforms: transforms.collect::<Result<_>>()?,
        ..Provenance::default()
    })
}

#[cfg(test)]
mod tests {
    use half::{bf16, f16};
    use ndarray::array;

    use super::*;
    use crate::activations::Activations;

    fn file(header: &Value, numbers: &[u8]) -> Vec<u8> {
        let header = header.to_string();
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.extend(numbers);
        bytes
    }

    fn parse(bytes: &[u8]) -> Result<Activations> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.safetensors");
        std::fs::write(&path, bytes).unwrap();
        Activations::read(&path)
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
        // A file of a hundred bytes that promises a quadrillion layers.
        let empty = json!({"all": {"dtype": "F32", "shape": [1_000_000_000_000_000u64, 0, 4], "data_offsets": [0, 0]}});
        let error = parse(&file(&empty, &[])).unwrap_err().to_string();
        assert!(error.contains("would be more than 1,048,576 layers"), "{error}");
        let integers = json!({"layer.0": {"dtype": "I64", "shape": [1, 1], "data_offsets": [0, 8]}});
        assert_eq!(parse(&file(&integers, &7i64.to_le_bytes())).unwrap().matrix(0), array![[7.0]]);
    }
}
