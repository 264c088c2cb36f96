//! The notation of feature grammars, as NLTK reads it, with a place for every complaint.

use std::ops::Range;

use crate::grammar::error::{Error, Mistakes, Result, SourceText};
use crate::grammar::rules::{Gathering, Value};

/// The feature that holds what a category lacks: `S/NP`.
pub(super) const SLASH: &str = "*slash*";
/// The feature that holds a category's name inside a value.
pub(super) const TYPE: &str = "*type*";

/// A production with one right-hand side.
#[derive(Debug, Clone)]
pub(super) struct Production {
    pub left: Category,
    pub right: Vec<Part>,
    pub line: usize,
}

#[derive(Debug, Clone)]
pub(super) enum Part {
    Terminal(String),
    Category(Category),
}

/// A category with its features.
#[derive(Debug, Clone)]
pub(super) struct Category {
    pub name: String,
    pub span: Range<usize>,
    pub features: Vec<(String, Ast)>,
}

/// A value of a feature as it is written.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Ast {
    Value(Value),
    Variable(String),
    Structure(Vec<(String, Ast)>),
    /// A structure that a variable stands for elsewhere.
    Shared(String, Box<Ast>),
    /// A set or a tuple, whose parts may be variables.
    Gathered {
        kind: Gathering,
        joined: bool,
        parts: Vec<Ast>,
    },
    /// Logic, which does not decide what is a sentence: anything.
    Anything,
}

/// A grammar as it is written.
#[derive(Debug, Default)]
pub(super) struct Source {
    pub productions: Vec<Production>,
    pub start: Option<Category>,
}

pub(super) fn parse(source: SourceText<'_>) -> Result<Source> {
    let mut reader =
        Reader { source, text: source.text, at: 0, line: 1, counted: 0, category: 0, tags: Vec::new() };
    let (mut grammar, mut mistakes) = (Source::default(), Mistakes::default());
    loop {
        reader.blanks();
        let read = match reader.peek() {
            None => break,
            Some('\n' | '\r') => {
                reader.at += 1;
                continue;
            }
            Some('#') => {
                reader.comment();
                continue;
            }
            Some('%') => reader.directive(&mut grammar),
            Some(_) => reader.production(&mut grammar.productions),
        };
        if mistakes.keep(read)?.is_none() {
            // The next line is another production.
            reader.comment();
        }
    }
    mistakes.require_none()?;
    if grammar.productions.is_empty() {
        let hint = "write productions such as S -> NP VP".to_owned();
        return Err(source.error(0..0, "no productions", hint));
    }
    Ok(grammar)
}

pub(super) struct Reader<'a> {
    source: SourceText<'a>,
    text: &'a str,
    pub at: usize,
    /// The line of the last production.
    line: usize,
    /// How far lines are counted.
    counted: usize,
    /// Where the category starts that is being read.
    pub category: usize,
    /// The marks of its structures so far.
    pub tags: Vec<&'a str>,
}

impl<'a> Reader<'a> {
    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn error(&self, from: usize, to: usize, message: impl Into<String>, hint: &str) -> Error {
        self.source.error(from..to, message, hint.to_owned())
    }

    /// What is wrong at the next character.
    pub(super) fn unexpected(&self, wanted: &str, hint: &str) -> Error {
        let found = match self.peek() {
            None => "the end of the file".to_owned(),
            Some('\n' | '\r') => "the end of the line".to_owned(),
            Some(other) => format!("`{other}`"),
        };
        let width = self.peek().map_or(0, char::len_utf8);
        self.error(self.at, self.at + width, format!("{wanted} is missing before {found}"), hint)
    }

    /// Passes over blanks, and over line breaks after a backslash.
    pub(super) fn blanks(&mut self) {
        loop {
            let rest = self.rest();
            let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\u{a0}']).len();
            self.at += blank;
            let continued = self.rest().strip_prefix('\\').and_then(|rest| {
                let after = rest.trim_start_matches([' ', '\t', '\r']);
                after.starts_with('\n').then(|| 2 + rest.len() - after.len())
            });
            match continued {
                Some(length) => self.at += length,
                None if blank == 0 => return,
                None => {}
            }
        }
    }

    fn comment(&mut self) {
        self.at += self.rest().find('\n').unwrap_or(self.rest().len());
    }

