//! What can be wrong with a grammar: always with the place, the line itself, and what to do about it.

use std::fmt;
use std::ops::Range;

use crate::{files, stimuli, text};

/// A result whose error is this module's.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can be wrong with a grammar.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read.
    #[error(transparent)]
    Files(#[from] files::Error),
    /// The stimuli could not be put together.
    #[error(transparent)]
    Stimuli(#[from] stimuli::Error),
    /// No bundled grammar has this name.
    #[error("no bundled grammar is called `{name}`")]
    Unknown {
        /// The name.
        name: String,
        /// The grammars that are bundled.
        known: Vec<&'static str>,
    },
    /// The text of a grammar has a mistake.
    #[error("{0}")]
    Invalid(Box<Problem>),
    /// A grammar generates no sentence.
    #[error("{grammar} generates no sentence: {}", reasons.join("; "))]
    Empty {
        /// The grammar's name.
        grammar: String,
        /// For each template, what removed its last candidate.
        reasons: Vec<String>,
    },
    /// No two sentences differ in one feature alone.
    #[error("no two sentences of {grammar} differ in `{feature}` alone")]
    NoPairs {
        /// The grammar's name.
        grammar: String,
        /// The feature.
        feature: String,
    },
    /// The choices of a rule depend on each other in more ways than can be counted.
    #[error("{grammar}: the constraints of {rule} tie too many choices together to count them exactly")]
    Entangled {
        /// The grammar's name.
        grammar: String,
        /// Which template or rule.
        rule: String,
    },
    /// A recursive grammar derives more than 128 bits count.
    #[error("{grammar} derives more than can be counted within a depth of {depth}")]
    TooDeep {
        /// The grammar's name.
        grammar: String,
        /// How deep its trees may be.
        depth: usize,
    },
    /// Without recursing, a grammar nests deeper than its trees may be.
    #[error("{grammar} nests {height} levels deep without recursion, and trees may have {most}")]
    Tall {
        /// The grammar's name.
        grammar: String,
        /// How deep its trees would be.
        height: usize,
        /// How deep they may be.
        most: usize,
    },
    /// A rule builds feature structures that nest too deep.
    #[error("{grammar}: the feature structures of {rule} nest too deep to be compared")]
    Nested {
        /// The grammar's name.
        grammar: String,
        /// Which rule.
        rule: String,
    },
    /// A sentence would be longer than anything that a model reads.
    #[error("{grammar} makes sentences of up to {} characters, more than any model reads", text::count(*size as u128))]
    TooLong {
        /// The grammar's name.
        grammar: String,
        /// Characters of the longest sentence.
        size: usize,
    },
    /// More sentences were asked for than can be held.
    #[error("{} sentences of {grammar} are more than fit in memory", text::count(*count))]
    TooMany {
        /// The grammar's name.
        grammar: String,
        /// How many.
        count: u128,
    },
}

impl Error {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Files(error) => return error.hint(),
            Self::Stimuli(error) => return error.hint(),
            Self::Unknown { name, known } => {
                let near = text::near_matches(name, known.iter().copied());
                if near.is_empty() {
                    format!(
                        "bundled are {}; a grammar of your own is given by its file",
                        text::join_and(known)
                    )
                } else {
                    format!("did you mean {}?", near.join(" or "))
                }
            }
            Self::Invalid(problem) => return problem.hint.clone(),
            Self::Empty { .. } => "loosen that constraint, or add words that meet it".to_owned(),
            Self::NoPairs { .. } => {
                "a feature that goes along with it is in the way: leave it out of the slot's `features`"
                    .to_owned()
            }
            Self::Entangled { .. } => {
                "split the `distinct` list into smaller ones, or use fewer words in those slots".to_owned()
            }
            Self::TooDeep { depth, .. } => format!("allow less deep trees: --depth {}", (depth / 2).max(1)),
            Self::Tall { .. } => "shorten the chain of productions".to_owned(),
            Self::Nested { .. } => "pass the structure on as it is, with a variable: AGR=?a".to_owned(),
            Self::TooLong { .. } => "shorten its productions, or allow less deep trees: --depth D".to_owned(),
            Self::TooMany { .. } => "draw a smaller sample: --sample N".to_owned(),
        })
    }
}

/// A mistake in a grammar and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, or the bundled name.
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

/// A grammar's text with its name for messages.
#[derive(Debug, Clone, Copy)]
pub(super) struct SourceText<'a> {
    pub origin: &'a str,
    pub text: &'a str,
}

impl SourceText<'_> {
    /// The mistake at the bytes `span`.
    pub(super) fn problem(
        &self,
        span: Range<usize>,
        message: impl Into<String>,
        hint: impl Into<Option<String>>,
    ) -> Problem {
        let mut at = span.start.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        let before = &self.text[..at];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = self.text[line_start..].find('\n').map_or(self.text.len(), |n| line_start + n);
        let mut end = span.end.clamp(at, line_end.max(at));
        while !self.text.is_char_boundary(end) {
            end += 1;
        }
        // A tab would shift the marker below it.
        let excerpt = self.text[line_start..line_end.max(line_start)].trim_end_matches('\r');
        Problem {
            origin: self.origin.to_owned(),
            line: before.matches('\n').count() + 1,
            column: self.text[line_start..at].chars().count() + 1,
            excerpt: excerpt.replace('\t', " "),
            width: self.text[at..end].chars().count(),
            message: message.into(),
            hint: hint.into(),
        }
    }

    /// [`Self::problem`] as an error.
    pub(super) fn error(
        &self,
        span: Range<usize>,
        message: impl Into<String>,
        hint: impl Into<Option<String>>,
    ) -> Error {
        Error::Invalid(Box::new(self.problem(span, message, hint)))
    }
}

/// `did you mean …?`, or the list of what there is.
pub(super) fn suggest<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a str> + Clone,
    are: &str,
) -> Option<String> {
    let near = text::near_matches(name, known.clone());
    if !near.is_empty() {
        return Some(format!("did you mean {}?", near.join(" or ")));
    }
    let known: Vec<&str> = known.into_iter().collect();
    (!known.is_empty()).then(|| format!("{are} {}", text::join_and(&known)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_shows_its_line_and_marks_it() {
        let source = SourceText { origin: "g.toml", text: "a = 1\nümlaut = x\n" };
        let problem = source.problem(16..17, "no value", None);
        assert_eq!(problem.to_string(), "g.toml:2:10: no value\n  |\n2 | ümlaut = x\n  |          ^");
    }

    #[test]
    fn a_problem_at_the_end_of_the_text_has_a_place() {
        let source = SourceText { origin: "g.toml", text: "a" };
        assert_eq!(source.problem(1..1, "m", None).column, 2);
        assert_eq!(source.problem(9..12, "m", None).line, 1);
    }
}
