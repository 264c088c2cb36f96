//! Activations in NumPy's files.

use std::fs::File;
use std::io::{self, Cursor, Read as _, Seek as _};
use std::path::Path;

use half::f16;
use ndarray::{Array2, Array3, ArrayD, Axis, IxDyn, ShapeBuilder as _};
use npyz::{Endianness, NpyFile, NpyHeader, Order, WriterBuilder as _};

use super::by_layer::not_empty;
use super::stored::Place;
use super::{Activations, Error, Provenance, Result, Shape, Stored, by_number};
use crate::files;
use crate::files::tensors::Number;

/// All that stands before the numbers of activations of this shape, `(n_layers, n_stimuli, d_model)`.
pub(super) fn header(shape: &Shape, path: &Path) -> Result<Vec<u8>> {
    let wrong = |message: String| Error::Format { path: path.to_owned(), message };
    let d_model = shape.widths[0];
    if let Some(odd) = shape.widths.iter().position(|&width| width != d_model) {
        let [first, other] = [shape.layers[0], shape.layers[odd]];
        return Err(wrong(format!(
            "layers {first} and {other} differ in size ({d_model} and {}), which one array cannot hold",
            shape.widths[odd]
        )));
    }
    let shape = [shape.layers.len(), shape.n_stimuli, d_model].map(|size| size as u64);
    let mut bytes = Vec::new();
    let begun = npyz::WriteOptions::<f32>::new().default_dtype().shape(&shape).writer(&mut bytes).begin_nd();
    begun.map(drop).map_err(|error| wrong(error.to_string()))?;
    Ok(bytes)
}

/// The file, if it has floats in C order: layer by layer. `None` where the whole has to be turned or converted.
pub(super) fn open(mut file: File, path: &Path) -> Result<Option<Stored>> {
    let wrong = |message: String| Error::Format { path: path.to_owned(), message };
    let failed = |source| Error::Files(files::Error::Read { path: path.to_owned(), source });
    let header = NpyHeader::from_reader(&mut file)
        .map_err(|error| wrong(format!("not a readable .npy array: {error}")))?;
    let npyz::DType::Plain(kind) = header.dtype() else { return Ok(None) };
    let number = match (kind.type_char(), kind.num_bytes(), kind.endianness()) {
        (npyz::TypeChar::Float, Some(2), Endianness::Little) => Number::F16,
        (npyz::TypeChar::Float, Some(4), Endianness::Little) => Number::F32,
        (npyz::TypeChar::Float, Some(8), Endianness::Little) => Number::F64,
        _ => return Ok(None),
    };
    let shape: Vec<usize> = header.shape().iter().map(|&size| size as usize).collect();
    let (layers, rows, columns) = match *shape.as_slice() {
        [layers, rows, columns] if header.order() == Order::C => (layers, rows, columns),
        [rows, columns] if header.order() == Order::C => (1, rows, columns),
        _ => return Ok(None),
    };
    let start = file.stream_position().map_err(failed)?;
    let there = file.metadata().map_err(failed)?.len().saturating_sub(start);
    let needed = bytes_needed(&shape, number.bytes()).map_err(wrong)?;
    if needed as u64 > there {
        return Err(wrong(cut_short(&shape, &kind, needed, there)));
    }
    let places = Place::stack(start, (layers, rows, columns), number)?;
    Stored::new(file, path.to_owned(), (0..layers).collect(), places, Provenance::default()).map(Some)
}

/// How many bytes an array takes. A wrong shape must not ask for more memory than there is.
fn bytes_needed(shape: &[usize], size: usize) -> Result<usize, String> {
    shape
        .iter()
        .try_fold(size, |product, &size| product.checked_mul(size))
        .ok_or_else(|| format!("the array's shape {shape:?} is larger than memory"))
}

fn cut_short(shape: &[usize], kind: &npyz::TypeStr, needed: usize, there: u64) -> String {
    format!("the file is cut short: shape {shape:?} of {kind} needs {needed} bytes, and {there} are there")
}

pub(super) fn read_npy(path: &Path) -> Result<Activations> {
    let wrong = |message: String| Error::Format { path: path.to_owned(), message };
    let array = parse(&files::read(path)?).map_err(wrong)?;
    let matrices = layers_of(array).map_err(wrong)?;
    Activations::new((0..matrices.len()).collect(), matrices, Provenance::default())
}

pub(super) fn read_npz(path: &Path) -> Result<Activations> {
    let mut arrays = named_arrays(path)?;
    let (layers, matrices) = match arrays.as_slice() {
        [(name, array)] if array.ndim() == 3 => {
            let name = name.clone();
            let matrices =
                layers_of(arrays.remove(0).1).map_err(|message| wrong_array(path, &name, &message))?;
            ((0..matrices.len()).collect(), matrices)
        }
        _ => by_number(matrices(path, arrays)?),
    };
    Activations::new(layers, matrices, Provenance::default())
}

