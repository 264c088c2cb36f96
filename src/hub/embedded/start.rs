//! The embedded model before its training: weights that are drawn again, since their seed says all of them.

use std::collections::BTreeMap;
use std::io;

use half::f16;
use safetensors::SafeTensors;

use super::planes::{damaged, header_of};
use crate::numeric::rng::Stream;

/// Width of the embedded model.
const D_MODEL: usize = 128;
/// Places that it knows.
const PLACES: usize = 128;
/// Parameters of the masked-token head: needed to train, not part of the checkpoint.
pub const HEAD: &str = "head.";

/// The parameters by name, with their shape, of a BERT of `n_layers` × 128 for `n_words` before training: weights normal with
/// deviation 0.02, biases zero, norms one; seeded. Those of the head that trains it are called `head.…`.
#[must_use]
pub fn start(n_words: usize, n_layers: usize) -> BTreeMap<String, (Vec<usize>, Vec<f32>)> {
    let mut parameters = BTreeMap::new();
    let mut add = |name: String, shape: Vec<usize>, value: &mut dyn FnMut() -> f32| {
        let values = (0..shape.iter().product()).map(|_| value()).collect();
        parameters.insert(name, (shape, values));
    };
    let mut stream = Stream::new(0, "weights");
    let mut drawn = || 0.02 * stream.normal() as f32;
    for (name, rows) in [("word", n_words), ("position", PLACES), ("token_type", 2)] {
        add(format!("embeddings.{name}_embeddings.weight"), vec![rows, D_MODEL], &mut drawn);
    }
    let mut linears = vec![(format!("{HEAD}dense"), D_MODEL, D_MODEL)];
    let mut norms = vec!["embeddings.LayerNorm".to_owned(), format!("{HEAD}LayerNorm")];
    for layer in (0..n_layers).map(|layer| format!("encoder.layer.{layer}")) {
        for part in ["self.query", "self.key", "self.value", "output.dense"] {
            linears.push((format!("{layer}.attention.{part}"), D_MODEL, D_MODEL));
        }
        linears.push((format!("{layer}.intermediate.dense"), 4 * D_MODEL, D_MODEL));
        linears.push((format!("{layer}.output.dense"), D_MODEL, 4 * D_MODEL));
        norms.extend([format!("{layer}.attention.output.LayerNorm"), format!("{layer}.output.LayerNorm")]);
    }
    for (name, d_out, d_in) in linears {
        add(format!("{name}.weight"), vec![d_out, d_in], &mut drawn);
        add(format!("{name}.bias"), vec![d_out], &mut || 0.0);
    }
    for name in norms {
        add(format!("{name}.weight"), vec![D_MODEL], &mut || 1.0);
        add(format!("{name}.bias"), vec![D_MODEL], &mut || 0.0);
    }
    add(format!("{HEAD}bias"), vec![n_words], &mut || 0.0);
    parameters
}

/// The safetensors file in f16 of [`start`], laid out as `trained`, a later checkpoint of the same model.
pub(super) fn like(trained: &[u8]) -> io::Result<Vec<u8>> {
    let broken = |_| damaged();
    let header = header_of(trained).ok_or_else(damaged)?;
    let (_, layout) = SafeTensors::read_metadata(trained).map_err(broken)?;
    let tensors = layout.tensors();
    let n_words = tensors.get("embeddings.word_embeddings.weight").and_then(|words| words.shape.first());
    let n_layers =
        (0..).take_while(|layer| tensors.contains_key(&format!("encoder.layer.{layer}.output.dense.bias")));
    let drawn = start(*n_words.ok_or_else(damaged)?, n_layers.count());
    let mut file = trained.to_vec();
    let places: BTreeMap<_, _> = tensors.into_iter().collect();
    for (name, info) in places {
        let (from, to) = info.data_offsets;
        let place = file.get_mut(header + from..header + to).ok_or_else(damaged)?;
        let (_, values) = drawn.get(&name).ok_or_else(damaged)?;
        if place.len() != 2 * values.len() {
            return Err(damaged());
        }
        for (bytes, &value) in place.chunks_exact_mut(2).zip(values) {
            bytes.copy_from_slice(&f16::from_f32(value).to_le_bytes());
        }
    }
    Ok(file)
}
