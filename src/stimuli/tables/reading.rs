//! What can be read as a table, and how where its format leaves that open.

/// What can be read, for those who gave something else.
pub(super) const READABLE: &str = "tables are read as CSV, TSV, with semicolons, as JSON lines, SyntaxGym suites, CoNLL-U, and texts of a sentence a line";

/// How a table is to be read where its format leaves that open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// The column that holds the sentences, if it is not called `sentence`.
    pub text: Option<String>,
    /// Whether numbers are written with a comma for the point: `4,5`.
    pub decimal_comma: bool,
    /// Whether each word of a treebank is a stimulus, not each sentence.
    pub words: bool,
    /// Which features of a treebank's sentences become columns, as `relation.Feature`: `root.Tense`, `nsubj.Number`. All of the
    /// root's where none are named.
    pub morphology: Vec<String>,
    /// What the lines of a text are, in turn: `good` and `bad`.
    pub lines: Vec<String>,
    /// Whether a table may have sentences and no other column, and a text a sentence a line.
    pub sentences_alone: bool,
}
