//! Runs: a fit as `probe fit` makes it, and what is in a run directory.
//!
//! A run is made in a temporary folder by the code that makes run directories, and its files are then held in memory: so the
//! tables of a run are those of its directory, byte by byte, and a run outlives any folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use mlem_probe::activations::{self, Beside, Destination, MeanOf, Transform, check_repeat};
use mlem_probe::extract::columns;
use mlem_probe::files;
use mlem_probe::profile::EstimatorName;
use mlem_probe::report::export::{self, Format};
use mlem_probe::report::names::FeatureNames;
use mlem_probe::report::page::Input;
use mlem_probe::rundir::{Finished, Fit, PAGE, RECORD, RunDir, Saved};
use mlem_probe::stimuli::confounds::Confounds;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::activations::{Activations, Chosen};
use crate::args::FigureArgs;
use crate::commands::inputs::Layers;
use crate::commands::{averages, finish, fit, inputs};
use crate::errors::{self, given};
use crate::failure::{Failure, Result};
use crate::folders::Folder;
use crate::frames::Frame;
use crate::options::{FitOptions, parse};
use crate::stimuli::Stimuli;
use crate::work::work;

/// The files of a run, and what stands in them.
#[pyclass(frozen, module = "mlem_probe._native")]
pub struct Run {
    files: BTreeMap<String, Vec<u8>>,
    finished: Arc<Finished>,
    /// With the features called what they are for display, where that is another name.
    shown: Arc<Finished>,
}

#[pymethods]
impl Run {
    /// Fits the features of `stimuli` to recordings of activations, of which the first is what `probe fit` calls ACTIVATIONS and
    /// the others are repeats, under the options `words`. `names` are those of the stimuli and of the activations, for the record.
    #[staticmethod]
    fn fit(
        py: Python<'_>,
        stimuli: PyRef<'_, Stimuli>,
        recordings: Vec<PyRef<'_, Activations>>,
        names: (String, Option<String>),
        words: Vec<String>,
        threads: Option<usize>,
        report: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let options: FitOptions = given(py, parse(&words))?;
        let stimuli = (*stimuli.0).clone();
        let warnings = recordings.iter().flat_map(|recording| recording.warnings.clone()).collect();
        let recordings = recordings.iter().map(|recording| Arc::clone(&recording.layers)).collect();
        work(py, threads, report.as_ref(), move |progress| {
            let folder = Folder::new()?;
            let dir = RunDir::at(folder.path());
            let fit = Fitting { options, names, warnings }.begin(stimuli, recordings, &dir, progress)?;
            let (fit, FitOptions { estimator, seed, feature_names, .. }) = fit;
            let figures = FigureArgs { feature_names, ..FigureArgs::default() };
            let finished = finish::finish(fit, (&estimator, seed), (&dir, &figures), None, progress)?;
            let files = files_in(folder.path())?;
            let shown = match &figures.feature_names {
                None => finished.clone(),
                Some(path) => {
                    let Finished { profile, record, stimuli, geometry, units, controls, dimensions } =
                        &finished;
                    let names = FeatureNames::read(path, &stimuli.features().names())?;
                    let controls = names.of_controls(controls, &stimuli.features().names());
                    let (profile, record, stimuli) = names.apply(profile, record, stimuli)?;
                    let (geometry, units, dimensions) = (geometry.clone(), units.clone(), dimensions.clone());
                    Finished { profile, record, stimuli, geometry, units, controls, dimensions }
                }
            };
            Ok(Self { files, finished: Arc::new(finished), shown: Arc::new(shown) })
        })
    }

    /// The run in the run directory at `path`; says what of it is not as it was written.
    #[staticmethod]
    fn read(py: Python<'_>, path: PathBuf, report: Option<Py<PyAny>>) -> PyResult<Self> {
        work(py, None, report.as_ref(), move |progress| {
            let Saved { mut record, profile, stimuli, geometry, controls, dimensions, doubts, .. } =
                RunDir::at(&path).read()?;
            for doubt in doubts {
                progress.warn(&format!("{}: {doubt}", path.display()));
                record.warnings.push(doubt.to_string());
            }
            let finished =
                Arc::new(Finished { profile, record, stimuli, geometry, units: None, controls, dimensions });
            Ok(Self { files: files_in(&path)?, shown: Arc::clone(&finished), finished })
        })
    }

