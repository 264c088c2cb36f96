//! Temporary files, which must not outlive the process.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Temporary files that exist at this moment.
static TEMPORARIES: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// Removes the temporary files of writes in progress. For a signal handler, just before the process ends.
pub fn remove_temporaries() {
    for path in std::mem::take(&mut *TEMPORARIES.lock().unwrap_or_else(PoisonError::into_inner)) {
        // Nothing is left to tell anyone at this point; a file that is already gone is fine.
        let _ = fs::remove_file(path);
    }
}

/// A path in [`TEMPORARIES`] for as long as this lives.
#[derive(Debug)]
pub(super) struct Registered(PathBuf);

impl Registered {
    pub(super) fn new(path: &Path) -> Self {
        TEMPORARIES.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned());
        Self(path.to_owned())
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        TEMPORARIES.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
}
