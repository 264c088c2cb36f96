//! The beginning of a file, which is all that is read of one.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use super::super::pending::read_exact_at;

/// How many bytes are read.
const HEAD: usize = 16 << 10;

/// What is known of a file before anything is made of it.
#[derive(Debug)]
pub(super) struct Head {
    /// Its first bytes.
    pub(super) bytes: Vec<u8>,
    /// The length of the whole file, where it is known.
    pub(super) length: u64,
    /// Its name in lower case.
    pub(super) name: String,
    /// Its last eight bytes, where it has as many.
    pub(super) tail: [u8; 8],
}

impl Head {
    /// Reads the beginning of `file`, called `path`.
    pub(super) fn read(file: &File, path: &Path) -> io::Result<Self> {
        let length = file.metadata()?.len();
        let mut bytes = Vec::new();
        file.take(HEAD as u64).read_to_end(&mut bytes)?;
        let mut tail = [0; 8];
        if let Some(start) = length.checked_sub(8) {
            read_exact_at(file, &mut tail, start)?;
        }
        Ok(Self { bytes, length, name: name(path), tail })
    }

    /// The beginning of what stands compressed in a file that is called `name`.
    pub(super) fn inside(bytes: Vec<u8>, name: String) -> Self {
        let length = if bytes.len() < HEAD { bytes.len() as u64 } else { u64::MAX };
        Self { bytes, length, name, tail: [0; 8] }
    }

    /// Whether all of the file is here.
    pub(super) fn is_whole(&self) -> bool {
        self.bytes.len() as u64 >= self.length
    }

    /// Whether the file begins with `bytes`.
    pub(super) fn starts(&self, bytes: &[u8]) -> bool {
        self.bytes.starts_with(bytes)
    }

    /// Whether `bytes` stand at `offset`.
    pub(super) fn has(&self, offset: usize, bytes: &[u8]) -> bool {
        self.bytes.get(offset..).is_some_and(|rest| rest.starts_with(bytes))
    }

    /// Whether its name ends in a dot and one of `endings`.
    pub(super) fn ends(&self, endings: &[&str]) -> bool {
        let ending = self.name.rsplit_once('.').map_or("", |(_, ending)| ending);
        endings.contains(&ending)
    }
}

/// As many bytes of what `from` gives as are looked at; those before an error where it is damaged.
pub(super) fn unpacked(from: impl io::Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    // What came before the damage is kept.
    let _ = from.take(HEAD as u64).read_to_end(&mut bytes);
    bytes
}

fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default()
}
