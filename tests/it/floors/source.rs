//! What one Rust file declares and names: its modules, its items, its `use` lines and its paths.

use std::collections::{BTreeMap, BTreeSet};

use super::tokens::Token;

/// The body of one module.
#[derive(Debug, Default)]
pub struct Body {
    pub modules: Vec<Declared>,
    /// The names of functions, types, constants and so on.
    pub items: BTreeSet<String>,
    /// Whether a macro stands where items stand, and may make some that are not seen here.
    pub has_macro: bool,
    pub uses: Vec<Use>,
    /// Paths of at least two names outside of `use` lines.
    pub paths: Vec<Named>,
    /// Single words outside of `use` lines that name a type, a constant, or what is called.
    pub words: BTreeMap<String, usize>,
}

/// `mod name;`, or `mod name { … }` with what is in it.
#[derive(Debug)]
pub struct Declared {
    pub name: String,
    /// Compiled for tests alone.
    pub test: bool,
    pub inside: Option<Body>,
}

/// One name that a `use` line brings in; `*` for all of them.
#[derive(Debug)]
pub struct Use {
    pub named: Named,
    pub alias: String,
    pub public: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub path: Vec<String>,
    pub line: usize,
}

const ITEMS: [&str; 9] = ["fn", "struct", "enum", "union", "trait", "type", "const", "static", "macro_rules"];

/// Reads the body of a module. What is compiled for tests alone is read `with_tests`, and left out without.
pub fn body(tokens: &[Token], with_tests: bool) -> Body {
    let mut reader = Reader { tokens, at: 0, depth: 0, with_tests, found: Body::default() };
    while reader.at < tokens.len() {
        reader.step();
    }
    reader.found
}

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
    /// How many braces are open.
    depth: usize,
    with_tests: bool,
    found: Body,
}

