//! A mistake in a file that a person wrote: where it is, the line itself, and what to do.

use std::fmt;
use std::ops::Range;

/// How many characters of a line are shown.
const SHOWN: usize = 120;

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

impl Problem {
    /// The mistake in one line, with what to do.
    #[must_use]
    pub fn brief(&self) -> String {
        let Self { origin, line, column, message, .. } = self;
        let hint = self.hint.as_ref().map_or_else(String::new, |hint| format!("; {hint}"));
        format!("{origin}:{line}:{column}: {message}{hint}")
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { origin, line, column, width, message, .. } = self;
        let gutter = line.to_string().len();
        let (excerpt, before, width) = self.window(column.saturating_sub(1), (*width).max(1));
        writeln!(f, "{origin}:{line}:{column}: {message}")?;
        writeln!(f, "{:gutter$} |", "")?;
        writeln!(f, "{line} | {excerpt}")?;
        write!(f, "{:gutter$} | {}{}", "", " ".repeat(before), "^".repeat(width))
    }
}

impl Problem {
    /// The part of the line that is shown, how many of its characters stand before what is meant, and how many that has: of a line
    /// that is longer than [`SHOWN`], some of what is around it.
    fn window(&self, before: usize, width: usize) -> (String, usize, usize) {
        let n = self.excerpt.chars().count();
        if n <= SHOWN {
            return (self.excerpt.clone(), before, width);
        }
        let start = before.saturating_sub(SHOWN / 2).min(n.saturating_sub(SHOWN));
        let end = (start + SHOWN).min(n);
        let (cut_before, cut_after) = (if start > 0 { "…" } else { "" }, if end < n { "…" } else { "" });
        let part: String = self.excerpt.chars().skip(start).take(end - start).collect();
        let width = width.min(end.saturating_sub(before).max(1));
        (format!("{cut_before}{part}{cut_after}"), before - start + cut_before.chars().count(), width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_line_the_part_around_the_problem_is_shown() {
        let line = format!("{}x{}", "ä".repeat(5000), "b".repeat(5000));
        let at = 2 * 5000;
        let problem = Problem::at("g.toml", &line, at..at + 9000, "no", None);
        let shown = problem.to_string();
        let rows: Vec<Vec<char>> = shown.lines().map(|line| line.chars().collect()).collect();
        assert_eq!(rows[0].iter().collect::<String>(), "g.toml:1:5001: no");
        assert!(rows.iter().all(|row| row.len() <= SHOWN + 6), "{shown}");
        let marked = rows[3].iter().position(|&c| c == '^').unwrap();
        assert_eq!(rows[2][marked], 'x');
        assert!(rows[3].len() <= rows[2].len());
        let end = Problem::at("g.toml", &line, line.len()..line.len(), "no", None).to_string();
        assert!(end.lines().all(|line| line.chars().count() <= SHOWN + 7), "{end}");
    }

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
