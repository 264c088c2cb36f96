//! Features as NLTK writes them: structures, values, variables, marks of what is shared.

use super::reader::{Ast, Reader, TYPE};
use crate::grammar::error::Result;
use crate::grammar::rules::Value;

/// Structures nested deeper than this are refused.
const NESTING: usize = 64;

impl<'a> Reader<'a> {
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
            let name = self.name();
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
                Ast::Variable(name.to_owned())
            }
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
            // A set or a tuple is one value: it equals what is written alike.
            Some(open @ ('{' | '(')) => {
                let text = self.enclosed(if open == '{' { '}' } else { ')' })?;
                Ast::Value(Value::Text(text.split_whitespace().collect()))
            }
            _ => {
                let name = self.name();
                match name {
                    "" => {
                        let hint = "a value is a word, a number, ?variable, or [features]";
                        return Err(self.unexpected("a value", hint));
                    }
                    "-" | "False" => boolean(false),
                    "True" => boolean(true),
                    _ if name.strip_prefix('-').unwrap_or(name).bytes().all(|b| b.is_ascii_digit()) => {
                        let Ok(number) = name.parse::<f64>() else {
                            return Err(self.error(
                                from,
                                self.at,
                                "not a number",
                                "write a number or a word",
                            ));
                        };
                        if !number.is_finite() {
                            return Err(self.error(
                                from,
                                self.at,
                                "too large a number",
                                "write a smaller one",
                            ));
                        }
                        Ast::Value(Value::Number(number))
                    }
                    _ if self.peek() == Some('[') => {
                        let mut features = self.structure(nesting + 1)?;
                        features.push((TYPE.to_owned(), Ast::Value(Value::Text(name.to_owned()))));
                        Ast::Structure(features)
                    }
                    _ => Ast::Value(Value::Text(name.to_owned())),
                }
            }
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
    Ast::Value(Value::Text(if value { "True" } else { "False" }.to_owned()))
}
