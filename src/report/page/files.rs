//! The tables of a run inside its page, byte by byte. They are deflated, which browsers undo; what is still too large stays beside
//! the page, which links to it.

use std::io::Write;

use base64::Engine;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use serde::Serialize;

/// How many bytes of deflated tables a page may hold.
const BUDGET: usize = 1 << 20;

/// A table.
#[derive(Debug, Serialize)]
pub(in crate::report) struct Embedded<'a> {
    pub name: &'a str,
    /// Its bytes: deflated, then as base64; none where they are too many.
    #[serde(skip_serializing_if = "Option::is_none")]
    deflated: Option<String>,
}

/// A table in the list that the page shows.
#[derive(Debug, Serialize)]
pub(in crate::report) struct Listed {
    name: String,
    /// Whether the page has its bytes.
    held: bool,
}

/// `files` for the page, the smallest first in its budget; in their own order.
pub(in crate::report) fn embedded(files: &[(String, Vec<u8>)]) -> Vec<Embedded<'_>> {
    let deflated: Vec<Option<Vec<u8>>> = files.iter().map(|(_, bytes)| deflate(bytes)).collect();
    let mut by_size: Vec<usize> = (0..files.len()).collect();
    by_size.sort_by_key(|&i| deflated[i].as_ref().map_or(usize::MAX, Vec::len));
    let mut room = BUDGET;
    let mut texts: Vec<Option<String>> = vec![None; files.len()];
    for i in by_size {
        let Some(bytes) = deflated[i].as_ref().filter(|bytes| bytes.len() <= room) else { continue };
        room -= bytes.len();
        texts[i] = Some(base64::engine::general_purpose::STANDARD.encode(bytes));
    }
    files.iter().zip(texts).map(|((name, _), deflated)| Embedded { name, deflated }).collect()
}

/// What the page lists of `embedded`.
pub(in crate::report) fn listed(embedded: &[Embedded<'_>]) -> Vec<Listed> {
    embedded.iter().map(|file| Listed { name: file.name.to_owned(), held: file.deflated.is_some() }).collect()
}

fn deflate(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::numeric::rng::Stream;

    #[test]
    fn a_table_comes_out_as_it_went_in_and_one_that_is_too_large_is_left_beside() {
        let mut rng = Stream::new(0, "noise");
        let noise: Vec<u8> = (0..2 * BUDGET).map(|_| rng.index(256) as u8).collect();
        let table = b"layer,fold\n0,1\n".repeat(100);
        let files = [("large.csv".to_owned(), noise), ("small.csv".to_owned(), table.clone())];
        let found = embedded(&files);
        assert!(found[0].deflated.is_none());
        let bytes =
            base64::engine::general_purpose::STANDARD.decode(found[1].deflated.as_ref().unwrap()).unwrap();
        let mut back = Vec::new();
        flate2::read::DeflateDecoder::new(bytes.as_slice()).read_to_end(&mut back).unwrap();
        assert_eq!(back, table);
        assert!(!listed(&found)[0].held && listed(&found)[1].held);
    }
}
