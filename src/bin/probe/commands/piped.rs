//! `-`: what comes through a pipe, as a file for whoever reads files.

use std::io::Read;
use std::path::{Path, PathBuf};

use mlem_probe::files;
use tempfile::TempDir;

use crate::failure::{Failure, Result};

/// What stands for stdin, and for stdout, on the command line.
pub const PIPE: &str = "-";

/// What came through the pipe, in a folder of its own for as long as this lives.
pub struct Piped {
    _folder: TempDir,
    /// The file.
    pub path: PathBuf,
}

impl Piped {
    /// Reads all of stdin if `name` asks for it.
    pub fn of(name: &str) -> Result<Option<Self>> {
        if name != PIPE {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        std::io::stdin()
            .lock()
            .read_to_end(&mut bytes)
            .map_err(|error| Failure::input(format!("stdin cannot be read: {error}"), ""))?;
        if bytes.iter().all(u8::is_ascii_whitespace) {
            let hint = "write such as `probe generate GRAMMAR --sample 100 | probe -`, or name a file";
            return Err(Failure::input("`-` is stdin, and nothing came through it", hint));
        }
        let folder = tempfile::tempdir()
            .map_err(|error| Failure::input(format!("no folder for what came through stdin: {error}"), ""))?;
        let path = folder.path().join(format!("stdin.{}", ending(&String::from_utf8_lossy(&bytes))));
        files::write(&path, &bytes)?;
        Ok(Some(Self { _folder: folder, path }))
    }
}

/// `source` as records and messages name it: what came through a pipe has no name.
pub fn shown(source: &str) -> &str {
    let path = Path::new(source);
    let is_piped =
        path.starts_with(std::env::temp_dir()) && path.file_stem().is_some_and(|stem| stem == "stdin");
    if is_piped { "stdin" } else { source }
}

/// What a file with this text would be called: tables and both kinds of grammars are told apart by their names.
fn ending(text: &str) -> &'static str {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let first = lines.next().unwrap_or_default();
    let is_header = |line: &str| line.starts_with('[') && line.ends_with(']') && !line.contains('"');
    if first.starts_with('{') {
        "jsonl"
    } else if is_header(first) || (first.contains(" = ") && lines.any(is_header)) {
        "toml"
    } else if first.starts_with('%') || first.contains("->") {
        "fcfg"
    } else {
        "csv"
    }
}

#[cfg(test)]
mod tests {
    use super::ending;

    #[test]
    fn what_comes_through_a_pipe_is_known_by_its_first_lines() {
        assert_eq!(ending("sentence,number\nthe dog barks,sg\n"), "csv");
        assert_eq!(ending("# mine\n\nname = \"x\"\n[lexicon.noun]\n"), "toml");
        assert_eq!(ending("[lexicon.noun]\n"), "toml");
        assert_eq!(ending("% start S\nS -> NP VP\n"), "fcfg");
        assert_eq!(ending("{\"sentence\": \"a\"}\n"), "jsonl");
    }
}
