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

/// What divides the columns: a comma, unless the header has none and has something else.
fn of_header(bytes: &[u8]) -> u8 {
    let header = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let has = |divider: &u8| header.contains(divider);
    [b',', b'\t', b';'].into_iter().find(has).unwrap_or(b',')
}

fn parse(bytes: &[u8], path: &Path, divider: u8, quoting: bool) -> Result<(Raw, Faults)> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::Headers)
        .delimiter(divider)
        .quoting(quoting)
        .flexible(true)
        .from_reader(bytes);
    let mut faults = Faults::default();
    let mut raw = Raw::new(path);
    let failed = |error: &csv::Error| {
        let line = error.position().map_or(1, csv::Position::line);
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
        let line = record.position().map_or(1, csv::Position::line);
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
