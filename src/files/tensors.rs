//! Safetensors files: which tensors there are, and where their numbers stand.
//!
//! The header is the `safetensors` crate's to parse. The numbers are read where they are needed and no sooner: that crate
//! wants all of them in memory at once.

use std::fs::File;
use std::io;
use std::ops::Range;

use half::{bf16, f16};
use safetensors::Dtype;
use safetensors::tensor::Metadata;

use super::read_exact_at;

/// How many bytes are read at once.
const PIECE: usize = 1 << 20;

/// How a number is stored, little-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Number {
    /// IEEE 754 single precision.
    F32,
    /// Double precision, rounded when it is read.
    F64,
    /// Half precision.
    F16,
    /// The upper half of single precision.
    Bf16,
    /// Whole numbers, rounded when they are read.
    I64,
    U64,
    I32,
    U32,
    I16,
    U16,
    I8,
    U8,
    /// A byte that is 0 or not.
    Bool,
}

impl Number {
    /// How many bytes it takes.
    pub(crate) fn bytes(self) -> usize {
        match self {
            Self::F64 | Self::I64 | Self::U64 => 8,
            Self::F32 | Self::I32 | Self::U32 => 4,
            Self::F16 | Self::Bf16 | Self::I16 | Self::U16 => 2,
            Self::I8 | Self::U8 | Self::Bool => 1,
        }
    }

    /// Adds the numbers of `bytes` to `values`.
    pub(crate) fn parse(self, bytes: &[u8], values: &mut Vec<f32>) {
        fn parse<const N: usize>(bytes: &[u8], values: &mut Vec<f32>, parse: impl Fn([u8; N]) -> f32) {
            values.extend(bytes.as_chunks::<N>().0.iter().map(|&chunk| parse(chunk)));
        }
        match self {
            Self::F32 => parse(bytes, values, f32::from_le_bytes),
            Self::F64 => parse(bytes, values, |chunk| f64::from_le_bytes(chunk) as f32),
            Self::F16 => parse(bytes, values, |chunk| f16::from_le_bytes(chunk).to_f32()),
            Self::Bf16 => parse(bytes, values, |chunk| bf16::from_le_bytes(chunk).to_f32()),
            Self::I64 => parse(bytes, values, |chunk| i64::from_le_bytes(chunk) as f32),
            Self::U64 => parse(bytes, values, |chunk| u64::from_le_bytes(chunk) as f32),
            Self::I32 => parse(bytes, values, |chunk| i32::from_le_bytes(chunk) as f32),
            Self::U32 => parse(bytes, values, |chunk| u32::from_le_bytes(chunk) as f32),
            Self::I16 => parse(bytes, values, |chunk| f32::from(i16::from_le_bytes(chunk))),
            Self::U16 => parse(bytes, values, |chunk| f32::from(u16::from_le_bytes(chunk))),
            Self::I8 => parse(bytes, values, |[byte]| f32::from(byte.cast_signed())),
            Self::U8 => parse(bytes, values, |[byte]| f32::from(byte)),
            Self::Bool => parse(bytes, values, |[byte]| f32::from(u8::from(byte != 0))),
        }
    }
}

/// The header of the safetensors file in `range` of `file`, and where its numbers begin. Says what is wrong with it.
pub(crate) fn header(file: &File, range: Range<u64>) -> Result<(Metadata, u64), String> {
    let unreadable = |error: io::Error| error.to_string();
    let length = range.end.saturating_sub(range.start);
    if length < 8 {
        return Err(format!("{length} bytes are too few"));
    }
    let mut length_of_header = [0; 8];
    read_exact_at(file, &mut length_of_header, range.start).map_err(unreadable)?;
    let size = u64::from_le_bytes(length_of_header);
    if size > length - 8 {
        return Err(format!("a header of {size} bytes in {length}"));
    }
    let mut text = vec![0; size as usize];
    read_exact_at(file, &mut text, range.start + 8).map_err(unreadable)?;
    let metadata: Metadata = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
    // The offsets follow one another with no gap, and go with the shapes: `Metadata` has seen to it.
    let numbers = metadata.data_len() as u64;
    let there = length - 8 - size;
    if numbers != there {
        return Err(format!("{numbers} bytes of numbers are promised, and {there} are there"));
    }
    Ok((metadata, range.start + 8 + size))
}

/// How a tensor's floats are stored; `None` where it holds something else.
pub(crate) fn number(dtype: Dtype) -> Option<Number> {
    match dtype {
        Dtype::F32 => Some(Number::F32),
        Dtype::F64 => Some(Number::F64),
        Dtype::F16 => Some(Number::F16),
        Dtype::BF16 => Some(Number::Bf16),
        _ => None,
    }
}

/// How a tensor's whole numbers are stored; `None` where it holds something else.
pub(crate) fn whole_number(dtype: Dtype) -> Option<Number> {
    Some(match dtype {
        Dtype::I64 => Number::I64,
        Dtype::U64 => Number::U64,
        Dtype::I32 => Number::I32,
        Dtype::U32 => Number::U32,
        Dtype::I16 => Number::I16,
        Dtype::U16 => Number::U16,
        Dtype::I8 => Number::I8,
        Dtype::U8 => Number::U8,
        Dtype::BOOL => Number::Bool,
        _ => return None,
    })
}

/// `count` numbers from `offset` of a file on.
///
/// # Errors
///
/// Those of the system.
pub(crate) fn numbers(file: &File, offset: u64, number: Number, count: usize) -> io::Result<Vec<f32>> {
    let mut values = Vec::with_capacity(count);
    let mut bytes = vec![0; PIECE.min(count * number.bytes())];
    while values.len() < count {
        let done = values.len() * number.bytes();
        let piece = bytes.len().min(count * number.bytes() - done);
        read_exact_at(file, &mut bytes[..piece], offset + done as u64)?;
        number.parse(&bytes[..piece], &mut values);
    }
    Ok(values)
}
