//! What to say when a file of a checkpoint's folder is missing: what the folder holds in its place.

use std::path::Path;

use super::error::{Error, Result};
use super::folder::{ADAPTER_CONFIG, CONFIG, INDEX, PYTORCH, TOKENIZER, WEIGHTS, read_text};
use super::foreign::{self, Foreign, SAVE_TOKENIZER};

/// The text of a file of a checkpoint.
pub(super) fn text(folder: &Path, name: &str) -> Result<String> {
    if folder.join(name).exists() { read_text(folder, name) } else { Err(missing(folder, name)) }
}

/// The error for a file that is not there, with what the rest of the folder suggests.
pub(super) fn missing(folder: &Path, file: &str) -> Error {
    let has = |name: &str| folder.join(name).exists();
    let whole = || {
        format!(
            "a checkpoint's folder holds {CONFIG}, {TOKENIZER} and {WEIGHTS} (or {INDEX} and its shards, or PyTorch's {PYTORCH})"
        )
    };
    let usual = match file {
        CONFIG if has("snapshots") => {
            return error(
                folder,
                file,
                None,
                "this is a folder of the Hub's cache; name the model by its id, or one of the folders in snapshots/".to_owned(),
            );
        }
        WEIGHTS if has("adapter_model.safetensors") => {
            let remedy = format!(
                "it holds an adapter's weights without {ADAPTER_CONFIG}, which says how they are merged; fetch that too"
            );
            return error(folder, file, None, remedy);
        }
        TOKENIZER => SAVE_TOKENIZER.to_owned(),
        CONFIG | WEIGHTS => whole(),
        _ => "the index beside it names it; fetch the checkpoint again".to_owned(),
    };
    let names = foreign::listing(folder);
    let found = match file {
        CONFIG | WEIGHTS => foreign::weights(&names),
        TOKENIZER => foreign::tokenizer(&names),
        _ => None,
    };
    match found {
        Some(Foreign { what, remedy }) => error(folder, file, Some(what), remedy),
        None => error(folder, file, None, usual),
    }
}

fn error(folder: &Path, file: &str, instead: Option<String>, remedy: String) -> Error {
    let instead = instead.map(String::into_boxed_str);
    Error::MissingFile { folder: folder.to_owned(), file: file.to_owned(), instead, remedy: Some(remedy) }
}
