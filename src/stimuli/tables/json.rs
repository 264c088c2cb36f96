//! Records of JSON: an object a line, or a list of objects. A key is a column; what is missing or null is missing.

use std::path::Path;

use serde_json::{Map, Value};

use super::super::Result;
use super::raw::{Column, Fault, Faults, Raw, Said};
use crate::text;

/// At most so many columns are named that hold lists or objects.
const SHOWN: usize = 10;

/// An object a line.
pub(super) fn lines(text: &str, path: &Path) -> Result<Raw> {
    let (mut records, mut faults) = (Records::new(path), Faults::default());
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (line, text) in (1..).zip(text.lines()) {
        if text.trim().is_empty() {
            continue;
        }
        match serde_json::from_str(text) {
            Ok(Value::Object(object)) => records.push(object, line),
            Ok(_) => {
                faults.push(Fault::new(line, "no object of JSON", "write {\"sentence\": …} on each line"));
            }
            Err(error) => {
                let column = error.column();
                let hint = "write one object of JSON on each line";
                faults.push(Fault::new(line, format!("no JSON ({error}, character {column})"), hint));
            }
        }
    }
    faults.require_none(path)?;
    Ok(records.finish())
}

/// A list of objects.
pub(super) fn records(text: &str, path: &Path) -> Result<Raw> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let list: Vec<Value> = serde_json::from_str(text).map_err(|error| {
        Fault::new(error.line() as u64, format!("no JSON ({error})"), "write a list of objects").of(path)
    })?;
    let (mut records, mut faults) = (Records::new(path), Faults::default());
    for (at, value) in list.into_iter().enumerate() {
        if let Value::Object(object) = value {
            records.push(object, at as u64 + 1);
        } else {
            let message = format!("entry {} is no object", at + 1);
            faults.push(Fault::new(1, message, "write a list of objects: [{\"sentence\": …}, …]"));
        }
    }
    faults.require_none(path)?;
    Ok(records.finish())
}

/// Objects that become rows.
struct Records {
    raw: Raw,
    /// For each column whether all its values are numbers.
    numbers: Vec<bool>,
    /// The columns that hold lists or objects.
    nested: Vec<String>,
}

impl Records {
    fn new(path: &Path) -> Self {
        Self { raw: Raw::new(path), numbers: Vec::new(), nested: Vec::new() }
    }

    fn push(&mut self, object: Map<String, Value>, line: u64) {
        let rows = self.raw.lines.len();
        for (name, value) in object {
            let number = value.is_number() || value.is_null();
            let cell = match value {
                Value::Null => None,
                Value::String(text) => Some(text).filter(|text| !text.is_empty()),
                Value::Bool(flag) => Some(flag.to_string()),
                Value::Number(number) => Some(number.to_string()),
                Value::Array(_) | Value::Object(_) => {
                    if !self.nested.contains(&name) {
                        self.nested.push(name);
                    }
                    continue;
                }
            };
            let at = self.raw.position(&name).unwrap_or_else(|| {
                self.raw.columns.push(Column::new(name, Said::Nothing));
                self.numbers.push(true);
                self.raw.columns.len() - 1
            });
            self.numbers[at] &= number;
            let cells = &mut self.raw.columns[at].cells;
            cells.resize(rows, None);
            cells.push(cell);
        }
        self.raw.lines.push(line);
    }

    fn finish(mut self) -> Raw {
        let rows = self.raw.lines.len();
        for (column, number) in self.raw.columns.iter_mut().zip(&self.numbers) {
            column.cells.resize(rows, None);
            // JSON tells a number from a text that looks like one.
            column.said = if *number { Said::Nothing } else { Said::Texts };
        }
        let nested = std::mem::take(&mut self.nested);
        self.raw.columns.retain(|column| !nested.contains(&column.name));
        if !nested.is_empty() {
            let names: Vec<String> = nested.iter().map(|name| format!("`{name}`")).collect();
            let note =
                format!("left out, because lists and objects are no values: {}", text::some(&names, SHOWN));
            self.raw.notes.push(note);
        }
        self.raw
    }
}
