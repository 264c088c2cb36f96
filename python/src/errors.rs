//! Failures become exceptions of the package (`mlem_probe/_errors.py`), with their hint.

use mlem_probe::Error;
use pyo3::prelude::*;

use crate::failure::Failure;

/// The exception for `failure`.
pub fn exception(py: Python<'_>, failure: &Failure) -> PyErr {
    let kind = match failure {
        Failure::Usage { .. } => "usage",
        Failure::Stdout(_) => "file",
        Failure::Input { .. } => "input",
        Failure::Stage(error) => match **error {
            Error::Files(_) | Error::Rundir(_) => "file",
            Error::Hub(_) | Error::Models(_) | Error::Extract(_) => "model",
            _ => "input",
        },
    };
    made(py, kind, &failure.message(), failure.hint().as_deref())
}

/// The exception for a mistake of this program, which said `message`.
pub fn internal(py: Python<'_>, message: &str) -> PyErr {
    let hint = "this is a mistake in mlem-probe: please report it, with what was called";
    made(py, "internal", message, Some(hint))
}

fn made(py: Python<'_>, kind: &str, message: &str, hint: Option<&str>) -> PyErr {
    let make = || py.import("mlem_probe._errors")?.getattr("make")?.call1((kind, message, hint));
    match make() {
        Ok(exception) => PyErr::from_value(exception),
        Err(error) => error,
    }
}

/// A result for Python.
pub fn given<T>(py: Python<'_>, result: Result<T, impl Into<Failure>>) -> PyResult<T> {
    result.map_err(|error| exception(py, &error.into()))
}
