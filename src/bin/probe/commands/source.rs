//! SOURCE: a bundled grammar, a grammar file, or a table of stimuli.

use std::path::Path;

use mlem_probe::files::kind::{Group, Kind, what_is};
use mlem_probe::grammar::{Grammar, Problem, bundled};
use mlem_probe::progress::Progress;

use crate::failure::{Failure, Result};
use crate::printer::Printer;

/// Endings of files that hold tables, whatever these look like.
const TABLES: [&str; 10] =
    ["csv", "tsv", "tab", "txt", "json", "jsonl", "ndjson", "conllu", "conll", "parquet"];

/// What the user named.
pub enum Source {
    /// A grammar, bundled or from a file.
    Grammar(Box<Grammar>),
    /// A table of stimuli.
    Table,
}

/// Says what is odd about `grammar`, and gives what it said.
pub fn warn(grammar: &Grammar, printer: &Printer) -> Vec<String> {
    let warnings: Vec<String> = grammar.warnings().iter().map(Problem::brief).collect();
    warnings.iter().for_each(|warning| printer.warn(warning));
    warnings
}

fn ends(path: &Path, endings: &[&str]) -> bool {
    path.extension().is_some_and(|ending| endings.iter().any(|other| ending.eq_ignore_ascii_case(other)))
}

/// Whether a file says by its ending that it is a grammar.
fn is_named_grammar(path: &Path) -> bool {
    ends(path, &["toml", "fcfg"])
}

/// Tells a table from a grammar, and reads the grammar, with trees at most `depth` deep.
pub fn open(name: &str, depth: usize) -> Result<Source> {
    let path = Path::new(name);
    // A folder may be called as a grammar is.
    let is_bundled = bundled().iter().any(|bundled| bundled.name == name) && !path.is_file();
    let is_table = !is_named_grammar(path)
        && !is_bundled
        && (ends(path, &TABLES)
            || what_is(path).is_ok_and(|seen| seen.kind.group() != Group::Source && seen.kind != Kind::Text));
    if is_table { Ok(Source::Table) } else { Ok(Source::Grammar(Box::new(grammar(name, depth)?))) }
}

/// The grammar called `name`, or in the file of that name, with trees at most `depth` deep.
pub fn grammar(name: &str, depth: usize) -> Result<Grammar> {
    let path = Path::new(name);
    if !is_named_grammar(path)
        && let Ok(seen) = what_is(path)
        && !matches!(seen.kind.group(), Group::Source | Group::Other)
        && !bundled().iter().any(|bundled| bundled.name == name && !path.is_file())
    {
        let hint = match seen.kind.group() {
            Group::Table => format!("`probe {name}` takes tables; a grammar is written in TOML or .fcfg (docs/grammar.md)"),
            _ => "a grammar is written in TOML or .fcfg (docs/grammar.md); `probe grammars` lists those that are bundled".to_owned(),
        };
        return Err(Failure::input(format!("{name} is {seen}, and no grammar"), hint));
    }
    if !is_named_grammar(path) && what_is(path).is_ok_and(|seen| seen.kind == Kind::Fcfg) {
        let hint = format!("call it {}", path.with_extension("fcfg").display());
        return Err(Failure::input(
            format!("{name} is a feature grammar by what is in it, and its name does not say so"),
            hint,
        ));
    }
    Ok(Grammar::named(name, depth)?)
}
