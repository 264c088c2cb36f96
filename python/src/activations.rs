//! Activations, of which one layer at a time is looked at, wherever they lie.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use mlem_probe::activations::{self, ByLayer, Destination, Error, Provenance};
use ndarray::{CowArray, Ix2};
use pyo3::prelude::*;

use crate::commands::inputs::Layers;
use crate::commands::{extract, model};
use crate::errors::given;
use crate::failure::Failure;
use crate::folders::Folder;
use crate::lent::{Lent, Matrix};
use crate::options::{ExtractOptions, parse};
use crate::stimuli::Stimuli;
use crate::work::work;

/// One matrix per layer.
#[pyclass(frozen, module = "mlem_probe._native")]
pub struct Activations(pub Layers);

#[pymethods]
impl Activations {
    /// Those of `matrices`, `(layer, NumPy array)` ascending, which are read where they lie; of `stimuli`, where they are known.
    #[new]
    fn new(
        py: Python<'_>,
        matrices: Vec<(usize, Bound<'_, PyAny>)>,
        stimuli: Option<PyRef<'_, Stimuli>>,
    ) -> PyResult<Self> {
        let mut layers = Vec::with_capacity(matrices.len());
        let mut lent = Vec::with_capacity(matrices.len());
        for (layer, array) in matrices {
            layers.push(layer);
            lent.push(Lent::new(&array)?);
        }
        let stimuli_hash = stimuli.map(|stimuli| stimuli.0.hash());
        let held = Held { layers, lent, provenance: Provenance { stimuli_hash, ..Provenance::default() } };
        given(py, held.check())?;
        Ok(Self(Arc::new(held)))
    }

    /// Those in the file at `path`, of which one layer at a time is read.
    #[staticmethod]
    fn open(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        given(py, activations::open(&path, None)).map(|open| Self(open.into()))
    }

    /// Those that a model has of `stimuli`, as `probe extract` takes them under the options `words`.
    #[staticmethod]
    fn extract(
        py: Python<'_>,
        stimuli: PyRef<'_, Stimuli>,
        words: Vec<String>,
        threads: Option<usize>,
        report: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let ExtractOptions { model, extract, transforms, seed } = given(py, parse(&words))?;
        let stimuli = Arc::clone(&stimuli.0);
        let taken = work(py, threads, report.as_ref(), move |progress| {
            if model.models().len() > 1 || model.revision.len() > 1 {
                let message = "one set of activations cannot be of several models or revisions";
                return Err(Failure::usage(message, "extract each on its own"));
            }
            stimuli.sentences()?;
            let revision = model.revision.first().map(String::as_str);
            let (checkpoint, options) = model::find(&model.model, &model, revision, progress)?;
            let folder = Folder::new()?;
            let (steps, out) = (transforms.steps(seed), Destination::Temporary(folder.path()));
            extract::take(&stimuli, &checkpoint, &options, &extract, &steps, out, progress)
        })?;
        Ok(Self(Arc::new(taken.activations)))
    }

    /// The layers, ascending.
    #[getter]
    fn layers(&self) -> Vec<usize> {
        self.0.layers().to_vec()
    }

    /// How many stimuli.
    #[getter]
    fn n_stimuli(&self) -> usize {
        self.0.n_stimuli()
    }

    /// How many units the layer at position `index` has.
    fn width(&self, index: usize) -> usize {
        self.0.width(index)
    }

    /// What they are activations of, as JSON.
    #[getter]
    fn provenance(&self) -> String {
        serde_json::to_string(self.0.provenance()).unwrap_or_default()
    }

    /// The layer at position `index`, read into memory.
    fn matrix(&self, py: Python<'_>, index: usize) -> PyResult<Matrix> {
        let read = py.detach(|| self.0.layer(index).map(CowArray::into_owned));
        given(py, read).map(Matrix)
    }

    /// Writes them to `path`: `.safetensors`, or `.npy`.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        let written = py.detach(|| activations::write(&*self.0, Destination::File(&path)));
        given(py, written).map(drop)
    }
}

/// Matrices of NumPy arrays.
struct Held {
    layers: Vec<usize>,
    lent: Vec<Lent>,
    provenance: Provenance,
}

impl Held {
    /// Refuses layers that do not go together.
    fn check(&self) -> Result<(), Error> {
        let Self { layers, lent, .. } = self;
        let (Some(&first), Some(held)) = (layers.first(), lent.first()) else { return Err(Error::NoLayers) };
        let expected = held.view().nrows();
        for (&layer, lent) in layers.iter().zip(lent) {
            let (rows, columns) = lent.view().dim();
            if rows == 0 || columns == 0 {
                return Err(Error::Empty { layer, rows, columns });
            }
            if rows != expected {
                return Err(Error::RowCounts { layer, found: rows, first, expected });
            }
        }
        Ok(())
    }
}

impl ByLayer for Held {
    fn layers(&self) -> &[usize] {
        &self.layers
    }

    fn n_stimuli(&self) -> usize {
        self.lent.first().map_or(0, |lent| lent.view().nrows())
    }

    fn width(&self, index: usize) -> usize {
        self.lent[index].view().ncols()
    }

    fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    fn rows(&self, index: usize, rows: Range<usize>) -> Result<CowArray<'_, f32, Ix2>, Error> {
        let begin = rows.start;
        let matrix = self.lent[index].view().slice_move(ndarray::s![rows, ..]);
        for (row, values) in matrix.outer_iter().enumerate() {
            if let Some(unit) = values.iter().position(|value| !value.is_finite()) {
                let (layer, value, stimulus) = (self.layers[index], values[unit], begin + row);
                let on_diagonal = self.lent[index].view().is_square() && stimulus == unit;
                return Err(Error::NotFinite { layer, stimulus, unit, value, on_diagonal });
            }
        }
        Ok(matrix.into())
    }
}

/// Some of the layers of others.
pub struct Chosen {
    all: Layers,
    layers: Vec<usize>,
    places: Vec<usize>,
}

impl Chosen {
    /// `layers` of `all`, ascending and each once.
    ///
    /// # Errors
    ///
    /// One of them is not there.
    pub fn of(all: Layers, layers: &[usize]) -> Result<Self, Error> {
        let mut layers = layers.to_vec();
        layers.sort_unstable();
        layers.dedup();
        let place = |&layer: &usize| {
            let found = all.layers().binary_search(&layer);
            found.map_err(|_| Error::NoSuchLayer { layer, layers: all.layers().to_vec() })
        };
        let places = layers.iter().map(place).collect::<Result<_, _>>()?;
        Ok(Self { all, layers, places })
    }
}

impl ByLayer for Chosen {
    fn layers(&self) -> &[usize] {
        &self.layers
    }

    fn n_stimuli(&self) -> usize {
        self.all.n_stimuli()
    }

    fn width(&self, index: usize) -> usize {
        self.all.width(self.places[index])
    }

    fn provenance(&self) -> &Provenance {
        self.all.provenance()
    }

    fn rows(&self, index: usize, rows: Range<usize>) -> Result<CowArray<'_, f32, Ix2>, Error> {
        self.all.rows(self.places[index], rows)
    }
}
