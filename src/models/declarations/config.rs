//! `config.json`, read key by key, so that no key which changes numbers is passed over in silence.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::activation::Activation;
use super::irrelevant::is_irrelevant;
use super::sizes;
use crate::models::error::{Error, Result};

/// No side of a model's tensor is as large as this, and products of two such sides are numbers still.
const MOST: usize = 1 << 31;

/// No model has as many blocks as this.
const MOST_LAYERS: usize = 1 << 14;

/// How Python writes an infinite number, which JSON has no way to.
const INFINITY: &str = "Infinity";

/// The same text with quotes around every `Infinity` outside of a string.
fn quote_infinities(text: &str) -> Cow<'_, str> {
    if !text.contains(INFINITY) {
        return Cow::Borrowed(text);
    }
    // Strings are every other part between quotes that are not escaped.
    let mut quoted = String::with_capacity(text.len() + 2);
    let (mut in_string, mut escaped) = (false, false);
    for (at, letter) in text.char_indices() {
        if !in_string && text[at..].starts_with(INFINITY) {
            quoted.push('"');
        }
        quoted.push(letter);
        if !in_string && text[..at + letter.len_utf8()].ends_with(INFINITY) {
            quoted.push('"');
        }
        match letter {
            '"' if !escaped => in_string = !in_string,
            _ => {}
        }
        escaped = letter == '\\' && !escaped;
    }
    Cow::Owned(quoted)
}

/// A `config.json` that remembers which of its keys were read.
#[derive(Debug)]
pub(in crate::models) struct Config {
    id: String,
    /// Where these keys stand, for a part of a configuration: `rope_scaling.`
    path: String,
    keys: Map<String, Value>,
    read: RefCell<BTreeSet<String>>,
    /// How keys are written in the file, where that is not how they are read.
    written: BTreeMap<&'static str, &'static str>,
    /// What a user should know of how it was read.
    notes: RefCell<Vec<String>>,
}

impl Config {
    /// Parses `text`, the configuration of checkpoint `id`.
    pub(in crate::models) fn parse(id: &str, text: &str) -> Result<Self> {
        let keys = serde_json::from_str(&quote_infinities(text)).map_err(|error| Error::ConfigSyntax {
            id: id.to_owned(),
            line: error.line(),
            column: error.column(),
            message: error.to_string(),
        })?;
        Self::new(id.to_owned(), String::new(), keys).renamed()
    }

    fn new(id: String, path: String, keys: Map<String, Value>) -> Self {
        let (read, notes) = (RefCell::default(), RefCell::default());
        Self { id, path, keys, read, written: BTreeMap::new(), notes }
    }

    /// The same configuration, with sizes under the names that its family reads.
    fn renamed(mut self) -> Result<Self> {
        let model_type = self.keys.get("model_type").and_then(Value::as_str).unwrap_or_default().to_owned();
        let (always, lately) = (sizes::other_names(&model_type), sizes::lately_other_names(&model_type));
        for &(other, usual) in always.iter().chain(lately) {
            let Some(value) = self.keys.remove(other).filter(|value| !value.is_null()) else { continue };
            let before =
                self.keys.get(usual).filter(|before| !before.is_null() && **before != value).cloned();
            match before {
                Some(before) if lately.contains(&(other, usual)) => {
                    let message = format!("is {before}, and `{other}`, which is another name of it, is {value}");
                    return Err(self.error(usual, message));
                }
                Some(before) => self.note(format!(
                    "config.json has `{usual}` = {before} and `{other}` = {value}, which are two names of one size: `{other}` counts, as \
                     in transformers"
                )),
                None => {}
            }
            self.keys.insert(usual.to_owned(), value);
            self.written.insert(usual, other);
        }
        Ok(self)
    }

    /// A configuration without keys, of the same checkpoint as `other`.
    pub(in crate::models) fn empty(other: &Self) -> Self {
        Self::new(other.id.clone(), other.path.clone(), Map::new())
    }

    /// Keeps something that a user should know of how it was read, once.
    pub(in crate::models) fn note(&self, note: String) {
        let mut notes = self.notes.borrow_mut();
        if !notes.contains(&note) {
            notes.push(note);
        }
    }

    /// What a user should know of how it was read, in the order in which it was found.
    pub(in crate::models) fn notes(&self) -> Vec<String> {
        self.notes.borrow().clone()
    }

    /// The checkpoint this is the configuration of.
    pub(in crate::models) fn id(&self) -> &str {
        &self.id
    }

    /// The value of `key`, marked as read; `None` when it is absent or null.
    pub(in crate::models) fn value(&self, key: &str) -> Option<&Value> {
        self.read.borrow_mut().insert(key.to_owned());
        self.keys.get(key).filter(|value| !value.is_null())
    }

    /// An error about `key`.
    pub(in crate::models) fn error(&self, key: &str, message: impl Into<String>) -> Error {
        let key = self.written.get(key).copied().unwrap_or(key);
        Error::ConfigValue {
            id: self.id.clone(),
            key: format!("{}{key}", self.path),
            message: message.into(),
        }
    }

