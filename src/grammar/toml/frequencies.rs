//! `[frequencies]`: a list of words with their frequencies, which every form of every lexicon takes its own from.

use std::collections::BTreeMap;
use std::path::Path;

use super::csv;
use super::lexicon::Lexicon;
use super::reader::Entry;
use crate::grammar::error::{Problem, Result, SourceText, suggest};
use crate::text::join_and;

/// The columns of the list, unless the grammar names others.
const WORD: &str = "word";
const ZIPF: &str = "zipf";

/// At most so many words are named that the list lacks.
const SHOWN: usize = 10;

/// Gives the forms of `lexicons` the values that the file of `entry` has for them; the text of the file is added to `files`.
/// What it gives are the words that it lacks.
pub(super) fn fill(
    entry: &Entry<'_>,
    folder: Option<&Path>,
    lexicons: &mut [Lexicon],
    files: &mut Vec<String>,
) -> Result<Vec<Problem>> {
    let table = entry.table("`frequencies`".to_owned())?;
    table.only(&["file", "word", "column"])?;
    let file = table.require("file", "name a CSV of words and their frequencies: file = \"freq.csv\"")?;
    let named = |key: &str, otherwise: &'static str| -> Result<String> {
        table.get(key).map_or(Ok(otherwise.to_owned()), |entry| Ok(entry.text()?.text.to_owned()))
    };
    let (word, column) = (named("word", WORD)?, named("column", ZIPF)?);
    let (origin, text) = csv::read(file, folder)?;
    let known = read(SourceText { origin: &origin, text: &text }, &word, &column)?;
    if let Some(lexicon) = lexicons.iter().find(|lexicon| lexicon.has_texts(&column)) {
        let message = format!("`{column}` of lexicon `{}` has texts, and {origin} has numbers", lexicon.name);
        let hint = format!(
            "rename one of the two: column = \"…\" names that of the list, and so the feature {column}"
        );
        return Err(file.error(message, hint));
    }
    // A word as it is written; else, as lists have them, in small letters.
    let value = |form: &str| known.get(form).or_else(|| known.get(&form.to_lowercase())).copied();
    let mut unknown: Vec<String> = Vec::new();
    for lexicon in lexicons {
        unknown.extend(lexicon.fill(&column, value).into_iter().map(|form| format!("`{form}`")));
    }
    unknown.sort_unstable();
    unknown.dedup();
    files.push(text);
    if unknown.is_empty() {
        return Ok(Vec::new());
    }
    let more = unknown.len().saturating_sub(SHOWN);
    unknown.truncate(SHOWN);
    if more > 0 {
        unknown.push(format!("{more} more"));
    }
    let message = format!("{origin} has no {}: `{column}` is missing there", join_and(&unknown));
    let hint = format!("add them to the list, or give the words a `{column}` of their own");
    Ok(vec![Problem::at(entry.source.origin, entry.source.text, file.span(), message, hint)])
}

/// The values of a list: a header, then a word a line. Commas, semicolons and tabs may stand between the columns.
fn read(source: SourceText<'_>, word: &str, column: &str) -> Result<BTreeMap<String, f64>> {
    let first = source.text.lines().next().unwrap_or_default();
    let divider = [',', '\t', ';'].into_iter().find(|&divider| first.contains(divider)).unwrap_or(',');
    let mut reader = ::csv::ReaderBuilder::new()
        .trim(::csv::Trim::All)
        .delimiter(divider as u8)
        .flexible(true)
        .from_reader(source.text.as_bytes());
    let header = reader.headers().cloned().unwrap_or_default();
    let find = |name: &str, key: &str| {
        header.iter().position(|other| other == name).ok_or_else(|| {
            let near =
                suggest(name, header.iter().collect::<Vec<_>>(), "its columns are").unwrap_or_default();
            let hint = format!("{near}; name the column under [frequencies]: {key} = \"…\"");
            source.error(0..first.len(), format!("no column is called `{name}`"), hint)
        })
    };
    let (word, column) = (find(word, "word")?, find(column, "column")?);
    let mut known: BTreeMap<String, f64> = BTreeMap::new();
    for record in reader.records() {
        let place = |record: &::csv::StringRecord| {
            csv::line_at(source.text, record.position().map_or(0, |position| position.byte() as usize))
        };
        let record = record.map_err(|error| {
            let at = error.position().map_or(0, |position| position.byte() as usize);
            source.error(csv::line_at(source.text, at), error.to_string(), None)
        })?;
        let (Some(text), Some(cell)) = (record.get(word), record.get(column)) else {
            let message = "a line without a word and its frequency";
            return Err(source.error(place(&record), message, "complete it, or remove it".to_owned()));
        };
        if cell.is_empty() {
            continue;
        }
        let Some(number) = cell.parse::<f64>().ok().filter(|number| number.is_finite()) else {
            let hint = "write a number with a point, or leave the cell empty".to_owned();
            return Err(source.error(place(&record), format!("`{cell}` is no number"), hint));
        };
        if let Some(other) =
            known.insert(text.to_owned(), number).filter(|&other| other.to_bits() != number.to_bits())
        {
            let message = format!("`{text}` stands twice, with {other} and with {number}");
            return Err(source.error(place(&record), message, "keep one of the two".to_owned()));
        }
    }
    Ok(known)
}