/// The matrices of one array, `(n_stimuli, d)` or `(n_layers, n_stimuli, d)`.
fn layers_of(array: ArrayD<f32>) -> Result<Vec<Array2<f32>>, String> {
    match array.ndim() {
        3 => {
            let array: Array3<f32> = array.into_dimensionality().map_err(|error| error.to_string())?;
            let (_, rows, columns) = array.dim();
            not_empty(0, rows, columns).map_err(|error| error.to_string())?;
            Ok(array.axis_iter(Axis(0)).map(|layer| layer.as_standard_layout().into_owned()).collect())
        }
        2 => Ok(vec![matrix(array)?]),
        _ => Err(format!("the array has shape {:?}", array.shape())),
    }
}

/// Square matrices between stimuli: the arrays `(n, n)` of an `.npz` under their names, or the matrices of an `.npy` of
/// `(n, n)`, `(n, n, m)` or `(m, n, n)`, called after the file.
///
/// # Errors
///
/// [`Error::Files`], [`Error::UnknownFormat`], [`Error::Format`].
pub fn read_square_matrices(path: &Path) -> Result<Vec<(String, Array2<f32>)>> {
    match super::format(path)? {
        super::Format::Npz => return matrices(path, named_arrays(path)?),
        super::Format::Npy => {}
        super::Format::Safetensors => return Err(Error::UnknownFormat { path: path.to_owned() }),
    }
    let wrong = |message: String| Error::Format { path: path.to_owned(), message };
    let array = parse(&files::read(path)?).map_err(wrong)?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let axis = match array.shape() {
        // Of empty matrices a small file may promise any number.
        shape @ [_, _, _] if shape.contains(&0) => {
            return Err(wrong(format!("the array has shape {shape:?}, which holds nothing")));
        }
        [_, _] => return Ok(vec![(stem.into_owned(), matrix(array).map_err(wrong)?)]),
        [n, same, _] if n == same => Axis(2),
        [_, n, same] if n == same => Axis(0),
        shape => return Err(wrong(format!("the array has shape {shape:?}, which is not (n, n, m)"))),
    };
    let named = array.axis_iter(axis).enumerate().map(|(index, matrix)| {
        let matrix = self::matrix(matrix.as_standard_layout().into_owned()).map_err(wrong)?;
        Ok((format!("{stem}_{}", index + 1), matrix))
    });
    named.collect()
}

fn wrong_array(path: &Path, name: &str, message: &str) -> Error {
    Error::Format { path: path.to_owned(), message: format!("array `{name}`: {message}") }
}

/// Arrays each of which is a matrix.
fn matrices(path: &Path, arrays: Vec<(String, ArrayD<f32>)>) -> Result<Vec<(String, Array2<f32>)>> {
    let named = arrays.into_iter().map(|(name, array)| match matrix(array) {
        Ok(matrix) => Ok((name, matrix)),
        Err(message) => Err(wrong_array(path, &name, &message)),
    });
    named.collect()
}

/// The arrays of an `.npz`, compressed or not.
fn named_arrays(path: &Path) -> Result<Vec<(String, ArrayD<f32>)>> {
    let wrong = |message: String| Error::Format { path: path.to_owned(), message };
    let bytes = files::read(path)?;
    let not_zip = |error: zip::result::ZipError| wrong(format!("not a readable .npz file: {error}"));
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(not_zip)?;
    let mut named = Vec::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(not_zip)?;
        let file_name = entry.name().map_err(not_zip)?.into_owned();
        let Some(name) = npyz::npz::array_name_from_file_name(&file_name) else { continue };
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(|error| wrong_array(path, name, &error.to_string()))?;
        let array = parse(&bytes).map_err(|message| wrong_array(path, name, &message))?;
        named.push((name.to_owned(), array));
    }
    Ok(named)
}

fn matrix(array: ArrayD<f32>) -> Result<Array2<f32>, String> {
    let shape = array.shape().to_vec();
    let matrix: Array2<f32> = array
        .into_dimensionality()
        .map_err(|_| format!("the array has shape {shape:?}, which is not (n_stimuli, d)"))?;
    // A file in Fortran order gives a matrix in that order; rows are what everyone reads.
    Ok(matrix.as_standard_layout().into_owned())
}

