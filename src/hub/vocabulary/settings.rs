//! The files beside a vocabulary that say how it is used.

use std::path::Path;

use serde_json::{Map, Value};

use super::super::error::{Error, Result};
use super::super::folder;

/// The files that say how a vocabulary is used; each may be missing.
pub(in crate::hub) const SETTINGS: [&str; 3] =
    ["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"];

/// The setting that lists special tokens without a role.
pub(super) const MORE: &str = "additional_special_tokens";

/// What the files beside a vocabulary say.
pub(super) struct Settings<'a> {
    pub(super) folder: &'a Path,
    /// The class of the tokenizer, without `Fast`.
    pub(super) class: Option<String>,
    /// The `model_type` of `config.json`.
    pub(super) model_type: String,
    /// `tokenizer_config.json`.
    pub(super) general: Map<String, Value>,
    /// `special_tokens_map.json`.
    special: Map<String, Value>,
    /// `added_tokens.json`.
    pub(super) added: Map<String, Value>,
}

impl<'a> Settings<'a> {
    pub(super) fn read(folder: &'a Path, config: &str) -> Result<Self> {
        let [general, special, added] = SETTINGS.map(|name| object(folder, name));
        let (general, special, added) = (general?, special?, added?);
        let config: Value = serde_json::from_str(config).unwrap_or_default();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let class = general.get("tokenizer_class").and_then(text);
        let class = class.map(|class| class.trim_end_matches("Fast").to_owned());
        let model_type = config.get("model_type").and_then(text).unwrap_or_default();
        Ok(Self { folder, class, model_type, general, special, added })
    }

    /// Whose tokenizer it is, in words.
    pub(super) fn whose(&self) -> String {
        let named = || self.general.get("tokenizer_class").and_then(Value::as_str).map(str::to_owned);
        named().unwrap_or_else(|| format!("the tokenizer of model_type {}", self.model_type))
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.general.get(name).or_else(|| self.special.get(name))
    }

    pub(super) fn flag(&self, name: &str, default: bool) -> bool {
        self.general.get(name).and_then(Value::as_bool).unwrap_or(default)
    }

    /// The text of a setting.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.general.get(name).and_then(Value::as_str)
    }

    /// The tokens that `tokenizer_config.json` lists with their ids, by these.
    pub(super) fn listed(&self) -> Vec<(u64, &Value)> {
        let listed = self.general.get("added_tokens_decoder").and_then(Value::as_object);
        let numbered = listed.into_iter().flatten().filter_map(|(id, token)| Some((id.parse().ok()?, token)));
        let mut listed: Vec<(u64, &Value)> = numbered.collect();
        listed.sort_by_key(|(id, _)| *id);
        listed
    }

    /// The special tokens that `tokenizer_config.json` lists beside those with a role, in place of those of the class; `None` where
    /// it lists none.
    pub(super) fn more_special(&self) -> Result<Option<&[Value]>> {
        match self.general.get(MORE) {
            None => Ok(None),
            Some(Value::Null) => Ok(Some(&[])),
            Some(Value::Array(tokens)) => Ok(Some(tokens)),
            Some(_) => Err(self.refusal(SETTINGS[0], format!("`{MORE}` is no list of tokens"))),
        }
    }

    /// Refuses `names` where they say anything: they would change tokens in a way that is not followed.
    pub(super) fn refuse(&self, names: &[&str]) -> Result<()> {
        let is_empty = |value: &Value| {
            value.is_null()
                || value.as_array().is_some_and(Vec::is_empty)
                || value.as_object().is_some_and(Map::is_empty)
        };
        let odd = names
            .iter()
            .copied()
            .find(|name| self.get(name).is_some_and(|value| !is_empty(value)))
            .or_else(|| (!self.flag("do_basic_tokenize", true)).then_some("do_basic_tokenize"))
            .or_else(|| self.flag("split_special_tokens", false).then_some("split_special_tokens"));
        match odd {
            None => Ok(()),
            Some(name) => {
                let what = format!("`{name}` changes the tokens in a way that is not known");
                Err(self.refusal(SETTINGS[0], what))
            }
        }
    }

    /// The error for files that a tokenizer cannot be built from exactly.
    pub(super) fn refusal(&self, file: &str, what: String) -> Error {
        let remedy = "build its fast tokenizer once: in Python, `AutoTokenizer.from_pretrained(NAME).save_pretrained(DIR)` \
                      writes tokenizer.json";
        Error::BadFile { path: self.folder.join(file), what, remedy: Some(remedy.to_owned()) }
    }

    /// The error for files that nobody is known to read as this checkpoint does.
    pub(super) fn unknown(&self, file: &str, what: &str) -> Error {
        self.refusal(file, format!("{what} that {} may read in a way of its own", self.whose()))
    }
}

/// The object of a JSON file; empty where there is no such file.
pub(super) fn object(folder: &Path, name: &str) -> Result<Map<String, Value>> {
    if !folder.join(name).exists() {
        return Ok(Map::new());
    }
    let bad = |what: String| Error::BadFile {
        path: folder.join(name),
        what,
        remedy: Some("fetch the checkpoint again".to_owned()),
    };
    let text = folder::read_text(folder, name)?;
    match serde_json::from_str(&text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(bad("not a JSON object".to_owned())),
        Err(error) => Err(bad(format!("not valid JSON: {error}"))),
    }
}
