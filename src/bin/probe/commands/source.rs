//! SOURCE: a bundled grammar, a grammar file, or a CSV of stimuli.

use std::path::Path;

use mlem_probe::grammar::{Grammar, Problem};
use mlem_probe::progress::Progress;

use crate::failure::Result;
use crate::printer::Printer;

/// What the user named.
pub enum Source {
    /// A grammar, bundled or from a file.
    Grammar(Box<Grammar>),
    /// A CSV of stimuli.
    Csv,
}

/// Says what is odd about `grammar`, and gives what it said.
pub fn warn(grammar: &Grammar, printer: &Printer) -> Vec<String> {
    let warnings: Vec<String> = grammar.warnings().iter().map(Problem::brief).collect();
    warnings.iter().for_each(|warning| printer.warn(warning));
    warnings
}

/// Tells a CSV from a grammar, and reads the grammar, with trees at most `depth` deep.
pub fn open(name: &str, depth: usize) -> Result<Source> {
    let path = Path::new(name);
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("csv") => Ok(Source::Csv),
        _ => Ok(Source::Grammar(Box::new(grammar(name, depth)?))),
    }
}

/// The grammar called `name`, or in the file of that name, with trees at most `depth` deep.
pub fn grammar(name: &str, depth: usize) -> Result<Grammar> {
    Ok(Grammar::named(name, depth)?)
}
