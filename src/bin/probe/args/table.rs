//! How a table of stimuli is read, where its format leaves that open.

use clap::Args;
use mlem_probe::stimuli::Reading;

use super::list::{self, Names};

/// What a table's columns and lines are.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Table of stimuli")]
pub struct TableArgs {
    /// The column that holds the sentences (default: sentence)
    #[arg(long, value_name = "COLUMN")]
    pub text: Option<String>,
    /// Read 4,5 as 4.5
    #[arg(long)]
    pub decimal_comma: bool,
    /// CoNLL-U: every word is a stimulus, with its features, relation and distance to its head (default: every sentence)
    #[arg(long)]
    pub words: bool,
    /// CoNLL-U: the features to take, of the root or of what depends on it: root.Tense,nsubj.Number (default: all of the root)
    #[arg(long, value_name = "F,...", value_parser = list::names())]
    pub morph: Vec<Names>,
    /// A text of a sentence a line: what the lines are in turn, e.g. good,bad or bad,good
    #[arg(long, value_name = "L,...", value_parser = list::names())]
    pub lines: Vec<Names>,
}

impl TableArgs {
    /// The library's form of these.
    pub fn reading(&self) -> Reading {
        Reading {
            text: self.text.clone(),
            decimal_comma: self.decimal_comma,
            words: self.words,
            morphology: list::all(&self.morph),
            lines: list::all(&self.lines),
            sentences_alone: false,
        }
    }

    /// Whether none of them was given.
    pub fn is_empty(&self) -> bool {
        self.reading() == Reading::default()
    }
}
