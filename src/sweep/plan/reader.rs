//! A plan's TOML: tables in the order of the file, and a place for every complaint.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::sweep::error::{Error, Result};
use crate::text::{self, Problem, suggest};

/// No axis has more values: each is held against those before it.
const MOST: usize = 10_000;
/// Bytes of the file.
pub(super) type Bytes = Range<usize>;

/// The text of a plan, and what it is called in messages.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    pub origin: &'a str,
    pub text: &'a str,
}

impl Source<'_> {
    /// The mistake at the bytes `span`.
    pub(super) fn error(
        &self,
        span: Bytes,
        message: impl Into<String>,
        hint: impl Into<Option<String>>,
    ) -> Error {
        Error::Invalid(Box::new(Problem::at(self.origin, self.text, span, message, hint)))
    }
}

/// A table, its entries in the order of the file.
#[derive(Debug, Clone)]
pub(super) struct Table<'a> {
    /// For messages: `a plan`, `[slurm]`.
    pub what: String,
    pub entries: Vec<Entry<'a>>,
}

/// A key with its value.
#[derive(Debug, Clone)]
pub(super) struct Entry<'a> {
    pub source: Source<'a>,
    pub key: &'a str,
    pub key_span: Bytes,
    pub value: &'a Spanned<DeValue<'a>>,
}

/// A text, a number, true or false, with its place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scalar {
    pub kind: Kind,
    /// As a command line has it.
    pub text: String,
    pub span: Bytes,
}

/// What a scalar is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Flag(bool),
}

impl<'a> Table<'a> {
    pub(super) fn new(source: Source<'a>, what: String, table: &'a DeTable<'a>) -> Self {
        let mut entries: Vec<Entry<'a>> = table
            .iter()
            .map(|(key, value)| Entry { source, key: key.get_ref(), key_span: key.span(), value })
            .collect();
        entries.sort_by_key(|entry| entry.key_span.start);
        Self { what, entries }
    }

    pub(super) fn get(&self, key: &str) -> Option<&Entry<'a>> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// Complains of the first key that is none of `known`.
    pub(super) fn only(&self, known: &[&str]) -> Result<()> {
        match self.entries.iter().find(|entry| !known.contains(&entry.key)) {
            None => Ok(()),
            Some(entry) => {
                let message = format!("{} has no key `{}`", self.what, entry.key);
                Err(entry.key_error(message, suggest(entry.key, known.iter().copied(), "the keys are")))
            }
        }
    }
}

impl<'a> Entry<'a> {
    /// A complaint about the value.
    pub(super) fn error(&self, message: impl Into<String>, hint: impl Into<Option<String>>) -> Error {
        self.source.error(self.value.span(), message, hint)
    }

    /// A complaint about the key.
    pub(super) fn key_error(&self, message: impl Into<String>, hint: impl Into<Option<String>>) -> Error {
        self.source.error(self.key_span.clone(), message, hint)
    }

    /// The complaint that the value at `span`, of type `found`, is not `what`.
    fn is_not(&self, what: &str, value: &Spanned<DeValue<'_>>) -> Error {
        let found = value.get_ref().type_str();
        self.source.error(value.span(), format!("`{}` must be {what}, not of type {found}", self.key), None)
    }

    pub(super) fn table(&self) -> Result<Table<'a>> {
        let what = format!("[{}]", self.key);
        let table = self
            .value
            .get_ref()
            .as_table()
            .ok_or_else(|| self.is_not(&format!("a table: {what}"), self.value))?;
        Ok(Table::new(self.source, what, table))
    }

    /// Tables that are written `[[key]]`, each once or more.
    pub(super) fn tables(&self) -> Result<Vec<Table<'a>>> {
        let what = format!("[[{}]]", self.key);
        let wanted = format!("tables: {what}");
        let items = self.value.get_ref().as_array().ok_or_else(|| self.is_not(&wanted, self.value))?;
        items
            .iter()
            .map(|item| match item.get_ref().as_table() {
                Some(table) if table.is_empty() => {
                    let hint = "write what it holds below it, or remove it".to_owned();
                    Err(self.source.error(item.span(), format!("{what} is empty"), hint))
                }
                Some(table) => Ok(Table::new(self.source, what.clone(), table)),
                None => Err(self.is_not(&wanted, item)),
            })
            .collect()
    }

    pub(super) fn text(&self) -> Result<String> {
        match self.scalar(self.value)? {
            Scalar { kind: Kind::Text, text, .. } => Ok(text),
            _ => Err(self.is_not("a text in quotes", self.value)),
        }
    }

    /// A text or a number, as it is written.
    pub(super) fn text_or_number(&self) -> Result<String> {
        match self.scalar(self.value)? {
            Scalar { kind: Kind::Flag(_), .. } => Err(self.is_not("a text or a number", self.value)),
            Scalar { text, .. } => Ok(text),
        }
    }

    /// A whole number from 1.
    pub(super) fn count(&self) -> Result<usize> {
        let number = self.scalar(self.value)?;
        let found = number.text.parse().ok().filter(|&n| n > 0 && number.kind == Kind::Number);
        found.ok_or_else(|| self.error(format!("`{}` must be a whole number from 1", self.key), None))
    }

    /// A list of texts.
    pub(super) fn texts(&self) -> Result<Vec<String>> {
        self.items()?
            .iter()
            .map(|item| match self.scalar(item)? {
                Scalar { kind: Kind::Text, text, .. } => Ok(text),
                _ => Err(self.is_not("a list of texts in quotes", item)),
            })
            .collect()
    }

    /// The items of a list, or the one value that is none.
    pub(super) fn items(&self) -> Result<&'a [Spanned<DeValue<'a>>]> {
        let items: &'a [Spanned<DeValue<'a>>] = match self.value.get_ref().as_array() {
            Some(items) => items,
            None => std::slice::from_ref(self.value),
        };
        if items.len() > MOST {
            let (found, most) = (text::count(items.len() as u128), text::count(MOST as u128));
            let message = format!("`{}` has {found} values, and an axis takes at most {most}", self.key);
            return Err(self.error(message, "make several plans".to_owned()));
        }
        if items.is_empty() {
            return Err(
                self.error(format!("`{}` has no value", self.key), "give it one, or leave it out".to_owned())
            );
        }
        Ok(items)
    }

    /// Whether the value is a list.
    pub(super) fn is_list(&self) -> bool {
        self.value.get_ref().is_array()
    }

    pub(super) fn scalar(&self, value: &Spanned<DeValue<'_>>) -> Result<Scalar> {
        let span = value.span();
        let number = |text: &str| Scalar {
            kind: Kind::Number,
            text: text.replace('_', "").trim_start_matches('+').to_owned(),
            span: span.clone(),
        };
        match value.get_ref() {
            DeValue::String(text) => Ok(Scalar { kind: Kind::Text, text: text.to_string(), span }),
            DeValue::Boolean(flag) => Ok(Scalar { kind: Kind::Flag(*flag), text: flag.to_string(), span }),
            DeValue::Integer(integer) if integer.radix() == 10 => Ok(number(integer.as_str())),
            DeValue::Integer(integer) => {
                let digits = integer.as_str().replace('_', "");
                let value = u64::from_str_radix(&digits, integer.radix());
                value.map(|value| number(&value.to_string())).map_err(|_| {
                    let hint = "write it as a decimal number".to_owned();
                    self.source.error(span.clone(), format!("`{}` is too large a number", self.key), hint)
                })
            }
            DeValue::Float(float) => Ok(number(float.as_str())),
            _ => Err(self.is_not("a text, a number, true or false", value)),
        }
    }
}
