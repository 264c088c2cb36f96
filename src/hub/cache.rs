//! The folder layout that the Python hub keeps its downloads in, so that neither fetches what the other has.
//!
//! ```text
//! CACHE/.locks/models--org--name/ETAG.lock
//! CACHE/models--org--name/blobs/ETAG                    the bytes, under a name that is their hash
//!                        /blobs/ETAG.incomplete         a download in progress, or one to resume
//!                        /refs/main                     the commit that a branch or tag stood at
//!                        /snapshots/COMMIT/config.json  -> ../../blobs/ETAG
//!                        /.no_exist/COMMIT/FILE         the server has no such file
//! ```

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::checkpoint::{self, Checkpoint};
use super::error::{Error, Result};
use super::{folder, sentences};
use crate::files;
use crate::progress::Progress;
use crate::tokens;

/// The part of the cache that holds one model.
#[derive(Debug)]
pub(super) struct Repo {
    /// `CACHE/models--org--name`.
    root: PathBuf,
    /// `CACHE/.locks/models--org--name`.
    locks: PathBuf,
}

/// A lock that other processes respect, this program's and the Python hub's, until it is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    /// Closing the file gives the lock back. `None` on a file system that has no locks: there the hash of each
    /// download, and the rename that ends it, keep the cache whole.
    _file: Option<File>,
}

impl Repo {
    pub(super) fn new(cache: &Path, id: &str) -> Self {
        let folder = format!("models--{}", id.replace('/', "--"));
        Self { root: cache.join(&folder), locks: cache.join(".locks").join(folder) }
    }

    /// The commit that `revision` stood at when it was last asked for; a commit stands for itself.
    pub(super) fn commit(&self, revision: &str) -> Option<String> {
        if is_commit(revision) {
            return Some(revision.to_owned());
        }
        let text = fs::read_to_string(self.root.join("refs").join(revision)).ok()?;
        let commit = text.trim();
        is_plain_name(commit).then(|| commit.to_owned())
    }

    /// The folder of the files at `commit`.
    pub(super) fn snapshot(&self, commit: &str) -> PathBuf {
        self.root.join("snapshots").join(commit)
    }

    /// The file that holds the bytes of `etag`.
    pub(super) fn blob(&self, etag: &str) -> PathBuf {
        self.root.join("blobs").join(etag)
    }

    /// Makes the folders that a download of `etag` needs, and waits until no other process is at it.
    pub(super) fn lock(&self, etag: &str, file: &str, progress: &dyn Progress) -> Result<Lock> {
        make_folder(&self.root.join("blobs"))?;
        make_folder(&self.locks)?;
        let path = self.locks.join(format!("{etag}.lock"));
        let failed = |source| Error::Cache { path: path.clone(), source };
        let lock = File::options().write(true).create(true).truncate(false).open(&path).map_err(failed)?;
        // A process that is being started shares the files of its parent for a moment, a lock just given back among them:
        // only what stays locked is another download.
        let mut attempt = lock.try_lock();
        for _ in 0..20 {
            if !matches!(attempt, Err(TryLockError::WouldBlock)) {
                break;
            }
            thread::sleep(Duration::from_millis(10));
            attempt = lock.try_lock();
        }
        match attempt {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                progress.note(&format!("another process is downloading {file}; waiting for it"));
                lock.lock().map_err(failed)?;
            }
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                return Ok(Lock { _file: None });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        Ok(Lock { _file: Some(lock) })
    }

    /// Gives the blob of `etag` its name in the snapshot of `commit`. The caller holds the lock of `etag`.
    pub(super) fn link(&self, commit: &str, file: &str, etag: &str) -> Result<()> {
        let pointer = self.snapshot(commit).join(file);
        if let Some(parent) = pointer.parent() {
            make_folder(parent)?;
        }
        // A pointer to a blob that is gone does not count as existing, yet stands in the way.
        if !pointer.exists() && pointer.is_symlink() {
            fs::remove_file(&pointer).map_err(|source| Error::Cache { path: pointer.clone(), source })?;
        }
        let up = "../".repeat(2 + file.matches('/').count());
        match symlink(&format!("{up}blobs/{etag}"), &self.blob(etag), &pointer) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                Err(Error::Cache { path: pointer, source: error })
            }
            _ => Ok(()),
        }
    }

    /// Whether it is known which of the files that say how a tokenizer is used there are at `revision`: each is here, or the server
    /// has been asked for it.
    pub(super) fn knows_settings(&self, revision: &str) -> bool {
        self.commit(revision).is_some_and(|commit| {
            let inner = sentences::inner(&self.snapshot(&commit)).unwrap_or_default();
            tokens::SETTINGS.iter().all(|file| self.knows(&commit, &sentences::within(&inner, file)))
        })
    }

    /// Whether it is known if this is a model of sentence-transformers, and what it says of itself.
    pub(super) fn knows_sentences(&self, revision: &str) -> bool {
        let files = |commit: &str| sentences::files(&self.snapshot(commit)).unwrap_or_default();
        self.commit(revision).is_some_and(|commit| {
            self.knows(&commit, folder::MODULES)
                && files(&commit).iter().all(|file| self.knows(&commit, file))
        })
    }

    /// Whether a file is here, or the server has said that there is none.
    fn knows(&self, commit: &str, file: &str) -> bool {
        self.snapshot(commit).join(file).exists() || self.is_absent(commit, file)
    }

    /// Whether it is known if there is an adapter at `revision`.
    pub(super) fn knows_adapter(&self, revision: &str) -> bool {
        let file = folder::ADAPTER_CONFIG;
        self.commit(revision)
            .is_some_and(|commit| self.snapshot(&commit).join(file).exists() || self.is_absent(&commit, file))
    }

    /// The commit at which an adapter is here for `revision`, if one is.
    pub(super) fn adapter(&self, revision: &str) -> Option<String> {
        self.commit(revision).filter(|commit| self.snapshot(commit).join(folder::ADAPTER_CONFIG).exists())
    }

    /// Whether the server has said that there is no such file at `commit`.
    pub(super) fn is_absent(&self, commit: &str, file: &str) -> bool {
        self.root.join(".no_exist").join(commit).join(file).exists()
    }

    /// Remembers that there is no such file at `commit`, where the Python hub does. A cache that cannot be written is asked again.
    pub(super) fn set_absent(&self, commit: &str, file: &str) {
        let path = self.root.join(".no_exist").join(commit).join(file);
        if path.parent().is_some_and(|folder| fs::create_dir_all(folder).is_ok()) {
            let _ = File::create(path);
        }
    }

    /// Remembers that `revision` stands at `commit`.
    pub(super) fn set_commit(&self, revision: &str, commit: &str) -> Result<()> {
        if revision == commit || self.commit(revision).as_deref() == Some(commit) {
            return Ok(());
        }
        let path = self.root.join("refs").join(revision);
        files::write(&path, commit.as_bytes()).map_err(|error| match error {
            files::Error::Write { path, source } | files::Error::Read { path, source } => {
                Error::Cache { path, source }
            }
        })
    }

    /// Whether anything of the model is here.
    pub(super) fn exists(&self) -> bool {
        self.root.exists()
    }

    /// The checkpoint at `revision`; [`Error::MissingFile`] when the cache does not have all of it.
    pub(super) fn checkpoint(&self, id: &str, revision: &str, weights: bool) -> Result<Checkpoint> {
        let Some(commit) = self.commit(revision) else {
            return Err(Error::MissingFile {
                folder: self.root.clone(),
                file: folder::CONFIG.to_owned(),
                instead: None,
                remedy: None,
            });
        };
        checkpoint::read(&self.snapshot(&commit), id.to_owned(), Some(commit), weights)
    }
}

