//! Slots: the named positions of a template, and the words that may stand there.

use super::lexicon::{LEMMA, Lexicon};
use super::reader::{Bytes, Entry, Text};
use crate::grammar::error::{Result, SourceText, suggest};
use crate::grammar::rules::Value;

/// A named position, and the words that may stand there.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    pub(super) name: String,
    pub(super) span: Bytes,
    pub(super) lexicons: Vec<usize>,
    /// The values that a feature is restricted to.
    pub(super) only: Vec<(String, Vec<Value>)>,
    /// The features that become columns, where the grammar says so.
    pub(super) features: Option<Vec<String>>,
}

/// The slot called `name`.
pub(super) fn slot_named<'a>(slots: &'a [Slot], name: &str) -> Option<&'a Slot> {
    slots.iter().find(|slot| slot.name == name)
}

impl Slot {
    /// A slot of which nothing could be read: any words may stand in it.
    pub(super) fn unread(entry: &Entry<'_>, lexicons: &[Lexicon]) -> Self {
        Self {
            name: entry.key.to_owned(),
            span: entry.key_span.clone(),
            lexicons: (0..lexicons.len()).collect(),
            only: Vec::new(),
            features: None,
        }
    }

    /// Whether mistakes left out some of what its words have.
    pub(super) fn is_partial(&self, lexicons: &[Lexicon]) -> bool {
        self.lexicons.iter().any(|&lexicon| lexicons[lexicon].partial)
    }

    pub(super) fn read(entry: &Entry<'_>, lexicons: &[Lexicon]) -> Result<Self> {
        let mut slot = Self {
            name: entry.key.to_owned(),
            span: entry.key_span.clone(),
            lexicons: Vec::new(),
            only: Vec::new(),
            features: None,
        };
        let valid = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        if !entry.key.chars().all(valid) {
            let hint = "use letters, digits and _".to_owned();
            let message = format!("`{}` cannot name a slot", entry.key);
            return Err(entry.source.error(entry.key_span.clone(), message, hint));
        }
        if !entry.value.get_ref().is_table() {
            slot.lexicons = lexicon_names(entry, lexicons)?;
            return Ok(slot);
        }
        let table = entry.table(format!("slot `{}`", entry.key))?;
        table.only(&["lexicon", "only", "features"])?;
        slot.lexicons =
            lexicon_names(table.require("lexicon", "name its lexicon: lexicon = \"noun\"")?, lexicons)?;
        if let Some(only) = table.get("only") {
            for entry in &only.table("`only`".to_owned())?.entries {
                let feature = Text { text: entry.key, span: entry.key_span.clone() };
                slot.check_feature(entry.source, lexicons, &feature)?;
                let known = slot.values(lexicons, entry.key);
                let mut values = Vec::new();
                for (value, _) in entry.values()? {
                    let Some(found) = known.iter().find(|other| other.display() == value.display()) else {
                        if slot.is_partial(lexicons) {
                            continue;
                        }
                        let message = format!("no word has a `{}` that is `{}`", entry.key, value.display());
                        let known: Vec<String> = known.iter().map(Value::display).collect();
                        let known = known.iter().map(String::as_str);
                        return Err(entry.error(message, suggest(&value.display(), known, "its values are")));
                    };
                    values.push(found.clone());
                }
                slot.only.push((entry.key.to_owned(), values));
            }
        }
        if let Some(features) = table.get("features") {
            let mut names = Vec::new();
            if !features.value.get_ref().as_array().is_some_and(|list| list.is_empty()) {
                for feature in features.texts()? {
                    slot.check_feature(features.source, lexicons, &feature)?;
                    names.push(feature.text.to_owned());
                }
            }
            slot.features = Some(names);
        }
        Ok(slot)
    }

    pub(super) fn check_feature(
        &self,
        source: SourceText<'_>,
        lexicons: &[Lexicon],
        feature: &Text<'_>,
    ) -> Result<()> {
        let known = self.all_features(lexicons);
        if feature.text == LEMMA || known.contains(&feature.text) || self.is_partial(lexicons) {
            return Ok(());
        }
        let names: Vec<&str> = self.lexicons.iter().map(|&lexicon| lexicons[lexicon].name.as_str()).collect();
        let message =
            format!("the words of `{}` ({}) have no feature `{}`", self.name, names.join(", "), feature.text);
        let known = known.into_iter().chain([LEMMA]);
        let hint = suggest(feature.text, known.collect::<Vec<_>>(), "their features are");
        Err(source.error(feature.span.clone(), message, hint))
    }

    /// The features of its words, in the order of its lexicons.
    pub(super) fn all_features<'a>(&self, lexicons: &'a [Lexicon]) -> Vec<&'a str> {
        let mut features: Vec<&str> = Vec::new();
        for &lexicon in &self.lexicons {
            for feature in &lexicons[lexicon].features {
                if !features.contains(&feature.as_str()) {
                    features.push(feature);
                }
            }
        }
        features
    }

    /// The values that its words have for `feature`.
    pub(super) fn values(&self, lexicons: &[Lexicon], feature: &str) -> Vec<Value> {
        let mut values: Vec<Value> = Vec::new();
        let mut push = |value: Value| {
            if !values.contains(&value) {
                values.push(value);
            }
        };
        for &lexicon in &self.lexicons {
            for word in &lexicons[lexicon].words {
                if feature == LEMMA {
                    push(Value::Text(word.lemma.clone()));
                }
                let of_forms = word.forms.iter().flat_map(|form| &form.features);
                for (name, value) in word.features.iter().chain(of_forms) {
                    if name == feature {
                        push(value.clone());
                    }
                }
                for (name, value) in word.forms.iter().flat_map(|form| &form.cell) {
                    if name == feature {
                        push(Value::Text(value.clone()));
                    }
                }
            }
        }
        values
    }
}

fn lexicon_names(entry: &Entry<'_>, lexicons: &[Lexicon]) -> Result<Vec<usize>> {
    let mut found = Vec::new();
    for name in entry.texts()? {
        let Some(lexicon) = lexicons.iter().position(|lexicon| lexicon.name == name.text) else {
            let known: Vec<&str> = lexicons.iter().map(|lexicon| lexicon.name.as_str()).collect();
            let message = format!("no lexicon is called `{}`", name.text);
            return Err(entry.source.error(
                name.span,
                message,
                suggest(name.text, known, "the lexicons are"),
            ));
        };
        found.push(lexicon);
    }
    if found.is_empty() {
        return Err(entry.error(format!("`{}` names no lexicon", entry.key), None));
    }
    Ok(found)
}
