//! A PEFT adapter: what its files say of the base model that it belongs to.
//!
//! An adapter is a change of another checkpoint's weights. What the change is, and whether it can be merged, is
//! [`models`](crate::models)' business; here it is found, and so is its base.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::checkpoint::{self, Adapter, Checkpoint, Weights};
use super::error::{Error, Result};
use super::folder::{self, ADAPTER, ADAPTER_CONFIG, ADAPTER_PYTORCH, refuse_lfs_pointer};
use super::sentences::{self, SentenceModel};

/// The files of an adapter, found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) folder: PathBuf,
    pub(super) text: String,
    /// None where there is no file of its weights.
    pub(super) weights: Option<Weights>,
    /// The base that it names, and at which revision.
    pub(super) base: Option<(String, Option<String>)>,
    /// What its folder says of itself, if it is of a model of sentence-transformers.
    sentences: Option<SentenceModel>,
}

/// How the kinds of adapters that are read are called in `adapter_config.json`.
const READ: &str = "LORA";

/// The folder of the adapter in `folder`: itself, or that of the transformer of a model of sentence-transformers.
pub(super) fn place(folder: &Path) -> Option<PathBuf> {
    let inner = || sentences::inner(folder).ok().filter(|inner| !inner.is_empty());
    let places = [Some(folder.to_owned()), inner().map(|inner| folder.join(inner))];
    places.into_iter().flatten().find(|place| place.join(ADAPTER_CONFIG).exists())
}

/// Whether `folder` has an adapter.
pub(super) fn is_in(folder: &Path) -> bool {
    place(folder).is_some()
}

/// The adapter in `folder`, whose kind is one that can be merged.
pub(super) fn find(folder: &Path) -> Result<Found> {
    let sentences = sentences::read(folder)?;
    let place = place(folder).unwrap_or_else(|| folder.to_owned());
    let folder = place.as_path();
    let path = folder.join(ADAPTER_CONFIG);
    let bad =
        |what: String, remedy: String| Error::BadFile { path: path.clone(), what, remedy: Some(remedy) };
    let again = || "fetch the adapter again, or save it again with peft's save_pretrained".to_owned();
    let text = folder::read_text(folder, ADAPTER_CONFIG)?;
    let config: Value =
        serde_json::from_str(&text).map_err(|error| bad(format!("not valid JSON: {error}"), again()))?;
    let config = config.as_object().ok_or_else(|| bad("not a JSON object".to_owned(), again()))?;
    let word = |key: &str| -> Result<Option<String>> {
        match config.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(other) => Err(bad(format!("`{key}` is {other}, which is not a string"), again())),
        }
    };
    match word("peft_type")?.as_deref() {
        Some(READ) => {}
        Some(kind) => {
            return Err(bad(
                format!("an adapter of the kind {}, which is not merged", kind.escape_default()),
                "LoRA is (with DoRA, rsLoRA and patterns of ranks). Where peft can merge this kind, do so in Python \
                 (`model.merge_and_unload().save_pretrained(DIR)`) and name DIR; --no-adapter, or the base's own name, runs the \
                 model without it"
                    .to_owned(),
            ));
        }
        None => {
            return Err(bad(
                "it names no `peft_type`, so it is not an adapter of peft's".to_owned(),
                "adapters of other libraries (MLX, adapter-transformers) are not read: merge it into its base model with the library \
                 that made it, and name the folder of the result"
                    .to_owned(),
            ));
        }
    }
    let base = word("base_model_name_or_path")?.map(|base| word("revision").map(|revision| (base, revision)));
    let weights = match [ADAPTER, ADAPTER_PYTORCH].map(|name| folder.join(name)) {
        [safetensors, _] if safetensors.exists() => Some(Weights::Safetensors(vec![safetensors])),
        [_, pytorch] if pytorch.exists() => Some(Weights::Pytorch(vec![pytorch])),
        _ => None,
    };
    if let Some(Weights::Safetensors(paths) | Weights::Pytorch(paths)) = &weights {
        paths.iter().try_for_each(|path| refuse_lfs_pointer(path))?;
    }
    Ok(Found { folder: folder.to_owned(), text, weights, base: base.transpose()?, sentences })
}

