//! Activations: one matrix per layer, `(n_stimuli, d_model)` f32, with what they are activations of.
//!
//! Where they come from is [`crate::extract`]'s business, or a user's own recording (a brain's, too).
//!
//! | file | holds | layers |
//! | --- | --- | --- |
//! | `.safetensors` | tensors `layer.0` … `layer.L`, each `(n_stimuli, d_model)`, and metadata | from the names |
//! | `.npy` | `(n_stimuli, d)`, or `(n_layers, n_stimuli, d)` | `0..n_layers` |
//! | `.npz`, compressed or not | arrays of `(n_stimuli, d)` | from the names |
//! | `.safetensors`, `.npz` with one array | `(n_layers, n_stimuli, d)` | `0..n_layers` |
//!
//! Names that end in different numbers (`layer.3`, `arr_3`, `layer_3`, `3`) are layers of those numbers; any other names are
//! numbered from 0 in alphabetical order. Numbers of other types than f32 are rounded to it.
//!
//! [`Activations`] holds every layer in memory, and is the simple way. Sets that are larger than that stay in their files:
//! [`RowWriter`] takes rows as a model gives them, [`open`] and [`Stored`] read one layer at a time, and whatever is fitted
//! takes either, as [`ByLayer`].

mod by_layer;
mod error;
mod npy;
mod pooling;
mod repeats;
mod safetensors;
mod stored;
mod transform;
mod writer;

use std::path::Path;

use ndarray::{Array2, ArrayView2};

pub use by_layer::{ByLayer, Shape};
pub use error::{Error, Result};
pub use npy::read_square_matrices;
pub use pooling::Pooling;
pub use repeats::{MeanOf, check_repeat};
pub use stored::Stored;
pub use transform::{PooledTokens, Transform, transform};
pub use writer::{Destination, RowWriter, safetensors_pieces, write};

/// What activations are activations of.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub struct Provenance {
    /// The model's id or folder, if they come from one.
    pub model: Option<String>,
    /// The commit that the model's id resolved to.
    pub commit: Option<String>,
    /// The seed of the model's weights, if they are those before any training.
    #[serde(default)]
    pub untrained: Option<u64>,
    /// How the model's weights were held, if not in f32 (`f16`, `bf16`).
    #[serde(default)]
    pub dtype: Option<String>,
    /// How the model multiplied, if not in f32 (`fast`, `bf16`).
    #[serde(default)]
    pub precision: Option<String>,
    /// How tokens were pooled.
    pub pooling: Option<Pooling>,
    /// [`crate::stimuli::Stimuli::hash`] of the stimuli.
    pub stimuli_hash: Option<String>,
    /// What was done to them since, in order.
    pub transforms: Vec<Transform>,
}

/// The activations of a stimulus set at some layers of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Activations {
    /// Which layer each matrix is of: 0 is the embedding output, `1..=L` the blocks. Ascending.
    layers: Vec<usize>,
    /// One `(n_stimuli, d_model)` matrix per entry of `layers`.
    matrices: Vec<Array2<f32>>,
    provenance: Provenance,
}

impl Activations {
    /// Activations from one `(n_stimuli, d_model)` matrix per entry of `layers`. `d_model` may differ between layers.
    ///
    /// # Errors
    ///
    /// - [`Error::NoLayers`], [`Error::Layers`] when there is no layer, they do not ascend, or do not go with the matrices
    /// - [`Error::Empty`], [`Error::RowCounts`] when a matrix is empty, or has not as many rows as the first
    /// - [`Error::NotFinite`] when a value is NaN or infinite
    pub fn new(layers: Vec<usize>, matrices: Vec<Array2<f32>>, provenance: Provenance) -> Result<Self> {
        by_layer::check(&layers, &matrices.iter().map(Array2::dim).collect::<Vec<_>>())?;
        for (&layer, matrix) in layers.iter().zip(&matrices) {
            if let Some(((row, unit), &value)) = matrix.indexed_iter().find(|(_, value)| !value.is_finite()) {
                return Err(Error::NotFinite { layer, stimulus: row + 1, unit, value });
            }
        }
        Ok(Self { layers, matrices, provenance })
    }

