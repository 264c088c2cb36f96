//! The files of a checkpoint's folder: what they are called, and what to say when one is missing.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Component, Path};

use super::error::{Error, Result};
use crate::files;

pub(super) const CONFIG: &str = "config.json";
pub(super) const TOKENIZER: &str = "tokenizer.json";
pub(super) const WEIGHTS: &str = "model.safetensors";
pub(super) const INDEX: &str = "model.safetensors.index.json";
pub(super) const PYTORCH: &str = "pytorch_model.bin";
pub(super) const PYTORCH_INDEX: &str = "pytorch_model.bin.index.json";
/// The modules of a model of sentence-transformers.
pub(super) const MODULES: &str = "modules.json";
pub(super) const ADAPTER_CONFIG: &str = "adapter_config.json";
pub(super) const ADAPTER: &str = "adapter_model.safetensors";
pub(super) const ADAPTER_PYTORCH: &str = "adapter_model.bin";

/// How the file begins that Git leaves in place of a large one it has not fetched.
const LFS_POINTER: &[u8] = b"version https://git-lfs";

/// Whether `folder` holds a checkpoint, or part of one.
pub(super) fn holds_checkpoint(folder: &Path) -> bool {
    let parts = [CONFIG, TOKENIZER, WEIGHTS, INDEX, PYTORCH, PYTORCH_INDEX, ADAPTER_CONFIG, MODULES];
    parts.iter().any(|name| folder.join(name).exists())
}

/// Complains of a revision, which no folder has.
pub(super) fn no_revision(folder: &Path, revision: Option<&str>) -> Result<()> {
    match revision {
        None => Ok(()),
        Some(revision) => Err(Error::NoRevision {
            id: format!("the folder {}", folder.display()),
            revision: revision.to_owned(),
            remedy: "a folder holds one checkpoint; name the folder of the one you want".to_owned(),
        }),
    }
}

/// The shards that the text of an index names, each once, in order.
pub(super) fn shards(path: &Path, index: &[u8]) -> Result<Vec<String>> {
    let bad = |what: String| Error::BadFile {
        path: path.to_owned(),
        what,
        remedy: Some("fetch the checkpoint again; the index lists which file holds which tensor".to_owned()),
    };
    let index: serde_json::Value =
        serde_json::from_slice(index).map_err(|error| bad(format!("not valid JSON: {error}")))?;
    let map = index.get("weight_map").and_then(serde_json::Value::as_object);
    let map = map.ok_or_else(|| bad("no `weight_map` that says where each tensor is".to_owned()))?;
    let mut names = BTreeSet::new();
    for (tensor, file) in map {
        let name = file.as_str().filter(|name| is_inside(name));
        let name = name.ok_or_else(|| {
            bad(format!("tensor `{tensor}` is said to be in {file}, which names no file beside it"))
        })?;
        names.insert(name.to_owned());
    }
    if names.is_empty() {
        return Err(bad("its `weight_map` is empty".to_owned()));
    }
    Ok(names.into_iter().collect())
}

/// Whether a relative file name stays inside the folder it is joined to, on any system.
pub(super) fn is_inside(name: &str) -> bool {
    !name.is_empty()
        && !name.contains(['\\', ':', '\0'])
        && Path::new(name).components().all(|part| matches!(part, Component::Normal(_)))
}

pub(super) fn read_text(folder: &Path, name: &str) -> Result<String> {
    let path = folder.join(name);
    refuse_lfs_pointer(&path)?;
    let bytes = files::read(&path)?;
    String::from_utf8(bytes).map_err(|error| Error::BadFile {
        what: format!("not a text file: byte {} is not UTF-8", error.utf8_error().valid_up_to()),
        path,
        remedy: Some("fetch the checkpoint again".to_owned()),
    })
}

pub(super) fn refuse_lfs_pointer(path: &Path) -> Result<()> {
    let mut start = Vec::with_capacity(LFS_POINTER.len());
    std::fs::File::open(path)
        .and_then(|file| file.take(LFS_POINTER.len() as u64).read_to_end(&mut start))
        .map_err(|source| files::Error::Read { path: path.to_owned(), source })?;
    if start == LFS_POINTER {
        return Err(Error::BadFile {
            path: path.to_owned(),
            what: "a Git LFS pointer, not the file itself".to_owned(),
            remedy: Some("run `git lfs pull` in that folder".to_owned()),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_cannot_lead_out_of_the_folder() {
        for name in ["../secret", "/etc/passwd", "a/../../b", "", ".", "C:\\x", "a\\..\\b", "a\0b"] {
            assert!(!is_inside(name), "{name}");
            let index = serde_json::json!({"weight_map": {"w": name}}).to_string();
            assert!(shards(Path::new(INDEX), index.as_bytes()).is_err(), "{name}");
        }
        for index in
            ["", "[]", "{}", r#"{"weight_map": []}"#, r#"{"weight_map": {}}"#, r#"{"weight_map": {"w": 3}}"#]
        {
            assert!(shards(Path::new(INDEX), index.as_bytes()).is_err(), "{index}");
        }
        assert!(is_inside("model-00001-of-00002.safetensors") && is_inside("sub/model.safetensors"));
    }
}