impl<'a> Reader<'a> {
    fn text(&self, at: usize) -> &'a str {
        self.tokens.get(at).map_or("", |token| &token.text)
    }

    fn is_word(&self, at: usize) -> bool {
        self.text(at).starts_with(|c: char| c.is_alphabetic() || c == '_')
    }

    fn step(&mut self) {
        let text = self.text(self.at);
        match text {
            "#" if self.is_for_tests(self.at) => self.for_tests(),
            // `pub(in crate::a)` imports nothing.
            "pub" if self.text(self.at + 1) == "(" => self.at = self.closing(self.at + 1),
            "use" if self.text(self.at + 1) != "<" => self.use_line(),
            "mod" if self.is_word(self.at + 1) => self.module(false),
            "{" => (self.depth, self.at) = (self.depth + 1, self.at + 1),
            "}" => (self.depth, self.at) = (self.depth.saturating_sub(1), self.at + 1),
            _ if self.is_word(self.at) => self.word(text),
            _ => self.at += 1,
        }
    }

    fn word(&mut self, text: &str) {
        let line = self.tokens[self.at].line;
        let before = self.at.checked_sub(1).map_or("", |before| self.text(before));
        let after = before == "::";
        let called = self.text(self.at + 1) == "(" && !after && ![".", "fn"].contains(&before);
        if called || text.starts_with(char::is_uppercase) && !after {
            self.found.words.entry(text.to_owned()).or_insert(line);
        }
        if self.text(self.at + 1) == "::" && !after {
            let mut path = vec![text.to_owned()];
            while self.text(self.at + 1) == "::" && self.is_word(self.at + 2) {
                path.push(self.text(self.at + 2).to_owned());
                self.at += 2;
            }
            if path.len() > 1 {
                self.found.paths.push(Named { path, line });
            }
        } else if self.depth == 0 && ITEMS.contains(&text) {
            let name = self.at + if self.text(self.at + 1) == "!" { 2 } else { 1 };
            self.found.items.insert(self.text(name).to_owned());
        } else if self.depth == 0 && self.text(self.at + 1) == "!" && !after {
            self.found.has_macro = true;
        }
        self.at += 1;
    }

    /// Whether an attribute says `cfg(test)`, alone or with more conditions.
    fn is_for_tests(&self, at: usize) -> bool {
        if self.text(at + 1) != "[" || self.text(at + 2) != "cfg" {
            return false;
        }
        let inside = &self.tokens[at..self.closing(at + 1)];
        let has = |word: &str| inside.iter().any(|token| token.text == word);
        has("test") && !has("not") && !has("any")
    }

    /// The place after the bracket that closes the one at `open`.
    fn closing(&self, open: usize) -> usize {
        let mut depth = 0;
        for at in open..self.tokens.len() {
            match self.text(at) {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return at + 1;
            }
        }
        self.tokens.len()
    }

    /// An item for tests alone. A module is remembered in any case: it stands in a file of its own, perhaps.
    fn for_tests(&mut self) {
        while self.text(self.at) == "#" {
            self.at = self.closing(self.at + 1);
        }
        let mut start = self.at;
        if self.text(start) == "pub" {
            start = if self.text(start + 1) == "(" { self.closing(start + 1) } else { start + 1 };
        }
        if self.text(start) == "mod" {
            self.at = start;
            self.module(true);
        } else if !self.with_tests {
            while !["{", ";", "", "="].contains(&self.text(self.at)) {
                self.at += 1;
            }
            while !["{", ";", ""].contains(&self.text(self.at)) {
                self.at += 1;
            }
            self.at = if self.text(self.at) == "{" { self.closing(self.at) } else { self.at + 1 };
        }
    }

    fn module(&mut self, test: bool) {
        let name = self.text(self.at + 1).to_owned();
        self.at += 2;
        let mut inside = None;
        if self.text(self.at) == "{" {
            let end = self.closing(self.at);
            let wanted = self.with_tests || !test;
            inside = Some(if wanted {
                body(&self.tokens[self.at + 1..end - 1], self.with_tests)
            } else {
                Body::default()
            });
            self.at = end;
        } else {
            self.at += 1;
        }
        self.found.modules.push(Declared { name, test, inside });
    }

    fn use_line(&mut self) {
        let before = self.at.checked_sub(1).map_or("", |before| self.text(before));
        let public = before == "pub" || before == ")" && self.after_restricted_pub();
        self.at += 1;
        self.tree(&[], public);
        self.at += 1;
    }

    /// Whether the bracket that closes before the `use` here belongs to a `pub(…)`.
    fn after_restricted_pub(&self) -> bool {
        let open = (0..self.at).rev().find(|&at| self.text(at) == "(");
        open.and_then(|open| open.checked_sub(1)).is_some_and(|before| self.text(before) == "pub")
    }

    /// What stands in a `use` line after `prefix`, until its comma, brace or semicolon.
    fn tree(&mut self, prefix: &[String], public: bool) {
        let mut path = prefix.to_vec();
        let line = self.tokens.get(self.at).map_or(0, |token| token.line);
        if self.text(self.at) == "::" {
            // Another crate, whatever is called the same here.
            path.push(String::new());
            self.at += 1;
        }
        loop {
            let text = self.text(self.at);
            if text == "{" {
                self.at += 1;
                while !["}", ""].contains(&self.text(self.at)) {
                    self.tree(&path, public);
                    if self.text(self.at) == "," {
                        self.at += 1;
                    }
                }
                self.at += 1;
                return;
            }
            path.push(text.to_owned());
            self.at += 1;
            if self.text(self.at) != "::" {
                break;
            }
            self.at += 1;
        }
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        let mut alias = path.last().cloned().unwrap_or_default();
        if self.text(self.at) == "as" {
            self.text(self.at + 1).clone_into(&mut alias);
            self.at += 2;
        }
        self.found.uses.push(Use { named: Named { path, line }, alias, public });
    }
}
