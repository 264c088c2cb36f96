//! A mistake in a file that a person wrote: where it is, the line itself, and what to do.

use std::fmt;
use std::ops::Range;

/// A mistake and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, or the name of what is no file.
    pub origin: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in Unicode scalars, from 1.
    pub column: usize,
    /// The line itself.
    pub excerpt: String,
    /// How many characters of the line are meant.
    pub width: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Problem {
    /// The mistake at the bytes `span` of `text`, which `origin` holds.
    #[must_use]
    pub fn at(
        origin: &str,
        text: &str,
        span: Range<usize>,
        message: impl Into<String>,
        hint: impl Into<Option<String>>,
    ) -> Self {
        let mut at = span.start.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let before = &text[..at];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = text[line_start..].find('\n').map_or(text.len(), |n| line_start + n);
        let mut end = span.end.clamp(at, line_end.max(at));
        while !text.is_char_boundary(end) {
            end += 1;
        }
        // A tab would shift the marker below it.
        let excerpt = text[line_start..line_end.max(line_start)].trim_end_matches('\r');
        Self {
            origin: origin.to_owned(),
            line: before.matches('\n').count() + 1,
            column: text[line_start..at].chars().count() + 1,
            excerpt: excerpt.replace('\t', " "),
            width: text[at..end].chars().count(),
            message: message.into(),
            hint: hint.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { origin, line, column, excerpt, width, message, .. } = self;
        let gutter = line.to_string().len();
        writeln!(f, "{origin}:{line}:{column}: {message}")?;
        writeln!(f, "{:gutter$} |", "")?;
        writeln!(f, "{line} | {excerpt}")?;
        write!(f, "{:gutter$} | {}{}", "", " ".repeat(column - 1), "^".repeat((*width).max(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_shows_its_line_and_marks_it() {
        let problem = Problem::at("g.toml", "a = 1\nümlaut = x\n", 16..17, "no value", None);
        assert_eq!(problem.to_string(), "g.toml:2:10: no value\n  |\n2 | ümlaut = x\n  |          ^");
    }

    #[test]
    fn a_problem_at_the_end_of_the_text_has_a_place() {
        assert_eq!(Problem::at("g.toml", "a", 1..1, "m", None).column, 2);
        assert_eq!(Problem::at("g.toml", "a", 9..12, "m", None).line, 1);
    }
}
