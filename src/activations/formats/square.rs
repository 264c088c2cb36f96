//! Square matrices in NumPy's files: distances between stimuli that are given, not computed. Also those that are written as the
//! upper triangle alone, row by row (`SciPy`'s `pdist`).

use std::path::Path;

use ndarray::{Array2, ArrayD, ArrayView1, Axis};

use super::names::{Format, format};
use super::npy::{self, parse};
use super::npz::named_arrays;
use crate::activations::error::{Error, Result};
use crate::files;

/// The square matrix whose upper triangle is `condensed`, row by row.
fn of_triangle(condensed: ArrayView1<'_, f32>) -> Result<Array2<f32>, String> {
    let length = condensed.len();
    let n = f64::midpoint(1.0, (1.0 + 8.0 * length as f64).sqrt()).round() as usize;
    if n < 2 || n * (n - 1) / 2 != length {
        return Err(format!(
            "the array has shape [{length}], and no number n of stimuli has {length} = n(n - 1)/2 pairs"
        ));
    }
    let mut matrix = Array2::zeros((n, n));
    let mut values = condensed.iter();
    for i in 0..n {
        for (j, &value) in (i + 1..n).zip(&mut values) {
            (matrix[[i, j]], matrix[[j, i]]) = (value, value);
        }
    }
    Ok(matrix)
}

/// A matrix, or one that is written as its upper triangle.
fn matrix_or_triangle(array: ArrayD<f32>) -> Result<Array2<f32>, String> {
    if array.ndim() == 1 {
        return of_triangle(array.into_dimensionality().map_err(|error| error.to_string())?.view());
    }
    npy::matrix(array)
}

/// Matrices, and the names of their layers.
type Named = (Vec<String>, Vec<Array2<f32>>);

/// Distances between `n_stimuli` stimuli that are written as upper triangles (`SciPy`'s `pdist`): the arrays `(n(n - 1)/2)` of an `.npz`,
/// one per layer, or an `.npy` of `(n(n - 1)/2)` or `(n_layers, n(n - 1)/2)`. `None` where the file has others.
pub(in crate::activations) fn triangles(path: &Path, n_stimuli: usize) -> Result<Option<Named>> {
    let wrong = |message: String| Error::Format { path: path.to_owned(), message };
    let pairs = n_stimuli * n_stimuli.saturating_sub(1) / 2;
    let numbered = |n: usize| -> Vec<String> { (0..n).map(|layer| format!("layer.{layer}")).collect() };
    Ok(Some(match format(path)? {
        Format::Safetensors | Format::Torch => return Ok(None),
        Format::Npz => {
            let arrays = named_arrays(path)?;
            if arrays.is_empty() || arrays.iter().any(|(_, array)| array.ndim() != 1) {
                return Ok(None);
            }
            let named = arrays.into_iter().map(|(name, array)| {
                let matrix = matrix_or_triangle(array)
                    .map_err(|message| wrong(format!("array `{name}`: {message}")))?;
                Ok((name, matrix))
            });
            named.collect::<Result<Vec<_>>>()?.into_iter().unzip()
        }
        Format::Npy => match *npy::shape(path)?.as_slice() {
            [_] => (
                numbered(1),
                vec![matrix_or_triangle(parse(&files::read(path)?).map_err(wrong)?).map_err(wrong)?],
            ),
            [rows, columns] if rows != columns && columns == pairs => {
                let array = parse(&files::read(path)?).map_err(wrong)?;
                let layers = array.axis_iter(Axis(0)).map(|layer| matrix_or_triangle(layer.to_owned()));
                (numbered(rows), layers.collect::<Result<_, _>>().map_err(wrong)?)
            }
            _ => return Ok(None),
        },
    }))
}

/// Square matrices between stimuli: the arrays `(n, n)` of an `.npz` under their names, or the matrices of an `.npy` of
/// `(n, n)`, `(n, n, m)` or `(m, n, n)`, called after the file. An array `(n(n - 1)/2)` is a matrix's upper triangle.
///
/// # Errors
///
/// [`Error::Files`], [`Error::UnknownFormat`], [`Error::Format`].
pub fn read_square_matrices(path: &Path) -> Result<Vec<(String, Array2<f32>)>> {
    match format(path)? {
        Format::Npz => {
            let named =
                named_arrays(path)?.into_iter().map(|(name, array)| match matrix_or_triangle(array) {
                    Ok(matrix) => Ok((name, matrix)),
                    Err(message) => Err(Error::Format {
                        path: path.to_owned(),
                        message: format!("array `{name}`: {message}"),
                    }),
                });
            return named.collect();
        }
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
        [_] | [_, _] => return Ok(vec![(stem.into_owned(), matrix_or_triangle(array).map_err(wrong)?)]),
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

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::super::npy::tests::npy;
    use super::*;

    fn written(shape: &[u64], values: &[f32]) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("d.npy");
        std::fs::write(&path, npy(shape, values)).unwrap();
        (folder, path)
    }

    #[test]
    fn triangles_are_matrices() {
        let square =
            array![[0.0, 1.0, 2.0, 3.0], [1.0, 0.0, 4.0, 5.0], [2.0, 4.0, 0.0, 6.0], [3.0, 5.0, 6.0, 0.0]];
        let values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let (_folder, path) = written(&[6], &values);
        assert_eq!(read_square_matrices(&path).unwrap(), [("d".to_owned(), square.clone())]);
        assert_eq!(triangles(&path, 4).unwrap().unwrap().1[0], square);
        let twice: Vec<f32> = values.iter().copied().chain(values.map(|x| 2.0 * x)).collect();
        let (_folder, path) = written(&[2, 6], &twice);
        let layers = triangles(&path, 4).unwrap().unwrap();
        assert_eq!(layers.1, [square.clone(), 2.0 * &square]);
        // Of other stimuli these are plain activations.
        assert!(triangles(&path, 2).unwrap().is_none());
    }

    #[test]
    fn what_is_no_triangle_is_told() {
        let (_folder, path) = written(&[5], &[1.0; 5]);
        let error = triangles(&path, 4).unwrap_err().to_string();
        assert!(
            error.ends_with("the array has shape [5], and no number n of stimuli has 5 = n(n - 1)/2 pairs"),
            "{error}"
        );
        assert!(read_square_matrices(&path).is_err());
    }
}
