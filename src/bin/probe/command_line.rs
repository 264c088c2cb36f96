//! The command line of this program: its process's own, or that of another process which runs this program inside itself.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::sync::OnceLock;

static HANDED_OVER: OnceLock<Vec<OsString>> = OnceLock::new();

/// Makes `words` the command line, the program's name first: the process is another program's (Python's, for the wheel).
#[allow(dead_code, reason = "the program whose process is its own has nobody to hand it anything")]
pub fn hand_over(words: Vec<OsString>) {
    // Only the first command line of a process counts.
    let _ = HANDED_OVER.set(words);
}

/// The words of the command line, the program's name first.
pub fn words() -> Vec<OsString> {
    HANDED_OVER.get().cloned().unwrap_or_else(|| std::env::args_os().collect())
}

/// The file that starts this program.
pub fn program() -> io::Result<PathBuf> {
    match HANDED_OVER.get().and_then(|words| words.first()) {
        Some(name) => PathBuf::from(name).canonicalize(),
        None => std::env::current_exe(),
    }
}
