//! What is said of a word: its forms and its features, each with its place.

use toml::Spanned;
use toml::de::DeValue;

use super::reader::{Bytes, Entry, Table, text};
use crate::grammar::error::{Error, Result, SourceText};
use crate::grammar::rules::Value;

/// A form of a word, and the cell of the paradigm it stands in; a dimension that is not named is left open.
#[derive(Debug, Clone)]
pub(super) struct Form {
    pub text: String,
    pub cell: Vec<(String, String)>,
    /// What holds of this form alone: its frequency.
    pub features: Vec<(String, Value)>,
}

/// What is said of a word.
pub(super) struct Fields {
    pub span: Bytes,
    pub fields: Vec<Field>,
}

/// One thing that is said of a word: a form under the path of its cell, or a feature under its name.
pub(super) struct Field {
    pub path: Vec<String>,
    /// The place of each part of the path.
    pub key_spans: Vec<Bytes>,
    pub span: Bytes,
    /// More than one only for forms that stand for each other.
    pub values: Vec<(Value, Bytes)>,
}

impl Field {
    pub(super) fn value(&self, source: SourceText<'_>) -> Result<Value> {
        if let [(value, _)] = self.values.as_slice() {
            return Ok(value.clone());
        }
        let message = format!("`{}` has more than one value", self.path.join("."));
        let hint = "write one value; a list has as many as the word has forms".to_owned();
        Err(source.error(self.span.clone(), message, hint))
    }

    pub(super) fn text(&self, source: SourceText<'_>) -> Result<String> {
        match self.value(source)? {
            Value::Text(text) => Ok(text),
            _ => Err(self.unquoted(source, &self.span)),
        }
    }

    fn unquoted(&self, source: SourceText<'_>, span: &Bytes) -> Error {
        let message = format!("`{}` must be a text in quotes", self.path.join("."));
        source.error(span.clone(), message, None)
    }

    pub(super) fn forms(
        &self,
        source: SourceText<'_>,
        cell: &[(String, String)],
        forms: &mut Vec<Form>,
    ) -> Result<()> {
        for (value, span) in &self.values {
            let Value::Text(form) = value else { return Err(self.unquoted(source, span)) };
            if form.trim().is_empty() {
                let hint = "write the word as it stands in a sentence".to_owned();
                return Err(source.error(span.clone(), "an empty form", hint));
            }
            if form.contains(['\n', '\r', '\t']) || form.trim() != form {
                let hint = "write the words of a form with single spaces between them".to_owned();
                return Err(source.error(
                    span.clone(),
                    "a form with blanks around it or a line break in it",
                    hint,
                ));
            }
            forms.push(Form { text: form.clone(), cell: cell.to_vec(), features: Vec::new() });
        }
        Ok(())
    }
}

/// The fields of a word in a list of words: a text alone, or a table.
pub(super) fn inline(words: &Entry<'_>, item: &Spanned<DeValue<'_>>) -> Result<Fields> {
    let source = words.source;
    if let Some(only) = text(item) {
        let values = vec![(Value::Text(only.text.to_owned()), only.span.clone())];
        let field = Field {
            path: vec!["form".to_owned()],
            key_spans: vec![only.span.clone()],
            span: only.span.clone(),
            values,
        };
        return Ok(Fields { span: only.span, fields: vec![field] });
    }
    let Some(table) = item.get_ref().as_table() else {
        let message = "a word is a text or a table of its forms and features";
        let hint = "write \"near\" or { sg = \"woman\", pl = \"women\", gender = \"f\" }".to_owned();
        return Err(source.error(item.span(), message, hint));
    };
    let table = Table::new(source, "a word".to_owned(), item.span(), table);
    let mut fields = Vec::new();
    flatten(&table, &[], &[], &mut fields)?;
    Ok(Fields { span: item.span(), fields })
}

/// Nested tables as paths: `present = { sg = "plays" }` is `present.sg`.
fn flatten(table: &Table<'_>, outer: &[String], places: &[Bytes], fields: &mut Vec<Field>) -> Result<()> {
    for entry in &table.entries {
        let mut path = outer.to_vec();
        path.push(entry.key.to_owned());
        let mut key_spans = places.to_vec();
        key_spans.push(entry.key_span.clone());
        if entry.value.get_ref().is_table() {
            flatten(&entry.table(format!("form `{}`", entry.key))?, &path, &key_spans, fields)?;
        } else {
            fields.push(Field { path, key_spans, span: entry.span(), values: entry.values()? });
        }
    }
    Ok(())
}
