//! A text of a sentence a line, whose lines are one thing and another in turn: Zorro's pairs of a bad and a good sentence.

use std::path::Path;

use super::super::{Error, Result};
use super::raw::{Column, Fault, Raw, SENTENCE, Said};
use super::reading::{READABLE, Reading};

/// What marks the good sentence of a pair, and the bad one.
const GRADES: [&str; 2] = ["good", "bad"];

/// Reads `text`, of which `reading` says what its lines are.
pub(super) fn read(text: &str, path: &Path, reading: &Reading) -> Result<Raw> {
    let labels = &reading.lines;
    if labels.is_empty() && !reading.sentences_alone {
        return Err(Error::OtherKind {
            path: path.to_owned(),
            is: "a text without columns".to_owned(),
            hint: format!(
                "if its lines are sentences in turn, say what they are: --lines good,bad, --lines bad,good (Zorro as it is \
                 published), or other names; {READABLE} (docs/tables.md)"
            ),
        });
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut raw = Raw::new(path);
    let mut sentences = Column::new(SENTENCE, Said::Texts);
    for (line, sentence) in (1..).zip(text.lines()) {
        if !sentence.trim().is_empty() {
            raw.lines.push(line);
            sentences.cells.push(Some(sentence.trim().to_owned()));
        }
    }
    if labels.is_empty() {
        raw.columns = vec![sentences];
        return Ok(raw);
    }
    let n = raw.lines.len();
    if !n.is_multiple_of(labels.len()) {
        let message = format!("{n} sentences do not make sets of {} ({})", labels.len(), labels.join(", "));
        let line = raw.lines.last().copied().unwrap_or(1);
        return Err(Fault::new(
            line,
            message,
            "complete the last set, or name with --lines what the lines are",
        )
        .of(path));
    }
    let graded = labels.iter().all(|label| GRADES.contains(&label.as_str()));
    let label = |row: usize| {
        let label = &labels[row % labels.len()];
        if graded { (label == GRADES[0]).to_string() } else { label.clone() }
    };
    let mut labelled = Column::new(if graded { "grammatical" } else { "line" }, Said::Texts);
    labelled.cells = (0..n).map(|row| Some(label(row))).collect();
    let mut sets = Column::new(if labels.len() == 2 { "pair" } else { "set" }, Said::Texts);
    sets.cells = (0..n).map(|row| Some((row / labels.len()).to_string())).collect();
    raw.columns = vec![sentences, labelled, sets];
    Ok(raw)
}
