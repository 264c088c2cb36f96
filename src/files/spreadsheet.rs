//! Tables for a spreadsheet: a text that it would take for a formula is put behind an apostrophe, which such a program shows as a
//! text and does not run.
//!
//! Tables that are read back keep their texts as they are; these are copies for people.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use csv::{ReaderBuilder, StringRecord, WriterBuilder};

use super::Error;

/// The folder of the copies, beside the tables.
pub const FOLDER: &str = "spreadsheet";

/// What makes a formula of a cell where it stands first. Some programs take the wide forms too, and pass over tabs and ends of lines.
const FORMULAS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// `text` as a cell that no spreadsheet runs; a number stays one.
#[must_use]
pub fn cell(text: &str) -> Cow<'_, str> {
    let is_number = || text.parse::<f64>().is_ok_and(f64::is_finite);
    if text.starts_with(FORMULAS) && !is_number() { format!("'{text}").into() } else { text.into() }
}

/// Writes the table in `from` to `to`, each cell as [`cell()`] has it.
///
/// # Errors
///
/// What cannot be read or written, and what is no table.
pub fn copy(from: impl Read, to: impl Write) -> io::Result<()> {
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(from);
    let mut writer = WriterBuilder::new().flexible(true).from_writer(to);
    let mut record = StringRecord::new();
    while reader.read_record(&mut record)? {
        // Of what a byte order mark leads, the text is what follows it.
        let cells = record.iter().map(|text| cell(text.trim_start_matches('\u{feff}')));
        writer.write_record(cells.map(|cell| cell.into_owned().into_bytes()))?;
    }
    writer.flush()
}

/// Copies the tables called `names` that are in `folder` into its folder [`FOLDER`], and gives that.
///
/// # Errors
///
/// [`Error::Read`], [`Error::Write`].
pub fn copies<'a>(folder: &Path, names: impl IntoIterator<Item = &'a str>) -> Result<PathBuf, Error> {
    let to = folder.join(FOLDER);
    for name in names {
        let (table, target) = (folder.join(name), to.join(name));
        let file = match File::open(&table) {
            Ok(file) => file,
            // A copy of an earlier run's is not to stay.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                super::write_or_remove(&target, None)?;
                continue;
            }
            Err(source) => return Err(Error::Read { path: table, source }),
        };
        super::write_with(&target, |out| copy(BufReader::new(file), out))?;
    }
    Ok(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_texts_and_numbers_are_numbers() {
        for (text, expected) in [
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-cmd", "'-cmd"),
            ("+x", "'+x"),
            ("\t=1", "'\t=1"),
            ("＝1", "'＝1"),
            ("-inf", "'-inf"),
            ("-0.5", "-0.5"),
            ("+1e-9", "+1e-9"),
            ("a=1", "a=1"),
            ("", ""),
        ] {
            assert_eq!(cell(text), expected);
        }
    }

    #[test]
    fn tables_are_copied_and_copies_of_what_is_gone_go() {
        let folder = tempfile::tempdir().unwrap();
        let put = |text: &str| super::super::write(&folder.path().join("a.csv"), text.as_bytes()).unwrap();
        put("=name,k\n\"=HYPERLINK(\"\"x\"\"), y\",-1\nb\n");
        let to = copies(folder.path(), ["a.csv", "none.csv"]).unwrap();
        let copied = std::fs::read_to_string(to.join("a.csv")).unwrap();
        assert_eq!(copied, "'=name,k\n\"'=HYPERLINK(\"\"x\"\"), y\",-1\nb\n");
        std::fs::remove_file(folder.path().join("a.csv")).unwrap();
        copies(folder.path(), ["a.csv"]).unwrap();
        assert!(!to.join("a.csv").exists());
    }
}
