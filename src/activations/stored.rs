//! Activations in a file, of which only what is asked for is read.

use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};

use ndarray::{Array2, CowArray, Ix2};

use super::by_layer::{self, ByLayer};
use super::error::{Error, Result};
use super::formats::{Place, safetensors};
use super::provenance::Provenance;
use crate::files;

/// Activations in an open file: a layer is read, and its numbers checked, each time it is asked for. What becomes of the name of
/// the file meanwhile makes no difference.
#[derive(Debug)]
pub struct Stored {
    file: File,
    /// The file's name for messages.
    path: PathBuf,
    layers: Vec<usize>,
    n_stimuli: usize,
    /// Where the matrix of each of `layers` stands.
    places: Vec<Place>,
    provenance: Provenance,
}

impl Stored {
    /// The safetensors file that stands in `range` of `file`.
    pub(crate) fn open_safetensors(file: File, range: Range<u64>, path: &Path) -> Result<Self> {
        let (layers, places, provenance) = safetensors::places(&file, range, path)?;
        Self::new(file, path.to_owned(), layers, places, provenance)
    }

    pub(super) fn new(
        file: File,
        path: PathBuf,
        layers: Vec<usize>,
        places: Vec<Place>,
        provenance: Provenance,
    ) -> Result<Self> {
        let sizes: Vec<_> = places.iter().map(|place| (place.rows, place.columns)).collect();
        by_layer::check(&layers, &sizes)?;
        let n_stimuli = places.first().map_or(0, |place| place.rows);
        Ok(Self { file, path, layers, n_stimuli, places, provenance })
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
        by_layer::keep(&mut self.layers, &mut self.places, layers)?;
        Ok(self)
    }
}

impl ByLayer for Stored {
    fn layers(&self) -> &[usize] {
        &self.layers
    }

    fn n_stimuli(&self) -> usize {
        self.n_stimuli
    }

    fn width(&self, index: usize) -> usize {
        self.places[index].columns
    }

    fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    fn rows(&self, index: usize, rows: Range<usize>) -> Result<CowArray<'_, f32, Ix2>> {
        let Place { offset, columns, number, .. } = self.places[index];
        let failed = |source| Error::Files(files::Error::Read { path: self.path.clone(), source });
        let start = offset + (rows.start * columns * number.bytes()) as u64;
        let values =
            files::tensors::numbers(&self.file, start, number, rows.len() * columns).map_err(failed)?;
        if let Some(at) = values.iter().position(|value| !value.is_finite()) {
            let (stimulus, unit) = (rows.start + at / columns, at % columns);
            let on_diagonal = values[at].is_nan() && columns == self.n_stimuli && stimulus == unit;
            let (layer, value) = (self.layers[index], values[at]);
            return Err(Error::NotFinite { layer, stimulus, unit, value, on_diagonal });
        }
        let shaped = Array2::from_shape_vec((rows.len(), columns), values)
            .map_err(|error| Error::Format { path: self.path.clone(), message: error.to_string() })?;
        Ok(shaped.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activations::Activations;

    /// A `.npy` of f64 that is read in several pieces.
    fn large(change: impl Fn(&mut Vec<f64>)) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large.npy");
        let mut values: Vec<f64> = (0..2 * 700 * 211).map(|i| f64::from(i) / 7.0).collect();
        change(&mut values);
        let mut bytes = super::super::formats::npy::header(
            &super::super::Shape { layers: vec![0, 1], n_stimuli: 700, widths: vec![211; 2] },
            &path,
        )
        .unwrap();
        let kind = bytes.windows(3).position(|three| three == b"<f4").unwrap();
        bytes[kind + 2] = b'8';
        bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        std::fs::write(&path, bytes).unwrap();
        (folder, path)
    }

    #[test]
    fn pieces_and_rows_are_where_they_belong() {
        let (_folder, path) = large(|_| ());
        let stored = super::super::open(&path, None).unwrap();
        let whole = Activations::read(&path).unwrap();
        for layer in 0..2 {
            assert_eq!(stored.layer(layer).unwrap(), whole.matrix(layer));
            assert_eq!(
                stored.rows(layer, 650..700).unwrap(),
                whole.matrix(layer).slice(ndarray::s![650..700, ..])
            );
            assert_eq!(stored.rows(layer, 3..3).unwrap().dim(), (0, 211));
        }
        assert_eq!(whole.matrix(1)[[699, 210]], (f64::from(2 * 700 * 211 - 1) / 7.0) as f32);
    }

    #[test]
    fn what_is_no_number_is_named_when_its_rows_are_read() {
        let (_folder, path) = large(|values| values[700 * 211 + 650 * 211 + 5] = f64::NAN);
        let stored = super::super::open(&path, None).unwrap();
        assert!(stored.layer(0).is_ok() && stored.rows(1, 0..650).is_ok());
        for error in [stored.layer(1).unwrap_err(), stored.rows(1, 650..651).unwrap_err()] {
            assert_eq!(error.to_string(), "layer 1, stimulus 650: unit 5 is NaN");
        }
    }

    #[test]
    fn a_file_that_shrinks_is_an_error_with_its_name() {
        let (_folder, path) = large(|_| ());
        let stored = super::super::open(&path, None).unwrap();
        File::options().write(true).open(&path).unwrap().set_len(1000).unwrap();
        let error = stored.layer(1).unwrap_err().to_string();
        assert!(error.starts_with(&format!("cannot read {}", path.display())), "{error}");
    }
}
