//! The parts of a pickle as they stand in its bytes.

use std::io::{self, BufRead, Read};

fn cut_short(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "it ends too early".to_owned(),
        _ => error.to_string(),
    }
}

pub(super) fn bytes<const N: usize>(from: &mut impl Read) -> Result<[u8; N], String> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes).map_err(|error| cut_short(&error))?;
    Ok(bytes)
}

/// `length` bytes, without asking for memory before they are there.
pub(super) fn exactly(length: u64, from: &mut impl BufRead) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    from.take(length).read_to_end(&mut bytes).map_err(|error| cut_short(&error))?;
    if (bytes.len() as u64) < length { Err("it ends too early".to_owned()) } else { Ok(bytes) }
}

pub(super) fn line(from: &mut impl BufRead) -> Result<String, String> {
    let mut text = Vec::new();
    from.read_until(b'\n', &mut text).map_err(|error| cut_short(&error))?;
    match text.pop() {
        Some(b'\n') => Ok(String::from_utf8_lossy(&text).into_owned()),
        _ => Err("it ends too early".to_owned()),
    }
}
