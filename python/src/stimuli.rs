//! Stimuli: sentences and features.

use std::path::PathBuf;
use std::sync::Arc;

use mlem_probe::grammar::Drawn;
use mlem_probe::stimuli::{self, Feature, FeatureTable, Source, Values};
use pyo3::prelude::*;

use crate::commands::{generate, inputs};
use crate::errors::given;
use crate::frames::{Column, Frame};
use crate::lent::Lent;
use crate::options::{GenerateOptions, ReadOptions, parse};
use crate::work::work;

/// Sentences, the spans of their slots, and typed features.
#[pyclass(frozen, module = "mlem_probe._native")]
pub struct Stimuli(pub Arc<stimuli::Stimuli>);

#[pymethods]
impl Stimuli {
    /// The stimuli of a grammar, as `probe generate` draws them under the options `words`.
    #[staticmethod]
    fn generate(py: Python<'_>, words: Vec<String>, report: Option<Py<PyAny>>) -> PyResult<Self> {
        let options: GenerateOptions = given(py, parse(&words))?;
        let draw =
            move |progress: &dyn mlem_probe::progress::Progress| generate::draw(&options.args, progress);
        let Drawn { stimuli, .. } = work(py, None, report.as_ref(), draw)?;
        Ok(Self(Arc::new(stimuli)))
    }

    /// The stimuli in the table at `path`, read under the options `words`.
    #[staticmethod]
    fn read(py: Python<'_>, path: PathBuf, words: Vec<String>, report: Option<Py<PyAny>>) -> PyResult<Self> {
        let options: ReadOptions = given(py, parse(&words))?;
        let stimuli =
            work(py, None, report.as_ref(), move |progress| inputs::read(&path, &options.table, progress))?;
        Ok(Self(Arc::new(stimuli)))
    }

    /// Stimuli of `columns`, each `(name, kind, values)`: `numeric` with numbers, `categorical` with names, or `distances` with a
    /// matrix; `None` is missing.
    #[staticmethod]
    fn of_columns(
        py: Python<'_>,
        n_stimuli: usize,
        columns: Vec<(String, String, Bound<'_, PyAny>)>,
        sentences: Option<Vec<String>>,
    ) -> PyResult<Self> {
        let mut features = Vec::with_capacity(columns.len());
        for (name, kind, values) in columns {
            features.push(match kind.as_str() {
                "numeric" => given(py, Feature::numeric(&name, values.extract()?))?,
                "distances" => given(py, Feature::distances(&name, Lent::new(&values)?.view()))?,
                _ => Feature::categorical(&name, &values.extract::<Vec<Option<String>>>()?),
            });
        }
        let table = given(py, FeatureTable::new(n_stimuli, features))?;
        Ok(Self(Arc::new(match sentences {
            Some(sentences) => given(py, stimuli::Stimuli::new(sentences, table))?,
            None => stimuli::Stimuli::without_sentences(table),
        })))
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    /// The sentences, if there are any.
    #[getter]
    fn sentences(&self) -> Option<Vec<&str>> {
        Some(self.0.sentences().ok()?.iter().map(String::as_str).collect())
    }

    /// The names of the features, each with its kind: `numeric`, `categorical` or `distances`.
    #[getter]
    fn kinds(&self) -> Vec<(&str, &'static str)> {
        let kind = |feature: &Feature| match feature.values() {
            Values::Numeric(_) => "numeric",
            Values::Categorical { .. } => "categorical",
            Values::Distances(_) => "distances",
        };
        self.0.features().iter().map(|feature| (feature.name(), kind(feature))).collect()
    }

    /// The features that have values, as columns.
    #[getter]
    fn features(&self) -> Frame {
        let columns = self.0.features().iter().filter_map(|feature| {
            let column = match feature.values() {
                Values::Numeric(values) => Column::Float(values.clone()),
                Values::Categorical { levels, codes } => {
                    let level = |code: &Option<u32>| code.map(|code| levels[code as usize].clone());
                    Column::Text(codes.iter().map(level).collect())
                }
                Values::Distances(_) => return None,
            };
            Some((feature.name().to_owned(), column))
        });
        Frame { columns: columns.collect() }
    }

    /// The names of the slots whose places are known.
    #[getter]
    fn slots(&self) -> Vec<String> {
        self.0.slots().to_vec()
    }

    /// Where each slot stands in each sentence, `(start, end)` as `str` is sliced, or `None`: a list per stimulus, in the order of
    /// [`Stimuli::slots`].
    #[getter]
    fn spans(&self) -> Vec<Vec<Option<(u32, u32)>>> {
        let ends = |span: &Option<stimuli::Span>| span.map(|span| (span.start, span.end));
        (0..self.0.len()).map(|row| self.0.spans(row).iter().map(ends).collect()).collect()
    }

    /// The grammar that they are of, if they are of one.
    #[getter]
    fn grammar(&self) -> Option<String> {
        let Source { grammar, .. } = self.0.source();
        grammar.clone()
    }

    /// The stimuli at `rows`, in that order.
    fn select(&self, rows: Vec<usize>) -> Self {
        Self(Arc::new(self.0.select(&rows)))
    }

    /// Writes them as CSV, with their types and spans beside it.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        given(py, self.0.write(&path)).map(drop)
    }
}
