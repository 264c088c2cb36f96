//! A checkpoint: its files, found in a folder and ready to be read.

use std::path::{Path, PathBuf};

use super::error::Result;
use super::folder::{CONFIG, INDEX, PYTORCH, PYTORCH_INDEX, TOKENIZER, WEIGHTS, refuse_lfs_pointer, shards};
use super::lacking::{self, missing};
use super::sentences::{self, SentenceModel};
use crate::files;
use crate::text::visible;
use crate::tokens::{self, TokenizerText};

/// Where the weights of a checkpoint lie.
#[derive(Debug, Clone)]
pub enum Weights {
    /// Safetensors files (one, or the shards of one checkpoint).
    Safetensors(Vec<PathBuf>),
    /// PyTorch's own files (one, or the shards of one checkpoint).
    Pytorch(Vec<PathBuf>),
    /// A safetensors file in memory (the embedded model).
    Embedded(&'static [u8]),
    /// Not asked for ([`super::Hub::weights`]).
    Absent,
}

/// The adapter of a checkpoint whose other files are those of its base.
#[derive(Debug, Clone)]
pub struct Adapter {
    /// Where `adapter_config.json` is.
    pub config_path: PathBuf,
    /// The text of `adapter_config.json`.
    pub config: String,
    /// Its weights; [`Weights::Absent`] where they were not asked for, or stand in the file of the base (a model that was saved
    /// with its adapter not merged).
    pub weights: Weights,
    /// The model that it changes: a Hub id or a folder.
    pub base: String,
    /// The revision of the base that was asked for.
    pub base_revision: Option<String>,
    /// The commit that the base's id resolved to.
    pub base_commit: Option<String>,
    /// What names the base: `adapter_config.json`, `--base`, or, where the weights of both are in one folder, that.
    pub base_from: &'static str,
}

/// The files of one checkpoint, found and ready to be read.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    /// What the user's name resolved to: a Hub id, a folder, or the embedded model's name.
    pub id: String,
    /// The commit that the id resolved to, for a checkpoint of the Hub; the embedded model's training step.
    pub commit: Option<String>,
    /// The text of `config.json`.
    pub config: String,
    /// The tokenizer, as its class reads it.
    pub tokenizer: TokenizerText,
    /// Where the weights are; those of the base, where there is an adapter.
    pub weights: Weights,
    /// The adapter that changes them, whose id and commit are the checkpoint's.
    pub adapter: Option<Adapter>,
    /// What it says of itself, if it is a model of sentence-transformers.
    pub sentences: Option<SentenceModel>,
    /// What a user should know of its files, each in a sentence.
    pub notes: Vec<String>,
}

/// Reads the checkpoint in `folder`; weights, where they are wanted, are found, not read.
pub(super) fn read(folder: &Path, id: String, commit: Option<String>, weights: bool) -> Result<Checkpoint> {
    let sentences = sentences::read(folder)?;
    let inner = sentences.as_ref().map(|model| folder.join(&model.inner));
    let inner = inner.as_deref().unwrap_or(folder);
    let config = lacking::text(inner, CONFIG)?;
    let tokenizer = tokenizer(folder)?;
    let weights = if weights { weight_files(inner)? } else { Weights::Absent };
    if let Weights::Safetensors(paths) | Weights::Pytorch(paths) = &weights {
        for path in paths {
            refuse_lfs_pointer(path)?;
        }
    }
    let mut notes = sentences.as_ref().map(SentenceModel::notes).unwrap_or_default();
    notes.extend(own_code(&config));
    Ok(Checkpoint { id, commit, config, tokenizer, weights, adapter: None, sentences, notes })
}

/// What to say of a configuration that names code of the repository's own for its model.
fn own_code(config: &str) -> Option<String> {
    let config: serde_json::Value = serde_json::from_str(config).ok()?;
    let classes = config.get("auto_map")?.as_object()?;
    let (_, class) = classes.iter().find(|(name, _)| name.starts_with("AutoModel"))?;
    let model_type = config.get("model_type").and_then(serde_json::Value::as_str).unwrap_or("of its kind");
    Some(format!(
        "config.json names code of its own for the model ({}), which is not run: it is read as {} is in transformers",
        visible(class.as_str().unwrap_or("auto_map")),
        visible(model_type)
    ))
}

/// The tokenizer that lies in the folder of an adapter, whose base has the configuration `config`; `None` where there is none.
pub(super) fn own_tokenizer(folder: &Path, config: &str) -> Result<Option<TokenizerText>> {
    Ok(tokens::read_as(folder, config)?)
}

/// Whether `folder` has the weights of a whole model.
pub(super) fn has_weights(folder: &Path) -> bool {
    [WEIGHTS, INDEX, PYTORCH, PYTORCH_INDEX].iter().any(|name| folder.join(name).exists())
}

/// The tokenizer, from `tokenizer.json` and the files beside it, or from those of a vocabulary.
pub(super) fn tokenizer(folder: &Path) -> Result<TokenizerText> {
    let inner = folder.join(sentences::inner(folder)?);
    tokens::read(&inner)?.ok_or_else(|| missing(&inner, TOKENIZER))
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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

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
        assert_eq!(
            text,
            "the checkpoint `DIR` has no model.safetensors: its weights are TensorFlow's (tf_model.h5)"
        );
        assert!(hint.contains("from_tf=True"), "{hint}");
        let (text, hint) = failure(&[("params.json", "{}"), ("consolidated.safetensors", "w")]);
        assert!(
            text.contains("has no config.json: its weights are in Mistral's or Meta's own format"),
            "{text}"
        );
        assert!(hint.contains("-hf"), "{hint}");
    }

    #[test]
    fn the_transformer_of_a_model_of_sentences_is_read_in_its_folder() {
        let modules = r#"[{"path": "0_Transformer", "type": "sentence_transformers.models.Transformer"},
            {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]"#;
        let folder = folder(&[("modules.json", modules), (CONFIG, "not what is read")]);
        let inside = [
            (CONFIG, r#"{"model_type": "bert", "auto_map": {"AutoModel": "own.Model"}}"#),
            (TOKENIZER, "{}"),
            (WEIGHTS, "w"),
        ];
        for (name, text) in inside {
            files::write(&folder.path().join("0_Transformer").join(name), text.as_bytes()).unwrap();
        }
        let found = read(folder.path(), "here".to_owned(), None, true).unwrap();
        assert!(found.config.contains("model_type"));
        let Weights::Safetensors(paths) = &found.weights else { panic!("on disk") };
        assert_eq!(paths, &[folder.path().join("0_Transformer").join(WEIGHTS)]);
        let notes = found.notes.join("\n");
        assert!(notes.contains("0_Transformer") && notes.contains("own.Model"), "{notes}");
        assert_eq!(tokenizer(folder.path()).unwrap(), found.tokenizer);
    }

    #[test]
    fn a_pointer_of_git_lfs_is_not_taken_for_weights() {
        let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 4\n";
        let (text, hint) = failure(&[(CONFIG, "{}"), (TOKENIZER, "{}"), (WEIGHTS, pointer)]);
        assert!(text.contains("Git LFS pointer") && hint.contains("git lfs pull"), "{text}: {hint}");
    }
}
