//! A TOML document as the grammar reader sees it: tables in the order of the file, and a place for every complaint.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::grammar::error::{Error, Mistakes, Result, SourceText, suggest};
use crate::grammar::rules::Value;

/// Bytes of the file.
pub(super) type Bytes = Range<usize>;

/// A table, its entries in the order of the file.
#[derive(Debug, Clone)]
pub(super) struct Table<'a> {
    pub source: SourceText<'a>,
    /// For messages: `a grammar`, `template 2`.
    pub what: String,
    pub span: Bytes,
    pub entries: Vec<Entry<'a>>,
}

/// A key with its value.
#[derive(Debug, Clone)]
pub(super) struct Entry<'a> {
    pub source: SourceText<'a>,
    pub key: &'a str,
    pub key_span: Bytes,
    pub value: &'a Spanned<DeValue<'a>>,
}

/// A text with its place.
#[derive(Debug, Clone)]
pub(super) struct Text<'a> {
    pub text: &'a str,
    pub span: Bytes,
}

impl<'a> Table<'a> {
    pub(super) fn new(source: SourceText<'a>, what: String, span: Bytes, table: &'a DeTable<'a>) -> Self {
        let mut entries: Vec<Entry<'a>> = table
            .iter()
            .map(|(key, value)| Entry { source, key: key.get_ref(), key_span: key.span(), value })
            .collect();
        entries.sort_by_key(|entry| entry.key_span.start);
        Self { source, what, span, entries }
    }

    pub(super) fn get(&self, key: &str) -> Option<&Entry<'a>> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// Complains of keys that are none of `known`.
    pub(super) fn only(&self, known: &[&'static str]) -> Result<()> {
        let mut mistakes = Mistakes::default();
        for entry in self.entries.iter().filter(|entry| !known.contains(&entry.key)) {
            let message = format!("{} has no key `{}`", self.what, entry.key);
            let hint = suggest(entry.key, known.iter().copied(), "the keys are");
            mistakes.push(self.source.problem(entry.key_span.clone(), message, hint));
        }
        mistakes.require_none()
    }

    pub(super) fn require(&self, key: &str, hint: &str) -> Result<&Entry<'a>> {
        self.get(key).ok_or_else(|| {
            let message = format!("{} has no `{key}`", self.what);
            self.source.error(self.span.clone(), message, hint.to_owned())
        })
    }
}

impl<'a> Entry<'a> {
    pub(super) fn span(&self) -> Bytes {
        self.value.span()
    }

    pub(super) fn error(&self, message: impl Into<String>, hint: impl Into<Option<String>>) -> Error {
        self.source.error(self.span(), message, hint)
    }

    fn is_not(&self, what: &str) -> Error {
        let found = self.value.get_ref().type_str();
        self.error(format!("`{}` must be {what}, not of type {found}", self.key), None)
    }

    pub(super) fn text(&self) -> Result<Text<'a>> {
        text(self.value).ok_or_else(|| self.is_not("a text in quotes"))
    }

    pub(super) fn flag(&self) -> Result<bool> {
        self.value.get_ref().as_bool().ok_or_else(|| self.is_not("true or false"))
    }

    pub(super) fn table(&self, what: String) -> Result<Table<'a>> {
        let table = self.value.get_ref().as_table().ok_or_else(|| self.is_not("a table"))?;
        // The span of a value may be that of its header's first mention; the key is where a reader looks.
        Ok(Table::new(self.source, what, self.key_span.clone(), table))
    }

    pub(super) fn items(&self) -> Result<&'a [Spanned<DeValue<'a>>]> {
        let array = self.value.get_ref().as_array().ok_or_else(|| self.is_not("a list"))?;
        Ok(array)
    }

    /// One text, or a list of them.
    pub(super) fn texts(&self) -> Result<Vec<Text<'a>>> {
        if let Some(text) = text(self.value) {
            return Ok(vec![text]);
        }
        let Ok(items) = self.items() else { return Err(self.is_not("a text in quotes or a list of them")) };
        items.iter().map(|item| text(item).ok_or_else(|| self.is_not("a list of texts in quotes"))).collect()
    }

    /// One value of a feature (a text, a number, true or false), or a list of them, each with its place.
    pub(super) fn values(&self) -> Result<Vec<(Value, Bytes)>> {
        if let Some(items) = self.value.get_ref().as_array() {
            return items.iter().map(|item| Entry { value: item, ..self.clone() }.value()).collect();
        }
        Ok(vec![self.value()?])
    }

    /// One value of a feature.
    pub(super) fn value(&self) -> Result<(Value, Bytes)> {
        let place = text(self.value).map_or_else(|| self.span(), |text| text.span);
        let value = value(self.value).map_err(|what| match what {
            Some(number) => self.error(format!("`{number}` is no finite number"), None),
            None => self.is_not("a text, a number, true or false"),
        })?;
        Ok((value, place))
    }
}

/// A text, its place without the quotes.
pub(super) fn text<'a>(value: &'a Spanned<DeValue<'a>>) -> Option<Text<'a>> {
    let span = value.span();
    let inside = if span.len() >= 2 { span.start + 1..span.end - 1 } else { span };
    value.get_ref().as_str().map(|text| Text { text, span: inside })
}

fn value(value: &Spanned<DeValue<'_>>) -> Result<Value, Option<String>> {
    let number = |text: &str| {
        let number: Option<f64> = text.replace('_', "").parse().ok();
        number.filter(|x| x.is_finite()).map(Value::Number).ok_or(Some(text.to_owned()))
    };
    match value.get_ref() {
        DeValue::String(text) => Ok(Value::Text(text.to_string())),
        DeValue::Boolean(flag) => Ok(Value::Text(flag.to_string())),
        DeValue::Integer(integer) if integer.radix() == 10 => number(integer.as_str()),
        DeValue::Float(float) => number(float.as_str()),
        _ => Err(None),
    }
}
