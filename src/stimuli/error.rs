//! What can be wrong with stimuli.

use std::path::PathBuf;

use crate::{files, text};

/// At most so many names are listed.
const NAMED: usize = 10;

/// A result whose error is this module's.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can be wrong with stimuli.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written.
    #[error(transparent)]
    Files(#[from] files::Error),
    /// The types and spans that stand beside a CSV would take its own name.
    #[error("types and spans of {} go into {}, which is taken", table.display(), path.display())]
    TakenName {
        /// The table.
        table: PathBuf,
        /// The file beside it.
        path: PathBuf,
    },
    /// The CSV cannot be parsed.
    #[error("{}:{line}: {message}", path.display())]
    Csv {
        /// Which file.
        path: PathBuf,
        /// Line, from 1.
        line: u64,
        /// What is wrong there.
        message: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// The file beside the CSV cannot be understood.
    #[error("{}:{line}:{column}: {message}", path.display())]
    Sidecar {
        /// Which file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What is wrong there.
        message: String,
    },
    /// A column that names the fold of each stimulus leaves some out.
    #[error("column `{column}` names the folds, and {} of no fold: {}", if rows.len() == 1 { "a row is" } else { "rows are" },
        text::some(&rows.iter().map(ToString::to_string).collect::<Vec<_>>(), NAMED))]
    NoFold {
        /// The column.
        column: String,
        /// The rows, from 0.
        rows: Vec<usize>,
    },
    /// Rows have no value in the column that names partitions.
    #[error("column `{column}` names partitions, and is empty for {}: {}", text::counted(rows.len() as u128, "row"),
        text::some(&rows.iter().map(ToString::to_string).collect::<Vec<_>>(), NAMED))]
    NoPartition {
        /// The column.
        column: String,
        /// The rows, from 0.
        rows: Vec<usize>,
    },
    /// A column that names partitions has one name.
    #[error("column `{column}` names one partition alone")]
    OnePartition {
        /// The column.
        column: String,
    },
    /// Two conditions were not measured together often enough for a cross-validated distance.
    #[error(
        "`{}` and `{}` have {} of `{}` in common, and a cross-validated distance needs two",
        pair[0], pair[1], text::counted(*both as u128, "partition"), columns[1]
    )]
    Unshared {
        /// The column of the conditions, and that of the partitions.
        columns: Box<[String; 2]>,
        /// The two conditions.
        pair: Box<[String; 2]>,
        /// How many partitions have both.
        both: usize,
    },
    /// A column that names the fold of each stimulus has one name.
    #[error("column `{column}` names the folds, and names one alone")]
    OneFold {
        /// The column.
        column: String,
    },
    /// A column that names a set to train on names others than one to test on.
    #[error("column `{column}` names {}, and what is fitted to `train` is scored on `test`", text::join_and(&names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>()))]
    OtherSets {
        /// The column.
        column: String,
        /// What it names.
        names: Vec<String>,
    },
    /// Sentences are needed and there are none.
    #[error("the stimuli have no `sentence` column, and a model needs sentences")]
    NoSentences {
        /// Columns that may hold them.
        near: Vec<String>,
    },
    /// A table has several mistakes.
    #[error("{lines}")]
    Faults {
        /// Each with its file and line, a line each.
        lines: String,
        /// What to do about them.
        hint: Option<String>,
    },
    /// A column was named that a table does not have.
    #[error("{}: no column is called `{name}`", path.display())]
    UnknownColumn {
        /// The table.
        path: PathBuf,
        /// The name.
        name: String,
        /// The columns there are.
        known: Vec<String>,
    },
    /// A relation was named that no word of a treebank has.
    #[error("{}: no word has the relation `{name}`", path.display())]
    UnknownRelation {
        /// The treebank.
        path: PathBuf,
        /// The name.
        name: String,
        /// The relations there are.
        known: Vec<String>,
    },
    /// A file is no table that can be read.
    #[error("{} is {is}", path.display())]
    OtherKind {
        /// Which file.
        path: PathBuf,
        /// What it is.
        is: String,
        /// What can be done, and what can be read.
        hint: String,
    },
    /// No column holds a feature.
    #[error("{}: no feature columns", path.display())]
    NoFeatures {
        /// Which file.
        path: PathBuf,
    },
    /// Two things that must have as many rows as there are stimuli do not.
    #[error("{found} {what} for {expected} stimuli")]
    RowCounts {
        /// What was counted.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// A matrix that should hold the distances of a feature does not.
    #[error("feature `{feature}`: {reason}")]
    NoDistances {
        /// The feature.
        feature: String,
        /// What is wrong.
        reason: String,
    },
    /// Values were asked of a feature that is given as its distances.
    #[error("feature `{feature}` is given as distances and has no values")]
    NoValues {
        /// The feature.
        feature: String,
    },
    /// A feature that does not exist was named.
    #[error("no feature is called `{name}`")]
    UnknownFeature {
        /// The name.
        name: String,
        /// The features there are.
        known: Vec<String>,
    },
    /// A column that should hold texts for a decoder holds none.
    #[error("column `{column}` holds {}, and a decoder reads texts", if *.distances { "distances" } else { "numbers" })]
    NoTexts {
        /// The column.
        column: String,
        /// Whether it is given as distances.
        distances: bool,
    },
    /// A stimulus without a text for the decoder.
    #[error("stimulus {row} has no text in column `{column}`, which the decoder reads")]
    EmptyText {
        /// The column.
        column: String,
        /// Which stimulus, from 0.
        row: usize,
    },
    /// A feature that was declared numeric has a value that is no finite number.
    #[error("feature `{feature}` is numeric, but row {row} has `{value}`")]
    NotANumber {
        /// Which feature.
        feature: String,
        /// Which stimulus, from 0.
        row: usize,
        /// Its value.
        value: String,
    },
    /// Two features have one name.
    #[error("two features are called `{name}`")]
    DuplicateFeature {
        /// The name.
        name: String,
    },
}

