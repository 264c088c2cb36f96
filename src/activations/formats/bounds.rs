//! What a file may ask for before a library sees it: how long and how deep the header of an array is, and how much an entry of an
//! archive unpacks to.

use std::io::Read;

use crate::files::memory::has_room;
use crate::text;

/// NumPy's own headers have less than a hundred bytes; records have more, and are not read.
const HEADER: usize = 1 << 16;
/// How deep brackets stand in each other. The library's reader takes twice as long for each more.
const DEPTH: usize = 8;

/// Whether the header of an array that begins with `bytes` can be given to the library.
pub(super) fn header(bytes: &[u8]) -> Result<(), String> {
    let Some((start, length)) = header_length(bytes) else { return Ok(()) };
    if length > HEADER {
        let (length, most) = (text::count(length as u128), text::count(HEADER as u128));
        return Err(format!("its header is {length} bytes long, and at most {most} are read"));
    }
    let header = bytes.get(start..).unwrap_or_default();
    let header = &header[..length.min(header.len())];
    let (mut depth, mut quote) = (0usize, None);
    for &byte in header {
        match (quote, byte) {
            (Some(open), byte) if open == byte => quote = None,
            (None, b'\'' | b'"') => quote = Some(byte),
            (None, b'(' | b'[' | b'{') => depth += 1,
            (None, b')' | b']' | b'}') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH {
            return Err(format!("the brackets of its header stand more than {DEPTH} deep in each other"));
        }
    }
    Ok(())
}

/// Where the header of an array begins, and how long it says it is; none where it is no array.
fn header_length(bytes: &[u8]) -> Option<(usize, usize)> {
    if !bytes.starts_with(b"\x93NUMPY") {
        return None;
    }
    match bytes.get(6)? {
        1 => Some((10, usize::from(u16::from_le_bytes(bytes.get(8..10)?.try_into().ok()?)))),
        _ => Some((12, u32::from_le_bytes(bytes.get(8..12)?.try_into().ok()?) as usize)),
    }
}

/// How many bytes of a file have all that [`header()`] looks at.
pub(super) const LOOKED_AT: u64 = 12 + HEADER as u64;

/// The bytes of an entry, which says that it has `size` of them: no more, and only if there is room for them.
pub(super) fn unpacked(entry: &mut impl Read, size: u64) -> Result<Vec<u8>, String> {
    if !has_room(size) {
        return Err(format!(
            "it unpacks to {} bytes, for which there is no room",
            text::count(u128::from(size))
        ));
    }
    let mut bytes = Vec::new();
    entry.take(size).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    let more = entry.take(1).read_to_end(&mut Vec::new()).map_err(|error| error.to_string())?;
    if more > 0 {
        return Err(format!("it unpacks to more than the {size} bytes that the archive says"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn npy(header: &str) -> Vec<u8> {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.bytes());
        bytes
    }

    #[test]
    fn a_header_is_neither_deep_nor_long() {
        assert!(header(&npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }")).is_ok());
        assert!(header(&npy("{'descr': '((((((((((((((', 'shape': (2, 2), }")).is_ok());
        let deep = header(&npy(&format!("{{'descr': {}", "[".repeat(40)))).unwrap_err();
        assert!(deep.contains("more than 8 deep"), "{deep}");
        let long = header(b"\x93NUMPY\x02\x00\xff\xff\xff\x7f{").unwrap_err();
        assert!(long.contains("2,147,483,647 bytes long"), "{long}");
        assert!(header(b"PK").is_ok());
    }

    #[test]
    fn an_entry_unpacks_to_what_it_says() {
        assert_eq!(unpacked(&mut b"abc".as_slice(), 3).unwrap(), b"abc");
        assert!(unpacked(&mut b"abcd".as_slice(), 3).unwrap_err().contains("more than the 3 bytes"));
        assert!(unpacked(&mut b"".as_slice(), 1 << 60).unwrap_err().contains("no room"));
    }
}
