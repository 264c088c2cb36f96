//! The files of a tokenizer, as the fuzzer sees them.

use crate::tokens::{self, SETTINGS};

/// What stands between two files.
const SEPARATOR: u8 = 0x1e;

/// The files, in the order in which they stand in the bytes.
const FILES: [&str; 4] = ["config.json", "tokenizer.json", "spiece.model", "vocab.txt"];

/// Takes `bytes` for the files of a tokenizer, and reads it.
///
/// # Panics
///
/// If what is read is not a JSON object, or an error says nothing.
pub fn exercise(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let names = FILES.iter().chain(&SETTINGS);
    for (name, content) in names.zip(bytes.split(|byte| *byte == SEPARATOR)) {
        if !content.is_empty() {
            std::fs::write(folder.path().join(name), content).expect("a temporary file");
        }
    }
    match tokens::read(folder.path()) {
        Ok(None) => {}
        Ok(Some(text)) => {
            let value: serde_json::Value = serde_json::from_str(&text.json).expect("what is read is JSON");
            assert!(value.is_object());
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            assert!(error.hint().is_some());
        }
    }
}
