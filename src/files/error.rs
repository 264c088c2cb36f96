//! What can go wrong with a file.

use std::io;
use std::path::PathBuf;

/// What can go wrong with a file, with its path.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file could not be written; whatever was there before is untouched.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Error {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let (Self::Read { source, .. } | Self::Write { source, .. }) = self;
        let text = match source.kind() {
            io::ErrorKind::NotFound => "check the path; it is read from the folder the command runs in",
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                "choose a folder that you may write to with -o, or change its permissions"
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                "free some space or choose another disk with -o; earlier results are untouched"
            }
            io::ErrorKind::FileTooLarge => {
                "the system limits the size of files here; raise the limit or choose another disk with -o"
            }
            io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
                "a file stands where a folder is needed; choose another name with -o"
            }
            io::ErrorKind::IsADirectory => match self {
                Self::Read { .. } => {
                    "a folder stands where a file is needed; name the file, or move the folder away"
                }
                Self::Write { .. } => {
                    "a folder stands where the file is to be; remove it, or choose another name with -o"
                }
            },
            io::ErrorKind::InvalidFilename => "choose a shorter name with -o",
            _ => return None,
        };
        Some(text.to_owned())
    }
}
