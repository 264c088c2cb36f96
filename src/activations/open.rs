//! Whole files of activations: read, written, and opened.

use std::path::Path;

use super::by_layer::ByLayer;
use super::error::{Error, Result};
use super::formats::{Format, format, npy, npz, triangles};
use super::matrices::Activations;
use super::stored::Stored;
use super::writer::{Destination, write};

impl Activations {
    /// Reads a `.safetensors`, `.npy` or `.npz` file; the module's table says what is in each.
    ///
    /// # Errors
    ///
    /// [`Error::Files`], [`Error::UnknownFormat`], [`Error::Format`]; and as [`Activations::new`].
    pub fn read(path: &Path) -> Result<Self> {
        match format(path)? {
            Format::Safetensors => Self::load(&Stored::open(path)?),
            Format::Npy => npy::read(path),
            Format::Npz => npz::read(path),
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

/// As [`open`], for distances between `n_stimuli` stimuli that are given: each layer is a square matrix, or, in NumPy's files, an array
/// of its upper triangle row by row, `n(n - 1)/2` numbers (SciPy's `pdist`).
///
/// # Errors
///
/// As [`open`].
pub fn open_distances(
    path: &Path,
    n_stimuli: usize,
    layers: Option<&[usize]>,
) -> Result<Box<dyn ByLayer + Send>> {
    Ok(match (triangles(path, n_stimuli)?, layers) {
        (None, layers) => open(path, layers)?,
        (Some(matrices), None) => Box::new(matrices),
        (Some(matrices), Some(layers)) => Box::new(matrices.select(layers)?),
    })
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::super::{Pooling, Provenance, Transform};
    use super::*;

    fn two_layers() -> Vec<Array2<f32>> {
        vec![
            array![[1.0, -2.5e-38], [0.1, 3.0]],
            array![[f32::MIN_POSITIVE, 1e-45, 7.0], [1.0 / 3.0, 3e38, -0.0]],
        ]
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
