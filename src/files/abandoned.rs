//! Temporary files of processes that were killed. Who writes one holds its lock, which the system lets go of when the process ends,
//! however it ends: a temporary file whose lock is free is nobody's.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// How the name of a temporary file ends.
pub(super) const ENDING: &str = ".part";
/// How many characters a temporary name has of its own.
pub(super) const RANDOM: usize = 6;

/// Takes the lock of a temporary file just made at `path`; false where another process has removed it meanwhile, as nobody's.
pub(super) fn hold(file: &File, path: &Path) -> bool {
    match file.try_lock() {
        Ok(()) => path.exists(),
        Err(fs::TryLockError::WouldBlock) => false,
        // No locks here: nobody removes what is not locked either.
        Err(fs::TryLockError::Error(_)) => true,
    }
}

/// The temporary files in `folder` whose writer is gone, of the files that `is_ours` knows by their names; and their sizes.
pub(crate) fn abandoned(folder: &Path, is_ours: impl Fn(&str) -> bool) -> Vec<(PathBuf, u64)> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(of) = name.to_str().and_then(written_for) else { continue };
        if is_ours(of) && is_free(&entry.path()) {
            found.push((entry.path(), entry.metadata().map_or(0, |found| found.len())));
        }
    }
    found
}

/// Removes the temporary files in `folder` whose writer is gone, and says how many bytes they had.
pub(crate) fn remove_abandoned(folder: &Path, is_ours: impl Fn(&str) -> bool) -> (usize, u64) {
    let mut removed = (0, 0);
    for (path, bytes) in abandoned(folder, is_ours) {
        // What cannot be removed now is removed another time.
        if fs::remove_file(path).is_ok() {
            removed = (removed.0 + 1, removed.1 + bytes);
        }
    }
    removed
}

/// The (perhaps shortened) name of the file that a temporary one was to become: `.NAME.XXXXXX.part`.
fn written_for(name: &str) -> Option<&str> {
    let (name, random) = name.strip_prefix('.')?.strip_suffix(ENDING)?.rsplit_once('.')?;
    (random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric())).then_some(name)
}

fn is_free(path: &Path) -> bool {
    let free =
        || -> io::Result<bool> { Ok(File::options().read(true).write(true).open(path)?.try_lock().is_ok()) };
    free().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::super::Pending;
    use super::*;

    #[test]
    fn what_a_killed_process_left_goes_with_the_next_write_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let others = [".b.csv.abc123.part", ".a.csv.part", "a.csv.abc123.part", ".a.csv.abc.part"];
        for name in others.into_iter().chain([".a.csv.abc123.part"]) {
            fs::write(at(name), "half").unwrap();
        }
        let alive = Pending::beside(&at("a.csv")).unwrap();
        assert!(!at(".a.csv.abc123.part").exists());
        let second = Pending::beside(&at("a.csv")).unwrap();
        alive.write_at(b"whole", 0).unwrap();
        drop(alive.keep().unwrap());
        drop(second);
        assert_eq!(fs::read(at("a.csv")).unwrap(), b"whole");
        assert!(others.iter().all(|name| at(name).exists()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), others.len() + 1);
    }
}
