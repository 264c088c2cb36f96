//! A reader of a page, who does what it says in a folder of their own.

use std::collections::BTreeSet;
use std::env;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::page::{self, Spoken, Step};
use super::program::{self, has_option};
use super::world::{self, World};
use super::{Exceptions, FOREIGN, NOT_PRINTED, NOT_RUN, OF_MINILM, files, shown, text};

/// A reader in a folder of their own, with the Hub's cache of `world`.
pub struct Reader<'a> {
    page: &'a str,
    home: TempDir,
    world: &'a World,
    /// Whether the weights of MiniLM are the real ones.
    minilm: bool,
    /// The exceptions that were met.
    pub met: BTreeSet<usize>,
    /// What is not as the page says.
    pub wrong: Vec<String>,
    /// How many commands were run, and how many outputs were compared.
    pub count: [usize; 2],
}

impl<'a> Reader<'a> {
    pub fn new(page: &'a str, world: &'a World, minilm: bool) -> Self {
        let home = tempfile::tempdir().unwrap();
        Self { page, home, world, minilm, met: BTreeSet::new(), wrong: Vec::new(), count: [0; 2] }
    }

    /// Runs a command in a shell: whether it went well, and what it printed to stdout and to stderr.
    fn run(&self, command: &str) -> (bool, [String; 2]) {
        let bin = program::path().parent().unwrap().to_owned();
        let path = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths([bin].into_iter().chain(env::split_paths(&path))).unwrap();
        let output = Command::new("bash")
            .args(["-euo", "pipefail", "-c", command])
            .current_dir(self.home.path())
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.home.path())
            .env("PROBE_CACHE", self.home.path().join(".cache"))
            .env("HF_HUB_CACHE", self.world.cache())
            .env("HF_HUB_OFFLINE", "1")
            .env("HF_ENDPOINT", "http://127.0.0.1:9")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let texts = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        // `head` closes its input before all of it is written.
        (matches!(output.status.code(), Some(0 | 141)), texts)
    }

    /// What a reader of the page does, step by step.
    pub fn read(&mut self) {
        files::put(self.page, self.home.path());
        let steps = page::steps(&text(self.page));
        // What stands again with its output is run there.
        let again: BTreeSet<String> = steps.iter().filter_map(page::with_output).collect();
        for step in steps {
            match step {
                Step::Command { text, shown: None, .. } if again.contains(&page::bare(&text)) => {}
                Step::File { name, content } => {
                    world::write(&self.home.path().join(name), content.as_bytes());
                }
                Step::Command { line, text, shown } => self.command(line, &text, shown.as_deref()),
                Step::Inline { line, text } if text.starts_with("--") => self.option(line, &text),
                Step::Inline { line, text } => self.spoken(line, &text),
                Step::Text { line, kind, content } => match kind.as_str() {
                    "text" | "none" => {
                        let listed = self.listed(NOT_PRINTED, &content, NOT_RUN.len());
                        if !listed {
                            self.say(line, "a block of text that is neither an output (`$ ` before the command) nor in NOT_PRINTED");
                        }
                    }
                    "toml" => {
                        if let Err(error) = content.parse::<toml::Table>() {
                            self.say(line, &format!("no TOML: {error}"));
                        }
                    }
                    "python" => {}
                    kind => self.say(line, &format!("a block of `{kind}`, of which this test knows nothing")),
                },
            }
        }
    }

    fn say(&mut self, line: usize, what: &str) {
        self.wrong.push(format!("{}:{line}: {what}", self.page));
    }

    /// Whether `text` is one of the exceptions of this page, which are numbered from `first`.
    fn listed(&mut self, exceptions: Exceptions, text: &str, first: usize) -> bool {
        let found =
            exceptions.iter().position(|(page, begins, _)| *page == self.page && text.starts_with(begins));
        self.met.extend(found.map(|at| first + at));
        found.is_some()
    }

    /// Runs a command, and compares what it prints with what is shown.
    fn command(&mut self, line: usize, text: &str, shown: Option<&str>) {
        if self.listed(NOT_RUN, text, 0) {
            return;
        }
        let command = page::as_probe(text);
        let (well, [printed, talk]) = self.run(&command);
        // In a terminal the talk stands before the results, mostly.
        let said = [talk.clone() + &printed, printed.clone() + &talk];
        self.count[0] += 1;
        let error = |line: &str| line.starts_with("error:") || line.trim_start().starts_with("\"error\"");
        let fails = shown.is_some_and(|shown| shown.lines().any(error));
        if well == fails {
            let tail: Vec<&str> = talk.lines().rev().take(12).collect();
            let tail = tail.into_iter().rev().collect::<Vec<_>>().join("\n    ");
            return self
                .say(line, &format!("`{text}` {}:\n    {tail}", if fails { "goes well" } else { "fails" }));
        }
        let Some(shown) = shown else { return };
        let real = OF_MINILM.iter().any(|(page, begins)| *page == self.page && text.starts_with(begins));
        let fits = if real && !self.minilm {
            shown::has_the_headings(shown, &said[0])
        } else {
            shown::is_shown(shown, &printed) || said.iter().any(|said| shown::is_shown(shown, said))
        };
        self.count[1] += 1;
        if !fits {
            self.say(
                line,
                &format!("`{text}` prints something else:\n{}", shown::difference(shown, &said[0])),
            );
        }
    }

    /// A command in a sentence: run where it is whole, else its subcommand and its options are looked up.
    fn spoken(&mut self, line: usize, text: &str) {
        if !text.starts_with("probe ") {
            if text.contains("src/") || text.contains('~') || self.listed(NOT_RUN, text, 0) {
                return;
            }
            return self.say(line, &format!("`{text}` is not run"));
        }
        let known = |name: &str| program::help(name).is_some();
        match page::spoken(text, known) {
            Spoken::Whole => self.command(line, text, None),
            Spoken::Form(commands, options) => {
                for command in commands {
                    let Some(help) = program::help(&command) else {
                        return self.say(line, &format!("`{text}`: there is no `probe {command}`"));
                    };
                    for option in &options {
                        if !has_option(help, option) {
                            self.say(line, &format!("`{text}`: `probe {command}` has no {option}"));
                        }
                    }
                }
            }
        }
    }

    /// An option in a sentence, which some command must have.
    fn option(&mut self, line: usize, text: &str) {
        for word in text.split(' ') {
            let Some(option) = page::option(word) else { continue };
            let foreign = FOREIGN.iter().any(|(page, name)| *page == self.page && *name == option);
            if !foreign && !program::all().any(|help| has_option(help, &option)) {
                self.say(line, &format!("`{text}`: no command has {option}"));
            }
        }
    }
}
