//! `[[rewrite]]`: words that become others where they meet.

use super::reader::{Entry, Table};
use crate::grammar::error::{Mistakes, Result};
use crate::grammar::rewrite::Rewrite;

/// The rules of `entry`, in the order of the file.
pub(super) fn read(entry: &Entry<'_>, mistakes: &mut Mistakes) -> Result<Vec<Rewrite>> {
    let mut rules = Vec::new();
    let Ok(items) = entry.items() else {
        let hint = "write [[rewrite]], and below it from = \"de le\" and to = \"du\"";
        return Err(entry.error("`rewrite` must be a list of tables", hint.to_owned()));
    };
    for (i, item) in items.iter().enumerate() {
        let place = Entry { value: item, ..entry.clone() };
        let read = place.table(format!("rewrite {}", i + 1)).and_then(|table| one(&table));
        rules.extend(mistakes.keep(read)?);
    }
    Ok(rules)
}

fn one(table: &Table<'_>) -> Result<Rewrite> {
    table.only(&["from", "before", "except", "to"])?;
    let lower = |key: &str| -> Result<Vec<String>> {
        let Some(entry) = table.get(key) else { return Ok(Vec::new()) };
        Ok(entry.texts()?.into_iter().map(|text| text.text.trim().to_lowercase()).collect())
    };
    let from =
        table.require("from", "write the words as they meet: from = \"de le\", or from = \"le|la\"")?;
    let words = from.text()?.text.to_lowercase();
    let from_words: Vec<Vec<String>> =
        words.split_whitespace().map(|any| any.split('|').map(str::to_owned).collect()).collect();
    if from_words.is_empty() || from_words.iter().flatten().any(String::is_empty) {
        return Err(
            from.error("there is no word here", "write from = \"de le\", or from = \"le|la\"".to_owned())
        );
    }
    let to = table.require("to", "write what the words become: to = \"du\"")?;
    let text = to.text()?.text.trim().to_owned();
    if text.is_empty() {
        return Err(to.error("words cannot become nothing", "leave them out of the template".to_owned()));
    }
    Ok(Rewrite { from: from_words, before: lower("before")?, except: lower("except")?, to: text })
}
