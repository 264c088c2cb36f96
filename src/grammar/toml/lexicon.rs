//! Lexicons: words, the forms that they are inflected in, and their features.

use toml::Spanned;
use toml::de::DeValue;

use super::reader::{Bytes, Entry, Table, text};
use crate::grammar::error::{Result, suggest};
use crate::grammar::rules::Value;

/// The feature that tells one word of a lexicon from another.
pub(super) const LEMMA: &str = "lemma";

/// A class of words.
#[derive(Debug)]
pub(super) struct Lexicon {
    pub name: String,
    /// What its words are inflected for: `number` with `sg` and `pl`.
    pub dimensions: Vec<(String, Vec<String>)>,
    /// The names of all features in order: those of the words as they appear, then the dimensions.
    pub features: Vec<String>,
    pub words: Vec<Word>,
}

/// A word.
#[derive(Debug)]
pub(super) struct Word {
    pub lemma: String,
    pub span: Bytes,
    pub features: Vec<(String, Value)>,
    pub forms: Vec<Form>,
}

/// A form of a word, and the cell of the paradigm it stands in; a dimension that is not named is left open.
#[derive(Debug, Clone)]
pub(super) struct Form {
    pub text: String,
    pub cell: Vec<(String, String)>,
}

impl Lexicon {
    pub(super) fn read(entry: &Entry<'_>) -> Result<Self> {
        let name = entry.key;
        let table = entry.table(format!("lexicon `{name}`"))?;
        table.only(&["inflect", "words"])?;
        let mut lexicon = Self {
            name: name.to_owned(),
            dimensions: table.get("inflect").map(dimensions).transpose()?.unwrap_or_default(),
            features: Vec::new(),
            words: Vec::new(),
        };
        let words = table.require("words", "list its words: words = [\"near\", \"behind\"]")?;
        for item in words.items()? {
            let word = lexicon.word(words, item)?;
            if lexicon.words.iter().any(|other| other.lemma == word.lemma) {
                let message = format!("lexicon `{name}` has two words with the lemma `{}`", word.lemma);
                let hint = format!("give one of them a lemma of its own: lemma = \"{} 2\"", word.lemma);
                return Err(entry.source.error(word.span, message, hint));
            }
            lexicon.words.push(word);
        }
        if lexicon.words.is_empty() {
            let hint = "a slot with an empty lexicon generates nothing: add a word".to_owned();
            return Err(words.error(format!("lexicon `{name}` has no words"), hint));
        }
        for (dimension, _) in &lexicon.dimensions {
            if !lexicon.features.contains(dimension) {
                lexicon.features.push(dimension.clone());
            }
        }
        Ok(lexicon)
    }

    fn word(&mut self, words: &Entry<'_>, item: &Spanned<DeValue<'_>>) -> Result<Word> {
        let source = words.source;
        if let Some(only) = text(item) {
            let form = Form { text: only.text.to_owned(), cell: Vec::new() };
            check_form(words, &only.span, only.text)?;
            return Ok(Word {
                lemma: form.text.clone(),
                span: only.span,
                features: Vec::new(),
                forms: vec![form],
            });
        }
        let Some(table) = item.get_ref().as_table() else {
            let message = "a word is a text or a table of its forms and features";
            let hint = "write \"near\" or { sg = \"woman\", pl = \"women\", gender = \"f\" }".to_owned();
            return Err(source.error(item.span(), message, hint));
        };
        let table = Table::new(source, "a word".to_owned(), item.span(), table);
        let mut word =
            Word { lemma: String::new(), span: item.span(), features: Vec::new(), forms: Vec::new() };
        for entry in &table.entries {
            match entry.key {
                LEMMA => entry.text()?.text.clone_into(&mut word.lemma),
                "form" => self.forms(entry, &mut Vec::new(), &mut word.forms)?,
                key if self.dimension_of(key).is_some() || entry.value.get_ref().is_table() => {
                    self.inflected(entry, &mut Vec::new(), &mut word.forms)?;
                }
                key => {
                    let value = entry.value()?;
                    if let Some((_, values)) = self.dimensions.iter().find(|(name, _)| name == key)
                        && !values.contains(&value.display())
                    {
                        let message = format!("`{}` is no value of `{key}`", value.display());
                        let hint =
                            suggest(&value.display(), values.iter().map(String::as_str), "its values are");
                        return Err(entry.error(message, hint));
                    }
                    if !self.features.iter().any(|feature| feature == key) {
                        self.features.push(key.to_owned());
                    }
                    word.features.push((key.to_owned(), value));
                }
            }
        }
        let Some(first) = word.forms.first() else {
            let first = self.dimensions.first().and_then(|(_, values)| values.first());
            let hint = format!("write {} = \"…\"", first.map_or("form", String::as_str));
            return Err(source.error(item.span(), "this word has no form", hint));
        };
        if word.lemma.is_empty() {
            word.lemma.clone_from(&first.text);
        }
        // A feature that is also a dimension holds for every form of the word.
        for (name, value) in &word.features {
            for form in &word.forms {
                if form.cell.iter().any(|(dimension, _)| dimension == name) {
                    let message = format!("`{name}` is {} here, and forms differ in it", value.display());
                    let hint = format!("leave out `{name}`, or give one form");
                    return Err(source.error(item.span(), message, hint));
                }
            }
        }
        Ok(word)
    }