    /// Reads a `.safetensors`, `.npy` or `.npz` file; the module's table says what is in each.
    ///
    /// # Errors
    ///
    /// [`Error::Files`], [`Error::UnknownFormat`], [`Error::Format`]; and as [`Activations::new`].
    pub fn read(path: &Path) -> Result<Self> {
        match format(path)? {
            Format::Safetensors => Self::load(&Stored::open(path)?),
            Format::Npy => npy::read_npy(path),
            Format::Npz => npy::read_npz(path),
        }
    }

    /// Writes a `.safetensors` or a `.npy` file, whole or not at all. A `.npy` holds the numbers alone:
    /// `(n_layers, n_stimuli, d_model)`.
    ///
    /// # Errors
    ///
    /// [`Error::Files`]; [`Error::UnknownFormat`] for another ending; [`Error::Format`] for a `.npy` of layers that differ
    /// in size.
    pub fn write(&self, path: &Path) -> Result<()> {
        write(self, Destination::File(path)).map(drop)
    }

    /// The same numbers, said to be activations of something else.
    #[must_use]
    pub fn with_provenance(mut self, provenance: Provenance) -> Self {
        self.provenance = provenance;
        self
    }

    /// The same activations at `layers` alone, ascending and each once whatever their order here.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchLayer`] when one is not here; [`Error::NoLayers`] when `layers` is empty.
    pub fn select(mut self, layers: &[usize]) -> Result<Self> {
        by_layer::keep(&mut self.layers, &mut self.matrices, layers)?;
        Ok(self)
    }

    /// The layers that are here, ascending.
    #[must_use]
    pub fn layers(&self) -> &[usize] {
        &self.layers
    }

    /// The matrix at position `index` of [`Activations::layers`]: `(n_stimuli, d_model)`.
    #[must_use]
    pub fn matrix(&self, index: usize) -> ArrayView2<'_, f32> {
        self.matrices[index].view()
    }

    /// How many stimuli (rows of every matrix).
    #[must_use]
    pub fn n_stimuli(&self) -> usize {
        self.matrices.first().map_or(0, Array2::nrows)
    }

    /// What they are activations of.
    #[must_use]
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }
}

/// Opens a `.safetensors`, `.npy` or `.npz` file at `layers` (all when `None`); the module's table says what is in each. Where a
/// file has its numbers as they are needed (all but `.npz`, integers and Fortran's order), a layer is read when it is asked for,
/// and memory holds no other.
///
/// # Errors
///
/// As [`Activations::read`], but for numbers that are none: they are an error of the layer that has them. [`Error::NoSuchLayer`]
/// where one of `layers` is not there.
pub fn open(path: &Path, layers: Option<&[usize]>) -> Result<Box<dyn ByLayer + Send>> {
    Ok(match (Stored::open(path), layers) {
        (Err(Error::UnknownFormat { .. }), None) => Box::new(Activations::read(path)?),
        (Err(Error::UnknownFormat { .. }), Some(layers)) => {
            Box::new(Activations::read(path)?.select(layers)?)
        }
        (stored, None) => Box::new(stored?),
        (stored, Some(layers)) => Box::new(stored?.select(layers)?),
    })
}

enum Format {
    Safetensors,
    Npy,
    Npz,
}

fn format(path: &Path) -> Result<Format> {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("safetensors") => Ok(Format::Safetensors),
        Some("npy") => Ok(Format::Npy),
        Some("npz") => Ok(Format::Npz),
        _ => Err(Error::UnknownFormat { path: path.to_owned() }),
    }
}

