//! A file under way: it has no name yet, or a temporary one, and any thread writes any part of it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::abandoned;
use super::error::Error;
use super::temporaries::Registered;

/// How many characters of a file's name its temporary name has: 55 of four bytes each, and the ending, are within the 255 bytes
/// of a name.
const TEMPORARY_NAME: usize = 55;

/// A file that is written at any place, from any thread. It becomes the file of its name when it is kept, and is gone when it
/// is dropped before.
#[derive(Debug)]
pub struct Pending {
    path: PathBuf,
    temporary: Temporary,
}

#[derive(Debug)]
enum Temporary {
    /// Under a temporary name beside the one it will have; removed before it is taken from the register.
    Named(NamedTempFile, Registered),
    /// Without a name: the system removes it once nobody has it open, however the program ends.
    Nameless(File),
}

impl Pending {
    /// A file that will be called `path`, whose folder is made if need be. An earlier file of that name stays until then; a link
    /// stays a link, and what it leads to is replaced.
    ///
    /// # Errors
    ///
    /// [`Error::Write`] when the folder or the file cannot be made, or something else than a file has the name.
    pub fn beside(path: &Path) -> Result<Self, Error> {
        let failed = |source| Error::Write { path: path.to_owned(), source };
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => return Err(failed(io::ErrorKind::IsADirectory.into())),
            Ok(found) if !found.is_file() => {
                return Err(failed(io::Error::new(io::ErrorKind::InvalidInput, "it is a device or a pipe")));
            }
            _ => {}
        }
        let target = linked(path);
        let folder = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        fs::create_dir_all(folder).map_err(failed)?;
        // A name may be as long as the system allows; the temporary one is longer by its ending.
        let name: String = target
            .file_name()
            .map(|name| name.to_string_lossy().chars().take(TEMPORARY_NAME).collect())
            .unwrap_or_default();
        abandoned::remove_abandoned(folder, |other| other == name);
        let named = loop {
            let named = tempfile::Builder::new()
                .prefix(&format!(".{name}."))
                .rand_bytes(abandoned::RANDOM)
                .suffix(abandoned::ENDING)
                // Results are for sharing: they get the permissions of any new file, and not those of a private one.
                .make_in(folder, |path| File::options().read(true).write(true).create_new(true).open(path))
                .map_err(failed)?;
            if abandoned::hold(named.as_file(), named.path()) {
                break named;
            }
        };
        let registered = Registered::new(named.path());
        Ok(Self { path: target, temporary: Temporary::Named(named, registered) })
    }

    /// A file for this process alone, on the disk of `folder`, which is made if need be.
    ///
    /// # Errors
    ///
    /// [`Error::Write`] when the folder or the file cannot be made.
    pub fn nameless(folder: &Path) -> Result<Self, Error> {
        let path = folder.join("(a temporary file)");
        let failed = |source| Error::Write { path: path.clone(), source };
        fs::create_dir_all(folder).map_err(failed)?;
        let file = tempfile::tempfile_in(folder).map_err(failed)?;
        Ok(Self { path, temporary: Temporary::Nameless(file) })
    }

    /// What messages call it: the name that it will have.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &File {
        match &self.temporary {
            Temporary::Named(named, _) => named.as_file(),
            Temporary::Nameless(file) => file,
        }
    }

    /// Writes `bytes` at `offset`, from any thread.
    ///
    /// # Errors
    ///
    /// [`Error::Write`]: the disk is full, or fails.
    pub fn write_at(&self, bytes: &[u8], offset: u64) -> Result<(), Error> {
        write_all_at(self.file(), bytes, offset)
            .map_err(|source| Error::Write { path: self.path.clone(), source })
    }

    /// Gives it its name, once all of it is on the disk, and the file still open. A nameless one stays so.
    ///
    /// # Errors
    ///
    /// [`Error::Write`]; an earlier file of that name is then left as it was.
    pub fn keep(self) -> Result<File, Error> {
        let Self { path, temporary } = self;
        let failed = |source| Error::Write { path: path.clone(), source };
        match temporary {
            Temporary::Nameless(file) => Ok(file),
            Temporary::Named(named, registered) => {
                named.as_file().sync_all().map_err(failed)?;
                let file = named.persist(&path).map_err(|error| failed(error.error))?;
                drop(registered);
                // It is a file like any other now.
                let _ = file.unlock();
                Ok(file)
            }
        }
    }
}

