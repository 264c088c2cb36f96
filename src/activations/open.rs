//! Whole files of activations: read, written, and opened.

use std::path::Path;

use super::by_layer::{self, ByLayer};
use super::error::Result;
use super::formats::{Contents, triangles};
use super::matrices::Activations;
use super::provenance::Provenance;
use super::reading::{Reading, in_order, slots};
use super::recording::Recording;
use super::writer::{Destination, write};

impl Activations {
    /// Reads a file of activations; the module's table says what is in each.
    ///
    /// # Errors
    ///
    /// As [`open_as()`]; and as [`Activations::new`].
    pub fn read(path: &Path) -> Result<Self> {
        Self::load(&*open(path, None)?)
    }

    /// Writes a `.safetensors` or a `.npy` file, whole or not at all. A `.npy` holds the numbers alone:
    /// `(n_layers, n_stimuli, d_model)`.
    ///
    /// # Errors
    ///
    /// [`super::Error::Files`]; [`super::Error::UnknownFormat`] for another ending; [`super::Error::Format`] for a `.npy` of layers that differ
    /// in size.
    pub fn write(&self, path: &Path) -> Result<()> {
        write(self, Destination::File(path)).map(drop)
    }
}

/// Activations of a file, and what was found on the way.
pub struct Opened {
    /// The layers.
    pub activations: Box<dyn ByLayer + Send>,
    /// What to say of it: which array is which layer, what is left out.
    pub notes: Vec<String>,
    /// What to warn of: units that are left out, whole numbers.
    pub warnings: Vec<String>,
}

/// Opens a file of activations at `layers` (all when `None`); the module's table says what is in each. Where a file has its
/// numbers as they are needed (all but `.npz`, `.pt`, Fortran's order and turned axes), a layer is read when it is asked for,
/// and memory holds no other.
///
/// # Errors
///
/// As [`open_as()`].
pub fn open(path: &Path, layers: Option<&[usize]>) -> Result<Box<dyn ByLayer + Send>> {
    Ok(open_as(path, layers, &Reading::default())?.activations)
}

/// Opens a file of activations, as [`open()`], read as `reading` says.
///
/// # Errors
///
/// Of [`super::Error`]:
///
/// - `Files`, `UnknownFormat`, `Format`: a file that cannot be read
/// - `Unclear`: it does not settle which array is which layer, or what its axes are
/// - `NoSuchLayer`: one of `layers` is not there; `NoSuchUnit`
/// - matrices that do not go together, as [`Activations::new`]; numbers that are none are an error of the layer that has them
pub fn open_as(path: &Path, layers: Option<&[usize]>, reading: &Reading) -> Result<Opened> {
    if let Some(opened) = distances(path, layers, reading)? {
        return Ok(opened);
    }
    let contents = Contents::open(path)?;
    let mut layout = slots(&contents, path, reading)?;
    if let Some(layers) = layers {
        let mut numbers: Vec<usize> = layout.slots.iter().map(|slot| slot.layer).collect();
        by_layer::keep(&mut numbers, &mut layout.slots, layers)?;
    }
    let (recording, said) = Recording::new(contents, path, &layout, reading)?;
    layout.warnings.extend(said);
    Ok(Opened { activations: Box::new(recording), notes: layout.notes, warnings: layout.warnings })
}

/// Distances between stimuli that are written as upper triangles row by row, `n(n - 1)/2` numbers (`SciPy`'s `pdist`), in NumPy's
/// files; `None` for what has others.
fn distances(path: &Path, layers: Option<&[usize]>, reading: &Reading) -> Result<Option<Opened>> {
    let (true, Some(n), true) = (reading.distances, reading.n_stimuli, reading.arrays.is_empty()) else {
        return Ok(None);
    };
    let Some((names, matrices)) = triangles(path, n)? else { return Ok(None) };
    let mut matrices: Vec<_> = matrices.into_iter().map(Some).collect();
    let order = in_order(&names, path)?;
    let numbers = order.iter().map(|&(_, layer)| layer).collect();
    let matrices = order.iter().filter_map(|&(at, _)| matrices[at].take()).collect();
    let all = Activations::new(numbers, matrices, Provenance::default())?;
    let activations = match layers {
        Some(layers) => all.select(layers)?,
        None => all,
    };
    Ok(Some(Opened { activations: Box::new(activations), notes: Vec::new(), warnings: Vec::new() }))
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::super::{Error, Pooling, Transform};
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
            ..Provenance::default()
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