    pub(super) fn eat(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    pub(super) fn at_end_of_line(&self) -> bool {
        matches!(self.peek(), None | Some('\n' | '\r' | '#'))
    }

    fn directive(&mut self, grammar: &mut Source) -> Result<()> {
        let from = self.at;
        self.at += 1;
        self.blanks();
        let name = self.name();
        if name != "start" {
            let hint = "the one directive is % start S";
            return Err(self.error(from, self.at, format!("no directive is called `{name}`"), hint));
        }
        self.blanks();
        grammar.start = Some(self.category()?);
        self.blanks();
        if self.at_end_of_line() {
            Ok(())
        } else {
            Err(self.unexpected("a new line", "name one category after % start"))
        }
    }

    fn production(&mut self, productions: &mut Vec<Production>) -> Result<()> {
        self.line += self.text[self.counted..self.at].matches('\n').count();
        self.counted = self.at;
        let line = self.line;
        let left = self.category()?;
        self.blanks();
        if self.peek() == Some('[') {
            let hint = "features stand directly behind their category, without a blank: NP[NUM=sg]";
            return Err(self.unexpected("`->`", hint));
        }
        if !self.eat("->") && !self.eat("→") {
            return Err(self.unexpected("`->`", "a production is written NP[NUM=?n] -> Det N[NUM=?n]"));
        }
        let mut right = Vec::new();
        loop {
            self.blanks();
            match self.peek() {
                Some('\'' | '"') => right.push(Part::Terminal(self.quoted()?)),
                Some('|') => {
                    self.at += 1;
                    productions.push(Production {
                        left: left.clone(),
                        right: std::mem::take(&mut right),
                        line,
                    });
                }
                _ if self.at_end_of_line() => break,
                _ => right.push(Part::Category(self.category()?)),
            }
        }
        productions.push(Production { left, right, line });
        Ok(())
    }

    pub(super) fn name(&mut self) -> &'a str {
        let rest = self.rest();
        let mut end = 0;
        for (at, c) in rest.char_indices() {
            let arrow = c == '-' && rest[at..].starts_with("->");
            if !(c.is_alphanumeric() || c == '_' || c == '-') || arrow {
                break;
            }
            end = at + c.len_utf8();
        }
        self.at += end;
        &rest[..end]
    }

    pub(super) fn quoted(&mut self) -> Result<String> {
        let from = self.at;
        let Some(quote) = self.peek() else { return Ok(String::new()) };
        let inside = &self.rest()[1..];
        let Some(end) = inside.find([quote, '\n']).filter(|&end| inside[end..].starts_with(quote)) else {
            let message = format!("{quote} is never closed");
            return Err(self.error(
                from,
                from + 1,
                message,
                "close the word with the same quote on the same line",
            ));
        };
        self.at += end + 2;
        Ok(inside[..end].trim().to_owned())
    }

    fn category(&mut self) -> Result<Category> {
        let from = self.at;
        (self.category, self.tags) = (from, Vec::new());
        if self.peek() == Some('(') {
            let hint = "mark the value of a feature instead: NP[AGR=(1)[NUM=sg]]";
            return Err(self.error(from, from + 1, "a category cannot be marked as a whole", hint));
        }
        if self.peek() == Some('?') {
            let hint = "write one production for each category";
            return Err(self.error(from, from + 1, "a category cannot be a variable", hint));
        }
        let name = self.name().to_owned();
        if name.is_empty() {
            let hint = match self.peek() {
                Some('[') => "features stand directly behind their category, without a blank: NP[NUM=sg]",
                _ => "words stand in quotes, categories do not",
            };
            return Err(self.unexpected("a category", hint));
        }
        let span = from..self.at;
        let mut features = if self.peek() == Some('[') { self.structure(0)? } else { Vec::new() };
        self.slash(&mut features, 0)?;
        Ok(Category { name, span, features })
    }

    /// What stands after `/`; without one, nothing is lacking, which is a value as well.
    fn slash(&mut self, features: &mut Vec<(String, Ast)>, nesting: usize) -> Result<()> {
        let lacking = if self.eat("/") { self.typed(nesting)? } else { Ast::Value(Value::Bool(false)) };
        features.push((SLASH.to_owned(), lacking));
        Ok(())
    }

    /// A category as a value: `NP[NUM=sg]`, or any category: `?x`. That nothing is lacking is not a category.
    fn typed(&mut self, nesting: usize) -> Result<Ast> {
        let any = self.eat("?");
        let name = self.name().to_owned();
        if name.is_empty() {
            return Err(self.unexpected("a category", "name what is lacking: S/NP"));
        }
        let mut features = if self.peek() == Some('[') { self.structure(nesting + 1)? } else { Vec::new() };
        let category = if any { Ast::Variable(name) } else { Ast::Value(Value::Text(name)) };
        features.push((TYPE.to_owned(), category));
        Ok(Ast::Structure(features))
    }
}