impl Found {
    /// The error of an adapter whose base is nowhere named.
    pub(super) fn no_base(&self) -> Error {
        Error::BadFile {
            path: self.folder.join(ADAPTER_CONFIG),
            what: "it names no base model (`base_model_name_or_path`)".to_owned(),
            remedy: Some("name the model that the adapter was trained on: --base MODEL".to_owned()),
        }
    }

    /// The error of an adapter without its weights.
    pub(super) fn no_weights(&self) -> Error {
        Error::MissingFile {
            instead: None,
            folder: self.folder.clone(),
            file: ADAPTER.to_owned(),
            remedy: Some(format!(
                "{ADAPTER_CONFIG} says that the folder holds an adapter; its weights are in {ADAPTER} or {ADAPTER_PYTORCH}, which peft's \
                 save_pretrained writes. --no-adapter runs the folder's own model without it"
            )),
        }
    }

    /// Whether the whole model stands in the folder too.
    pub(super) fn has_model(&self) -> bool {
        checkpoint::has_weights(&self.folder) && self.folder.join(folder::CONFIG).exists()
    }

    /// The checkpoint called `id` that comes of it and its `base`.
    pub(super) fn onto(
        self,
        mut base: Checkpoint,
        (id, commit): (String, Option<String>),
        base_revision: Option<String>,
        base_from: &'static str,
        weights: bool,
    ) -> Result<Checkpoint> {
        if let Some(tokenizer) = checkpoint::own_tokenizer(&self.folder, &base.config)? {
            base.tokenizer = tokenizer;
        }
        let own = if weights { self.weights } else { None };
        let adapter = Adapter {
            config_path: self.folder.join(ADAPTER_CONFIG),
            config: self.text,
            weights: own.unwrap_or(Weights::Absent),
            base: base.id,
            base_revision,
            base_commit: base.commit,
            base_from,
        };
        let notes = self.sentences.as_ref().map(SentenceModel::notes).unwrap_or_default();
        let sentences = self.sentences.or(base.sentences);
        Ok(Checkpoint { id, commit, adapter: Some(adapter), sentences, notes, ..base })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_that_are_not_merged_are_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let found = |text: &str| {
            std::fs::write(folder.path().join(ADAPTER_CONFIG), text).unwrap();
            find(folder.path())
        };
        for kind in
            ["IA3", "PREFIX_TUNING", "PROMPT_TUNING", "P_TUNING", "ADALORA", "LOHA", "LOKR", "OFT", "VERA"]
        {
            let error = found(&format!(r#"{{"peft_type": "{kind}"}}"#)).unwrap_err();
            assert!(error.to_string().contains(kind), "{error}");
            assert!(error.hint().unwrap().contains("--no-adapter"));
        }
        for text in [
            "",
            "[]",
            "{",
            "{}",
            r#"{"peft_type": 3}"#,
            r#"{"peft_type": "LORA", "revision": 3, "base_model_name_or_path": "x"}"#,
        ] {
            let error = found(text).unwrap_err();
            assert!(error.to_string().contains(ADAPTER_CONFIG) && error.hint().is_some(), "{text}: {error}");
        }
        let inside = tempfile::tempdir().unwrap();
        let modules = r#"[{"path": "0_Transformer", "type": "s.Transformer"}, {"path": "1_Pooling", "type": "s.Pooling"}]"#;
        for (name, text) in [
            (folder::MODULES, modules),
            ("1_Pooling/config.json", r#"{"pooling_mode_cls_token": true}"#),
            (
                "0_Transformer/adapter_config.json",
                r#"{"peft_type": "LORA", "base_model_name_or_path": "a/b"}"#,
            ),
        ] {
            crate::files::write(&inside.path().join(name), text.as_bytes()).unwrap();
        }
        let of_sentences = find(inside.path()).unwrap();
        assert!(is_in(inside.path()) && of_sentences.folder.ends_with("0_Transformer"));
        assert_eq!(of_sentences.sentences.unwrap().pooling, ["cls"]);
        let lora =
            found(r#"{"peft_type": "LORA", "base_model_name_or_path": "a/b", "revision": "v1"}"#).unwrap();
        assert_eq!(lora.base, Some(("a/b".to_owned(), Some("v1".to_owned()))));
        assert!(lora.weights.is_none() && !lora.has_model());
    }
}