/// Named matrices in the order of their layers: by the numbers that the names end in if those differ, else by name.
fn by_number<T>(mut named: Vec<(String, T)>) -> (Vec<usize>, Vec<T>) {
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
    use ndarray::array;

    use super::*;

    fn two_layers() -> Vec<Array2<f32>> {
        vec![
            array![[1.0, -2.5e-38], [0.1, 3.0]],
            array![[f32::MIN_POSITIVE, 1e-45, 7.0], [1.0 / 3.0, 3e38, -0.0]],
        ]
    }

    #[test]
    fn matrices_that_do_not_go_together_are_refused() {
        let new =
            |layers: &[usize], matrices| Activations::new(layers.to_vec(), matrices, Provenance::default());
        let refused = |layers: &[usize], matrices| new(layers, matrices).unwrap_err().to_string();
        assert_eq!(refused(&[], vec![]), "no layer of activations");
        assert_eq!(
            refused(&[1, 1], two_layers()),
            "2 matrices for layers [1, 1], which should ascend, one each"
        );
        assert_eq!(refused(&[1], two_layers()), "2 matrices for layers [1], which should ascend, one each");
        assert_eq!(
            refused(&[0, 4], vec![Array2::zeros((3, 2)), Array2::zeros((4, 2))]),
            "layer 4 has 4 rows, but layer 0 has 3"
        );
        assert_eq!(refused(&[2], vec![Array2::zeros((3, 0))]), "layer 2 is empty: 3 stimuli × 0 units");
        let error =
            new(&[0, 5], vec![array![[1.0], [2.0]], array![[1.0, 2.0], [1.0, f32::NAN]]]).unwrap_err();
        assert_eq!(error.to_string(), "layer 5, stimulus 2: unit 1 is NaN");
        assert!(error.hint().unwrap().contains("drop that stimulus"));
        let infinite = vec![array![[f32::NEG_INFINITY]]];
        assert_eq!(refused(&[0], infinite), "layer 0, stimulus 1: unit 0 is -inf");
    }

    #[test]
    fn every_number_of_a_safetensors_file_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("acts.safetensors");
        let provenance = Provenance {
            model: Some("a \"quoted\" model".to_owned()),
            pooling: Some(Pooling::Max),
            stimuli_hash: Some("00ff".to_owned()),
            commit: None,
            transforms: vec![Transform::Units(vec![0, 1, 7]), Transform::Pca(2)],
            untrained: Some(3),
            dtype: Some("bf16".to_owned()),
            precision: Some("fast".to_owned()),
        };
        let written = Activations::new(vec![0, 12], two_layers(), provenance).unwrap();
        written.write(&path).unwrap();
        assert_eq!(Activations::read(&path).unwrap(), written);
        let first = std::fs::read(&path).unwrap();
        written.write(&path).unwrap();
        assert_eq!(first, std::fs::read(&path).unwrap());
    }

    #[test]
    fn every_number_of_an_npy_file_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("acts.npy");
        let matrices = vec![two_layers().remove(0), array![[1e-45, 2.0], [3.0, 1.0 / 3.0]]];
        let written = Activations::new(vec![0, 1], matrices, Provenance::default()).unwrap();
        written.write(&path).unwrap();
        assert_eq!(Activations::read(&path).unwrap(), written);
        let ragged = Activations::new(vec![0, 1], two_layers(), Provenance::default()).unwrap();
        let error = ragged.write(&path).unwrap_err().to_string();
        assert!(
            error.ends_with("layers 0 and 1 differ in size (2 and 3), which one array cannot hold"),
            "{error}"
        );
    }

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

    #[test]
    fn a_file_of_another_kind_is_refused() {
        let error = Activations::read(Path::new("acts.csv")).unwrap_err();
        assert_eq!(error.to_string(), "acts.csv: the ending says no format of activations");
        assert!(error.hint().unwrap().contains(".safetensors"));
        let error = Activations::read(Path::new("nowhere.npy")).unwrap_err().to_string();
        assert!(error.starts_with("cannot read nowhere.npy"), "{error}");
    }

    #[test]
    fn truncated_files_and_garbage_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let activations =
            Activations::new(vec![0], vec![array![[1.0, 2.0], [3.0, 4.0]]], Provenance::default()).unwrap();
        for ending in ["safetensors", "npy"] {
            let path = folder.path().join(format!("acts.{ending}"));
            activations.write(&path).unwrap();
            let whole = std::fs::read(&path).unwrap();
            for length in (0..whole.len()).step_by(3) {
                std::fs::write(&path, &whole[..length]).unwrap();
                let error = Activations::read(&path).unwrap_err();
                assert!(matches!(error, Error::Format { .. }), "{length} bytes: {error}");
                assert!(error.to_string().starts_with(&path.display().to_string()));
            }
            let mut garbage = whole.clone();
            garbage[..8].fill(0xff);
            std::fs::write(&path, &garbage).unwrap();
            assert!(matches!(Activations::read(&path).unwrap_err(), Error::Format { .. }));
        }
        let path = folder.path().join("acts.npz");
        std::fs::write(&path, b"PK\x03\x04 and no more").unwrap();
        assert!(matches!(Activations::read(&path).unwrap_err(), Error::Format { .. }));
    }
}
