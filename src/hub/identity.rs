//! What the numbers of a model depend on, as far as can be told without the network.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use super::checkpoint::{self, Checkpoint, Weights};
use super::error::Result;
use super::names::{self, Name};
use super::network::verify;
use super::{adapter, embedded, folder};
use crate::{files, tokens};

/// Tells models apart by what they are: the content of a folder's files (its weights if they are wanted), or the id of an embedded
/// model or one of the Hub, whatever name it goes by. Nothing is asked of the network; `revision` is not part of what is
/// given, and must be there as far as can be told without.
///
/// # Errors
///
/// As [`super::resolve()`] for a folder or an embedded model; a name that no model can have.
pub fn identity(name: &str, revision: Option<&str>, weights: bool) -> Result<String> {
    Ok(match names::interpret(name)? {
        Name::Embedded(model) => {
            embedded::checkpoint(model, revision)?;
            format!("embedded {}", model.name)
        }
        Name::Hub(id) => format!("hub {id}"),
        Name::Folder(path) => {
            folder::no_revision(&path, revision)?;
            if adapter::is_in(&path) {
                return adapter_identity(&path, weights);
            }
            let checkpoint = checkpoint::read(&path, name.to_owned(), None, weights)?;
            let mut hasher = blake3::Hasher::new();
            for text in [&checkpoint.config, &checkpoint.tokenizer.json] {
                hasher.update(&(text.len() as u64).to_le_bytes());
                hasher.update(text.as_bytes());
            }
            if checkpoint.tokenizer.split_special_tokens {
                hasher.update(b"special tokens are split");
            }
            weights_of(&checkpoint.weights, &mut hasher)?;
            format!("folder {}", hasher.finalize().to_hex())
        }
    })
}

/// What an adapter's numbers depend on: its own files, and its base as far as that can be found; how else it is called. Both what
/// `--base` and `--no-adapter` would read are part of it.
fn adapter_identity(folder: &Path, weights: bool) -> Result<String> {
    let found = adapter::find(folder)?;
    let folder = found.folder.as_path();
    let mut hasher = blake3::Hasher::new();
    hasher.update(found.text.as_bytes());
    for file in [folder::TOKENIZER, folder::CONFIG].into_iter().chain(tokens::SETTINGS) {
        let path = folder.join(file);
        hasher.update(&if path.exists() { files::read(&path)? } else { Vec::new() });
    }
    if weights {
        if let Some(own) = &found.weights {
            weights_of(own, &mut hasher)?;
        }
        if found.has_model() {
            let whole = checkpoint::read(folder, String::new(), None, true)?;
            weights_of(&whole.weights, &mut hasher)?;
        }
    }
    if let Some((base, revision)) = &found.base {
        let below = if adapter::is_in(Path::new(base)) {
            None
        } else {
            identity(base, revision.as_deref(), weights).ok()
        };
        hasher.update(below.unwrap_or_else(|| base.clone()).as_bytes());
        hasher.update(revision.as_deref().unwrap_or_default().as_bytes());
    }
    Ok(format!("adapter {}", hasher.finalize().to_hex()))
}

/// Adds the contents of files of weights.
fn weights_of(weights: &Weights, hasher: &mut blake3::Hasher) -> Result<()> {
    if let Weights::Safetensors(paths) | Weights::Pytorch(paths) = weights {
        for path in paths {
            hasher.update(content(path)?.as_bytes());
        }
    }
    Ok(())
}

/// Whether `folder` holds a checkpoint, or part of one.
#[must_use]
pub fn is_checkpoint(folder: &Path) -> bool {
    folder::holds_checkpoint(folder)
}

/// A hash of a file's content (hex). The cache of the Hub calls large files by their SHA-256, which a download was checked
/// against.
///
/// # Errors
///
/// [`files::Error::Read`].
pub fn content(path: &Path) -> Result<String, files::Error> {
    let failed = |source| files::Error::Read { path: path.to_owned(), source };
    let real = fs::canonicalize(path).map_err(failed)?;
    let name = real.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let in_blobs = real.parent().and_then(Path::file_name).is_some_and(|folder| folder == "blobs");
    if in_blobs && name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(name.to_owned());
    }
    let mut hasher = blake3::Hasher::new();
    let mut file = File::open(&real).map_err(failed)?;
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(hasher.finalize().to_hex().to_string()),
            Ok(count) => hasher.update(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(failed(error)),
        };
    }
}

/// The files of a checkpoint from the Hub's cache that no hash of the server's vouches for, by their names in its folder. In the cache
/// each is a link to a file that is called after what the server said its hash is.
#[must_use]
pub fn unverified(checkpoint: &Checkpoint) -> Vec<String> {
    let adapter = checkpoint.adapter.as_ref().and_then(|adapter| adapter.config_path.parent());
    let base = match &checkpoint.weights {
        Weights::Safetensors(paths) | Weights::Pytorch(paths) => paths.first().and_then(|path| path.parent()),
        Weights::Embedded(_) | Weights::Absent => None,
    };
    let entries =
        base.into_iter().chain(adapter).flat_map(|folder| fs::read_dir(folder).into_iter().flatten());
    let mut names = Vec::new();
    for entry in entries.flatten() {
        let Ok(link) = fs::read_link(entry.path()) else { continue };
        let is_blob = link.parent().and_then(|parent| parent.file_name()).is_some_and(|name| name == "blobs");
        let blob = link.file_name().unwrap_or_default().to_string_lossy();
        if is_blob && !verify::is_hash(&blob) {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::super::Error;
    use super::*;

    #[test]
    fn an_alias_and_its_id_are_one_model_and_a_folder_is_its_content() {
        let id = |name: &str| identity(name, None, true).unwrap();
        assert_eq!(id("minilm"), id("sentence-transformers/all-MiniLM-L6-v2"));
        assert_ne!(id("minilm"), id("bert-base"));
        let home = tempfile::tempdir().unwrap();
        let at =
            |place: &str, weights: bool| identity(home.path().join(place).to_str().unwrap(), None, weights);
        for place in ["a", "b"] {
            for (name, text) in [("config.json", "{}"), ("tokenizer.json", "{}"), ("model.safetensors", "w")]
            {
                files::write(&home.path().join(place).join(name), text.as_bytes()).unwrap();
            }
        }
        assert_eq!(at("a", true).unwrap(), at("b", true).unwrap());
        files::write(&home.path().join("b/model.safetensors"), b"v").unwrap();
        assert_ne!(at("a", true).unwrap(), at("b", true).unwrap());
        assert_eq!(at("a", false).unwrap(), at("b", false).unwrap());
        assert!(at("nowhere", true).is_err());
        for model in ["tiny-bert", home.path().join("a").to_str().unwrap()] {
            assert!(matches!(identity(model, Some("stepp"), true), Err(Error::NoRevision { .. })), "{model}");
        }
    }
}
