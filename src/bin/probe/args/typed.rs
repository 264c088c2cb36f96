//! The command line as hands type it: options that hold for every command before the command, and a command mistyped.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use clap::{Command, CommandFactory as _, Parser as _};
use mlem_probe::{grammar, text};

use super::Cli;
use crate::command_line;
use crate::failure::{Failure, Result};

/// Reads the command line of this process. What clap refuses ends the process here, with its message.
pub fn read() -> Result<Cli> {
    let words = command_line::words();
    let command = Cli::command();
    let commands: Vec<&str> = command.get_subcommands().map(Command::get_name).chain(["help"]).collect();
    let words = ordered(words, &commands);
    if let Some(name) = mistyped(&words, &commands) {
        return Err(unknown(name, &commands));
    }
    match Cli::try_parse_from(&words) {
        Ok(cli) => Ok(cli),
        Err(error) => {
            // Help and the version are no errors.
            if error.use_stderr() && words.iter().any(|word| word == "--json") {
                let text = error.to_string();
                let message = first_part(&text);
                return Err(Failure::usage(
                    message,
                    "`probe help` lists the commands, `probe help COMMAND` their options",
                ));
            }
            error.exit()
        }
    }
}

/// What clap says is wrong, in a line: what is missing stands on lines of its own.
fn first_part(text: &str) -> String {
    let lines = text.trim_start_matches("error: ").lines().take_while(|line| !line.trim().is_empty());
    lines.map(str::trim).collect::<Vec<_>>().join(" ")
}

/// `probe -q fit …` as `probe fit … -q`: clap takes an option before a command for one of `run`.
fn ordered(words: Vec<OsString>, commands: &[&str]) -> Vec<OsString> {
    let at = first_word(&words);
    let is_command =
        words.get(at).and_then(|word| word.to_str()).is_some_and(|word| commands.contains(&word));
    if at == 1 || !is_command {
        return words;
    }
    let (before, after) = words.split_at(at);
    // What follows `--` is no option any more.
    let end = after.iter().position(|word| word == OsStr::new("--")).unwrap_or(after.len());
    [&before[..1], &after[..end], &before[1..], &after[end..]].concat()
}

/// Where the first word stands behind options that hold for all commands.
fn first_word(words: &[OsString]) -> usize {
    let mut at = 1;
    while let Some(word) = words.get(at).and_then(|word| word.to_str()) {
        at += match word {
            "--threads" => 2,
            "--quiet" | "--verbose" | "--json" => 1,
            word if word.starts_with("--threads=") => 1,
            word if is_short_flags(word) => 1,
            _ => break,
        };
    }
    at
}

/// `-q`, `-v`, `-vv`, `-qv`.
fn is_short_flags(word: &str) -> bool {
    word.strip_prefix('-').is_some_and(|flags| !flags.is_empty() && flags.chars().all(|c| "qv".contains(c)))
}

/// The first word, where it is neither a command nor anything that `run` could take, and near a command.
fn mistyped<'a>(words: &'a [OsString], commands: &[&str]) -> Option<&'a str> {
    let word = words.get(first_word(words))?.to_str()?;
    let is_name = !word.starts_with('-') && !word.contains(['/', '\\', '.']);
    let known = commands.contains(&word)
        || grammar::bundled().iter().any(|bundled| bundled.name == word)
        || Path::new(word).exists();
    (is_name && !known && near(word, commands).is_some()).then_some(word)
}

/// The command that `word` is a slip of, rather than of a grammar.
fn near<'a>(word: &str, commands: &[&'a str]) -> Option<&'a str> {
    let grammars = grammar::bundled().iter().map(|bundled| bundled.name);
    let is_grammar = !text::near_matches(word, grammars).is_empty();
    let found = text::near_matches(word, commands.iter().copied()).into_iter().next();
    found.filter(|found| !is_grammar && found.len().abs_diff(word.len()) <= 2)
}

fn unknown(word: &str, commands: &[&str]) -> Failure {
    let hint = near(word, commands).map(|name| format!("did you mean `probe {name}`?")).unwrap_or_default();
    Failure::usage(format!("`{word}` is no command, no bundled grammar and no file"), hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMANDS: [&str; 4] = ["run", "generate", "fit", "report"];

    fn order(words: &str) -> String {
        let words = ordered(words.split(' ').map(OsString::from).collect(), &COMMANDS);
        words.join(OsStr::new(" ")).into_string().unwrap()
    }

    #[test]
    fn options_of_all_commands_may_stand_before_the_command() {
        assert_eq!(order("probe -q fit a b"), "probe fit a b -q");
        assert_eq!(
            order("probe --threads 2 -vv --json fit a -- -b"),
            "probe fit a --threads 2 -vv --json -- -b"
        );
        assert_eq!(order("probe -q grammar"), "probe -q grammar");
        assert_eq!(order("probe --model fit"), "probe --model fit");
        assert_eq!(order("probe fit -q"), "probe fit -q");
    }

    #[test]
    fn a_mistyped_command_is_told_from_a_mistyped_grammar() {
        let words = |word: &str| vec![OsString::from("probe"), OsString::from(word)];
        for (typed, meant) in
            [("generte", Some("generate")), ("reprot", Some("report")), ("fitt", Some("fit"))]
        {
            assert_eq!(
                mistyped(&words(typed), &COMMANDS).and_then(|word| near(word, &COMMANDS)),
                meant,
                "{typed}"
            );
        }
        for typed in ["relative_cluase", "short", "fit", "my.toml", "--model", "zebra"] {
            assert_eq!(mistyped(&words(typed), &COMMANDS), None, "{typed}");
        }
    }
}
