//! SOURCE: a bundled grammar, a grammar file, or a table of stimuli.

use std::path::Path;

use mlem_probe::files::kind::{Group, Kind, what_is};
use mlem_probe::grammar::{Grammar, Problem, bundled};
use mlem_probe::progress::Progress;
use mlem_probe::stimuli::is_table;

use crate::failure::{Failure, Result};

/// What the user named.
pub enum Source<G = Box<Grammar>> {
    /// A grammar, bundled or from a file.
    Grammar(G),
    /// A table of stimuli.
    Table,
}

/// Says what is odd about `grammar`, and gives what it said.
pub fn warn(grammar: &Grammar, progress: &dyn Progress) -> Vec<String> {
    let warnings: Vec<String> = grammar.warnings().iter().map(Problem::brief).collect();
    for warning in &warnings {
        progress.warn(warning);
    }
    warnings
}

/// Whether a bundled grammar is meant; a folder may be called so too.
fn is_bundled(name: &str) -> bool {
    bundled().iter().any(|bundled| bundled.name == name) && !Path::new(name).is_file()
}

/// Tells a table from a grammar.
pub fn kind(name: &str) -> Source<()> {
    if !is_bundled(name) && is_table(Path::new(name)) { Source::Table } else { Source::Grammar(()) }
}

/// Tells a table from a grammar, and reads the grammar, with trees at most `depth` deep and without some of its templates.
pub fn open(name: &str, depth: usize, without: &[String]) -> Result<Source> {
    Ok(match kind(name) {
        Source::Table if !without.is_empty() => {
            let message = format!("{name} is a table, and --without-template is of grammars");
            return Err(Failure::usage(
                message,
                "leave it out, or name the grammar that the table was made from",
            ));
        }
        Source::Table => Source::Table,
        Source::Grammar(()) => Source::Grammar(Box::new(grammar(name, depth)?.without(without, depth)?)),
    })
}

/// The grammar called `name`, or in the file of that name, with trees at most `depth` deep.
pub fn grammar(name: &str, depth: usize) -> Result<Grammar> {
    let path = Path::new(name);
    if let Source::Table = kind(name)
        && let Ok(seen) = what_is(path)
    {
        let hint = match seen.kind.group() {
            Group::Table => format!("`probe {name}` takes tables; a grammar is written in TOML or .fcfg (docs/grammar.md)"),
            _ => "a grammar is written in TOML or .fcfg (docs/grammar.md); `probe grammars` lists those that are bundled".to_owned(),
        };
        return Err(Failure::input(format!("{name} is {seen}, and no grammar"), hint));
    }
    let is_named = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("fcfg"));
    if !is_named && what_is(path).is_ok_and(|seen| seen.kind == Kind::Fcfg) {
        let hint = format!("call it {}", path.with_extension("fcfg").display());
        let message = format!("{name} is a feature grammar by what is in it, and its name does not say so");
        return Err(Failure::input(message, hint));
    }
    Ok(Grammar::named(name, depth)?)
}