    /// The run of `files`, which [`Run::files`] gave.
    #[staticmethod]
    fn of_files(py: Python<'_>, files: BTreeMap<String, Vec<u8>>) -> PyResult<Self> {
        let folder = given(py, Folder::new())?;
        given(py, write_into(folder.path(), &files))?;
        Self::read(py, folder.path().to_owned(), None)
    }

    /// The files of the run directory, by name.
    #[getter]
    fn files<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let files = PyDict::new(py);
        for (name, bytes) in &self.files {
            files.set_item(name, PyBytes::new(py, bytes))?;
        }
        Ok(files)
    }

    /// The names of the tables that it has.
    #[getter]
    fn tables(&self) -> Vec<&str> {
        self.files.keys().filter_map(|name| name.strip_suffix(".csv")).collect()
    }

    /// The table called `name`, if it has it.
    fn table(&self, py: Python<'_>, name: &str) -> PyResult<Option<Frame>> {
        let Some(bytes) = self.files.get(&format!("{name}.csv")) else { return Ok(None) };
        let read = Frame::of_csv(bytes);
        read.map(Some).map_err(|error| errors::internal(py, &format!("{name}.csv: {error}")))
    }

    /// The stimuli that were fitted.
    #[getter]
    fn stimuli(&self) -> Stimuli {
        Stimuli(Arc::new(self.finished.stimuli.clone()))
    }

    /// The figures as files of `format`, all or the one called `name` (without its ending).
    #[pyo3(signature = (format, name=None))]
    fn figures(
        &self,
        py: Python<'_>,
        format: &str,
        name: Option<&str>,
    ) -> PyResult<Vec<(String, Py<PyBytes>)>> {
        let Some(format) = Format::ALL.into_iter().find(|known| known.extension() == format) else {
            let failure =
                Failure::usage(format!("`{format}` is no format of figures"), "ask for svg, png or pdf");
            return Err(errors::exception(py, &failure));
        };
        let shown = Arc::clone(&self.shown);
        let wanted = name.map(str::to_owned);
        let files = work(py, None, None, move |_| {
            let Finished { profile, record, stimuli, geometry, controls, dimensions, .. } = &*shown;
            let correlations = Confounds::of(stimuli.features()).matrix();
            let (run, geometry) = (record, geometry.as_ref());
            let correlations = &correlations;
            let input =
                Input { profile, run, stimuli, correlations, geometry, controls, dimensions, files: &[] };
            let mut drawn = export::figures(input, &[Format::Svg])?;
            drawn.retain(|file| wanted.as_ref().is_none_or(|wanted| file.name == format!("{wanted}.svg")));
            Ok(match format {
                Format::Svg => drawn,
                _ if drawn.is_empty() => drawn,
                format => {
                    let mut all = export::figures(input, &[format])?;
                    let ending = format!(".{}", format.extension());
                    all.retain(|file| {
                        let name = file.name.strip_suffix(&ending).unwrap_or(&file.name);
                        wanted.as_ref().is_none_or(|wanted| name == wanted)
                    });
                    all
                }
            })
        })?;
        Ok(files.into_iter().map(|file| (file.name, PyBytes::new(py, &file.bytes).unbind())).collect())
    }

    /// Makes `path` the run's directory; another run there is replaced with `force` alone.
    fn save(&self, py: Python<'_>, path: PathBuf, force: bool) -> PyResult<()> {
        let (files, finished) = (self.files.clone(), Arc::clone(&self.finished));
        work(py, None, None, move |_| {
            let mut dir = RunDir::at(&path);
            let _claimed = dir.claim()?;
            let _also = finish::settle(&mut dir, &finished.record, false, force)?;
            // Nothing of what was there is to lie beside this run.
            dir.forget()?;
            Ok(write_into(dir.path(), &files)?)
        })
    }
}

impl Run {
    /// Writes the files into `folder`.
    ///
    /// # Errors
    ///
    /// One cannot be written.
    pub fn write(&self, folder: &Path) -> std::result::Result<(), files::Error> {
        write_into(folder, &self.files)
    }
}

/// A fit that is to begin.
struct Fitting {
    options: FitOptions,
    names: (String, Option<String>),
    /// What was warned of when the activations were read.
    warnings: Vec<String>,
}

