//! Activations in NumPy's files.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use half::f16;
use ndarray::{Array2, ArrayD, IxDyn, ShapeBuilder as _};
use npyz::{Endianness, NpyFile, NpyHeader, Order, WriterBuilder as _};

use super::array::{Array, Holds};
use super::bounds;
use crate::activations::by_layer::Shape;
use crate::activations::error::{Error, Result};
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

/// What is in the file, and where, if its numbers stand there in C order as they are read.
pub(super) fn array(file: &mut File, path: &Path, name: String) -> Result<Array> {
    let wrong = |message: String| Error::Format { path: path.to_owned(), message };
    let failed = |source| Error::Files(files::Error::Read { path: path.to_owned(), source });
    let mut start = Vec::new();
    file.by_ref().take(bounds::LOOKED_AT).read_to_end(&mut start).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    let (shape, holds, place) = described(&start, length).map_err(wrong)?;
    Ok(Array { name, shape, holds, place })
}

/// Shape, what it holds, and where its numbers begin and of what type they are, where they are numbers.
type Described = (Vec<usize>, Holds, Option<(u64, Number)>);

/// Shape, content and place of the array of `length` bytes that begins with `start`, which has all of its header.
pub(super) fn described(start: &[u8], length: u64) -> Result<Described, String> {
    bounds::header(start)?;
    let mut rest = start;
    let header = match NpyHeader::from_reader(&mut rest) {
        Ok(header) => header,
        // The reader knows no objects, of which each is a pickle.
        Err(_) if start.windows(4).any(|four| four == b"'|O'") => {
            return Ok((Vec::new(), Holds::Other("Python objects".to_owned()), None));
        }
        Err(error) => return Err(format!("not a readable .npy array: {error}")),
    };
    let shape: Vec<usize> = header.shape().iter().map(|&size| size as usize).collect();
    let npyz::DType::Plain(kind) = header.dtype() else {
        return Ok((shape, Holds::Other("records".to_owned()), None));
    };
    let (holds, number) = stored(&kind);
    if matches!(holds, Holds::Other(_)) {
        return Ok((shape, holds, None));
    }
    let offset = (start.len() - rest.len()) as u64;
    let there = length.saturating_sub(offset);
    let needed = bytes_needed(&shape, kind.num_bytes().unwrap_or(0))?;
    if needed as u64 != there {
        return Err(other_size(&shape, &kind, needed, there));
    }
    let place = number.filter(|_| header.order() == Order::C).map(|number| (offset, number));
    Ok((shape, holds, place))
}

/// What a type of NumPy is, and how its numbers are stored, if that is how they are read.
fn stored(kind: &npyz::TypeStr) -> (Holds, Option<Number>) {
    use npyz::TypeChar;
    let number = match (kind.type_char(), kind.num_bytes()) {
        (TypeChar::Float, Some(2)) => Number::F16,
        (TypeChar::Float, Some(4)) => Number::F32,
        (TypeChar::Float, Some(8)) => Number::F64,
        (TypeChar::Int, Some(8)) => Number::I64,
        (TypeChar::Int, Some(4)) => Number::I32,
        (TypeChar::Int, Some(2)) => Number::I16,
        (TypeChar::Int, Some(1)) => Number::I8,
        (TypeChar::Uint, Some(8)) => Number::U64,
        (TypeChar::Uint, Some(4)) => Number::U32,
        (TypeChar::Uint, Some(2)) => Number::U16,
        (TypeChar::Uint, Some(1)) => Number::U8,
        (TypeChar::Bool, _) => Number::Bool,
        (TypeChar::UnicodeStr | TypeChar::ByteStr, _) => return (Holds::Other("texts".to_owned()), None),
        (TypeChar::Complex, _) => return (Holds::Other("complex numbers".to_owned()), None),
        _ => return (Holds::Other(format!("{kind}, no real numbers of a known size")), None),
    };
    let holds = match kind.type_char() {
        TypeChar::Float => Holds::Floats,
        TypeChar::Bool => Holds::Flags,
        _ => Holds::WholeNumbers,
    };
    (holds, (number.bytes() == 1 || kind.endianness() == Endianness::Little).then_some(number))
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
}