fn make_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|source| Error::Cache { path: path.to_owned(), source })
}

#[cfg(unix)]
fn symlink(target: &str, _blob: &Path, pointer: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, pointer)
}

/// Where links need a privilege that is not given, the file is copied, as the Python hub does.
#[cfg(not(unix))]
fn symlink(_target: &str, blob: &Path, pointer: &Path) -> io::Result<()> {
    if pointer.exists() { Ok(()) } else { fs::copy(blob, pointer).map(|_| ()) }
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

/// Whether a revision can be a branch's, tag's or commit's name: Git allows no `..`, and it must stay inside `refs/`.
pub(super) fn is_revision(revision: &str) -> bool {
    folder::is_inside(revision)
        && !revision.contains("..")
        && !revision.starts_with(['-', '/'])
        && !revision.contains(|c: char| c.is_control() || c.is_whitespace() || "~^?*[".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Silent;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn a_linked_blob_is_found_by_branch_and_commit() {
        let cache = tempfile::tempdir().unwrap();
        let repo = Repo::new(cache.path(), "org/name");
        for (file, etag) in [("config.json", "c"), ("tokenizer.json", "t"), ("model.safetensors", "w")] {
            let _lock = repo.lock(etag, file, &Silent).unwrap();
            fs::write(repo.blob(etag), if etag == "t" { "{}" } else { etag }).unwrap();
            assert!(matches!(repo.checkpoint("org/name", "main", true), Err(Error::MissingFile { .. })));
            repo.link(COMMIT, file, etag).unwrap();
            repo.link(COMMIT, file, etag).unwrap();
        }
        repo.set_commit("main", COMMIT).unwrap();
        repo.set_commit("refs/pr/1", COMMIT).unwrap();
        for revision in ["main", "refs/pr/1", COMMIT] {
            let found = repo.checkpoint("org/name", revision, true).unwrap();
            assert_eq!((found.config.as_str(), found.commit.as_deref()), ("c", Some(COMMIT)));
        }
        assert!(repo.checkpoint("org/name", "other", true).is_err());
        #[cfg(unix)]
        {
            let pointer = cache.path().join("models--org--name/snapshots").join(COMMIT).join("config.json");
            assert_eq!(fs::read_link(pointer).unwrap(), Path::new("../../blobs/c"));
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_pointer_to_a_lost_blob_is_replaced() {
        let cache = tempfile::tempdir().unwrap();
        let repo = Repo::new(cache.path(), "org/name");
        let _lock = repo.lock("new", "sub/a.json", &Silent).unwrap();
        repo.link(COMMIT, "sub/a.json", "lost").unwrap();
        fs::write(repo.blob("new"), "new").unwrap();
        repo.link(COMMIT, "sub/a.json", "new").unwrap();
        assert_eq!(fs::read_to_string(repo.snapshot(COMMIT).join("sub/a.json")).unwrap(), "new");
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for bad in ["", ".", "..", ".hidden", "a/b", "a\\b", "a b", "é", "a\0"] {
            assert!(!is_plain_name(bad), "{bad}");
        }
        for bad in ["", "..", "a/../b", "/main", "a b", "-x", "a..b", "x~1", "x^", "a\\b", "a:b"] {
            assert!(!is_revision(bad), "{bad}");
        }
        assert!(is_revision("main") && is_revision("refs/pr/1") && is_revision("v1.0_rc-2"));
        assert!(is_commit(COMMIT) && !is_commit("0123456"));
    }
}
