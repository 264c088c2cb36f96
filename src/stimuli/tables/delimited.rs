//! Tables whose columns are divided by commas, tabs, semicolons or vertical bars.

use std::path::Path;

use super::super::Result;
use super::raw::{Column, Fault, Faults, Raw, Said};
use crate::text;

/// Reads a table whose name for messages is `path`. Without a `divider` its header tells.
pub(super) fn read(bytes: &[u8], path: &Path, divider: Option<u8>) -> Result<Raw> {
    // A byte-order mark, as spreadsheets write it, is not part of the first column's name.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let divider = divider.unwrap_or_else(|| of_header(bytes));
    let (raw, faults) = parse(bytes, path, divider, true)?;
    let checked = faults.require_none(path);
    // Tables with tabs are often written without quotes, and a quote is a character then.
    if divider == b'\t' && checked.is_err() {
        let (raw, faults) = parse(bytes, path, divider, false)?;
        return faults.require_none(path).map(|()| raw);
    }
    checked.map(|()| raw)
}

/// Cells that open with a quote and do not end with its partner. A reader that passes over that takes the lines between for a part
/// of the cell, and rows are gone.
fn broken_quotes(bytes: &[u8], divider: u8) -> Faults {
    let mut faults = Faults::default();
    let ends = |byte: Option<&u8>| byte.is_none_or(|&byte| [divider, b'\n', b'\r'].contains(&byte));
    let (mut at, mut line, mut start) = (0, 1, true);
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        if byte != b'"' || !start {
            start = byte == divider || byte == b'\n' || byte == b'\r';
            line += u64::from(byte == b'\n');
            continue;
        }
        let opened = line;
        let closed = loop {
            match bytes.get(at) {
                None => break false,
                Some(b'"') if bytes.get(at + 1) == Some(&b'"') => at += 2,
                Some(b'"') => break true,
                Some(&byte) => {
                    line += u64::from(byte == b'\n');
                    at += 1;
                }
            }
        };
        at += 1;
        let blanks = bytes[at.min(bytes.len())..].iter().take_while(|byte| **byte == b' ').count();
        if !closed {
            let hint = "close it, or double a quote that belongs to the text (\"\"), inside a quoted value";
            faults.push(Fault::new(opened, "a quote that opens a value is never closed", hint));
        } else if !ends(bytes.get(at + blanks)) {
            let place = if line == opened { String::new() } else { format!(" (in line {line})") };
            let message = format!("a value opens with a quote and goes on behind the closing one{place}");
            let hint = "put all of the value in quotes, and double those that belong to it: \"\"\"Yes\"\", he said\"";
            faults.push(Fault::new(opened, message, hint));
        }
        start = false;
    }
    faults
}

/// What divides the columns: a comma, unless the header has none and has something else.
fn of_header(bytes: &[u8]) -> u8 {
    let header = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let has = |divider: &u8| header.contains(divider);
    [b',', b'\t', b';'].into_iter().find(has).unwrap_or(b',')
}

/// The line on which a record begins. A reader that ends lines at `\r` has the `\n` of a file from Windows still before it.
fn line_of(bytes: &[u8], position: &csv::Position) -> u64 {
    let rest = usize::try_from(position.byte()).ok().and_then(|at| bytes.get(at..)).unwrap_or_default();
    let ends = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    position.line() + ends.filter(|byte| **byte == b'\n').count() as u64
}

fn parse(bytes: &[u8], path: &Path, divider: u8, quoting: bool) -> Result<(Raw, Faults)> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::Headers)
        .delimiter(divider)
        .quoting(quoting)
        .flexible(true)
        .from_reader(bytes);
    let mut faults = if quoting { broken_quotes(bytes, divider) } else { Faults::default() };
    let mut raw = Raw::new(path);
    if !faults.is_empty() {
        return Ok((raw, faults));
    }
    let failed = |error: &csv::Error| {
        let line = error.position().map_or(1, |position| line_of(bytes, position));
        match error.kind() {
            csv::ErrorKind::Utf8 { .. } => {
                Fault::new(line, "not valid UTF-8", "save the file as UTF-8; spreadsheets offer `CSV UTF-8`")
            }
            _ => Fault::new(line, error.to_string(), ""),
        }
    };
    let header = reader.headers().map_err(|error| failed(&error).of(path))?.clone();
    raw.columns = header.iter().map(|name| Column::new(name, Said::Nothing)).collect();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                faults.push(failed(&error));
                continue;
            }
        };
        let line = record.position().map_or(1, |position| line_of(bytes, position));
        if record.len() != header.len() {
            let columns = text::counted(header.len() as u128, "column");
            let values = text::counted(record.len() as u128, "value");
            let hint = "a value with a comma or a quote in it stands in quotes";
            faults.push(Fault::new(line, format!("{values} where the header has {columns}"), hint));
            continue;
        }
        raw.lines.push(line);
        for (column, cell) in raw.columns.iter_mut().zip(&record) {
            column.cells.push(Some(cell.to_owned()).filter(|cell| !cell.is_empty()));
        }
    }
    Ok((raw, faults))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::stimuli::Stimuli;

    fn read(text: &str) -> Result<Stimuli, String> {
        Stimuli::from_csv(text.as_bytes(), Path::new("s.csv")).map_err(|error| error.to_string())
    }

    #[test]
    fn lines_are_those_of_an_editor_whatever_ends_them() {
        for text in ["sentence,n\na,x\n,y\nc,x\n", "sentence,n\na,x\n\n,y\n", "sentence,n\n\n\na,x\n,y\n"] {
            let line = text.lines().position(|line| line == ",y").unwrap() + 1;
            for text in [text.to_owned(), text.replace('\n', "\r\n")] {
                assert_eq!(read(&text).unwrap_err(), format!("s.csv:{line}: an empty sentence"), "{text:?}");
                let long = text.replace(",y", "b,y,z");
                let said = format!("s.csv:{line}: 3 values where the header has 2 columns");
                assert!(read(&long).unwrap_err().contains(&said), "{long:?}");
            }
        }
    }

    #[test]
    fn a_quote_that_swallows_rows_is_named_with_its_line() {
        let error = read("sentence,n\na,x\n\"b\nc,y\n\"d,x\ne,y\n").unwrap_err();
        assert_eq!(
            error,
            "s.csv:3: a value opens with a quote and goes on behind the closing one (in line 5)"
        );
        let error = read("sentence,n\na,x\n\"b,y\nc,x\n").unwrap_err();
        assert_eq!(error, "s.csv:3: a quote that opens a value is never closed");
        assert!(read("sentence,n\n\"b\" he said,x\nc,y\n").unwrap_err().contains("s.csv:2:"));
        let whole = read("sentence,n\n\"b, \"\"c\"\"\nd\",x\n5\" pipe,y\n\"\",x\n").unwrap_err();
        assert!(whole.contains("s.csv:5: an empty sentence"), "{whole}");
    }

    #[test]
    fn quotes_in_a_table_with_tabs_are_characters_where_they_do_not_pair() {
        let stimuli = read("sentence\tn\n\"Hello\tx\nthe cat\ty\n\"Bye\tx\n").unwrap();
        assert_eq!(stimuli.sentences().unwrap(), ["\"Hello", "the cat", "\"Bye"]);
    }
}
