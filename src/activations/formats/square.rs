//! Square matrices in NumPy's files: distances between stimuli that are given, not computed.

use std::path::Path;

use ndarray::{Array2, Axis};

use super::names::{Format, format};
use super::npy::{self, parse};
use super::npz::{matrices, named_arrays};
use crate::activations::error::{Error, Result};
use crate::files;

/// Square matrices between stimuli: the arrays `(n, n)` of an `.npz` under their names, or the matrices of an `.npy` of
/// `(n, n)`, `(n, n, m)` or `(m, n, n)`, called after the file.
///
/// # Errors
///
/// [`Error::Files`], [`Error::UnknownFormat`], [`Error::Format`].
pub fn read_square_matrices(path: &Path) -> Result<Vec<(String, Array2<f32>)>> {
    match format(path)? {
        Format::Npz => return matrices(path, named_arrays(path)?),
        Format::Npy => {}
        Format::Safetensors | Format::Torch => return Err(Error::UnknownFormat { path: path.to_owned() }),
    }
    let wrong = |message: String| Error::Format { path: path.to_owned(), message };
    let array = parse(&files::read(path)?).map_err(wrong)?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let axis = match array.shape() {
        // Of empty matrices a small file may promise any number.
        shape @ [_, _, _] if shape.contains(&0) => {
            return Err(wrong(format!("the array has shape {shape:?}, which holds nothing")));
        }
        [_, _] => return Ok(vec![(stem.into_owned(), npy::matrix(array).map_err(wrong)?)]),
        [n, same, _] if n == same => Axis(2),
        [_, n, same] if n == same => Axis(0),
        shape => return Err(wrong(format!("the array has shape {shape:?}, which is not (n, n, m)"))),
    };
    let named = array.axis_iter(axis).enumerate().map(|(index, matrix)| {
        let matrix = npy::matrix(matrix.as_standard_layout().into_owned()).map_err(wrong)?;
        Ok((format!("{stem}_{}", index + 1), matrix))
    });
    named.collect()
}
