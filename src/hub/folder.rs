//! A checkpoint's folder: which files it must have, and what to say when it lacks one.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use super::error::{Error, Result};
use super::{Checkpoint, Weights};
use crate::files;
use crate::tokens::{self, TokenizerText};

pub(super) const CONFIG: &str = "config.json";
pub(super) const TOKENIZER: &str = "tokenizer.json";
pub(super) const WEIGHTS: &str = "model.safetensors";
pub(super) const INDEX: &str = "model.safetensors.index.json";
pub(super) const PYTORCH: &str = "pytorch_model.bin";
pub(super) const PYTORCH_INDEX: &str = "pytorch_model.bin.index.json";

/// How the file begins that Git leaves in place of a large one it has not fetched.
const LFS_POINTER: &[u8] = b"version https://git-lfs";

/// Whether `folder` holds a checkpoint, or part of one.
pub(super) fn holds_checkpoint(folder: &Path) -> bool {
    [CONFIG, TOKENIZER, WEIGHTS, INDEX, PYTORCH, PYTORCH_INDEX].iter().any(|name| folder.join(name).exists())
}

/// Reads the checkpoint in `folder`; weights, where they are wanted, are found, not read.
pub(super) fn read(folder: &Path, id: String, commit: Option<String>, weights: bool) -> Result<Checkpoint> {
    let config = read_text(folder, CONFIG)?;
    let tokenizer = tokenizer(folder)?;
    let weights = if weights { weight_files(folder)? } else { Weights::Absent };
    if let Weights::Safetensors(paths) | Weights::Pytorch(paths) = &weights {
        for path in paths {
            refuse_lfs_pointer(path)?;
        }
    }
    Ok(Checkpoint { id, commit, config, tokenizer, weights })
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

/// The tokenizer, from `tokenizer.json` and the files beside it, or from those of a vocabulary.
pub(super) fn tokenizer(folder: &Path) -> Result<TokenizerText> {
    tokens::read(folder)?.ok_or_else(|| missing(folder, TOKENIZER))
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

/// Safetensors, or PyTorch's files where there are none.
fn weight_files(folder: &Path) -> Result<Weights> {
    if let Some(paths) = files_or_shards(folder, WEIGHTS, INDEX)? {
        return Ok(Weights::Safetensors(paths));
    }
    match files_or_shards(folder, PYTORCH, PYTORCH_INDEX)? {
        Some(paths) => Ok(Weights::Pytorch(paths)),
        None => Err(missing(folder, WEIGHTS)),
    }
}

/// The one file, or the shards that the index names, if either is there.
fn files_or_shards(folder: &Path, single: &str, index: &str) -> Result<Option<Vec<PathBuf>>> {
    let single = folder.join(single);
    if single.exists() {
        return Ok(Some(vec![single]));
    }
    let index = folder.join(index);
    if !index.exists() {
        return Ok(None);
    }
    let names = shards(&index, &files::read(&index)?)?;
    match names.iter().find(|name| !folder.join(name).exists()) {
        Some(absent) => Err(missing(folder, absent)),
        None => Ok(Some(names.iter().map(|name| folder.join(name)).collect())),
    }
}

pub(super) fn read_text(folder: &Path, name: &str) -> Result<String> {
    let path = folder.join(name);
    if !path.exists() {
        return Err(missing(folder, name));
    }
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

/// The error for a file that is not there, with what the rest of the folder suggests.
fn missing(folder: &Path, file: &str) -> Error {
    let has = |name: &str| folder.join(name).exists();
    let save = "save it with safetensors: in Python, `model.save_pretrained(DIR)`";
    let remedy = match file {
        CONFIG if has("snapshots") => {
            "this is a folder of the Hub's cache; name the model by its id, or one of the folders in snapshots/".to_owned()
        }
        WEIGHTS if has("tf_model.h5") || has("flax_model.msgpack") => {
            format!("it has TensorFlow or Flax weights, which are not read; {save}")
        }
        WEIGHTS if has("adapter_model.safetensors") => {
            format!("it holds an adapter alone; merge it into its base model, then {save}")
        }
        TOKENIZER => "save it with the fast tokenizer: in Python, \
            `AutoTokenizer.from_pretrained(NAME).save_pretrained(DIR)` writes tokenizer.json"
            .to_owned(),
        CONFIG | WEIGHTS => format!(
            "a checkpoint's folder holds {CONFIG}, {TOKENIZER} and {WEIGHTS} (or {INDEX} and its shards, or \
             PyTorch's {PYTORCH})"
        ),
        _ => "the index beside it names it; fetch the checkpoint again".to_owned(),
    };
    Error::MissingFile { folder: folder.to_owned(), file: file.to_owned(), remedy: Some(remedy) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn folder(contents: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in contents {
            fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    fn failure(contents: &[(&str, &str)]) -> (String, String) {
        let folder = folder(contents);
        let error = read(folder.path(), "x".to_owned(), None, true).unwrap_err();
        let text = error.to_string().replace(&folder.path().display().to_string(), "DIR");
        (text, error.hint().unwrap())
    }

    #[test]
    fn a_whole_folder_is_read_and_one_file_comes_before_shards() {
        let whole = [(CONFIG, "{\"a\":1}"), (TOKENIZER, "{}"), (WEIGHTS, "w"), (INDEX, "not even json")];
        let folder = folder(&whole);
        let checkpoint = read(folder.path(), "here".to_owned(), None, true).unwrap();
        assert_eq!((checkpoint.id.as_str(), checkpoint.config.as_str()), ("here", "{\"a\":1}"));
        let Weights::Safetensors(paths) = checkpoint.weights else { panic!("on disk") };
        assert_eq!(paths, [folder.path().join(WEIGHTS)]);
    }

    #[test]
    fn pytorchs_files_serve_where_there_are_no_safetensors() {
        let index = r#"{"weight_map": {"z": "pytorch_model-1.bin"}}"#;
        let rest = [(CONFIG, "{}"), (TOKENIZER, "{}"), (PYTORCH_INDEX, index), ("pytorch_model-1.bin", "w")];
        let weights = |contents: &[(&str, &str)]| {
            let folder = folder(contents);
            let found = read(folder.path(), String::new(), None, true).unwrap().weights;
            let (Weights::Safetensors(paths) | Weights::Pytorch(paths)) = &found else { panic!("on disk") };
            let name = paths[0].file_name().unwrap().to_string_lossy().into_owned();
            (matches!(found, Weights::Pytorch(_)), name)
        };
        assert_eq!(weights(&rest), (true, "pytorch_model-1.bin".to_owned()));
        assert_eq!(weights(&[rest.as_slice(), &[(PYTORCH, "w")]].concat()), (true, PYTORCH.to_owned()));
        assert_eq!(weights(&[rest.as_slice(), &[(WEIGHTS, "w")]].concat()), (false, WEIGHTS.to_owned()));
        let (text, _) = failure(&rest[..3]);
        assert_eq!(text, "the checkpoint `DIR` has no pytorch_model-1.bin");
    }

    #[test]
    fn shards_come_once_each_in_order() {
        let index = r#"{"weight_map": {"z": "model-2.safetensors", "a": "model-2.safetensors", "b": "model-1.safetensors"}}"#;
        let all = [(CONFIG, "{}"), (TOKENIZER, "{}"), (INDEX, index), ("model-1.safetensors", "1")];
        assert_eq!(failure(&all).0, "the checkpoint `DIR` has no model-2.safetensors");
        let folder = folder(&all);
        fs::write(folder.path().join("model-2.safetensors"), "2").unwrap();
        let Weights::Safetensors(paths) = read(folder.path(), String::new(), None, true).unwrap().weights
        else {
            panic!("on disk")
        };
        assert_eq!(
            paths,
            ["model-1.safetensors", "model-2.safetensors"].map(|name| folder.path().join(name))
        );
    }

    #[test]
    fn what_is_missing_is_named_with_what_to_do() {
        assert_eq!(failure(&[]).0, "the checkpoint `DIR` has no config.json");
        let (text, hint) = failure(&[(CONFIG, "{}"), (WEIGHTS, "w")]);
        assert_eq!(text, "the checkpoint `DIR` has no tokenizer.json");
        assert!(hint.contains("save_pretrained"), "{hint}");
        let (text, hint) = failure(&[(CONFIG, "{}"), (TOKENIZER, "{}"), ("tf_model.h5", "w")]);
        assert_eq!(text, "the checkpoint `DIR` has no model.safetensors");
        assert!(hint.contains("TensorFlow"), "{hint}");
    }

    #[test]
    fn a_pointer_of_git_lfs_is_not_taken_for_weights() {
        let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 4\n";
        let (text, hint) = failure(&[(CONFIG, "{}"), (TOKENIZER, "{}"), (WEIGHTS, pointer)]);
        assert!(text.contains("Git LFS pointer") && hint.contains("git lfs pull"), "{text}: {hint}");
    }

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