    fn get<T>(&self, key: &str, what: &str, parse: impl Fn(&Value) -> Option<T>) -> Result<Option<T>> {
        self.value(key)
            .map(|value| {
                parse(value).ok_or_else(|| self.error(key, format!("is {value}, which is not {what}")))
            })
            .transpose()
    }

    fn required<T>(&self, key: &str, value: Option<T>) -> Result<T> {
        value.ok_or_else(|| self.error(key, "is missing"))
    }

    /// The object under `key`, if there is one. It has keys of its own to finish.
    pub(in crate::models) fn part(&self, key: &str) -> Result<Option<Self>> {
        let keys = self.get(key, "an object", |value| value.as_object().cloned())?;
        let path = format!("{}{key}.", self.path);
        Ok(keys.map(|keys| Self::new(self.id.clone(), path, keys)))
    }

    /// The object under `key`, or one without keys where it is absent.
    pub(in crate::models) fn part_or_empty(&self, key: &str) -> Result<Self> {
        Ok(self.part(key)?.unwrap_or_else(|| Self::empty(self)))
    }

    /// Whether it has no keys at all.
    pub(in crate::models) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The same configuration, with the keys of `defaults` where it has none.
    pub(in crate::models) fn with_defaults(mut self, defaults: &Value) -> Self {
        for (key, value) in defaults.as_object().into_iter().flatten() {
            // What is null was written so: it stands for nothing, and not for what is assumed.
            if !self.keys.contains_key(key) {
                self.keys.insert(key.clone(), value.clone());
            }
        }
        self
    }

    /// The same configuration, with the keys of `other` in place of its own.
    pub(in crate::models) fn overlaid(mut self, other: Option<Self>) -> Self {
        self.keys.extend(other.map(|other| other.keys).unwrap_or_default());
        self
    }

    /// The same configuration without these keys.
    pub(in crate::models) fn without(mut self, keys: &[&str]) -> Self {
        self.keys.retain(|key, _| !keys.contains(&key.as_str()));
        self
    }

    /// A list of strings.
    pub(in crate::models) fn strings(&self, key: &str) -> Result<Option<Vec<String>>> {
        self.get(key, "a list of strings", |value| {
            value.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
        })
    }

    /// What `layer_types` calls each of `n_layers` blocks, if it is there.
    pub(in crate::models) fn layer_types(&self, n_layers: usize) -> Result<Option<Vec<String>>> {
        let kinds = self.strings("layer_types")?;
        match kinds.as_ref().map(Vec::len).filter(|&count| count != n_layers) {
            Some(count) => {
                let message = format!("lists {count} layers, but there are {n_layers}");
                Err(self.error("layer_types", message))
            }
            None => Ok(kinds),
        }
    }

    /// The error of a kind of block in `layer_types` that the family has not.
    pub(in crate::models) fn other_layer(&self, kind: &str) -> Error {
        self.error("layer_types", format!("has a layer of `{kind}`"))
    }

    /// A list of numbers, if there is one; they may be infinite.
    pub(in crate::models) fn numbers(&self, key: &str) -> Result<Option<Vec<f64>>> {
        // transformers 5 writes `{"__float__": "Infinity"}`.
        let number = |value: &Value| match value.get("__float__").unwrap_or(value).as_str() {
            Some(INFINITY) => Some(f64::INFINITY),
            _ => value.as_f64(),
        };
        self.get(key, "a list of numbers", |value| value.as_array()?.iter().map(number).collect())
    }

    /// A number; `None` where it is null, and `default` where it is absent.
    pub(in crate::models) fn number_unless_null(&self, key: &str, default: f64) -> Result<Option<f64>> {
        let absent = !self.keys.contains_key(key);
        Ok(self.number_if_any(key)?.or_else(|| absent.then_some(default)))
    }

    /// The same of a positive whole number.
    pub(in crate::models) fn count_unless_null(&self, key: &str, default: usize) -> Result<Option<usize>> {
        let absent = !self.keys.contains_key(key);
        Ok(self.count_if_any(key)?.or_else(|| absent.then_some(default)))
    }

    /// A number, if there is one.
    pub(in crate::models) fn number_if_any(&self, key: &str) -> Result<Option<f64>> {
        self.get(key, "a number", Value::as_f64)
    }

    /// Whether `key` is there and not null.
    pub(in crate::models) fn has(&self, key: &str) -> bool {
        self.keys.get(key).is_some_and(|value| !value.is_null())
    }

    /// Passes over `key`: it changes nothing here.
    pub(in crate::models) fn ignore(&self, key: &str) {
        self.value(key);
    }

    /// A positive whole number that must be there.
    pub(in crate::models) fn count(&self, key: &str) -> Result<usize> {
        self.required(key, self.count_if_any(key)?)
    }

    /// A positive whole number, or `default`, the one that transformers assumes.
    pub(in crate::models) fn count_or(&self, key: &str, default: usize) -> Result<usize> {
        Ok(self.count_if_any(key)?.unwrap_or(default))
    }

