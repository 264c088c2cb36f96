//! Columns of text, and how they become stimuli.

use std::path::{Path, PathBuf};

use super::super::words::{self, COLUMNS, WORD};
use super::super::{Error, Feature, FeatureTable, Result, Span, Stimuli};
use super::reading::Reading;
use crate::text;

/// The column that holds the sentences; every other column is a feature.
pub(super) const SENTENCE: &str = "sentence";

/// At most so many mistakes are told at once.
const TOLD: usize = 10;

/// What a file says of the values of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// Nothing: they are texts, which may write numbers.
    Nothing,
    /// They are texts, even if these look like numbers.
    Texts,
}

/// A column of a table.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub name: String,
    pub said: Said,
    /// A cell for each row; an empty one is missing.
    pub cells: Vec<Option<String>>,
}

/// A mistake in a line of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    line: u64,
    message: String,
    hint: Option<String>,
}

impl Fault {
    pub(super) fn new(line: u64, message: impl Into<String>, hint: &str) -> Self {
        Self { line, message: message.into(), hint: Some(hint.to_owned()).filter(|hint| !hint.is_empty()) }
    }

    /// The one mistake of the table in `path`.
    pub(super) fn of(self, path: &Path) -> Error {
        let Self { line, message, hint } = self;
        Error::Csv { path: path.to_owned(), line, message, hint }
    }
}

/// The mistakes of a table; after ten, they are counted alone.
#[derive(Debug, Default)]
pub(super) struct Faults {
    told: Vec<Fault>,
    more: usize,
}

impl Faults {
    pub(super) fn push(&mut self, fault: Fault) {
        if self.told.len() < TOLD { self.told.push(fault) } else { self.more += 1 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    /// Nothing, where there are none.
    pub(super) fn require_none(mut self, path: &Path) -> Result<()> {
        match self.told.len() {
            0 => Ok(()),
            1 => Err(self.told.remove(0).of(path)),
            _ => {
                let mut lines: Vec<String> = self
                    .told
                    .iter()
                    .map(|Fault { line, message, .. }| format!("{}:{line}: {message}", path.display()))
                    .collect();
                if self.more > 0 {
                    lines.push(format!("and {}", text::counted(self.more as u128, "more mistake")));
                }
                let mut hints: Vec<String> = Vec::new();
                for hint in self.told.into_iter().filter_map(|fault| fault.hint) {
                    if !hints.contains(&hint) {
                        hints.push(hint);
                    }
                }
                let hint = Some(hints.join("; ")).filter(|hint| !hint.is_empty());
                Err(Error::Faults { lines: lines.join("\n"), hint })
            }
        }
    }
}

/// A table before it is known what its columns are.
#[derive(Debug)]
pub(super) struct Raw {
    pub path: PathBuf,
    pub columns: Vec<Column>,
    /// The line of each row, from 1.
    pub lines: Vec<u64>,
    /// Slots whose places in the sentences the file says, and `(n_rows, n_slots)` of these.
    pub slots: Vec<String>,
    pub spans: Vec<Vec<Option<Span>>>,
    /// Whether rows are words: the first slot is the word.
    pub word_level: bool,
    /// What was assumed in reading it.
    pub notes: Vec<String>,
}

impl Raw {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            columns: Vec::new(),
            lines: Vec::new(),
            slots: Vec::new(),
            spans: Vec::new(),
            word_level: false,
            notes: Vec::new(),
        }
    }

    /// The column called `name`.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// The stimuli that these columns are.
    pub(super) fn into_stimuli(mut self, reading: &Reading) -> Result<Stimuli> {
        let mut faults = Faults::default();
        self.leave_index_out();
        for (at, _) in self.columns.iter().enumerate().filter(|(_, column)| column.name.is_empty()) {
            let message = format!("column {} has no name", at + 1);
            faults.push(Fault::new(1, message, "give it a name, or remove it"));
        }
        self.name_sentences(reading)?;
        let n_rows = self.lines.len();
        let word_columns = match self.word_columns() {
            Ok(columns) => columns,
            Err(message) => {
                faults.push(Fault::new(1, message, ""));
                None
            }
        };
        let mut spans: Vec<Span> = Vec::new();
        if let Some(at) = word_columns {
            for row in 0..n_rows {
                let [sentence, word, start, end] =
                    at.map(|column| self.columns[column].cells[row].as_deref().unwrap_or_default());
                let span = match word {
                    "" => Err("an empty word".to_owned()),
                    word => words::span(sentence, word, start, end),
                };
                match span {
                    Ok(span) => spans.push(span),
                    Err(message) => faults.push(Fault::new(self.lines[row], message, "")),
                }
            }
        }
        let (mut sentences, mut features) = (None, Vec::new());
        for column in self.columns {
            if column.name == SENTENCE {
                for (row, _) in column.cells.iter().enumerate().filter(|(_, cell)| cell.is_none()) {
                    let hint = "write the sentence, or remove the row";
                    faults.push(Fault::new(self.lines[row], "an empty sentence", hint));
                }
                sentences = Some(column.cells.into_iter().flatten().collect());
            } else if word_columns.is_none() || !COLUMNS.contains(&column.name.as_str()) {
                if let Some((row, value)) = column.pointed().filter(|_| reading.decimal_comma) {
                    let message = format!(
                        "`{}`: `{value}` has a point, and others have a comma, which stands for the point",
                        column.name
                    );
                    let hint =
                        "write all numbers of the column in one way; a point between thousands is left out";
                    faults.push(Fault::new(self.lines[row], message, hint));
                }
                features.push(column.guess(reading.decimal_comma)?);
            }
        }
        faults.require_none(&self.path)?;
        if features.is_empty() && !(reading.sentences_alone && sentences.is_some()) {
            return Err(Error::NoFeatures { path: self.path });
        }
        let mut stimuli = Stimuli::with_rows(sentences, FeatureTable::new(n_rows, features)?)?;
        stimuli.notes = self.notes;
        if word_columns.is_some() {
            return stimuli.with_words(spans);
        }
        if self.word_level {
            let words = self.spans.into_iter().filter_map(|spans| spans.first().copied().flatten());
            return stimuli.with_words(words.collect());
        }
        if self.slots.is_empty() { Ok(stimuli) } else { stimuli.with_spans(self.slots, self.spans) }
    }

