//! Texts and JSON objects of a checkpoint's folder.

use std::io::Read as _;
use std::path::Path;

use serde_json::{Map, Value};

use super::error::{Error, Result};
use crate::files;

/// How the file begins that Git leaves in place of a large one it has not fetched.
const LFS_POINTER: &[u8] = b"version https://git-lfs";

/// What to do about a file that is broken.
const AGAIN: &str = "fetch the checkpoint again";

/// The text of a file that is there.
pub(super) fn read_text(folder: &Path, name: &str) -> Result<String> {
    let path = folder.join(name);
    refuse_lfs_pointer(&path)?;
    let bytes = files::read(&path)?;
    String::from_utf8(bytes).map_err(|error| {
        bad(folder, name, format!("not a text file: byte {} is not UTF-8", error.utf8_error().valid_up_to()))
    })
}

/// The object of a JSON file; empty where there is no such file.
pub(super) fn object(folder: &Path, name: &str) -> Result<Map<String, Value>> {
    if !folder.join(name).exists() {
        return Ok(Map::new());
    }
    let text = read_text(folder, name)?;
    match serde_json::from_str(&text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(bad(folder, name, "not a JSON object".to_owned())),
        Err(error) => Err(bad(folder, name, format!("not valid JSON: {error}"))),
    }
}

/// Complains of a pointer in place of a file.
pub(super) fn refuse_lfs_pointer(path: &Path) -> Result<()> {
    let mut start = Vec::with_capacity(LFS_POINTER.len());
    std::fs::File::open(path)
        .and_then(|file| file.take(LFS_POINTER.len() as u64).read_to_end(&mut start))
        .map_err(|source| files::Error::Read { path: path.to_owned(), source })?;
    if start == LFS_POINTER {
        return Err(Error::BadFile {
            path: path.to_owned(),
            what: "a Git LFS pointer, not the file itself".to_owned(),
            remedy: Some("run `git lfs pull` in that folder".to_owned()),
        });
    }
    Ok(())
}

/// The error for a file that is broken.
pub(super) fn bad(folder: &Path, name: &str, what: String) -> Error {
    Error::BadFile { path: folder.join(name), what, remedy: Some(AGAIN.to_owned()) }
}