    fn dimension_of(&self, value: &str) -> Option<&str> {
        let has = |values: &Vec<String>| values.iter().any(|other| other == value);
        self.dimensions.iter().find(|(_, values)| has(values)).map(|(name, _)| name.as_str())
    }

    /// The forms under a key that names a value of a dimension, to any depth: `present.3.sg = "plays"`.
    fn inflected(
        &self,
        entry: &Entry<'_>,
        cell: &mut Vec<(String, String)>,
        forms: &mut Vec<Form>,
    ) -> Result<()> {
        let Some(dimension) = self.dimension_of(entry.key) else {
            let message = format!("lexicon `{}` has no form `{}`", self.name, entry.key);
            let values = self.dimensions.iter().flat_map(|(_, values)| values).map(String::as_str);
            let hint = suggest(entry.key, values, "its forms are").unwrap_or_else(|| {
                "say what its words are inflected for: inflect = { number = [\"sg\", \"pl\"] }".into()
            });
            return Err(entry.source.error(entry.key_span.clone(), message, hint));
        };
        if let Some((_, value)) = cell.iter().find(|(name, _)| name == dimension) {
            let message = format!("`{}` and `{value}` are both values of `{dimension}`", entry.key);
            return Err(entry.source.error(entry.key_span.clone(), message, None));
        }
        cell.push((dimension.to_owned(), entry.key.to_owned()));
        if entry.value.get_ref().is_table() {
            for inner in &entry.table(format!("form `{}`", entry.key))?.entries {
                self.inflected(inner, cell, forms)?;
            }
        } else {
            self.forms(entry, cell, forms)?;
        }
        cell.pop();
        Ok(())
    }

    /// One form, or several that stand for each other.
    #[expect(clippy::unused_self, reason = "reads as its neighbours do")]
    fn forms(&self, entry: &Entry<'_>, cell: &mut [(String, String)], forms: &mut Vec<Form>) -> Result<()> {
        for form in entry.texts()? {
            check_form(entry, &form.span, form.text)?;
            forms.push(Form { text: form.text.to_owned(), cell: cell.to_vec() });
        }
        Ok(())
    }
}

fn check_form(entry: &Entry<'_>, span: &Bytes, form: &str) -> Result<()> {
    if form.trim().is_empty() {
        return Err(entry.source.error(
            span.clone(),
            "an empty form",
            "write the word as it stands in a sentence".to_owned(),
        ));
    }
    if form.contains(['\n', '\r', '\t']) || form.trim() != form {
        let hint = "write the words of a form with single spaces between them".to_owned();
        return Err(entry.source.error(
            span.clone(),
            "a form with blanks around it or a line break in it",
            hint,
        ));
    }
    Ok(())
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
