//! Tables by column, for anything that reads Arrow.

use std::sync::Arc;

use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, RecordBatchIterator, StringArray};
use arrow_schema::{DataType, Field, Schema};
use csv::ReaderBuilder;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyList};

use crate::errors;

/// One column.
#[derive(Clone)]
pub enum Column {
    Int(Vec<Option<i64>>),
    Float(Vec<Option<f64>>),
    Text(Vec<Option<String>>),
}

impl Column {
    fn len(&self) -> usize {
        match self {
            Self::Int(values) => values.len(),
            Self::Float(values) => values.len(),
            Self::Text(values) => values.len(),
        }
    }

    fn array(&self) -> ArrayRef {
        match self {
            Self::Int(values) => Arc::new(values.iter().copied().collect::<Int64Array>()),
            Self::Float(values) => Arc::new(values.iter().copied().collect::<Float64Array>()),
            Self::Text(values) => Arc::new(values.iter().map(Option::as_deref).collect::<StringArray>()),
        }
    }

    fn kind(&self) -> DataType {
        match self {
            Self::Int(_) => DataType::Int64,
            Self::Float(_) => DataType::Float64,
            Self::Text(_) => DataType::Utf8,
        }
    }
}

/// Columns with their names, as many values in each.
#[pyclass(frozen, module = "mlem_probe._native")]
pub struct Frame {
    pub columns: Vec<(String, Column)>,
}

/// Columns of run directories that hold whole numbers.
const WHOLE: [&str; 12] = [
    "layer", "fold", "pairs", "stimuli", "step", "batch", "unit", "stimulus", "draw", "sample", "layer_a",
    "layer_b",
];
/// Those that hold words.
const WORDS: [&str; 13] = [
    "feature",
    "order",
    "split",
    "feature_a",
    "feature_b",
    "measure",
    "quantity",
    "a",
    "b",
    "model",
    "table",
    "kind",
    "null",
];

impl Frame {
    /// The table in the CSV `bytes` of a run directory: which type a column has is said by its name, so that a table is of the same
    /// types whatever stands in it; a column of another name is numeric where all that stands in it is.
    pub fn of_csv(bytes: &[u8]) -> Result<Self, csv::Error> {
        let mut reader = ReaderBuilder::new().from_reader(bytes);
        let names: Vec<String> = reader.headers()?.iter().map(str::to_owned).collect();
        let mut cells: Vec<Vec<Option<String>>> = vec![Vec::new(); names.len()];
        for record in reader.records() {
            for (column, cell) in cells.iter_mut().zip(&record?) {
                column.push((!cell.is_empty()).then(|| cell.to_owned()));
            }
        }
        let columns = names.into_iter().zip(cells).map(|(name, cells)| {
            let column = typed(&name, cells);
            (name, column)
        });
        Ok(Self { columns: columns.collect() })
    }

    fn batch(&self) -> Result<RecordBatch, arrow_schema::ArrowError> {
        let fields = self.columns.iter().map(|(name, column)| Field::new(name, column.kind(), true));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        RecordBatch::try_new(schema, self.columns.iter().map(|(_, column)| column.array()).collect())
    }
}

fn typed(name: &str, cells: Vec<Option<String>>) -> Column {
    fn parsed<T: std::str::FromStr>(cells: &[Option<String>]) -> Option<Vec<Option<T>>> {
        let parse = |cell: &Option<String>| cell.as_ref().map(|text| text.parse()).transpose().ok();
        cells.iter().map(parse).collect()
    }
    if WORDS.contains(&name) {
        return Column::Text(cells);
    }
    if WHOLE.contains(&name)
        && let Some(values) = parsed(&cells)
    {
        return Column::Int(values);
    }
    match parsed(&cells) {
        Some(values) => Column::Float(values),
        None => Column::Text(cells),
    }
}

#[pymethods]
impl Frame {
    /// A table of columns `(name, kind, values)`; `kind` is `int`, `float` or `text`.
    #[new]
    fn new(columns: Vec<(String, String, Bound<'_, PyAny>)>) -> PyResult<Self> {
        let columns = columns.into_iter().map(|(name, kind, values)| {
            let column = match kind.as_str() {
                "int" => Column::Int(values.extract()?),
                "float" => Column::Float(values.extract()?),
                _ => Column::Text(values.extract()?),
            };
            Ok((name, column))
        });
        Ok(Self { columns: columns.collect::<PyResult<_>>()? })
    }

    /// The names of the columns.
    #[getter]
    fn names(&self) -> Vec<&str> {
        self.columns.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// `int`, `float` or `text`, one per column.
    #[getter]
    fn kinds(&self) -> Vec<&'static str> {
        let kind = |column: &Column| match column {
            Column::Int(_) => "int",
            Column::Float(_) => "float",
            Column::Text(_) => "text",
        };
        self.columns.iter().map(|(_, column)| kind(column)).collect()
    }

    fn __len__(&self) -> usize {
        self.columns.first().map_or(0, |(_, column)| column.len())
    }

    /// The values of the column at `index`; what is missing is `None`.
    fn values<'py>(&self, py: Python<'py>, index: usize) -> PyResult<Bound<'py, PyList>> {
        match self.columns.get(index).map(|(_, column)| column) {
            Some(Column::Int(values)) => PyList::new(py, values),
            Some(Column::Float(values)) => PyList::new(py, values),
            Some(Column::Text(values)) => PyList::new(py, values),
            None => PyList::new(py, [(); 0]),
        }
    }

    /// The table as a stream of Arrow (the `PyCapsule` interface). Any other types than it has, `requested_schema`, are not made.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let _ = requested_schema;
        let batch = self.batch().map_err(|error| errors::internal(py, &error.to_string()))?;
        let schema = batch.schema();
        let stream = FFI_ArrowArrayStream::new(Box::new(RecordBatchIterator::new([Ok(batch)], schema)));
        PyCapsule::new_with_value(py, stream, c"arrow_array_stream")
    }
}
