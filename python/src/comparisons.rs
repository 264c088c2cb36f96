//! Runs against each other, as `probe compare` has it.

use std::sync::Arc;

use mlem_probe::compare::{self, COMPARISON, Error, Params, Representation, stimuli_sample};
use mlem_probe::files;
use mlem_probe::report::compare as drawn;
use mlem_probe::report::export::Format;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::activations::Activations;
use crate::args::list;
use crate::commands::compare::{Asked, PAGE, compare_runs, distance, read};
use crate::commands::inputs::Layers;
use crate::errors::{self, given};
use crate::failure::Result;
use crate::folders::Folder;
use crate::frames::Frame;
use crate::options::{CompareOptions, parse};
use crate::runs::Run;
use crate::stimuli::Stimuli;
use crate::work::work;

/// A comparison.
#[pyclass(frozen, module = "mlem_probe._native")]
pub struct Comparison {
    comparison: compare::Comparison,
    table: Vec<u8>,
    page: String,
}

#[pymethods]
impl Comparison {
    /// Compares `runs`, which are called `names` in messages, under the options `words`; their layers too, where there are
    /// `activations`, of one each. `models`: a table of the models, names in the place of sentences, and what messages call it; the
    /// options then have some `--metadata`, which is not read.
    #[new]
    fn new(
        py: Python<'_>,
        runs: Vec<PyRef<'_, Run>>,
        names: Vec<String>,
        activations: Vec<PyRef<'_, Activations>>,
        words: Vec<String>,
        models: Option<(PyRef<'_, Stimuli>, String)>,
        report: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let models = models.map(|(table, called)| (Arc::clone(&table.0), called));
        let folder = given(py, Folder::new())?;
        let mut all = words;
        all.push("--".to_owned());
        for (run, name) in runs.iter().zip(names) {
            let place = folder.path().join(name);
            given(py, run.write(&place))?;
            all.push(place.to_string_lossy().into_owned());
        }
        let CompareOptions { args } = given(py, parse(&all))?;
        let activations: Vec<Layers> =
            activations.iter().map(|activations| Arc::clone(&activations.layers)).collect();
        work(py, None, report.as_ref(), move |progress| {
            let out = folder.path().join("comparison");
            let params = Params { draws: args.draws, seed: args.seed, order: args.order };
            let runs = read(&args.runs)?;
            let kept = representations(&runs, &activations, (args.layer_stimuli, args.seed))?;
            let table = models.as_ref().map(|(table, called)| (&**table, called.as_str()));
            let labels = list::all(&args.labels);
            let asked = Asked { labels: &labels, metadata: Some(&args.metadata), table, params };
            let comparison = compare_runs(runs, &kept, asked, &out, progress)?;
            let page = files::read(&out.join(PAGE))?;
            let page = String::from_utf8_lossy(&page).into_owned();
            Ok(Self { comparison, table: files::read(&out.join(COMPARISON))?, page })
        })
    }

    /// `comparison.csv`.
    #[getter]
    fn table(&self, py: Python<'_>) -> PyResult<Frame> {
        Frame::of_csv(&self.table).map_err(|error| errors::internal(py, &error.to_string()))
    }

    /// `metadata.csv`, where models were fitted by their metadata.
    #[getter]
    fn metadata(&self, py: Python<'_>) -> PyResult<Option<Frame>> {
        let table = self.comparison.metadata.as_ref().map(|metadata| Frame::of_csv(&metadata.to_csv()));
        table.transpose().map_err(|error| errors::internal(py, &error.to_string()))
    }

    /// `metadata.csv` as it is.
    #[getter]
    fn metadata_csv<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        self.comparison.metadata.as_ref().map(|metadata| PyBytes::new(py, &metadata.to_csv()))
    }

    /// `comparison.csv` as it is.
    #[getter]
    fn csv<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.table)
    }

    /// The page.
    #[getter]
    fn page(&self) -> &str {
        &self.page
    }

    /// What a user should know.
    #[getter]
    fn warnings(&self) -> Vec<String> {
        let of_models = self.comparison.metadata.iter().flat_map(|metadata| &metadata.fit.warnings);
        self.comparison.warnings.iter().map(ToString::to_string).chain(of_models.cloned()).collect()
    }

    /// The figures as files of `format`.
    fn figures(&self, py: Python<'_>, format: &str) -> PyResult<Vec<(String, Py<PyBytes>)>> {
        let formats: Vec<Format> =
            Format::ALL.into_iter().filter(|known| known.extension() == format).collect();
        let files = given(py, drawn::figures(&self.comparison, &formats))?;
        Ok(files.into_iter().map(|file| (file.name, PyBytes::new(py, &file.bytes).unbind())).collect())
    }
}

/// What is kept of the activations of each run, of at most `most` stimuli, drawn under `seed`.
fn representations(
    runs: &[compare::Run],
    activations: &[Layers],
    (most, seed): (usize, u64),
) -> Result<Vec<Option<Representation>>> {
    let mut all = Vec::with_capacity(activations.len());
    for (run, activations) in runs.iter().zip(activations) {
        let first = &runs[0];
        if run.record.stimuli.hash != first.record.stimuli.hash {
            return Err(Error::OtherStimuli { a: first.folder.clone(), b: run.folder.clone() }.into());
        }
        let (found, expected) = (activations.n_stimuli(), run.record.stimuli.n_stimuli);
        if found != expected {
            let (file, folder) = ("the activations".to_owned(), run.folder.clone());
            return Err(Error::Rows { file, folder, found, expected }.into());
        }
        let rows = stimuli_sample(found, most, seed);
        all.push(Some(Representation::of(&**activations, &rows, distance(&run.record))?));
    }
    Ok(all)
}
