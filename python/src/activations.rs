//! Activations, of which one layer at a time is looked at, wherever they lie.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use mlem_probe::activations::{self, ByLayer, Destination, Error, Opened, Provenance, Reading};
use mlem_probe::extract::columns;
use ndarray::{CowArray, Ix2};
use pyo3::prelude::*;

use crate::commands::inputs::Layers;
use crate::commands::{extract, model};
use crate::errors::given;
use crate::failure::Failure;
use crate::folders::Folder;
use crate::lent::{Lent, Matrix};
use crate::options::{ExtractOptions, OpenOptions, parse};
use crate::stimuli::Stimuli;
use crate::work::work;

/// One matrix per layer.
#[pyclass(frozen, module = "mlem_probe._native")]
pub struct Activations {
    pub layers: Layers,
    /// What was warned of when they were read, for the record of a run.
    pub warnings: Vec<String>,
}

impl Activations {
    fn of(layers: Layers) -> Self {
        Self { layers, warnings: Vec::new() }
    }
}

#[pymethods]
impl Activations {
    /// Those of `matrices`, `(layer, NumPy array)` ascending, which are read where they lie; of `stimuli`, where they are known.
    /// `arrays` are the names that the arrays had, by layer, and `labels` what layers are called that are no numbers.
    #[new]
    fn new(
        py: Python<'_>,
        matrices: Vec<(usize, Bound<'_, PyAny>)>,
        arrays: BTreeMap<usize, String>,
        labels: BTreeMap<usize, String>,
        stimuli: Option<PyRef<'_, Stimuli>>,
    ) -> PyResult<Self> {
        let mut layers = Vec::with_capacity(matrices.len());
        let mut lent = Vec::with_capacity(matrices.len());
        for (layer, array) in matrices {
            layers.push(layer);
            lent.push(Lent::new(&array)?);
        }
        let stimuli_hash = stimuli.map(|stimuli| stimuli.0.hash());
        let provenance = Provenance { stimuli_hash, arrays, labels, ..Provenance::default() };
        let held = Held { layers, lent, provenance };
        given(py, held.check())?;
        Ok(Self::of(Arc::new(held)))
    }

    /// Those in the file at `path`, of `n_stimuli` where that is known, read under the options `words`; `distances`: whether
    /// matrices are distances between stimuli.
    #[staticmethod]
    fn open(
        py: Python<'_>,
        path: PathBuf,
        words: Vec<String>,
        n_stimuli: Option<usize>,
        distances: bool,
        report: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let OpenOptions { reading, transforms } = given(py, parse(&words))?;
        let units = transforms.units.map(|units| units.as_slice().to_vec());
        let reading = Reading { n_stimuli, distances, units, ..reading.of(n_stimuli.unwrap_or_default()) };
        work(py, None, report.as_ref(), move |progress| {
            let Opened { activations, notes, warnings } = activations::open_as(&path, None, &reading)?;
            notes.iter().for_each(|note| progress.note(note));
            warnings.iter().for_each(|warning| progress.warn(warning));
            Ok(Self { layers: activations.into(), warnings })
        })
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
            let columns = columns(stimuli.features(), &steps);
            extract::take(&stimuli, &checkpoint, &options, &extract, (&steps, &columns), out, progress)
        })?;
        Ok(Self::of(Arc::new(taken.activations)))
    }

    /// The layers, ascending.
    #[getter]
    fn layers(&self) -> Vec<usize> {
        self.layers.layers().to_vec()
    }

    /// How many stimuli.
    #[getter]
    fn n_stimuli(&self) -> usize {
        self.layers.n_stimuli()
    }

    /// How many units the layer at position `index` has.
    fn width(&self, index: usize) -> usize {
        self.layers.width(index)
    }

    /// What they are activations of, as JSON.
    #[getter]
    fn provenance(&self) -> String {
        serde_json::to_string(self.layers.provenance()).unwrap_or_default()
    }

    /// The layer at position `index`, read into memory.
    fn matrix(&self, py: Python<'_>, index: usize) -> PyResult<Matrix> {
        let read = py.detach(|| self.layers.layer(index).map(CowArray::into_owned));
        given(py, read).map(Matrix)
    }

    /// Writes them to `path`: `.safetensors`, or `.npy`.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        let written = py.detach(|| activations::write(&*self.layers, Destination::File(&path)));
        given(py, written).map(drop)
    }
}

/// Which layers arrays called `names` are: their positions in the order of the layers, each with its number, and whether the names
/// are what layers are called (regions of a brain, windows of time).
#[pyfunction]
pub fn layers_of(py: Python<'_>, names: Vec<String>) -> PyResult<(Vec<(usize, usize)>, bool)> {
    given(py, activations::layers_of(&names))
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

    fn left_out(&self, index: usize) -> &[usize] {
        self.all.left_out(self.places[index])
    }

    fn rows(&self, index: usize, rows: Range<usize>) -> Result<CowArray<'_, f32, Ix2>, Error> {
        self.all.rows(self.places[index], rows)
    }
}
