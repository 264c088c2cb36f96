//! One process at a folder: a lock of the operating system.
//!
//! The system lets go of it when the process ends, however it ends, so that no lock is ever stale: a folder whose process was
//! killed is free at once. Where the file system has no locks two processes may do the same work; they write the same bytes,
//! each file whole, so nothing is lost but time.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::error::Error;

/// The file that is locked. It stays: to remove it would let two processes lock two files of one name.
const LOCK: &str = ".lock";
/// How often a lock is tried: one who only looks whether it is held holds it for a moment.
const TRIES: usize = 10;
/// How long between two tries.
const PAUSE: Duration = Duration::from_millis(20);

/// A lock that is held until it is dropped.
#[derive(Debug)]
pub struct Lock {
    /// None where the file system has no locks.
    _file: Option<File>,
}

impl Lock {
    /// Takes the lock of `folder`, making the folder if need be; none where another process has it.
    ///
    /// # Errors
    ///
    /// [`Error::Write`] when the folder or the file cannot be made.
    pub fn take(folder: &Path) -> Result<Option<Self>, Error> {
        let path = folder.join(LOCK);
        let failed = |source| Error::Write { path: path.clone(), source };
        fs::create_dir_all(folder).map_err(failed)?;
        Self::of(open(&path, true).map_err(failed)?).map_err(failed)
    }

    /// Takes the lock of an open file or folder itself; none where another process has it.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn of(file: File) -> io::Result<Option<Self>> {
        for attempt in 1..=TRIES {
            match file.try_lock() {
                Ok(()) => return Ok(Some(Self { _file: Some(file) })),
                Err(TryLockError::WouldBlock) if attempt < TRIES => thread::sleep(PAUSE),
                Err(TryLockError::WouldBlock) => break,
                Err(TryLockError::Error(error)) if has_no_locks(&error) => {
                    return Ok(Some(Self { _file: None }));
                }
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Whether a process has the lock of `folder`.
    #[must_use]
    pub fn is_held(folder: &Path) -> bool {
        let Ok(file) = open(&folder.join(LOCK), false) else { return false };
        // Shared, so that two who look do not take each other for someone at work.
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }
}

/// For reading and writing: a network file system gives a shared lock to readers alone, an exclusive one to writers.
fn open(path: &Path, create: bool) -> io::Result<File> {
    File::options().create(create).truncate(false).read(true).write(true).open(path)
}

/// Whether `error` says that the file system knows no locks.
fn has_no_locks(error: &io::Error) -> bool {
    // ENOLCK, of a network file system whose lock service is away, has no kind of its own.
    const ENOLCK: i32 = 37;
    error.kind() == io::ErrorKind::Unsupported
        || (cfg!(target_os = "linux") && error.raw_os_error() == Some(ENOLCK))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_held_by_one_until_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let cell = folder.path().join("cell");
        assert!(!Lock::is_held(&cell));
        let lock = Lock::take(&cell).unwrap().unwrap();
        assert!(Lock::is_held(&cell) && Lock::is_held(&cell));
        assert!(Lock::take(&cell).unwrap().is_none());
        drop(lock);
        assert!(!Lock::is_held(&cell));
        assert!(Lock::take(&cell).unwrap().is_some());
    }
}