    /// Leaves out a column without a name that counts the rows, as other programs write it.
    pub(super) fn leave_index_out(&mut self) {
        for at in (0..self.columns.len()).rev() {
            let Column { name, cells, .. } = &self.columns[at];
            let unnamed = name.is_empty() || name.starts_with("Unnamed: ");
            if unnamed && (counts(cells, 0) || counts(cells, 1)) {
                self.columns.remove(at);
                self.notes.push(format!("column {} has no name and counts the rows: it is left out", at + 1));
            }
        }
    }

    /// Calls the column of the sentences `sentence`.
    fn name_sentences(&mut self, reading: &Reading) -> Result<()> {
        let Some(text) = &reading.text else { return Ok(()) };
        let Some(at) = self.position(text) else {
            return Err(Error::UnknownColumn {
                path: self.path.clone(),
                name: text.clone(),
                known: self.columns.iter().map(|column| column.name.clone()).collect(),
            });
        };
        if let Some(other) = self.position(SENTENCE).filter(|&other| other != at) {
            SENTENCE.clone_into(&mut self.columns[at].name);
            self.columns[other].name = format!("{SENTENCE}_column");
            self.notes.push(format!(
                "the column called {SENTENCE} is a feature, {SENTENCE}_column: the sentences are in {text}"
            ));
            return Ok(());
        }
        SENTENCE.clone_into(&mut self.columns[at].name);
        Ok(())
    }

    /// Where a table of words has `sentence`, `word`, `start_idx` and `end_idx`; `None` for one of sentences.
    fn word_columns(&self) -> Result<Option<[usize; 4]>, String> {
        let at = |name: &str| self.position(name);
        let offsets = COLUMNS.iter().skip(1).filter(|name| at(name).is_some()).count();
        let (Some(sentence), Some(word), 1..) = (at(SENTENCE), at(WORD), offsets) else { return Ok(None) };
        match (at(COLUMNS[1]), at(COLUMNS[2])) {
            (Some(start), Some(end)) => Ok(Some([sentence, word, start, end])),
            (start, _) => Err(format!(
                "a table of words has the columns word, start_idx and end_idx, and there is no {}",
                COLUMNS[if start.is_none() { 1 } else { 2 }]
            )),
        }
    }
}

/// Whether `cells` are whole numbers in order from `first` on.
fn counts(cells: &[Option<String>], first: usize) -> bool {
    cells.iter().enumerate().all(|(row, cell)| {
        cell.as_ref().and_then(|cell| cell.trim().parse::<usize>().ok()) == Some(row + first)
    })
}

impl Column {
    pub(super) fn new(name: impl Into<String>, said: Said) -> Self {
        Self { name: name.into(), said, cells: Vec::new() }
    }

    /// The first number that has a point where others have a comma: it may stand between thousands.
    fn pointed(&self) -> Option<(usize, &str)> {
        let values = || {
            let cells = self.cells.iter().enumerate();
            cells.filter_map(|(row, cell)| Some((row, cell.as_deref()?)))
        };
        let is_number = |(_, value): (usize, &str)| value.trim().replace(',', ".").parse::<f64>().is_ok();
        let has_comma = self.said == Said::Nothing && values().any(|(_, value)| value.contains(','));
        (has_comma && values().all(is_number))
            .then(|| values().find(|(_, value)| value.contains('.')))
            .flatten()
    }

    /// A numeric feature where every value that is there is a finite number, else a categorical one.
    fn guess(self, decimal_comma: bool) -> Result<Feature> {
        let number = |text: &str| {
            let text = text.trim();
            let parsed = if decimal_comma { text.replace(',', ".").parse() } else { text.parse() };
            parsed.ok().filter(|x: &f64| x.is_finite())
        };
        let numbers: Option<Vec<Option<f64>>> = match self.said {
            Said::Texts => None,
            Said::Nothing => self
                .cells
                .iter()
                .map(|cell| match cell {
                    None => Some(None),
                    Some(text) => number(text).map(Some),
                })
                .collect(),
        };
        match numbers {
            Some(numbers) if numbers.iter().any(Option::is_some) => Feature::numeric(&self.name, numbers),
            _ => Ok(Feature::categorical(&self.name, &self.cells)),
        }
    }
}
