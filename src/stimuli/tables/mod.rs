//! Tables as people have them: each format is read into named columns of text, and those become stimuli in one way.
//!
//! | room | what it reads |
//! | --- | --- |
//! | `reading` | what a format leaves open |
//! | `raw` | columns of text, and how they become stimuli: which one holds the sentences, which are numbers |
//! | `delimited` | CSV, TSV, tables with semicolons or vertical bars |
//! | `json` | JSON lines and lists of records |
//! | `pairs` | rows of a good and a bad sentence, which become two |
//! | `syntaxgym` | SyntaxGym's suites |
//! | `conllu`, `treebank` | CoNLL-U: its notation; its sentences or words as stimuli |
//! | `lines` | a text of a sentence a line |

mod conllu;
mod delimited;
mod json;
mod lines;
mod pairs;
mod raw;
mod reading;
mod syntaxgym;
mod treebank;

use std::path::Path;

pub use self::reading::Reading;

use self::raw::Raw;
use self::reading::READABLE;
use super::sidecar::Sidecar;
use super::{Error, Result, Stimuli};
use crate::files;
use crate::files::kind::{Group, Kind, Seen, what_is};

/// Endings of files that hold tables, whatever these look like.
const ENDINGS: [&str; 10] =
    ["csv", "tsv", "tab", "txt", "json", "jsonl", "ndjson", "conllu", "conll", "parquet"];

fn ends(path: &Path, endings: &[&str]) -> bool {
    path.extension().is_some_and(|ending| endings.iter().any(|other| ending.eq_ignore_ascii_case(other)))
}

/// Whether `path` is to be read as a table of stimuli, where a grammar could be meant as well: by its ending, else by what is in
/// it. What is neither is a table too, whose reader says what it is.
#[must_use]
pub fn is_table(path: &Path) -> bool {
    let seen = what_is(path).ok().map(|seen| seen.kind);
    let is_source = seen.is_some_and(|kind| kind.group() == Group::Source);
    // A grammar is none of the tables, whatever it is called; a `.csv` that looks like one is a table that is wrong.
    let is_named = ends(path, &ENDINGS) && (!is_source || ends(path, &["csv", "tsv"]));
    !ends(path, &["toml", "fcfg"]) && (is_named || seen.is_some_and(|kind| !is_source && kind != Kind::Text))
}

impl Stimuli {
    /// Reads stimuli from a table of any of the formats that `docs/tables.md` lists, told by what is in it; and their declared types
    /// and spans from the `.json` of the same name beside it, if there is one that declares features.
    ///
    /// Without a declaration a feature is numeric when every value that is there parses as a finite number.
    ///
    /// # Errors
    ///
    /// The file cannot be read, is of another kind, has mistakes (up to ten are told at once), has no feature column, or disagrees
    /// with the file beside it.
    pub fn read(path: &Path) -> Result<Self> {
        Self::read_as(path, &Reading::default())
    }

    /// [`Stimuli::read`], where something is said about the table.
    ///
    /// # Errors
    ///
    /// As [`Stimuli::read`]; [`Error::UnknownColumn`].
    pub fn read_as(path: &Path, reading: &Reading) -> Result<Self> {
        let stimuli = raw(path, reading)?.into_stimuli(reading)?;
        let beside = path.with_extension("json");
        if beside == path {
            return Ok(stimuli);
        }
        match Sidecar::read(&beside)? {
            Some(sidecar) => sidecar.apply(stimuli, &beside),
            None => Ok(stimuli),
        }
    }

    /// Parses a CSV (or a table with tabs or semicolons) whose name for messages is `path`; types are guessed as
    /// [`Stimuli::read`] says.
    ///
    /// # Errors
    ///
    /// As [`Stimuli::read`].
    pub fn from_csv(bytes: &[u8], path: &Path) -> Result<Self> {
        delimited::read(bytes, path, None)?.paired().into_stimuli(&Reading::default())
    }
}

/// The columns of the table in `path`.
fn raw(path: &Path, reading: &Reading) -> Result<Raw> {
    let seen = what_is(path)?;
    let bytes = || files::read(path);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).map_err(|error| not_utf8(path, &error));
    let raw = match seen.kind {
        Kind::Csv => delimited::read(&bytes()?, path, Some(b',')),
        Kind::Tsv => delimited::read(&bytes()?, path, Some(b'\t')),
        Kind::SemicolonTable => delimited::read(&bytes()?, path, Some(b';')),
        Kind::PipeTable => delimited::read(&bytes()?, path, Some(b'|')),
        Kind::JsonLines => json::lines(&text(bytes()?)?, path),
        Kind::JsonRecords => json::records(&text(bytes()?)?, path),
        Kind::SyntaxGym => return syntaxgym::read(&text(bytes()?)?, path),
        Kind::Conllu => return treebank::read(&text(bytes()?)?, path, reading),
        // What is in a table may look like something else.
        Kind::Stream | Kind::ForeignText => delimited::read(&bytes()?, path, None),
        Kind::Text | Kind::Fcfg | Kind::Toml | Kind::TomlGrammar | Kind::SweepPlan
            if ends(path, &["csv", "tsv", "tab"]) =>
        {
            delimited::read(&bytes()?, path, None)
        }
        Kind::Text if ends(path, &["conllu", "conll"]) => {
            return treebank::read(&text(bytes()?)?, path, reading);
        }
        Kind::Text => return lines::read(&text(bytes()?)?, path, reading),
        _ => return Err(other(path, &seen)),
    }?;
    Ok(if reading.text.is_none() { raw.paired() } else { raw })
}

fn other(path: &Path, seen: &Seen) -> Error {
    let advice = match seen.kind {
        Kind::Excel | Kind::Stata | Kind::Spss => "save it as CSV from the program that it is of; ",
        Kind::Word | Kind::Presentation | Kind::OpenDocument | Kind::Rtf => {
            "save its table as CSV, from the program that it is of or from a spreadsheet; "
        }
        Kind::Markdown => "take the rule and the outer bars out, or save it as CSV; ",
        Kind::Json | Kind::Yaml => {
            "write it as JSON lines (in pandas: table.to_json(\"stimuli.jsonl\", orient=\"records\", lines=True)); "
        }
        Kind::Parquet | Kind::Arrow | Kind::ArrowStream | Kind::Sqlite | Kind::R => {
            "write it as CSV first (in pandas: table.to_csv(\"stimuli.csv\", index=False)); "
        }
        Kind::Gzip | Kind::Bzip2 | Kind::Xz | Kind::Zstd | Kind::Zip | Kind::SevenZip | Kind::Tar => {
            "unpack it first; "
        }
        Kind::LfsPointer | Kind::AnnexPointer => "fetch the file that it stands for; ",
        Kind::Html => "download the file itself, not the page about it; ",
        Kind::BracketedTrees => "convert it to CoNLL-U; ",
        Kind::Npy | Kind::Npz => "arrays of distances go to `probe fit`, activations after the table there; ",
        Kind::Fcfg | Kind::TomlGrammar => "probe generate makes a table of a grammar; ",
        Kind::RunDirectory => "its table is stimuli.csv in it; ",
        _ => "",
    };
    Error::OtherKind {
        path: path.to_owned(),
        is: seen.to_string(),
        hint: format!("{advice}{READABLE} (docs/tables.md)"),
    }
}

fn not_utf8(path: &Path, error: &std::string::FromUtf8Error) -> Error {
    let at = error.utf8_error().valid_up_to();
    let line = error.as_bytes()[..at].split(|&byte| byte == b'\n').count() as u64;
    raw::Fault::new(line, "not valid UTF-8", "save the file as UTF-8").of(path)
}