impl Fitting {
    fn begin(
        self,
        mut stimuli: mlem_probe::stimuli::Stimuli,
        recordings: Vec<Layers>,
        dir: &RunDir,
        progress: &dyn mlem_probe::progress::Progress,
    ) -> Result<(Fit, FitOptions)> {
        let Self { options, names: (source, file), mut warnings } = self;
        let begun = Instant::now();
        options.transforms.check(options.estimator.distance)?;
        if options.estimator.are_several() {
            let hint = "fit one at a time";
            return Err(Failure::usage("estimator= takes one estimator here, and several were given", hint));
        }
        if recordings.len() > 1 && options.estimator.first() != EstimatorName::Mlem {
            let hint = "leave it out, or choose the estimator that has it";
            return Err(Failure::usage("--repeats is an option of --estimator mlem", hint));
        }
        let mut repeats: Vec<Layers> = Vec::new();
        for (k, recording) in (0..).zip(recordings) {
            let layers = match &options.layers {
                Some(layers) => Some(layers.of(recording.layers()).map_err(|message| {
                    let hint = "layers have the numbers that they were given, or are counted from the end: -1 is the last";
                    Failure::usage(message, hint)
                })?),
                None => None,
            };
            let layers = layers.as_deref();
            // Noise is drawn anew for each recording.
            let steps = options.transforms.steps(options.seed.wrapping_add(k));
            let out = Destination::Temporary(dir.path());
            // Units are counted before any is left out, and here it is too late for that.
            let some_left_out =
                || (0..recording.layers().len()).any(|index| !recording.left_out(index).is_empty());
            if matches!(steps.first(), Some(Transform::Units(_))) && some_left_out() {
                let message = "--units counts units of which some are left out already: they are NaN for every stimulus";
                return Err(Failure::usage(message, "give units= to Activations.open(), in its place"));
            }
            let recording: Layers = match layers {
                _ if !steps.is_empty() => {
                    let columns = columns(stimuli.features(), &steps);
                    let beside = Beside { columns: &columns, ..Beside::default() };
                    Arc::new(activations::transform(&*recording, &steps, layers, beside, progress, out)?)
                }
                Some(layers) => Arc::new(Chosen::of(recording, layers)?),
                None => recording,
            };
            if let Some(first) = repeats.first() {
                check_repeat(&*recording, &**first)?;
            }
            repeats.push(recording);
        }
        let mut activations: Layers = match &repeats[..] {
            [] => return Err(Failure::usage("no activations to fit to", "give one recording at least")),
            [_] => repeats.remove(0),
            _ => Arc::new(MeanOf::new(repeats.clone())?),
        };
        let called = (file.as_deref().unwrap_or("the activations"), source.as_str());
        warnings.extend(fit::other_stimuli(activations.provenance(), &stimuli, called, progress));
        let mut differing = Vec::new();
        averages::require_partitions(&options.estimator, repeats.len().max(1))?;
        let joined = averages::average(&stimuli, &options.estimator, progress)?;
        let means = joined.map(|joined| {
            (stimuli, differing) = (joined.stimuli, joined.differing);
            warnings.extend(joined.warnings);
            joined.means
        });
        (activations, repeats) =
            averages::apply(activations, repeats, means.as_ref(), options.estimator.distance)?;
        let structure = options.transforms.structure();
        let of = (&options.estimator, options.seed);
        warnings.extend(inputs::choose_features(&mut stimuli, of, (&structure, &differing), progress)?);
        let fit = Fit {
            command: Vec::new(),
            model: fit::model_of(activations.provenance()),
            source,
            stimuli,
            activations,
            repeats,
            file,
            control: None,
            seconds: BTreeMap::from([("read".to_owned(), begun.elapsed().as_secs_f64())]),
            warnings,
        };
        Ok((fit, options))
    }
}

/// The files that lie in `folder`.
fn files_in(folder: &Path) -> std::result::Result<BTreeMap<String, Vec<u8>>, files::Error> {
    let failed = |source| files::Error::Read { path: folder.to_owned(), source };
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_own = name.ends_with(".csv") || [RECORD, PAGE, "stimuli.json"].contains(&name.as_str());
        if is_own && entry.path().is_file() {
            all.insert(name, files::read(&entry.path())?);
        }
    }
    Ok(all)
}

/// Writes `files` into `folder`; the record last, for it says what is there.
fn write_into(folder: &Path, files: &BTreeMap<String, Vec<u8>>) -> std::result::Result<(), files::Error> {
    let (record, others): (Vec<_>, Vec<_>) = files.iter().partition(|(name, _)| *name == RECORD);
    others.into_iter().chain(record).try_for_each(|(name, bytes)| files::write(&folder.join(name), bytes))
}
