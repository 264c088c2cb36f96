//! Checkpoints in f16 as the program carries them: a seventh smaller, and the same bytes when they are read.
//!
//! The signs, exponents and first bits of trained weights are few, and compress; their last bits are noise. So a safetensors file
//! of numbers of two bytes is kept as
//!
//! ```text
//! length n of what is compressed (u32, little-endian) | n bytes of zlib: header, then every number's high byte | low bytes
//! ```

use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

/// Packs a safetensors file of numbers of two bytes.
///
/// # Errors
///
/// It is no safetensors file, or of another width.
pub fn pack(file: &[u8]) -> io::Result<Vec<u8>> {
    let header =
        header_of(file).filter(|header| (file.len() - header).is_multiple_of(2)).ok_or_else(damaged)?;
    let (head, numbers) = file.split_at(header);
    let mut compressed = ZlibEncoder::new(Vec::new(), Compression::best());
    compressed.write_all(head)?;
    let high: Vec<u8> = numbers.iter().skip(1).step_by(2).copied().collect();
    compressed.write_all(&high)?;
    let compressed = compressed.finish()?;
    let length = u32::try_from(compressed.len()).map_err(|_| damaged())?;
    let low = numbers.iter().step_by(2).copied();
    Ok(length.to_le_bytes().into_iter().chain(compressed).chain(low).collect())
}

/// The file that [`pack`] was given.
pub(super) fn unpack(packed: &[u8]) -> io::Result<Vec<u8>> {
    let (length, rest) = packed.split_first_chunk::<4>().ok_or_else(damaged)?;
    let (compressed, low) =
        rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or_else(damaged)?;
    let mut file = Vec::new();
    ZlibDecoder::new(compressed).read_to_end(&mut file)?;
    let header = header_of(&file).filter(|header| file.len() - header == low.len()).ok_or_else(damaged)?;
    let high = file.split_off(header);
    file.extend(low.iter().zip(high).flat_map(|(&low, high)| [low, high]));
    Ok(file)
}

/// How long the header of a safetensors file is, its length included.
pub(super) fn header_of(file: &[u8]) -> Option<usize> {
    let length = u64::from_le_bytes(*file.first_chunk::<8>()?);
    let end = usize::try_from(length).ok()?.checked_add(8)?;
    (end <= file.len()).then_some(end)
}

pub(super) fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the weights in this program are damaged")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_comes_back_and_what_is_damaged_does_not() {
        let mut file = 4u64.to_le_bytes().to_vec();
        file.extend(b"{  }");
        file.extend((0..2000u16).flat_map(|x| (x * 13).to_le_bytes()));
        let packed = pack(&file).unwrap();
        assert!(packed.len() < file.len());
        assert_eq!(unpack(&packed).unwrap(), file);
        assert!(unpack(&packed[..packed.len() - 1]).is_err());
        assert!(unpack(&packed[..40]).is_err());
        assert!(unpack(&[]).is_err());
        assert!(pack(&file[..file.len() - 1]).is_err());
        assert!(pack(b"short").is_err());
    }
}
