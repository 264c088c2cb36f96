//! Lexicons: words, the forms that they are inflected in, and their features.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::csv;
use super::fields::{Field, Fields, Form, inline};
use super::reader::{Bytes, Entry};
use crate::grammar::error::{Mistakes, Result, SourceText, suggest};
use crate::grammar::rules::Value;

/// The feature that tells one word of a lexicon from another.
pub(super) const LEMMA: &str = "lemma";

/// A class of words.
#[derive(Debug, Clone)]
pub(super) struct Lexicon {
    pub name: String,
    /// What its words are inflected for: `number` with `sg` and `pl`.
    pub dimensions: Vec<(String, Vec<String>)>,
    /// The names of all features in order: those of the words as they appear, then the dimensions.
    pub features: Vec<String>,
    pub words: Vec<Word>,
    lemmas: BTreeSet<String>,
    /// For each feature whether its values are numbers.
    pub numeric: BTreeMap<String, bool>,
    /// Whether mistakes left words or features out, so that what it lacks is no mistake of those who name it.
    pub partial: bool,
}

/// A word.
#[derive(Debug, Clone)]
pub(super) struct Word {
    pub lemma: String,
    /// Where it is described, and the number of the lexicon file in which, if it is one.
    pub span: Bytes,
    pub file: Option<usize>,
    pub features: Vec<(String, Value)>,
    pub forms: Vec<Form>,
}

impl Lexicon {
    fn empty(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            dimensions: Vec::new(),
            features: Vec::new(),
            words: Vec::new(),
            lemmas: BTreeSet::new(),
            numeric: BTreeMap::new(),
            partial: false,
        }
    }

    /// Reads a lexicon; the texts of files that it names are added to `files`. What cannot be read of it is left out, and its
    /// mistakes are kept.
    pub(super) fn read(
        entry: &Entry<'_>,
        folder: Option<&Path>,
        files: &mut Vec<String>,
        mistakes: &mut Mistakes,
    ) -> Result<Self> {
        let mut own = Mistakes::default();
        let read = Self::read_words(entry, folder, files, &mut own);
        let lexicon = mistakes.keep(read)?;
        let clean = mistakes.keep(own.require_none())?.is_some();
        let mut lexicon = lexicon.unwrap_or_else(|| Self { partial: true, ..Self::empty(entry.key) });
        lexicon.partial |= !clean;
        Ok(lexicon)
    }

    fn read_words(
        entry: &Entry<'_>,
        folder: Option<&Path>,
        files: &mut Vec<String>,
        mistakes: &mut Mistakes,
    ) -> Result<Self> {
        let name = entry.key;
        let table = entry.table(format!("lexicon `{name}`"))?;
        mistakes.keep(table.only(&["inflect", "words", "file"]))?;
        let dimensions = table.get("inflect").map(dimensions).transpose()?.unwrap_or_default();
        let mut lexicon = Self { dimensions, ..Self::empty(name) };
        if let Some(file) = table.get("file") {
            let (origin, text) = csv::read(file, folder)?;
            let source = SourceText { origin: &origin, text: &text };
            for fields in csv::words(source, |path| lexicon.is_text(path))? {
                mistakes.keep(lexicon.add(source, &fields, Some(files.len())))?;
            }
            files.push(text);
        }
        if table.get("file").is_none() || table.get("words").is_some() {
            let words = table.require("words", "list its words: words = [\"near\", \"behind\"]")?;
            for item in words.items()? {
                let Some(fields) = mistakes.keep(inline(words, item))? else { continue };
                mistakes.keep(lexicon.add(entry.source, &fields, None))?;
            }
        }
        if lexicon.words.is_empty() && mistakes.is_empty() {
            let hint = "a slot with an empty lexicon generates nothing: add a word".to_owned();
            let words = table.get("words").or(table.get("file")).unwrap_or(entry);
            return Err(words.error(format!("lexicon `{name}` has no words"), hint));
        }
        for (dimension, _) in &lexicon.dimensions {
            if !lexicon.features.contains(dimension) {
                lexicon.features.push(dimension.clone());
            }
        }
        Ok(lexicon)
    }

    /// Adds the word that `fields` describe.
    fn add(&mut self, source: SourceText<'_>, fields: &Fields, file: Option<usize>) -> Result<()> {
        let (features, forms) = (Vec::new(), Vec::new());
        let mut word = Word { lemma: String::new(), span: fields.span.clone(), file, features, forms };
        let (of_forms, fields_of_all): (Vec<&Field>, Vec<&Field>) =
            fields.fields.iter().partition(|field| self.is_of_forms(field));
        for field in fields_of_all {
            let key = field.path.first().map_or("", String::as_str);
            if key == LEMMA && field.path.len() == 1 {
                word.lemma = field.text(source)?;
            } else if key == "form" && field.path.len() == 1 {
                field.forms(source, &[], &mut word.forms)?;
            } else if field.path.len() > 1 || self.dimension_of(key).is_some() {
                let cell = self.cell(source, field)?;
                field.forms(source, &cell, &mut word.forms)?;
            } else {
                let value = self.feature(source, field)?;
                word.features.push((key.to_owned(), value));
            }
        }
        let Some(first) = word.forms.first() else {
            let first = self.dimensions.first().and_then(|(_, values)| values.first());
            let hint = format!("write {} = \"…\"", first.map_or("form", String::as_str));
            return Err(source.error(fields.span.clone(), "this word has no form", hint));
        };
        if word.lemma.is_empty() {
            word.lemma.clone_from(&first.text);
        }
        for field in of_forms {
            self.feature_of_forms(source, field, &mut word)?;
        }
        // A feature that is also a dimension holds for every form of the word.
        for (name, value) in &word.features {
            if word.forms.iter().flat_map(|form| &form.cell).any(|(dimension, _)| dimension == name) {
                let message = format!("`{name}` is {} here, and forms differ in it", value.display());
                let hint = format!("leave out `{name}`, or give one form");
                return Err(source.error(fields.span.clone(), message, hint));
            }
        }
        if !self.lemmas.insert(word.lemma.clone()) {
            let message = format!("lexicon `{}` has two words with the lemma `{}`", self.name, word.lemma);
            let hint = format!("give one of them a lemma of its own: lemma = \"{} 2\"", word.lemma);
            return Err(source.error(fields.span.clone(), message, hint));
        }
        self.words.push(word);
        Ok(())
    }

    /// The value of a feature, which must be one of a dimension's if it is called so, and a number where others are.
    pub(super) fn feature(&mut self, source: SourceText<'_>, field: &Field) -> Result<Value> {
        let (key, value) = (&field.path[0], field.value(source)?);
        if let Some((_, values)) = self.dimensions.iter().find(|(name, _)| name == key)
            && !values.contains(&value.display())
        {
            let message = format!("`{}` is no value of `{key}`", value.display());
            let hint = suggest(&value.display(), values.iter().map(String::as_str), "its values are");
            return Err(source.error(field.span.clone(), message, hint));
        }
        let numeric = matches!(value, Value::Number(_));
        if *self.numeric.entry(key.clone()).or_insert(numeric) != numeric {
            let kind = |numeric| if numeric { "a number" } else { "a text" };
            let (here, before) = (kind(numeric), kind(!numeric));
            let message = format!("`{key}` is {here} here and {before} in an earlier word");
            let hint =
                "a feature is numeric or categorical: write all its values as numbers, or all in quotes"
                    .to_owned();
            return Err(source.error(field.span.clone(), message, hint));
        }
        if !self.features.contains(key) {
            self.features.push(key.clone());
        }
        Ok(value)
    }

    pub(super) fn dimension_of(&self, value: &str) -> Option<&str> {
        let has = |values: &Vec<String>| values.iter().any(|other| other == value);
        self.dimensions.iter().find(|(_, values)| has(values)).map(|(name, _)| name.as_str())
    }

    /// Whether a column of a CSV holds texts whatever they look like: forms, and values of dimensions.
    fn is_text(&self, path: &[String]) -> bool {
        let key = path.first().map_or("", String::as_str);
        path.len() > 1
            || key == LEMMA
            || key == "form"
            || self.dimension_of(key).is_some()
            || self.dimensions.iter().any(|(name, _)| name == key)
    }

    /// The cell of the paradigm that a path such as `present.3.sg` names.
    pub(super) fn cell(&self, source: SourceText<'_>, field: &Field) -> Result<Vec<(String, String)>> {
        let mut cell: Vec<(String, String)> = Vec::new();
        for (key, span) in field.path.iter().zip(&field.key_spans) {
            let Some(dimension) = self.dimension_of(key) else {
                let message = format!("lexicon `{}` has no form `{key}`", self.name);
                let values = self.dimensions.iter().flat_map(|(_, values)| values).map(String::as_str);
                let hint = suggest(key, values, "its forms are").unwrap_or_else(|| {
                    "say what its words are inflected for: inflect = { number = [\"sg\", \"pl\"] }".into()
                });
                return Err(source.error(span.clone(), message, hint));
            };
            if let Some((_, value)) = cell.iter().find(|(name, _)| name == dimension) {
                let message = format!("`{key}` and `{value}` are both values of `{dimension}`");
                return Err(source.error(span.clone(), message, None));
            }
            cell.push((dimension.to_owned(), key.clone()));
        }
        Ok(cell)
    }
}

