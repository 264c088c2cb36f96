//! Activations in NumPy's files.

use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::path::Path;

use half::f16;
use ndarray::{Array2, Array3, ArrayD, Axis, IxDyn, ShapeBuilder as _};
use npyz::{Endianness, NpyFile, NpyHeader, Order, WriterBuilder as _};

use super::bounds;
use super::place::Place;
use crate::activations::by_layer::{Shape, not_empty};
use crate::activations::error::{Error, Result};
use crate::activations::matrices::Activations;
use crate::activations::provenance::Provenance;
use crate::files;
use crate::files::tensors::Number;

/// All that stands before the numbers of activations of this shape, `(n_layers, n_stimuli, d_model)`.
pub(in crate::activations) fn header(shape: &Shape, path: &Path) -> Result<Vec<u8>> {
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

/// The layers of the file and where their numbers stand, if it has floats in C order: layer by layer. `None` where the whole has
/// to be turned or converted.
pub(in crate::activations) fn places(
    file: &mut File,
    path: &Path,
) -> Result<Option<(Vec<usize>, Vec<Place>)>> {
    let wrong = |message: String| Error::Format { path: path.to_owned(), message };
    let failed = |source| Error::Files(files::Error::Read { path: path.to_owned(), source });
    let mut start = Vec::new();
    file.by_ref().take(bounds::LOOKED_AT).read_to_end(&mut start).map_err(failed)?;
    bounds::header(&start).map_err(wrong)?;
    file.rewind().map_err(failed)?;
    let header = NpyHeader::from_reader(&mut *file)
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
    if needed as u64 != there {
        return Err(wrong(other_size(&shape, &kind, needed, there)));
    }
    let places = Place::stack(start, (layers, rows, columns), number)?;
    Ok(Some(((0..layers).collect(), places)))
}

/// The shape of the array in the file.
pub(super) fn shape(path: &Path) -> Result<Vec<usize>> {
    let wrong = |message: String| Error::Format { path: path.to_owned(), message };
    let failed = |source| Error::Files(files::Error::Read { path: path.to_owned(), source });
    let mut start = Vec::new();
    File::open(path).map_err(failed)?.take(bounds::LOOKED_AT).read_to_end(&mut start).map_err(failed)?;
    bounds::header(&start).map_err(wrong)?;
    let header = NpyHeader::from_reader(start.as_slice())
        .map_err(|error| wrong(format!("not a readable .npy array: {error}")))?;
    Ok(header.shape().iter().map(|&size| size as usize).collect())
}

/// How many bytes an array takes. A wrong shape must not ask for more memory than there is.
fn bytes_needed(shape: &[usize], size: usize) -> Result<usize, String> {
    shape
        .iter()
        .try_fold(size, |product, &size| product.checked_mul(size))
        .ok_or_else(|| format!("the array's shape {shape:?} is larger than memory"))
}

/// What is said of an array that is not as long as its header promises. What follows an array may be another, saved into the same file,
/// or what shifted its numbers.
fn other_size(shape: &[usize], kind: &npyz::TypeStr, needed: usize, there: u64) -> String {
    let what = if needed as u64 > there { "is cut short" } else { "goes on after its array" };
    format!("the file {what}: shape {shape:?} of {kind} needs {needed} bytes, and {there} are there")
}

pub(in crate::activations) fn read(path: &Path) -> Result<Activations> {
    let wrong = |message: String| Error::Format { path: path.to_owned(), message };
    let array = parse(&files::read(path)?).map_err(wrong)?;
    let matrices = layers_of(array).map_err(wrong)?;
    Activations::new((0..matrices.len()).collect(), matrices, Provenance::default())
}

/// The matrices of one array, `(n_stimuli, d)` or `(n_layers, n_stimuli, d)`.
pub(super) fn layers_of(array: ArrayD<f32>) -> Result<Vec<Array2<f32>>, String> {
    match array.ndim() {
        3 => {
            let array: Array3<f32> = array.into_dimensionality().map_err(|error| error.to_string())?;
            let (_, rows, columns) = array.dim();
            not_empty(0, rows, columns).map_err(|error| error.to_string())?;
            Ok(array.axis_iter(Axis(0)).map(|layer| layer.as_standard_layout().into_owned()).collect())
        }
        2 => Ok(vec![matrix(array)?]),
        1 => Err(format!(
            "the array has shape {:?}; if it is the upper triangle of distances (pdist), say --distance precomputed",
            array.shape()
        )),
        _ => Err(format!("the array has shape {:?}", array.shape())),
    }
}

/// A matrix of `(n_stimuli, d)`.
pub(super) fn matrix(array: ArrayD<f32>) -> Result<Array2<f32>, String> {
    let shape = array.shape().to_vec();
    let matrix: Array2<f32> = array
        .into_dimensionality()
        .map_err(|_| format!("the array has shape {shape:?}, which is not (n_stimuli, d)"))?;
    // A file in Fortran order gives a matrix in that order; rows are what everyone reads.
    Ok(matrix.as_standard_layout().into_owned())
}

/// One array in NumPy's format, of any real type, as f32 in its own shape.
pub(super) fn parse(bytes: &[u8]) -> Result<ArrayD<f32>, String> {
    bounds::header(bytes)?;
    let mut rest = bytes;
    let unreadable = |error: io::Error| format!("not a readable .npy array: {error}");
    let header = NpyHeader::from_reader(&mut rest).map_err(unreadable)?;
    let npyz::DType::Plain(kind) = header.dtype() else {
        return Err("the array holds records, not numbers".to_owned());
    };
    let shape: Vec<usize> = header.shape().iter().map(|&size| size as usize).collect();
    // Checked before reading.
    let needed = bytes_needed(&shape, kind.num_bytes().unwrap_or(0))?;
    if needed != rest.len() && kind.num_bytes().is_some() {
        return Err(other_size(&shape, &kind, needed, rest.len() as u64));
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
pub(super) mod tests {
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

    /// The bytes of an array.
    pub(in super::super) fn npy<T: npyz::AutoSerialize + Copy>(shape: &[u64], values: &[T]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let options = npyz::WriteOptions::<T>::new().default_dtype().shape(shape);
        let mut npy = options.writer(&mut bytes).begin_nd().unwrap();
        npy.extend(values.iter().copied()).unwrap();
        npy.finish().unwrap();
        bytes
    }

    #[test]
    fn half_precision_that_overflowed_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npy");
        std::fs::write(&path, npy(&[2, 1], &[1.0f32, 1e6].map(f16::from_f32))).unwrap();
        assert_eq!(Activations::read(&path).unwrap_err().to_string(), "layer 0, stimulus 1: unit 0 is inf");
    }
}