    /// A positive whole number, if there is one.
    pub(in crate::models) fn count_if_any(&self, key: &str) -> Result<Option<usize>> {
        let count = self.get(key, "a positive whole number", |value| {
            value.as_u64().and_then(|number| usize::try_from(number).ok()).filter(|&number| number > 0)
        })?;
        self.at_most(key, count, MOST)
    }

    /// How many positions the file names, of the model or of the text model inside of it.
    pub(in crate::models) fn positions(&self) -> Option<usize> {
        let named =
            |keys: &Map<String, Value>| usize::try_from(keys.get("max_position_embeddings")?.as_u64()?).ok();
        named(&self.keys).or_else(|| named(self.keys.get("text_config")?.as_object()?))
    }

    /// The number of blocks.
    pub(in crate::models) fn layers(&self, key: &str) -> Result<usize> {
        let layers = self.at_most(key, self.count_if_any(key)?, MOST_LAYERS)?;
        self.required(key, layers)
    }

    /// The same number, unless it is larger than any model's.
    fn at_most(&self, key: &str, count: Option<usize>, most: usize) -> Result<Option<usize>> {
        match count {
            Some(count) if count > most => {
                Err(self.error(key, format!("is {count}, which is more than any model has")))
            }
            _ => Ok(count),
        }
    }

    /// A whole number, or `None` where the key is absent or has a number below 1, which stands for nothing.
    pub(in crate::models) fn count_if_positive(&self, key: &str) -> Result<Option<usize>> {
        let number = self.number_if_any(key)?.filter(|&number| number >= 1.0);
        self.at_most(key, number.map(|number| number as usize), MOST)
    }

    /// A whole number, which may be 0, or `default`, the one that transformers assumes.
    pub(in crate::models) fn whole_or(&self, key: &str, default: usize) -> Result<usize> {
        let whole =
            self.get(key, "a whole number", |value| value.as_u64().and_then(|n| usize::try_from(n).ok()))?;
        Ok(self.at_most(key, whole, MOST)?.unwrap_or(default))
    }

    /// The number of a token, or `default`, the one that transformers assumes.
    pub(in crate::models) fn token_or(&self, key: &str, default: u32) -> Result<u32> {
        let token = self
            .get(key, "the number of a token", |value| value.as_u64().and_then(|n| u32::try_from(n).ok()))?;
        Ok(token.unwrap_or(default))
    }

    /// A number, or `default`, the one that transformers assumes.
    pub(in crate::models) fn number_or(&self, key: &str, default: f64) -> Result<f64> {
        Ok(self.get(key, "a number", Value::as_f64)?.unwrap_or(default))
    }

    /// True or false, or `default`, the one that transformers assumes.
    pub(in crate::models) fn flag_or(&self, key: &str, default: bool) -> Result<bool> {
        Ok(self.get(key, "true or false", Value::as_bool)?.unwrap_or(default))
    }

    /// The number of heads, and the units of each, from the keys of the model's size and of the heads.
    pub(in crate::models) fn heads(&self, size_key: &str, heads_key: &str) -> Result<(usize, usize)> {
        let (size, heads) = (self.count(size_key)?, self.count(heads_key)?);
        if !size.is_multiple_of(heads) {
            return Err(self.error(size_key, format!("is {size}, not a multiple of {heads} heads")));
        }
        Ok((heads, size / heads))
    }

    /// An activation by its name in transformers, or `default`.
    pub(in crate::models) fn activation_or(&self, key: &str, default: &str) -> Result<Activation> {
        let name = self.string_or(key, default)?;
        Activation::parse(&name).ok_or_else(|| {
            self.error(key, format!("is `{name}`; supported are {}", Activation::names().join(", ")))
        })
    }

    /// A string, or `default`, the one that transformers assumes.
    pub(in crate::models) fn string_or(&self, key: &str, default: &str) -> Result<String> {
        Ok(self
            .get(key, "a string", |value| value.as_str().map(str::to_owned))?
            .unwrap_or_else(|| default.to_owned()))
    }

    /// A string that must be there.
    pub(in crate::models) fn string(&self, key: &str) -> Result<String> {
        self.required(key, self.get(key, "a string", |value| value.as_str().map(str::to_owned))?)
    }

    /// Refuses any value of `key` but `only` (or none at all): another one would change the computation.
    pub(in crate::models) fn only(&self, key: &str, only: &Value) -> Result<()> {
        match self.value(key) {
            Some(value) if value != only => {
                Err(self.error(key, format!("is {value}; only {only} is supported for this family")))
            }
            _ => Ok(()),
        }
    }

    /// Refuses what was not read and may matter. Called once the family has read all that it understands.
    pub(in crate::models) fn finish(&self) -> Result<()> {
        let read = self.read.borrow();
        match self
            .keys
            .iter()
            .find(|(key, value)| !value.is_null() && !read.contains(key.as_str()) && !is_irrelevant(key))
        {
            None => Ok(()),
            Some((key, value)) => Err(Error::ConfigKey {
                id: self.id.clone(),
                key: format!("{}{key}", self.path),
                value: value.to_string(),
            }),
        }
    }
}

#[cfg(test)]
mod tests;
