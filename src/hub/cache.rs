//! The folder layout that the Python hub keeps its downloads in, so that neither fetches what the other has.
//!
//! ```text
//! CACHE/.locks/models--org--name/ETAG.lock
//! CACHE/models--org--name/blobs/ETAG                    the bytes, under a name that is their hash
//!                        /blobs/ETAG.incomplete         a download in progress, or one to resume
//!                        /refs/main                     the commit that a branch or tag stood at
//!                        /snapshots/COMMIT/config.json  -> ../../blobs/ETAG
//! ```

use std::path::{Path, PathBuf};

use super::error::Result;
use super::{Checkpoint, Error, folder};

/// The part of the cache that holds one model.
#[derive(Debug)]
pub(super) struct Repo {
    /// `CACHE/models--org--name`.
    root: PathBuf,
}

impl Repo {
    pub(super) fn new(cache: &Path, id: &str) -> Self {
        Self { root: cache.join(format!("models--{}", id.replace('/', "--"))) }
    }

    /// The commit that `revision` stood at when it was last asked for; a commit stands for itself.
    pub(super) fn commit(&self, revision: &str) -> Option<String> {
        if is_commit(revision) {
            return Some(revision.to_owned());
        }
        let text = std::fs::read_to_string(self.root.join("refs").join(revision)).ok()?;
        let commit = text.trim();
        is_plain_name(commit).then(|| commit.to_owned())
    }

    /// The folder of the files at `commit`.
    pub(super) fn snapshot(&self, commit: &str) -> PathBuf {
        self.root.join("snapshots").join(commit)
    }

    /// The checkpoint at `revision` if every file of it is here. A file that is here and wrong is an error.
    pub(super) fn checkpoint(&self, id: &str, revision: &str) -> Result<Option<Checkpoint>> {
        let Some(commit) = self.commit(revision) else { return Ok(None) };
        match folder::read(&self.snapshot(&commit), id.to_owned(), Some(commit)) {
            Ok(checkpoint) => Ok(Some(checkpoint)),
            Err(Error::MissingFile { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Whether `revision` is a full commit hash.
pub(super) fn is_commit(revision: &str) -> bool {
    revision.len() == 40 && revision.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Whether a name from a server can be a file's name here: it names no other folder, and hides nothing.
pub(super) fn is_plain_name(name: &str) -> bool {
    (1..=128).contains(&name.len())
        && !name.starts_with('.')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}
