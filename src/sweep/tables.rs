//! Tables of many cells as one: the rows in the order of the plan, each led by what its cell is.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use csv::{Reader, ReaderBuilder, StringRecord, Writer};

use super::error::{Error, Result};
use crate::files;
use crate::rundir::{GEOMETRY, RECORD, TABLES};

/// How every table that is collected begins.
const LEAD: &str = "grammar,model,revision,pooling,";

/// The tables of a run that are collected, where a run has them: all but the maps, whose axes are those of one run.
pub(super) fn collected() -> impl Iterator<Item = &'static str> {
    TABLES.iter().map(|table| table.name).filter(|&name| name != GEOMETRY)
}

/// The folder of a run, and what leads its rows.
#[derive(Debug, Clone)]
pub(super) struct Part<'a> {
    pub folder: PathBuf,
    pub coordinates: Vec<&'a str>,
}

/// Tables that were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    /// What leads each row.
    pub axes: Vec<String>,
    /// Their names and how many rows they have.
    pub tables: Vec<(&'static str, usize)>,
}

/// Whether the folder `out` is one that a sweep may collect into: neither a run of its own nor tables that were not collected.
///
/// # Errors
///
/// [`Error::Taken`] with what stands there.
pub fn require_own(out: &Path) -> Result<()> {
    let run = out.join(RECORD);
    if run.exists() {
        return Err(Error::Taken { path: run });
    }
    let foreign = collected().map(|name| out.join(name)).find(|path| path.exists() && !is_collected(path));
    foreign.map_or(Ok(()), |path| Err(Error::Taken { path }))
}

/// Whether a file begins as a table that a sweep wrote.
fn is_collected(path: &Path) -> bool {
    let mut begin = [0; LEAD.len()];
    File::open(path).and_then(|mut file| file.read_exact(&mut begin)).is_ok() && begin == LEAD.as_bytes()
}

