//! Whether a file is what its hash says. The Hub names a large file by the SHA-256 of its bytes, and a small one by the
//! name that Git gives it: the SHA-1 of `blob SIZE\0` and its bytes.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256};

/// Whether an `ETag` is a hash of a file's bytes, by which they can be verified.
pub(in crate::hub) fn is_hash(etag: &str) -> bool {
    [40, 64].contains(&etag.len()) && etag.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The hash of the file at `path` when it is not `etag`; `None` when it is, or when `etag` is no hash.
pub(in crate::hub) fn other_hash(path: &Path, etag: &str) -> io::Result<Option<String>> {
    let mut file = File::open(path)?;
    let mut context = match etag.len() {
        64 if is_hash(etag) => Context::new(&SHA256),
        40 if is_hash(etag) => {
            let mut context = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
            context.update(format!("blob {}\0", file.metadata()?.len()).as_bytes());
            context
        }
        _ => return Ok(None),
    };
    let mut buffer = vec![0; 1 << 18];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            n => context.update(&buffer[..n]),
        }
    }
    let mut found = String::with_capacity(etag.len());
    for byte in context.finish().as_ref() {
        // Writing to a string cannot fail.
        let _ = write!(found, "{byte:02x}");
    }
    Ok((!found.eq_ignore_ascii_case(etag)).then_some(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_hashes_of_git_and_of_large_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hello");
        std::fs::write(&path, "hello\n").unwrap();
        let git = "ce013625030ba8dba906f756967f9e9ca394464a"; // printf 'hello\n' | git hash-object --stdin
        let sha256 = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"; // … | sha256sum
        assert_eq!(other_hash(&path, git).unwrap(), None);
        assert_eq!(other_hash(&path, sha256).unwrap(), None);
        assert_eq!(other_hash(&path, "0xdeadbeef").unwrap(), None);
        std::fs::write(&path, "hellO\n").unwrap();
        assert!(other_hash(&path, git).unwrap().is_some_and(|found| found.len() == 40));
        assert!(other_hash(&path, sha256).unwrap().is_some_and(|found| found.len() == 64));
    }
}
