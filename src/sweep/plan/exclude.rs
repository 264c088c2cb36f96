//! `[[exclude]]`: combinations that are no cell.

use super::reader::Table;
use crate::sweep::error::Result;
use crate::text::suggest;

/// Leaves out the cells that have, on each of its axes, one of the values that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sweep) struct Exclude(Vec<(String, Vec<String>)>);

impl Exclude {
    /// Reads a table; `axes` are those of the plan, with the texts of their values.
    pub(super) fn read(table: &Table<'_>, axes: &[(&str, Vec<&str>)]) -> Result<Self> {
        let names: Vec<&str> = axes.iter().map(|(name, _)| *name).collect();
        table.only(&names)?;
        let mut of = Vec::new();
        for entry in &table.entries {
            let known = axes.iter().find(|(name, _)| *name == entry.key).map(|(_, values)| values);
            let known = known.map(Vec::as_slice).unwrap_or_default();
            let mut values = Vec::new();
            for item in entry.items()? {
                let scalar = entry.scalar(item)?;
                if !known.contains(&scalar.text.as_str()) {
                    let message = format!("the plan has no {} `{}`", entry.key, scalar.text);
                    let hint = suggest(&scalar.text, known.iter().copied(), "its values are");
                    return Err(entry.source.error(scalar.span, message, hint));
                }
                values.push(scalar.text);
            }
            of.push((entry.key.to_owned(), values));
        }
        Ok(Self(of))
    }

    /// Whether it leaves out the cell whose value on the axis `name` is `value(name)`.
    pub(in crate::sweep) fn holds<'a>(&self, value: impl Fn(&str) -> Option<&'a str>) -> bool {
        !self.0.is_empty()
            && self.0.iter().all(|(name, values)| {
                value(name).is_some_and(|value| values.iter().any(|other| other == value))
            })
    }
}