fn dimensions(entry: &Entry<'_>) -> Result<Vec<(String, Vec<String>)>> {
    let table = entry.table("`inflect`".to_owned())?;
    let mut dimensions: Vec<(String, Vec<String>)> = Vec::new();
    for entry in &table.entries {
        if entry.key == LEMMA || entry.key == "form" {
            let message = format!("words cannot be inflected for `{}`", entry.key);
            return Err(entry.source.error(
                entry.key_span.clone(),
                message,
                "choose another name".to_owned(),
            ));
        }
        let mut values: Vec<String> = Vec::new();
        for value in entry.texts()? {
            let earlier =
                dimensions.iter().find(|(_, others)| others.iter().any(|other| other == value.text));
            if earlier.is_some() || values.iter().any(|other| other == value.text) {
                let owner = earlier.map_or(entry.key, |(name, _)| name);
                let message = format!("`{}` is a value of `{owner}` already", value.text);
                let hint = "a form is found by its value, so each value belongs to one dimension".to_owned();
                return Err(entry.source.error(value.span, message, hint));
            }
            if value.text == LEMMA || value.text == "form" {
                let message = format!("`{}` cannot be a value", value.text);
                return Err(entry.source.error(value.span, message, "choose another name".to_owned()));
            }
            values.push(value.text.to_owned());
        }
        if values.is_empty() {
            return Err(entry.error(format!("`{}` has no values", entry.key), None));
        }
        dimensions.push((entry.key.to_owned(), values));
    }
    Ok(dimensions)
}