/// One array in NumPy's format, of any real type, as f32 in its own shape.
fn parse(bytes: &[u8]) -> Result<ArrayD<f32>, String> {
    let mut rest = bytes;
    let unreadable = |error: io::Error| format!("not a readable .npy array: {error}");
    let header = NpyHeader::from_reader(&mut rest).map_err(unreadable)?;
    let npyz::DType::Plain(kind) = header.dtype() else {
        return Err("the array holds records, not numbers".to_owned());
    };
    let shape: Vec<usize> = header.shape().iter().map(|&size| size as usize).collect();
    // Checked before reading.
    let needed = bytes_needed(&shape, kind.num_bytes().unwrap_or(0))?;
    if needed > rest.len() {
        return Err(cut_short(&shape, &kind, needed, rest.len() as u64));
    }
    let order = header.order();
    macro_rules! first_that_fits {
        ($file:expr, $($number:ty),*) => {{
            let file = $file;
            $(let file = match file.try_data::<$number>() {
                Ok(data) => {
                    let values: io::Result<Vec<f32>> = data.map(|value| value.map(|x| x as f32)).collect();
                    return into_array(values.map_err(unreadable)?, &shape, order);
                }
                Err(file) => file,
            };)*
            drop(file);
        }};
    }
    let is_half = kind.type_char() == npyz::TypeChar::Float && kind.num_bytes() == Some(2);
    let is_flag = kind.type_char() == npyz::TypeChar::Bool;
    let file = NpyFile::with_header(header, rest);
    if is_half {
        return into_array(values(file, f16::to_f32)?, &shape, order);
    }
    if is_flag {
        return into_array(values(file, |flag: bool| f32::from(u8::from(flag)))?, &shape, order);
    }
    first_that_fits!(file, f32, f64, i64, i32, i16, i8, u8, u16, u32, u64);
    Err(format!("the array holds {kind}, not a real number of a known size"))
}

/// The numbers of `file`, each read as a `T`.
fn values<T: npyz::Deserialize>(file: NpyFile<&[u8]>, to_f32: impl Fn(T) -> f32) -> Result<Vec<f32>, String> {
    let data = file.data::<T>().map_err(|error| error.to_string())?;
    data.map(|value| value.map(&to_f32)).collect::<io::Result<_>>().map_err(|error| error.to_string())
}

fn into_array(values: Vec<f32>, shape: &[usize], order: Order) -> Result<ArrayD<f32>, String> {
    let shape = IxDyn(shape).set_f(order == Order::Fortran);
    ArrayD::from_shape_vec(shape, values).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use ndarray::array;

    use super::*;

    #[test]
    fn true_and_false_are_one_and_zero() {
        let header = "{'descr': '|b1', 'fortran_order': False, 'shape': (2, 2), }";
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16 + 1).to_le_bytes());
        bytes.extend(header.bytes().chain(*b"\n\x00\x01\x01\x00"));
        assert_eq!(parse(&bytes).unwrap(), array![[0.0, 1.0], [1.0, 0.0]].into_dyn());
    }

    /// An `.npz`, compressed as `numpy.savez_compressed` does it.
    fn npz(path: &Path, arrays: &[(&str, Vec<u8>)]) {
        let mut zip = zip::ZipWriter::new(File::create(path).unwrap());
        let deflated =
            zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        for (name, bytes) in arrays {
            zip.start_file(format!("{name}.npy"), deflated).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap();
    }

    fn npy<T: npyz::AutoSerialize + Copy>(shape: &[u64], values: &[T]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let options = npyz::WriteOptions::<T>::new().default_dtype().shape(shape);
        let mut npy = options.writer(&mut bytes).begin_nd().unwrap();
        npy.extend(values.iter().copied()).unwrap();
        npy.finish().unwrap();
        bytes
    }

    #[test]
    fn compressed_arrays_and_half_precision_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npz");
        let halves = [0.5f32, -2.0, 65504.0, 6e-8].map(f16::from_f32);
        npz(&path, &[("layer_1", npy(&[2, 2], &halves)), ("layer_0", npy(&[2, 1], &[3i64, -4]))]);
        let found = Activations::read(&path).unwrap();
        assert_eq!(found.layers(), [0, 1]);
        assert_eq!(found.matrix(0), array![[3.0], [-4.0]]);
        assert_eq!(found.matrix(1), array![[0.5, -2.0], [65504.0, 5.960_464_5e-8]]);
    }

    #[test]
    fn one_array_may_hold_all_layers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npz");
        let stacked = npy(&[2, 3, 1], &[1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0]);
        npz(&path, &[("activations", stacked.clone())]);
        let found = Activations::read(&path).unwrap();
        assert_eq!(
            (found.layers(), found.matrix(1)),
            ([0, 1].as_slice(), array![[4.0], [5.0], [6.0]].view())
        );
        npz(&path, &[("a", stacked), ("b", npy(&[3, 1], &[1.0f32, 2.0, 3.0]))]);
        let error = Activations::read(&path).unwrap_err().to_string();
        assert!(
            error.ends_with("array `a`: the array has shape [2, 3, 1], which is not (n_stimuli, d)"),
            "{error}"
        );
    }

    #[test]
    fn half_precision_that_overflowed_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npy");
        std::fs::write(&path, npy(&[2, 1], &[1.0f32, 1e6].map(f16::from_f32))).unwrap();
        assert_eq!(Activations::read(&path).unwrap_err().to_string(), "layer 0, stimulus 2: unit 0 is inf");
    }
}