/// Fills `bytes` with what stands at `offset` of `file`; several threads may read one file so.
///
/// # Errors
///
/// Those of the system; [`io::ErrorKind::UnexpectedEof`] where the file ends before.
#[cfg(unix)]
pub fn read_exact_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}

#[cfg(unix)]
fn write_all_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

/// Fills `bytes` with what stands at `offset` of `file`; several threads may read one file so.
///
/// # Errors
///
/// Those of the system; [`io::ErrorKind::UnexpectedEof`] where the file ends before.
#[cfg(windows)]
pub fn read_exact_at(file: &File, mut bytes: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, bytes, offset) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                bytes = &mut bytes[count..];
                offset += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(windows)]
fn write_all_at(file: &File, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match std::os::windows::fs::FileExt::seek_write(file, bytes, offset) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => {
                bytes = &bytes[count..];
                offset += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Where the links that begin at `path` lead to, whether anything is there or not.
fn linked(path: &Path) -> PathBuf {
    let mut target = path.to_owned();
    // As many as the system follows; a circle of links is left to it to refuse.
    for _ in 0..40 {
        let Ok(link) = fs::read_link(&target) else { break };
        target = target.parent().unwrap_or(Path::new("")).join(link);
    }
    target
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_may_come_in_any_order_and_nothing_is_there_before_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/numbers");
        let pending = Pending::beside(&path).unwrap();
        pending.write_at(b"cd", 2).unwrap();
        pending.write_at(b"ab", 0).unwrap();
        assert!(!path.exists());
        let file = pending.keep().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"abcd");
        let mut middle = [0; 2];
        read_exact_at(&file, &mut middle, 1).unwrap();
        assert_eq!(&middle, b"bc");
        assert!(read_exact_at(&file, &mut middle, 3).is_err());
    }

    #[test]
    #[cfg(unix)]
    fn a_link_stays_and_the_file_it_leads_to_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("data")).unwrap();
        std::os::unix::fs::symlink("data/real.csv", at("link.csv")).unwrap();
        for text in ["one", "two"] {
            crate::files::write(&at("link.csv"), text.as_bytes()).unwrap();
            assert!(fs::symlink_metadata(at("link.csv")).unwrap().is_symlink());
            assert_eq!(fs::read_to_string(at("data/real.csv")).unwrap(), text);
        }
    }

    #[test]
    #[cfg(unix)]
    fn a_new_file_has_the_permissions_of_any_new_file() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let mode = |name: &str| fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
        File::create(folder.path().join("plain")).unwrap();
        drop(Pending::beside(&folder.path().join("table")).unwrap().keep().unwrap());
        assert_eq!(mode("table"), mode("plain"));
    }

    #[test]
    fn a_name_may_be_as_long_as_the_system_allows() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["n".repeat(255), "é".repeat(127), "日".repeat(85)] {
            drop(Pending::beside(&folder.path().join(&name)).unwrap().keep().unwrap());
            assert!(folder.path().join(name).is_file());
        }
    }

    #[test]
    fn what_is_not_kept_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("numbers");
        fs::write(&path, "earlier").unwrap();
        let pending = Pending::beside(&path).unwrap();
        pending.write_at(b"half", 0).unwrap();
        drop(pending);
        let nameless = Pending::nameless(folder.path()).unwrap();
        nameless.write_at(b"x", 0).unwrap();
        drop(nameless.keep().unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_eq!(fs::read(&path).unwrap(), b"earlier");
    }
}
