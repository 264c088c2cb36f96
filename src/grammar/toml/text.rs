//! The text of a template: words, `{slots}`, `[optional parts]` and `(one|another)`.

use std::ops::Range;

use crate::grammar::error::{Error, SourceText};

/// Groups nested deeper than this are refused.
const NESTING: usize = 64;

/// A part of a template's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// Text as it stands, without blanks at either end.
    Words { text: String, space: bool },
    /// A slot, and where it is named in the file.
    Slot { name: String, span: Range<usize>, space: bool },
    /// Exactly one of these; an optional part is a choice with an empty alternative, which comes last.
    Choice(Vec<Vec<Part>>),
}

/// Reads a template's text, which stands (in quotes) at `span` of the file.
pub(super) fn parse(source: SourceText<'_>, text: &str, span: &Range<usize>) -> Result<Vec<Part>, Error> {
    // Columns inside the text are right as long as it stands in the file as it is, without escapes.
    let raw = source.text.get(span.clone()).unwrap_or_default();
    let offset = raw.find(text).map(|quotes| span.start + quotes);
    let mut parser = Parser { source, text, at: 0, nesting: 0, offset, span: span.clone() };
    let parts = parser.sequence(false, None)?;
    Ok(parts)
}

struct Parser<'a> {
    source: SourceText<'a>,
    text: &'a str,
    at: usize,
    /// How many groups are open.
    nesting: usize,
    offset: Option<usize>,
    span: Range<usize>,
}

impl Parser<'_> {
    fn error(&self, from: usize, to: usize, message: &str, hint: &str) -> Error {
        let span = self.offset.map_or(self.span.clone(), |offset| offset + from..offset + to);
        self.source.error(span, message, hint.to_owned())
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    /// Parts up to the end or to what closes or divides the group that `opened` at its place; `space` says whether a blank
    /// stands before.
    fn sequence(&mut self, mut space: bool, opened: Option<(char, usize)>) -> Result<Vec<Part>, Error> {
        let mut parts = Vec::new();
        loop {
            let from = self.at;
            let Some(next) = self.peek() else {
                return match opened {
                    None => Ok(parts),
                    Some((bracket, at)) => Err(self.error(
                        at,
                        at + 1,
                        &format!("`{bracket}` is never closed"),
                        "close it, or write \\ before it if it is part of the sentence",
                    )),
                };
            };
            match next {
                ' ' | '\n' | '\t' | '\r' => {
                    space = true;
                    self.at += 1;
                }
                '{' => {
                    parts.push(self.slot(space)?);
                    space = false;
                }
                '[' | '(' => {
                    // A blank before a group belongs to it, so that it goes when the group is left out.
                    parts.push(self.group(next, space)?);
                    space = false;
                }
                ']' | ')' | '|'
                    if opened.is_some_and(|(bracket, _)| next == '|' || closes(bracket, next)) =>
                {
                    return Ok(parts);
                }
                ']' | ')' | '}' | '|' => {
                    let message = format!("`{next}` closes nothing");
                    let hint = "write \\ before it if it is part of the sentence";
                    return Err(self.error(from, from + 1, &message, hint));
                }
                _ => {
                    parts.push(Part::Words { text: self.words(), space });
                    space = false;
                }
            }
        }
    }

    fn words(&mut self) -> String {
        let mut words = String::new();
        while let Some(next) = self.peek() {
            match next {
                '\\' => {
                    self.at += 1;
                    let Some(escaped) = self.peek() else {
                        words.push('\\');
                        break;
                    };
                    words.push(escaped);
                    self.at += escaped.len_utf8();
                }
                ' ' | '\n' | '\t' | '\r' | '{' | '}' | '[' | ']' | '(' | ')' | '|' => break,
                _ => {
                    words.push(next);
                    self.at += next.len_utf8();
                }
            }
        }
        words
    }

    fn slot(&mut self, space: bool) -> Result<Part, Error> {
        let from = self.at;
        let inside = &self.text[from + 1..];
        let hint = "a slot is written {subj}";
        let Some(end) = inside.find(['}', '{']).filter(|&end| inside[end..].starts_with('}')) else {
            return Err(self.error(from, from + 1, "`{` is never closed", hint));
        };
        let name = inside[..end].trim();
        self.at = from + 1 + end + 1;
        if name.is_empty() {
            return Err(self.error(from, self.at, "a slot without a name", hint));
        }
        let span = self.offset.map_or(self.span.clone(), |offset| offset + from + 1..offset + self.at - 1);
        Ok(Part::Slot { name: name.to_owned(), span, space })
    }

    fn group(&mut self, bracket: char, space: bool) -> Result<Part, Error> {
        let from = self.at;
        self.nesting += 1;
        if self.nesting > NESTING {
            let hint = "write several templates instead";
            return Err(self.error(from, from + 1, "groups nested too deep", hint));
        }
        let mut alternatives = Vec::new();
        loop {
            self.at += 1;
            alternatives.push(self.sequence(space, Some((bracket, from)))?);
            if self.peek() != Some('|') {
                break;
            }
        }
        self.at += 1;
        self.nesting -= 1;
        if bracket == '[' {
            alternatives.push(Vec::new());
        }
        Ok(Part::Choice(alternatives))
    }
}

fn closes(opened: char, closed: char) -> bool {
    matches!((opened, closed), ('[', ']') | ('(', ')'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Result<Vec<Part>, Error> {
        parse(SourceText { origin: "t", text }, text, &(0..text.len()))
    }

    fn words(text: &str, space: bool) -> Part {
        Part::Words { text: text.to_owned(), space }
    }

    #[test]
    fn blanks_belong_to_what_follows_them() {
        let Part::Slot { name, span, space } = parts("the {subj}.").unwrap().remove(1) else { panic!() };
        assert_eq!((name.as_str(), span, space), ("subj", 5..9, true));
        assert_eq!(
            parts("a [b] c.").unwrap(),
            [words("a", false), Part::Choice(vec![vec![words("b", true)], vec![]]), words("c.", true)]
        );
        assert_eq!(
            parts(r"\[a (b|c d)").unwrap(),
            [
                words("[a", false),
                Part::Choice(vec![vec![words("b", true)], vec![words("c", true), words("d", true)]])
            ]
        );
    }

    #[test]
    fn brackets_that_do_not_match_are_pointed_at() {
        for (text, place) in
            [("a [b", 3), ("a (b]", 5), ("a {b", 3), ("a | b", 3), ("a {} b", 3), ("é {x{", 3)]
        {
            let Error::Invalid(problem) = parts(text).unwrap_err() else { panic!() };
            assert_eq!(problem.column, place, "{text}: {problem}");
        }
    }
}