/// Writes the tables of `parts` into `out`, led by the columns `axes`. A table of an earlier collection that no part has is
/// removed.
pub(super) fn write(parts: &[Part<'_>], axes: &[String], out: &Path) -> Result<Written> {
    require_own(out)?;
    let mut columns: Vec<Vec<String>> = Vec::new();
    for name in collected() {
        columns.push(union(parts, name)?);
    }
    let axes: Vec<String> = axes.iter().map(|axis| distinct(axis, &columns)).collect();
    let mut written = Vec::new();
    for (name, columns) in collected().zip(&columns) {
        let path = out.join(name);
        if columns.is_empty() {
            files::write_or_remove(&path, None)?;
        } else {
            written.push((name, table(parts, name, &axes, columns, &path)?));
        }
    }
    Ok(Written { axes, tables: written })
}

/// The name of an axis beside the columns of the tables: an option that is called like one of them says that it is an option.
fn distinct(axis: &str, columns: &[Vec<String>]) -> String {
    let taken = columns.iter().flatten().any(|column| column == axis);
    if taken { format!("option_{axis}") } else { axis.to_owned() }
}

/// The columns of the table `name`, those of the first part first; estimators differ in some.
fn union(parts: &[Part<'_>], name: &str) -> Result<Vec<String>> {
    let mut columns: Vec<String> = Vec::new();
    for part in parts {
        let Some((mut reader, path)) = open(part, name)? else { continue };
        for column in reader.headers().map_err(|error| damaged(&path, &error))? {
            if !columns.iter().any(|other| other == column) {
                columns.push(column.to_owned());
            }
        }
    }
    Ok(columns)
}

/// Writes one table, part by part; none is in memory whole.
fn table(parts: &[Part<'_>], name: &str, axes: &[String], columns: &[String], path: &Path) -> Result<usize> {
    let mut rows = 0;
    let mut trouble = None;
    let written = files::write_with(path, |out| {
        let mut writer = Writer::from_writer(out);
        writer.write_record(axes.iter().chain(columns))?;
        for part in parts {
            match append(part, name, columns, &mut writer)? {
                Ok(more) => rows += more,
                Err(error) => {
                    trouble = Some(error);
                    return Err(io::Error::other("a table that is collected cannot be read"));
                }
            }
        }
        writer.flush()
    });
    match trouble {
        Some(error) => Err(error),
        None => Ok(written.map(|()| rows)?),
    }
}

/// Writes the rows of one part: what went wrong with the reading is inside, with the writing outside.
fn append<W: io::Write>(
    part: &Part<'_>,
    name: &str,
    columns: &[String],
    writer: &mut Writer<W>,
) -> io::Result<Result<usize>> {
    let (mut reader, path) = match open(part, name) {
        Ok(Some(found)) => found,
        Ok(None) => return Ok(Ok(0)),
        Err(error) => return Ok(Err(error)),
    };
    let header = match reader.headers() {
        Ok(header) => header.clone(),
        Err(error) => return Ok(Err(damaged(&path, &error))),
    };
    let at: Vec<Option<usize>> =
        columns.iter().map(|column| header.iter().position(|other| other == column)).collect();
    let mut record = StringRecord::new();
    let mut rows = 0;
    loop {
        match reader.read_record(&mut record) {
            Ok(true) => rows += 1,
            Ok(false) => return Ok(Ok(rows)),
            Err(error) => return Ok(Err(damaged(&path, &error))),
        }
        let cells = at.iter().map(|at| at.and_then(|at| record.get(at)).unwrap_or_default());
        writer.write_record(part.coordinates.iter().copied().chain(cells))?;
    }
}

/// A table of a part; none where the part has none of this name.
fn open(part: &Part<'_>, name: &str) -> Result<Option<(Reader<BufReader<File>>, PathBuf)>> {
    let path = part.folder.join(name);
    match File::open(&path) {
        Ok(file) => Ok(Some((ReaderBuilder::new().from_reader(BufReader::new(file)), path))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(files::Error::Read { path, source }.into()),
    }
}

fn damaged(path: &Path, error: &csv::Error) -> Error {
    Error::Damaged { path: path.to_owned(), message: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two runs whose scores differ in their columns, and their tables as one.
    fn collected(axes: &[&str]) -> String {
        let home = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| files::write(&home.path().join(name), text.as_bytes()).unwrap();
        put("a/scores.csv", "layer,spearman,pairs\n0,0.5,10\n1,0.25,10\n");
        put("b/scores.csv", "layer,score,pairs\n0,\"1,5\",4\n");
        put("units.csv", "grammar,model,revision,pooling,layer\n");
        let axes: Vec<String> = axes.iter().map(|&axis| axis.to_owned()).collect();
        let part = |name: &str, coordinates| Part { folder: home.path().join(name), coordinates };
        let parts = [part("a", vec!["g, h", "8"]), part("b", vec!["g", ""])];
        assert_eq!(write(&parts, &axes, home.path()).unwrap().tables, [("scores.csv", 3)]);
        assert!(!home.path().join("units.csv").exists() && !home.path().join("weights.csv").exists());
        std::fs::read_to_string(home.path().join("scores.csv")).unwrap()
    }

    #[test]
    fn rows_are_led_by_their_cell_and_columns_are_united() {
        let expected = "grammar,folds,layer,spearman,pairs,score\n\"g, h\",8,0,0.5,10,\n\"g, h\",8,1,0.25,10,\ng,,0,,4,\"1,5\"\n";
        assert_eq!(collected(&["grammar", "folds"]), expected);
    }

    #[test]
    fn an_axis_that_is_called_like_a_column_says_that_it_is_an_option() {
        assert!(
            collected(&["grammar", "pairs"]).starts_with("grammar,option_pairs,layer,spearman,pairs,score\n")
        );
    }

    #[test]
    fn tables_and_runs_that_are_not_the_sweeps_are_left_alone() {
        for (name, text) in [("units.csv", "my,own\n"), ("scores.csv", "layer,fold\n"), ("run.json", "{}")] {
            let home = tempfile::tempdir().unwrap();
            let put =
                |name: &str, text: &str| files::write(&home.path().join(name), text.as_bytes()).unwrap();
            put("a/scores.csv", "layer,spearman\n0,0.5\n");
            put(name, text);
            let parts = [Part { folder: home.path().join("a"), coordinates: vec!["g"] }];
            let error = write(&parts, &["grammar".to_owned()], home.path()).unwrap_err();
            assert!(matches!(error, Error::Taken { ref path } if path.ends_with(name)), "{error}");
            assert_eq!(std::fs::read_to_string(home.path().join(name)).unwrap(), text);
            assert_eq!(home.path().join("scores.csv").exists(), name == "scores.csv");
        }
    }

    #[test]
    fn a_table_that_breaks_off_is_named_and_the_earlier_one_stays() {
        let home = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| files::write(&home.path().join(name), text.as_bytes()).unwrap();
        put("a/scores.csv", "layer,spearman\n0,0.5\n1\n");
        let earlier = "grammar,model,revision,pooling,layer\nearlier";
        put("scores.csv", earlier);
        let parts = [Part { folder: home.path().join("a"), coordinates: vec!["g"] }];
        let error = write(&parts, &["grammar".to_owned()], home.path()).unwrap_err();
        assert!(
            matches!(error, Error::Damaged { ref path, .. } if path.ends_with("a/scores.csv")),
            "{error}"
        );
        assert_eq!(std::fs::read_to_string(home.path().join("scores.csv")).unwrap(), earlier);
    }
}
