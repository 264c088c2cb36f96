//! What names say: the ending of a file its format, the names of its arrays their layers.

use std::path::Path;

use crate::activations::error::{Error, Result};

/// A format of files of activations.
pub(in crate::activations) enum Format {
    Safetensors,
    Npy,
    Npz,
}

/// The format of the file at `path`, by its ending.
pub(in crate::activations) fn format(path: &Path) -> Result<Format> {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("safetensors") => Ok(Format::Safetensors),
        Some("npy") => Ok(Format::Npy),
        Some("npz") => Ok(Format::Npz),
        _ => Err(Error::UnknownFormat { path: path.to_owned() }),
    }
}

/// Named matrices in the order of their layers: by the numbers that the names end in if those differ, else by name.
pub(super) fn by_number<T>(mut named: Vec<(String, T)>) -> (Vec<usize>, Vec<T>) {
    named.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    let trailing = |name: &str| -> Option<usize> {
        let digits = name.len() - name.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        name[name.len() - digits..].parse().ok()
    };
    let numbers: Option<Vec<usize>> = named.iter().map(|(name, _)| trailing(name)).collect();
    let mut layers: Vec<usize> = (0..named.len()).collect();
    if let Some(numbers) = numbers {
        let mut sorted = numbers.clone();
        sorted.sort_unstable();
        if sorted.is_sorted_by(|a, b| a < b) {
            let mut numbered: Vec<_> = numbers.into_iter().zip(named).collect();
            numbered.sort_unstable_by_key(|(number, _)| *number);
            named = numbered.into_iter().map(|(_, pair)| pair).collect();
            layers = sorted;
        }
    }
    (layers, named.into_iter().map(|(_, matrix)| matrix).collect())
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    #[test]
    fn layers_are_numbered_by_their_names() {
        let numbered = |names: &[&str]| {
            let named = names.iter().enumerate();
            let named = named.map(|(i, name)| ((*name).to_owned(), array![[i as f32]])).collect();
            let (layers, matrices): (_, Vec<Array2<f32>>) = by_number(named);
            (layers, matrices.iter().map(|matrix| matrix[[0, 0]] as usize).collect::<Vec<_>>())
        };
        assert_eq!(numbered(&["layer.10", "layer.9", "layer.0"]), (vec![0, 9, 10], vec![2, 1, 0]));
        assert_eq!(numbered(&["arr_1", "arr_0"]), (vec![0, 1], vec![1, 0]));
        assert_eq!(numbered(&["v1", "it", "v4"]), (vec![0, 1, 2], vec![1, 0, 2]));
        assert_eq!(numbered(&["a.1", "b.1"]), (vec![0, 1], vec![0, 1]));
    }
}
