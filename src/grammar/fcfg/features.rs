//! Features as NLTK writes them: structures, values, variables, marks of what is shared.

use super::reader::{Ast, Reader, TYPE};
use crate::grammar::error::Result;
use crate::grammar::rules::{Gathering, Value};

/// Structures nested deeper than this are refused.
const NESTING: usize = 64;

/// The feature that holds how long a list is.
const LENGTH: &str = "*length*";

impl<'a> Reader<'a> {
    /// What a feature may be called: more than a category may, for only what ends a name is kept from it.
    fn feature_name(&mut self) -> &'a str {
        let rest = self.rest();
        let ends = |(at, c): (usize, char)| {
            c.is_whitespace() || "()<>\"'=[],*#?\\".contains(c) || rest[at..].starts_with("->")
        };
        let end = rest.char_indices().find(|&place| ends(place)).map_or(rest.len(), |(at, _)| at);
        self.at += end;
        &rest[..end]
    }

    /// `[NUM=sg, +INV, AGR=[PER=3]]`, from its bracket on.
    pub(super) fn structure(&mut self, nesting: usize) -> Result<Vec<(String, Ast)>> {
        let open = self.at;
        if nesting > NESTING {
            return Err(self.error(
                open,
                open + 1,
                "structures nested too deep",
                "flatten the feature structure",
            ));
        }
        self.at += 1;
        let mut features: Vec<(String, Ast)> = Vec::new();
        loop {
            self.blanks();
            if self.eat("]") {
                return Ok(features);
            }
            if self.at_end_of_line() {
                return Err(self.error(
                    open,
                    open + 1,
                    "`[` is never closed",
                    "close it on the same line, or end the line with \\",
                ));
            }
            if !features.is_empty() {
                if !self.eat(",") {
                    return Err(self.unexpected("`,` or `]`", "features are separated by commas"));
                }
                self.blanks();
                if self.eat("]") {
                    return Ok(features);
                }
            }
            let sign = self.peek().filter(|c| matches!(c, '+' | '-'));
            self.at += usize::from(sign.is_some());
            self.blanks();
            let from = self.at;
            let name = self.feature_name();
            if name.is_empty() {
                return Err(self.unexpected(
                    "the name of a feature",
                    "features are written NUM=sg, NUM=?n, +INV or -INV",
                ));
            }
            if features.iter().any(|(other, _)| other == name) {
                let message = format!("`{name}` is given twice");
                return Err(self.error(from, self.at, message, "remove one of the two"));
            }
            let value = if let Some(sign) = sign {
                boolean(sign == '+')
            } else {
                self.blanks();
                if self.eat("->") {
                    let value = self.shared()?;
                    features.push((name.to_owned(), value));
                    continue;
                }
                if !self.eat("=") {
                    return Err(self.unexpected("`=`", "features are written NUM=sg, NUM=?n, +INV or -INV"));
                }
                self.blanks();
                self.value(nesting)?
            };
            features.push((name.to_owned(), value));
        }
    }

    fn value(&mut self, nesting: usize) -> Result<Ast> {
        let from = self.at;
        Ok(match self.peek() {
            Some('?') => {
                self.at += 1;
                let name = self.name();
                if name.is_empty() {
                    return Err(self.unexpected("the name of a variable", "variables are written ?n"));
                }
                if self.peek() == Some('[') {
                    return self.prefixed(Ast::Variable(name.to_owned()), nesting);
                }
                Ast::Variable(name.to_owned())
            }
            // A variable of logic (Cooper storage), of which each use is another.
            Some('@') => {
                self.at += 1;
                if self.name().is_empty() {
                    return Err(self.unexpected("the name of a variable", "logic's variables are written @x"));
                }
                Ast::Anything
            }
            Some('[') if self.is_list() => self.list(nesting + 1)?,
            Some('[') => Ast::Structure(self.structure(nesting + 1)?),
            Some('\'' | '"') => Ast::Value(Value::Text(self.quoted()?)),
            Some('+') => {
                self.at += 1;
                boolean(true)
            }
            Some('<') => {
                self.enclosed('>')?;
                Ast::Anything
            }
            Some('(') if self.tag_ahead().is_some() => {
                let tag = self.tag_ahead().unwrap_or_default();
                self.at += tag.len() + 2;
                if self.tags.contains(&tag) {
                    let message = format!("`({tag})` marks two structures");
                    return Err(self.error(from, self.at, message, "number each by itself"));
                }
                self.tags.push(tag);
                self.blanks();
                let structure = self.value(nesting)?;
                Ast::Shared(self.variable(tag), Box::new(structure))
            }
            Some('{') => self.gathered(Gathering::Set, '}', nesting)?,
            Some('(') => self.gathered(Gathering::Tuple, ')', nesting)?,
            _ => {
                let name = self.name();
                match name {
                    "" => {
                        let hint = "a value is a word, a number, ?variable, or [features]";
                        return Err(self.unexpected("a value", hint));
                    }
                    "-" | "False" => boolean(false),
                    "True" => boolean(true),
                    "None" => Ast::Value(Value::Nothing),
                    _ if self.peek() == Some('[') => {
                        return self.prefixed(Ast::Value(Value::Text(name.to_owned())), nesting);
                    }
                    _ if name.strip_prefix('-').unwrap_or(name).bytes().all(|b| b.is_ascii_digit()) => {
                        Ast::Value(Value::integer(name))
                    }
                    _ => Ast::Value(Value::Text(name.to_owned())),
                }
            }
        })
    }

    /// Whether the bracket here opens a list of values, not a structure: its first entry has no name.
    fn is_list(&self) -> bool {
        let inside = self.rest()[1..].trim_start();
        let after =
            inside.trim_start_matches(|c: char| c.is_alphanumeric() || "_-.".contains(c)).trim_start();
        let named = after.len() < inside.len() && (after.starts_with('=') || after.starts_with("->"));
        // A name may end in the `-` of an arrow.
        let pointed = inside.find("->").is_some_and(|at| !inside[..at].contains([',', ']', '[']));
        !(named || pointed || inside.starts_with([']', '+', '-']))
    }

    /// `[a, b]`: equal to lists of as many values, each equal to the value at its place.
    fn list(&mut self, nesting: usize) -> Result<Ast> {
        let open = self.at;
        if nesting > NESTING {
            return Err(self.error(open, open + 1, "lists nested too deep", "flatten the list"));
        }
        self.at += 1;
        let mut features = Vec::new();
        loop {
            self.blanks();
            features.push((features.len().to_string(), self.value(nesting)?));
            self.blanks();
            if self.eat("]") {
                break;
            }
            if !self.eat(",") {
                return Err(self.unexpected("`,` or `]`", "values of a list are separated by commas"));
            }
        }
        features.push((LENGTH.to_owned(), Ast::Value(Value::integer(&features.len().to_string()))));
        Ok(Ast::Structure(features))
    }

    /// The structure that starts here, of the category `prefix`.
    fn prefixed(&mut self, prefix: Ast, nesting: usize) -> Result<Ast> {
        let mut features = self.structure(nesting + 1)?;
        features.push((TYPE.to_owned(), prefix));
        Ok(Ast::Structure(features))
    }

    /// `{m, f}`, `{?a+?b}`, `(a, b)`, from its bracket on: one value, and known here unless variables are in it.
    fn gathered(&mut self, kind: Gathering, close: char, nesting: usize) -> Result<Ast> {
        let open = self.at;
        if nesting > NESTING {
            let hint = "write the set or tuple without sets and tuples in it";
            return Err(self.error(open, open + 1, "sets and tuples nested too deep", hint));
        }
        self.at += 1;
        let (mut parts, mut joined) = (Vec::new(), false);
        self.blanks();
        if self.eat("/") {
            self.blanks();
            if self.peek() != Some(close) {
                return Err(self.unexpected(&format!("`{close}`"), "an empty set is written {/}"));
            }
        }
        loop {
            self.blanks();
            if self.peek() == Some(close) {
                self.at += 1;
                break;
            }
            if self.at_end_of_line() {
                let message = format!("`{close}` is missing");
                return Err(self.error(open, open + 1, message, "close it on the same line"));
            }
            if !parts.is_empty() {
                match self.peek() {
                    Some('+') => joined = true,
                    Some(',') => {}
                    _ => {
                        let wanted = format!("`,`, `+` or `{close}`");
                        return Err(self.unexpected(&wanted, "values stand in quotes where they have blanks"));
                    }
                }
                self.at += 1;
                self.blanks();
                if self.peek() == Some(close) {
                    continue;
                }
            }
            parts.push(self.value(nesting + 1)?);
        }
        if parts.iter().any(|part| matches!(part, Ast::Anything)) {
            return Ok(Ast::Anything);
        }
        if let (true, [Ast::Variable(_)]) = (joined, parts.as_slice()) {
            return Ok(parts.remove(0));
        }
        let values: Option<Vec<Value>> = parts
            .iter()
            .map(|part| if let Ast::Value(value) = part { Some(value.clone()) } else { None })
            .collect();
        Ok(match values {
            Some(values) if joined => Ast::Value(Value::joined(kind, values)),
            Some(values) => Ast::Value(Value::gathered(kind, values)),
            None => Ast::Gathered { kind, joined, parts },
        })
    }

    /// `12` where a structure follows that is marked as `(12)`, which other features of the category can then point to.
    fn tag_ahead(&self) -> Option<&'a str> {
        let (tag, rest) = self.rest().strip_prefix('(')?.split_once(')')?;
        let numbered = !tag.is_empty() && tag.bytes().all(|b| b.is_ascii_digit());
        let marked =
            rest.trim_start().trim_start_matches(|c: char| c.is_alphanumeric() || c == '_' || c == '-');
        (numbered && marked.starts_with('[')).then_some(tag)
    }

    /// What stands after `->`: the mark of an earlier structure of the same category, which is then the value here too.
    fn shared(&mut self) -> Result<Ast> {
        self.blanks();
        let from = self.at;
        let hint = "mark a structure before it and point to its mark: [A=(1)[B=c], D->(1)]";
        if self.peek() != Some('(') {
            return Err(self.unexpected("`(`", hint));
        }
        let tag = self.enclosed(')')?.trim_matches(['(', ')', ' ']);
        if !self.tags.contains(&tag) {
            return Err(self.error(
                from,
                self.at,
                format!("no structure before it is marked `({tag})`"),
                hint,
            ));
        }
        Ok(Ast::Variable(self.variable(tag)))
    }

    /// The variable that stands for a marked structure; no other category can name it.
    fn variable(&self, tag: &str) -> String {
        format!("({tag}) at {}", self.category)
    }

    /// The text from here to `close` on the same line, both included.
    fn enclosed(&mut self, close: char) -> Result<&'a str> {
        let from = self.at;
        let line = self.rest().find('\n').unwrap_or(self.rest().len());
        let line = &self.rest()[..line];
        // In logic, `->` closes nothing.
        let end = line.char_indices().find(|&(at, c)| c == close && !(c == '>' && line[..at].ends_with('-')));
        let Some((end, _)) = end else {
            return Err(self.error(
                from,
                from + 1,
                format!("`{close}` is missing"),
                "close it on the same line",
            ));
        };
        self.at += end + close.len_utf8();
        Ok(&line[..=end])
    }
}

fn boolean(value: bool) -> Ast {
    Ast::Value(Value::Bool(value))
}
