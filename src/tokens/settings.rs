//! The files beside a tokenizer's vocabulary that say how it is used.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};

use super::error::{Error, Result};
use super::io;
use super::text::ROLES;

/// The files that say how a vocabulary is used; each may be missing.
pub const SETTINGS: [&str; 3] = ["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"];

/// The file of the model.
pub(super) const CONFIG: &str = "config.json";

/// The file of a whole tokenizer.
pub(super) const TOKENIZER: &str = "tokenizer.json";

/// The setting that lists special tokens without a role.
pub(super) const MORE: &str = "additional_special_tokens";

/// The setting that lists special tokens in newer files, by itself or by names.
pub(super) const EXTRA: &str = "extra_special_tokens";

/// What the files beside a vocabulary say.
pub(super) struct Settings<'a> {
    pub(super) folder: &'a Path,
    /// The class of the tokenizer, without `Fast`.
    pub(super) class: Option<String>,
    /// The file that names it.
    pub(super) class_file: &'static str,
    /// The `model_type` of `config.json`.
    pub(super) model_type: String,
    /// `tokenizer_config.json`.
    pub(super) general: Map<String, Value>,
    /// `special_tokens_map.json`.
    pub(super) special: Map<String, Value>,
    /// `added_tokens.json`.
    pub(super) added: Map<String, Value>,
}

impl<'a> Settings<'a> {
    /// What the files in `folder` say, for the model that `config` describes.
    pub(super) fn read(folder: &'a Path, config: &str) -> Result<Self> {
        let [general, special, added] = SETTINGS.map(|name| io::object(folder, name));
        Self::of(folder, config, general?, special?, added?)
    }

    /// The same from objects.
    pub(super) fn of(
        folder: &'a Path,
        config: &str,
        general: Map<String, Value>,
        special: Map<String, Value>,
        added: Map<String, Value>,
    ) -> Result<Self> {
        // What else may be wrong with config.json, whoever reads the model says.
        let config: Value = serde_json::from_str(config).unwrap_or_default();
        let named = |value: Option<&Value>, file: &'static str| -> Result<Option<(String, &'static str)>> {
            match value {
                None | Some(Value::Null) => Ok(None),
                Some(Value::String(class)) => Ok(Some((class.trim_end_matches("Fast").to_owned(), file))),
                Some(other) => {
                    Err(io::bad(folder, file, format!("`tokenizer_class` is {other}, which names no class")))
                }
            }
        };
        let own = named(general.get("tokenizer_class"), SETTINGS[0])?;
        let class = own.map_or_else(|| named(config.get("tokenizer_class"), CONFIG), |own| Ok(Some(own)))?;
        let (class, class_file) = class.unzip();
        let model_type = config.get("model_type").and_then(Value::as_str).unwrap_or_default().to_owned();
        let class_file = class_file.unwrap_or(CONFIG);
        Ok(Self { folder, class, class_file, model_type, general, special, added })
    }

    /// Whose tokenizer it is, in words.
    pub(super) fn whose(&self) -> String {
        self.class.clone().unwrap_or_else(|| format!("the tokenizer of model_type {}", self.model_type))
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.general.get(name).or_else(|| self.special.get(name))
    }

    pub(super) fn flag(&self, name: &str, default: bool) -> bool {
        self.general.get(name).and_then(Value::as_bool).unwrap_or(default)
    }

    /// A setting that is true or false, if it is given.
    pub(super) fn switch(&self, name: &str) -> Result<Option<bool>> {
        match self.general.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(*value)),
            Some(other) => Err(io::bad(
                self.folder,
                SETTINGS[0],
                format!("`{name}` is {other}, which is neither true nor false"),
            )),
        }
    }

    /// The text of a setting.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.general.get(name).and_then(Value::as_str)
    }

    /// What the tokens of [`ROLES`] are called; `None` where a file says that there is none.
    pub(super) fn roles(&self) -> BTreeMap<&'static str, Option<String>> {
        let said = |role: &'static str| {
            let value = self.get(role)?;
            Some((role, value.get("content").unwrap_or(value).as_str().map(str::to_owned)))
        };
        ROLES.into_iter().filter_map(said).collect()
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
        match self.general.get(EXTRA) {
            Some(Value::Array(tokens)) if !tokens.is_empty() => return Ok(Some(tokens)),
            None | Some(Value::Null | Value::Array(_) | Value::Object(_)) => {}
            Some(_) => return Err(self.refusal(SETTINGS[0], format!("`{EXTRA}` is no list of tokens"))),
        }
        match self.general.get(MORE) {
            None => Ok(None),
            Some(Value::Null) => Ok(Some(&[])),
            Some(Value::Array(tokens)) => Ok(Some(tokens)),
            Some(_) => Err(self.refusal(SETTINGS[0], format!("`{MORE}` is no list of tokens"))),
        }
    }

    /// The special tokens that `tokenizer_config.json` lists by names that only this checkpoint has.
    pub(super) fn extra_by_name(&self) -> Vec<&Value> {
        let by_name = self.general.get(EXTRA).and_then(Value::as_object);
        let tokens = by_name.into_iter().flat_map(Map::values);
        tokens.filter(|token| token.is_string() || token.get("content").is_some()).collect()
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
            .or_else(|| (!self.flag("do_basic_tokenize", true)).then_some("do_basic_tokenize"));
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

    /// The error for a file that asks for something that is not followed.
    pub(super) fn foreign(&self, file: &str, what: String) -> Error {
        let remedy = "choose a checkpoint whose tokenizer is a tokenizer.json, or one of those that `probe models` lists; if you know \
                      that its tokenizer.json alone is right, remove `tokenizer_class` from a copy of the folder";
        Error::BadFile { path: self.folder.join(file), what, remedy: Some(remedy.to_owned()) }
    }

    /// The error for a pattern that this program's engine reads in another way.
    pub(super) fn foreign_pattern(&self, what: String) -> Error {
        let remedy = "build the program with Oniguruma, the engine that the pattern was written for: `cargo install mlem-probe --features \
                      onig` (takes a C compiler)";
        Error::BadFile { path: self.folder.join(TOKENIZER), what, remedy: Some(remedy.to_owned()) }
    }

    /// The error for files that nobody is known to read as this checkpoint does.
    pub(super) fn unknown(&self, file: &str, what: &str) -> Error {
        self.refusal(file, format!("{what} that {} may read in a way of its own", self.whose()))
    }
}
