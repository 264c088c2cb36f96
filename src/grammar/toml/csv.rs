//! Lexicons in a CSV beside the grammar: a word a row, its forms and features in columns.

use std::path::Path;

use super::fields::{Field, Fields};
use super::reader::{Bytes, Entry};
use crate::files;
use crate::grammar::error::{Result, SourceText};
use crate::grammar::rules::Value;

/// The name and the text of the file that `entry` names, which is looked for in the grammar's own folder.
pub(super) fn read(entry: &Entry<'_>, folder: Option<&Path>) -> Result<(String, String)> {
    let name = entry.text()?;
    let Some(folder) = folder else {
        let hint = "write its words into the grammar: words = [...]".to_owned();
        return Err(entry.error("a grammar that is not in a file has no files beside it", hint));
    };
    let path = folder.join(name.text);
    let bytes = files::read(&path).map_err(|error| {
        let hint = "a lexicon file is looked for in the folder of the grammar".to_owned();
        entry.source.error(name.span.clone(), error.to_string(), hint)
    })?;
    let origin = path.display().to_string();
    match String::from_utf8(bytes) {
        Ok(text) => Ok((origin, text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))),
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            let source = SourceText { origin: &origin, text: &text };
            Err(source.error(valid..valid + 1, "this is not UTF-8", "save the file as UTF-8".to_owned()))
        }
    }
}

/// The words of a CSV: a header of `lemma`, forms (`sg`, `present.3.sg`; `form` for words that are not inflected) and
/// features. An empty cell says nothing. A feature is numeric where all its values are numbers, unless `is_text`.
pub(super) fn words(source: SourceText<'_>, is_text: impl Fn(&[String]) -> bool) -> Result<Vec<Fields>> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(source.text.as_bytes());
    let failed = |error: &csv::Error| {
        let at = error.position().map_or(0, |position| position.byte() as usize);
        let message = match error.kind() {
            csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                format!("{len} values where the header has {expected_len} columns")
            }
            _ => error.to_string(),
        };
        source.error(line_at(source.text, at), message, "a value with a comma stands in quotes".to_owned())
    };
    let header = reader.headers().map_err(|error| failed(&error))?.clone();
    let paths: Vec<Vec<String>> =
        header.iter().map(|name| name.split('.').map(|part| part.trim().to_owned()).collect()).collect();
    if let Some(column) = header.iter().position(str::is_empty) {
        let message = format!("column {} has no name", column + 1);
        return Err(source.error(line_at(source.text, 0), message, "name it in the first line".to_owned()));
    }
    let mut rows: Vec<(Bytes, Vec<(String, Bytes)>)> = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| failed(&error))?;
        let line = line_at(source.text, record.position().map_or(0, |position| position.byte() as usize));
        let mut at = line.start;
        let cells = record.iter().map(|cell| {
            let place = source.text[at..line.end.max(at)].find(cell).map_or(line.clone(), |found| {
                let start = at + found;
                start..start + cell.len()
            });
            at = if place == line { at } else { place.end };
            (cell.to_owned(), place)
        });
        rows.push((line.clone(), cells.collect()));
    }
    let number = |cell: &str| cell.parse::<f64>().ok().filter(|x| x.is_finite());
    let numeric: Vec<bool> = paths
        .iter()
        .enumerate()
        .map(|(column, path)| {
            !is_text(path)
                && rows
                    .iter()
                    .all(|(_, cells)| cells[column].0.is_empty() || number(&cells[column].0).is_some())
        })
        .collect();
    let words = rows.into_iter().map(|(span, cells)| {
        let said = cells.into_iter().enumerate().filter(|(_, (cell, _))| !cell.is_empty());
        let fields = said.map(|(column, (cell, place))| {
            let value = match number(&cell) {
                Some(number) if numeric[column] => Value::Number(number),
                _ => Value::Text(cell),
            };
            let path = paths[column].clone();
            Field {
                key_spans: vec![place.clone(); path.len()],
                path,
                span: place.clone(),
                values: vec![(value, place)],
            }
        });
        Fields { fields: fields.collect(), span }
    });
    Ok(words.collect())
}

/// The line that byte `at` is on, or the next one that is not empty.
pub(super) fn line_at(text: &str, at: usize) -> Bytes {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let blank = text[at..].len() - text[at..].trim_start_matches(['\r', '\n']).len();
    let start = at + blank;
    let end = text[start..].find('\n').map_or(text.len(), |newline| start + newline);
    start..end
}
