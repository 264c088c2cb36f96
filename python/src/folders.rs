//! Temporary folders, which must not outlive their process.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use mlem_probe::files;
use tempfile::TempDir;

/// Those that there are, with the process that made them: a fork has its parent's list, and must leave them alone.
static FOLDERS: Mutex<BTreeSet<(u32, PathBuf)>> = Mutex::new(BTreeSet::new());

/// A folder that is removed when this goes, or at the latest with the process.
#[derive(Debug)]
pub struct Folder(TempDir);

impl Folder {
    /// A new folder.
    ///
    /// # Errors
    ///
    /// It cannot be made.
    pub fn new() -> Result<Self, files::Error> {
        let made = tempfile::Builder::new().prefix("mlem-probe-").tempdir();
        let folder = made.map_err(|source| files::Error::Write { path: std::env::temp_dir(), source })?;
        all(|folders| folders.insert((std::process::id(), folder.path().to_owned())));
        Ok(Self(folder))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        all(|folders| folders.remove(&(std::process::id(), self.path().to_owned())));
    }
}

/// Removes the folders of this process, and files that are half written. Work that was given up may still hold some.
pub fn tidy() {
    files::remove_temporaries();
    let process = std::process::id();
    for (owner, folder) in all(std::mem::take) {
        if owner == process {
            // The process ends: there is nobody left to tell.
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

fn all<T>(act: impl FnOnce(&mut BTreeSet<(u32, PathBuf)>) -> T) -> T {
    act(&mut FOLDERS.lock().unwrap_or_else(PoisonError::into_inner))
}
