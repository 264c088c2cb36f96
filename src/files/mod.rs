//! Whole files or none: every file is written to a temporary name beside its target and renamed.
//!
//! An interrupted run leaves either the earlier file or the new one, never a half. [`remove_temporaries`] is for a
//! signal handler, so that Ctrl-C leaves no litter either.

pub(crate) mod abandoned;
mod error;
pub mod kind;
mod lock;
pub(crate) mod memory;
mod parts;
mod pending;
pub mod spreadsheet;
pub(crate) mod table;
mod temporaries;
pub(crate) mod tensors;
pub(crate) mod torch;

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

pub use error::Error;
pub use kind::{Kind, what_is};
pub use lock::Lock;
pub(crate) use parts::Parts;
pub use pending::{Pending, read_exact_at};
pub use temporaries::remove_temporaries;

/// Writes `bytes` to `path`, whole or not at all, making its folder if need be.
///
/// # Errors
///
/// [`Error::Write`] when the folder cannot be made or the file cannot be written; an earlier file is left as it was.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    write_with(path, |out| out.write_all(bytes))
}

/// Writes to `path` through `fill`, whole or not at all, making its folder if need be. What [`is_stream`] says of is written
/// through, for nothing can take its place.
///
/// # Errors
///
/// [`Error::Write`], as [`write()`].
pub fn write_with(path: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Error> {
    let failed = |source| Error::Write { path: path.to_owned(), source };
    if is_stream(path) {
        let stream = File::options().write(true).open(path).map_err(failed)?;
        return filled(&stream, fill).map_err(failed);
    }
    let pending = Pending::beside(path)?;
    filled(pending.file(), fill).map_err(failed)?;
    pending.keep().map(drop)
}

fn filled(file: &File, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, file);
    fill(&mut out)?;
    out.flush()
}

/// Whether `path` is a device or a pipe, such as `/dev/stdout`: there is no room beside it, and a file of its name would take its
/// place on the system.
#[must_use]
pub fn is_stream(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
}

/// Writes `bytes` to `path` as [`write()`] does; with none, a file that an earlier run left there is removed.
///
/// # Errors
///
/// [`Error::Write`] when the file cannot be written, or the earlier one not be removed.
pub fn write_or_remove(path: &Path, bytes: Option<&[u8]>) -> Result<(), Error> {
    let Some(bytes) = bytes else {
        // What a killed process left on the way to this file is no more wanted than the file.
        if let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) {
            abandoned::remove_abandoned(folder, |other| other == name);
        }
        return match fs::remove_file(path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(Error::Write { path: path.to_owned(), source })
            }
            _ => Ok(()),
        };
    };
    write(path, bytes)
}

/// Fails now, and not after the work, when nothing can be written in `folder`, which is made if need be.
///
/// # Errors
///
/// [`Error::Write`].
pub fn require_writable(folder: &Path) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(|source| Error::Write { path: folder.to_owned(), source })?;
    // A file that no other process has a name for, and that is gone at once.
    Pending::beside(&folder.join(".writable")).map(drop)
}

/// Reads the whole of `path`.
///
/// # Errors
///
/// [`Error::Read`].
pub fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|source| Error::Read { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_earlier_file_and_no_temporary() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.csv");
        write(&path, b"earlier").unwrap();
        let error = write_with(&path, |out| {
            out.write_all(b"half")?;
            Err(io::Error::from(io::ErrorKind::StorageFull))
        })
        .unwrap_err();
        assert!(error.hint().unwrap().contains("free some space"));
        assert_eq!(fs::read(&path).unwrap(), b"earlier");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    #[cfg(unix)]
    fn a_device_is_written_through_and_not_replaced() {
        use std::os::unix::fs::FileTypeExt;
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("null.csv");
        std::os::unix::fs::symlink("/dev/null", &link).unwrap();
        write(&link, b"table").unwrap();
        assert!(fs::metadata(&link).unwrap().file_type().is_char_device());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(Pending::beside(&link).is_err());
    }

    #[test]
    fn a_folder_in_the_place_of_a_file_is_told_before_anything_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let error = write_with(folder.path(), |_| panic!("nothing is made")).unwrap_err();
        assert!(error.hint().unwrap().contains("a folder stands where the file is to be"));
    }

    #[test]
    fn a_write_replaces_the_earlier_file_and_makes_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/table.csv");
        write(&path, b"one").unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(read(&path).unwrap(), b"two");
    }
}
