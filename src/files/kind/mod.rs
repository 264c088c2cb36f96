//! What a file or a folder is, by what is in it.
//!
//! It only names: nothing is read for its own sake, and nothing fails because of what is in a file. A reader asks before it
//! reads, so that a message can say what was given in the place of what was wanted. Of a file the first 16 KiB are looked at (and
//! the list of names in a zip), of a folder the names in it. A name's ending counts only where the contents leave it open.
//!
//! | room | what it tells |
//! | --- | --- |
//! | `names` | the kinds and their groups |
//! | `head` | the beginning of a file |
//! | `binary` | formats by their first bytes |
//! | `packed` | formats that are zips; what is inside gzip |
//! | `json`, `delimited` | what a text in JSON is; which character divides a table |
//! | `text` | texts: grammars, tables, treebanks, pointers, pages |
//! | `folder` | folders by the names in them |

mod binary;
mod delimited;
mod folder;
mod head;
mod json;
mod names;
mod packed;
#[cfg(test)]
mod tests;
mod text;

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::Path;

use head::Head;
pub use names::{Group, Kind};

use super::error::Error;

/// What a file or folder was found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// What it is.
    pub kind: Kind,
    /// What was seen that tells it, as it would follow a colon: `NumPy's signature`.
    pub evidence: String,
    /// What it is too, with less weight: a run directory inside which a comparison was written.
    pub also: Vec<(Kind, String)>,
    /// What is inside, where it is compressed with gzip.
    pub inside: Option<Kind>,
}

impl Seen {
    fn new((kind, evidence): (Kind, String)) -> Self {
        Self { kind, evidence, also: Vec::new(), inside: None }
    }

    /// Whether it is of this kind, foremost or too.
    #[must_use]
    pub fn is(&self, kind: Kind) -> bool {
        self.kind == kind || self.also.iter().any(|(other, _)| *other == kind)
    }
}

/// What it is, as a sentence has it: `a NumPy array (.npy)`, `a file compressed with gzip (inside: a NIfTI image)`.
impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.name())?;
        match self.inside {
            Some(inside) => write!(f, " (inside: {})", inside.name()),
            None => Ok(()),
        }
    }
}

/// What `path` is.
///
/// # Errors
///
/// [`Error::Read`] when nothing is there, or it cannot be read; never for what is in it.
pub fn what_is(path: &Path) -> Result<Seen, Error> {
    seen(path).map_err(|source| Error::Read { path: path.to_owned(), source })
}

fn seen(path: &Path) -> io::Result<Seen> {
    let metadata = fs::metadata(path)?;
    if metadata.is_dir() {
        let mut kinds = folder::kinds(path)?.into_iter();
        let first = kinds.next().unwrap_or((Kind::Folder, String::new()));
        return Ok(Seen { also: kinds.collect(), ..Seen::new(first) });
    }
    if !metadata.is_file() {
        // What is read from it is gone for whoever was to have it.
        return Ok(Seen::new((Kind::Stream, "it is neither a file nor a folder".to_owned())));
    }
    let file = File::open(path)?;
    let head = Head::read(&file, path)?;
    if head.starts(b"PK\x03\x04") || head.starts(b"PK\x05\x06") {
        return Ok(Seen::new(packed::zip(&file, &head)));
    }
    let mut seen = Seen::new(of_head(&head));
    if seen.kind == Kind::Gzip {
        let inside = packed::gunzipped(&head);
        match of_head(&inside).0 {
            // R compresses what it saves; its files have no other form that people know.
            Kind::R => seen.kind = Kind::R,
            Kind::Unknown | Kind::Empty => {}
            kind => seen.inside = Some(kind),
        }
    }
    Ok(seen)
}

fn of_head(head: &Head) -> (Kind, String) {
    let unknown = || (Kind::Unknown, "no format that is known begins so".to_owned());
    binary::kind(head).or_else(|| text::kind(head)).unwrap_or_else(unknown)
}
