//! A kind of row, and how a table of such rows is written and read.

use std::path::Path;
use std::str::FromStr;

use csv::{Position, ReaderBuilder, StringRecord};

use crate::files::table::table;
use crate::files::{self, Parts};
use crate::profile::ScoreMeasure;
use crate::rundir::error::{Error, Result};

/// A kind of row, with the file that holds such rows.
pub(super) trait Row<const N: usize>: Sized {
    const FILE: &'static str;
    const HEADER: [&'static str; N];
    /// The layer that it is of; of two layers, the later.
    fn layer(&self) -> usize;
    fn cells(&self) -> [String; N];
    /// The cells in a run whose scores are `measure`.
    fn cells_in(&self, _measure: ScoreMeasure) -> [String; N] {
        self.cells()
    }
    fn parse(cells: &Cells<'_>) -> Result<Self, String>;
}

/// `header` in a run whose scores are `measure`: what is in it of Spearman's correlation has the name of that.
pub(super) fn named<const N: usize>(header: [&'static str; N], measure: ScoreMeasure) -> [&'static str; N] {
    header.map(|column| match (column, measure) {
        ("spearman", _) => measure.row_name(),
        ("spearman_sd", ScoreMeasure::Pearson) => "pearson_sd",
        ("spearman_sd", ScoreMeasure::SquaredError) => "r2_sd",
        (column, _) => column,
    })
}

/// Whether the table in `bytes` begins with `header`.
pub(super) fn begins_with(bytes: &[u8], header: &[&str]) -> bool {
    bytes.split(|&byte| byte == b'\n').next().is_some_and(|line| line == header.join(",").as_bytes())
}

/// The bytes of a table of a run whose scores are `measure`.
pub(super) fn bytes<const N: usize, R: Row<N>>(all: &[R], measure: ScoreMeasure) -> Vec<u8> {
    table(named(R::HEADER, measure), all.iter().map(|row| row.cells_in(measure)))
}

/// Adds the rows of `layer` to a hash.
pub(super) fn add<const N: usize, R: Row<N>>(parts: &mut Parts, all: &[R], layer: usize) {
    let rows: Vec<&R> = all.iter().filter(|row| row.layer() == layer).collect();
    parts.add(R::FILE);
    parts.add(rows.len().to_string());
    rows.iter().flat_map(|row| row.cells()).for_each(|cell| parts.add(cell));
}

/// Writes a table that not every run has: with no rows, a file of an earlier run is taken away.
pub(super) fn write_any<const N: usize, R: Row<N>>(
    all: &[R],
    measure: ScoreMeasure,
    folder: &Path,
) -> Result<()> {
    let bytes = (!all.is_empty()).then(|| bytes(all, measure));
    Ok(files::write_or_remove(&folder.join(R::FILE), bytes.as_deref())?)
}

/// Reads a table that every run has.
pub(super) fn read<const N: usize, R: Row<N>>(folder: &Path, measure: ScoreMeasure) -> Result<Vec<R>> {
    let path = folder.join(R::FILE);
    rows(&files::read(&path)?, &path, named(R::HEADER, measure), R::parse)
}

/// Reads a table that not every run has; a folder without the file has no rows.
pub(super) fn read_any<const N: usize, R: Row<N>>(folder: &Path, measure: ScoreMeasure) -> Result<Vec<R>> {
    if folder.join(R::FILE).exists() { read(folder, measure) } else { Ok(Vec::new()) }
}

/// The rows of the table in `bytes`, which is that of `path`.
pub(super) fn rows<T, const N: usize>(
    bytes: &[u8],
    path: &Path,
    header: [&'static str; N],
    row: impl Fn(&Cells<'_>) -> Result<T, String>,
) -> Result<Vec<T>> {
    let failed = |line, message: String| Error::Table { path: path.to_owned(), line, message };
    let mut reader = ReaderBuilder::new().from_reader(bytes);
    let parse_failed =
        |error: &csv::Error| failed(error.position().map_or(1, Position::line), error.to_string());
    let found = reader.headers().map_err(|error| parse_failed(&error))?;
    if found.iter().ne(header) {
        let found: Vec<&str> = found.iter().collect();
        return Err(failed(
            1,
            format!("the columns are {}, and must be {}", found.join(","), header.join(",")),
        ));
    }
    reader
        .records()
        .map(|record| {
            let record = record.map_err(|error| parse_failed(&error))?;
            row(&Cells { record: &record, header: &header })
                .map_err(|message| failed(record.position().map_or(1, Position::line), message))
        })
        .collect()
}

/// The cells of one row.
pub(super) struct Cells<'a> {
    record: &'a StringRecord,
    header: &'a [&'static str],
}

impl Cells<'_> {
    pub(super) fn text(&self, column: usize) -> String {
        self.record.get(column).unwrap_or_default().to_owned()
    }

    pub(super) fn parse<T: FromStr>(&self, column: usize) -> Result<T, String> {
        let text = self.record.get(column).unwrap_or_default();
        text.parse().map_err(|_| format!("`{text}` is no value of `{}`", self.header[column]))
    }

    /// A number as the table keeps it.
    pub(super) fn number(&self, column: usize) -> Result<f64, String> {
        self.parse::<f32>(column).map(f64::from)
    }

    /// A number, or none where the cell is empty.
    pub(super) fn maybe(&self, column: usize) -> Result<Option<f64>, String> {
        if self.is_empty(column) { Ok(None) } else { self.number(column).map(Some) }
    }

    /// A number, or NaN where the cell is empty.
    pub(super) fn number_or_nan(&self, column: usize) -> Result<f64, String> {
        Ok(self.maybe(column)?.unwrap_or(f64::NAN))
    }

    pub(super) fn is_empty(&self, column: usize) -> bool {
        self.record.get(column).is_none_or(str::is_empty)
    }

    pub(super) fn one_of<T: Copy>(&self, column: usize, values: &[(&str, T)]) -> Result<T, String> {
        let text = self.record.get(column).unwrap_or_default();
        let found = values.iter().find(|(name, _)| *name == text);
        found
            .map(|&(_, value)| value)
            .ok_or_else(|| format!("`{text}` is no value of `{}`", self.header[column]))
    }
}
