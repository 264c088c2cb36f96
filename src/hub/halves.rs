//! Half-precision weights, packed: what the embedded models weigh in the program.
//!
//! The upper bytes of f16 numbers (sign, exponent, two bits of fraction) are much alike, the lower ones are noise. So a packed
//! file is all bytes at even places, then all at odd ones, deflated (zlib). Unpacking gives the file back byte for byte.

use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

/// `file` packed.
///
/// # Errors
/// Those of the deflating library, of which writing to memory has none.
pub fn pack(file: &[u8]) -> io::Result<Vec<u8>> {
    let mut parted: Vec<u8> = file.iter().step_by(2).copied().collect();
    parted.extend(file.iter().skip(1).step_by(2));
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&parted)?;
    encoder.finish()
}

/// The file that [`pack`] was given.
///
/// # Errors
/// The bytes are not what [`pack`] wrote.
pub fn unpack(packed: &[u8]) -> io::Result<Vec<u8>> {
    let mut parted = Vec::new();
    ZlibDecoder::new(packed).read_to_end(&mut parted)?;
    let (even, odd) = parted.split_at(parted.len().div_ceil(2));
    let mut file = vec![0; parted.len()];
    for (at, byte) in even.iter().enumerate() {
        file[2 * at] = *byte;
    }
    for (at, byte) in odd.iter().enumerate() {
        file[2 * at + 1] = *byte;
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_back_byte_for_byte() {
        for length in [0, 1, 2, 3, 10, 1001] {
            let file: Vec<u8> = (0..length).map(|at| (at * 37 % 251) as u8).collect();
            assert_eq!(unpack(&pack(&file).unwrap()).unwrap(), file);
        }
        assert!(unpack(b"no zlib").is_err());
    }
}