impl Error {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Files(error) => return error.hint(),
            Self::TakenName { table, path } if table == path => "choose a name that ends in .csv".to_owned(),
            Self::TakenName { path, .. } => {
                format!("{} is not of this program: move it, or choose another name for the table", path.display())
            }
            Self::NoSentences { near } if !near.is_empty() => {
                let options: Vec<String> = near.iter().map(|name| format!("--text {}", text::argument(name))).collect();
                format!("if it has another name, say which: {}", text::join_or(&options))
            }
            Self::NoSentences { .. } => {
                "name the column that holds them with --text, or give activations of your own to `probe fit`".to_owned()
            }
            Self::NoFeatures { .. } => {
                "every column but `sentence` is a feature: add at least one".to_owned()
            }
            Self::NoTexts { .. } => {
                "name a column of texts (--target-text COLUMN), or let the decoder read the sentences (--target-text sentence)".to_owned()
            }
            Self::EmptyText { column, .. } => format!(
                "fill in `{column}` in every row or take the row out; --target-text sentence lets the decoder read the sentences"
            ),
            Self::UnknownFeature { name, known } => return suggested(name, known, "the features are"),
            Self::UnknownColumn { name, known, .. } => return suggested(name, known, "its columns are"),
            Self::UnknownRelation { name, known, .. } => {
                return suggested(name, known, "its relations are");
            }
            Self::NoFold { column, .. } => format!("give every row a fold in `{column}`, or take the rows out"),
            Self::OtherSets { column, .. } => format!(
                "write `train` or `test` for each stimulus in `{column}`, and leave those out that are of neither; folds that are each held out once have other names"
            ),
            Self::NoPartition { column, .. } => format!(
                "give every row a value in `{column}`, or take the rows out of the table and of the activations"
            ),
            Self::OnePartition { .. } => {
                "name a column of sessions, runs or repetitions, in each of which all conditions were measured".to_owned()
            }
            Self::Unshared { columns, .. } => format!(
                "take out the values of `{}` that lack most partitions (and their activations), or name a coarser column with --partition",
                columns[0]
            ),
            Self::OneFold { column } => format!("give two folds or more in `{column}`, or use --folds"),
            Self::OtherKind { hint, .. } => hint.clone(),
            Self::NotANumber { feature, .. } => {
                format!("write a number, leave it empty (missing), or read levels: --categorical {feature}")
            }
            Self::DuplicateFeature { .. } => "rename one of the columns".to_owned(),
            Self::NoDistances { .. } => {
                "give a symmetric matrix of distances, a row and a column per stimulus, with zeros on its diagonal (NaN \
                 where a distance is missing)"
                    .to_owned()
            }
            Self::NoValues { .. } => "leave it out of --categorical".to_owned(),
            Self::Sidecar { .. } => {
                "the file beside the stimuli declares their types and spans; delete it to have the types guessed, or, if it is \
                 something else, give the table another name"
                    .to_owned()
            }
            Self::Csv { hint, .. } | Self::Faults { hint, .. } => return hint.clone(),
            Self::RowCounts { .. } => return None,
        })
    }
}

/// What `name` may have been meant for, or some of what there is.
fn suggested(name: &str, known: &[String], are: &str) -> Option<String> {
    let near = text::near_matches(name, known.iter().map(String::as_str));
    if !near.is_empty() {
        return Some(format!("did you mean {}?", near.join(" or ")));
    }
    (!known.is_empty()).then(|| format!("{are} {}", text::some(known, NAMED)))
}
