//! What can be wrong with a grammar: always with the place, the line itself, and what to do about it.

use std::ops::Range;

pub use crate::text::Problem;
pub(super) use crate::text::suggest;
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
    /// Templates that cannot be left out.
    #[error("{}", not_left_out(grammar, name, known))]
    Template {
        /// The grammar.
        grammar: String,
        /// What was to be left out.
        name: String,
        /// What its templates are called, where none is called so; else nothing would be left, or it has none.
        known: Vec<String>,
    },
    /// The text of a grammar has a mistake.
    #[error("{0}")]
    Invalid(Box<Problem>),
    /// The text of a grammar has several mistakes.
    #[error("{}", several(problems, *more))]
    Several {
        /// The first ten of them.
        problems: Vec<Problem>,
        /// How many there are beside these.
        more: usize,
    },
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
        /// The features that change with it at least; none where no two sentences with the same words differ in it.
        along: Option<Vec<String>>,
    },
    /// The choices of a rule depend on each other in more ways than can be counted.
    #[error("{grammar}: the constraints of {rule} tie too many choices together to count them exactly")]
    Entangled {
        /// The grammar's name.
        grammar: String,
        /// Which template or rule.
        rule: String,
    },
    /// Templates derive more than 128 bits count.
    #[error("{grammar} derives more sentences than can be counted")]
    Uncountable {
        /// The grammar's name.
        grammar: String,
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
            Self::Template { name, known, .. } => {
                let near = text::near_matches(name, known.iter().map(String::as_str));
                match (known.is_empty(), near.is_empty()) {
                    (true, _) => "leave out fewer; --without-template is of grammars in TOML with several templates".to_owned(),
                    (false, true) => format!("its templates are called {}", text::join_and(known)),
                    (false, false) => format!("did you mean {}?", near.join(" or ")),
                }
            }
            Self::Unknown { name, known } => {
                let near = text::near_matches(name, known.iter().copied());
                if let Some(file) = ["toml", "fcfg", "csv"].iter().map(|ending| format!("{name}.{ending}")).find(|file| {
                    std::path::Path::new(file).is_file()
                }) {
                    format!("did you mean the file {file}?")
                } else if near.is_empty() {
                    format!(
                        "bundled are {}; a grammar of your own is given by its file",
                        text::join_and(known)
                    )
                } else {
                    format!("did you mean {}?", near.join(" or "))
                }
            }
            Self::Invalid(problem) => return problem.hint.clone(),
            // Each says its own.
            Self::Several { .. } => return None,
            Self::Empty { .. } => "loosen that constraint, or add words that meet it".to_owned(),
            Self::NoPairs { feature, along: Some(along), .. } => match along.as_slice() {
                [one] => format!(
                    "where `{feature}` changes, `{one}` does too: leave it out (of [computed], or of the slot's `features`), or add \
                     words or templates in which it does not"
                ),
                several => format!(
                    "where `{feature}` changes, at least {} change too: leave them out (of [computed], or of the slot's \
                     `features`), or add words or templates in which they do not",
                    text::join_and(&several.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>())
                ),
            },
            Self::NoPairs { feature, .. } => format!(
                "no two sentences with the same words elsewhere differ in `{feature}`: it needs words that do, or a template in \
                 which nothing else depends on it"
            ),
            Self::Entangled { .. } => {
                "split the `distinct` list into smaller ones, or use fewer words in those slots".to_owned()
            }
            Self::Uncountable { .. } => {
                "give its templates fewer slots, or its lexicons fewer words; several grammars may share the work"
                    .to_owned()
            }
            Self::TooDeep { depth, .. } => format!("allow less deep trees: --depth {}", (depth / 2).max(1)),
            Self::Tall { .. } => "shorten the chain of productions".to_owned(),
            Self::Nested { .. } => "pass the structure on as it is, with a variable: AGR=?a".to_owned(),
            Self::TooLong { .. } => "shorten its productions, or allow less deep trees: --depth D".to_owned(),
            Self::TooMany { .. } => "draw a smaller sample: --sample N".to_owned(),
        })
    }
}

/// At most so many mistakes are told at once.
const TOLD: usize = 10;
/// And so many of them with the line that they are in: all are to fit on a screen.
const SHOWN: usize = 4;

/// Why templates are not left out.
fn not_left_out(grammar: &str, name: &str, known: &[String]) -> String {
    if known.is_empty() {
        format!("no template of {grammar} would be left without {name}")
    } else {
        format!("{grammar} has no template called `{name}`")
    }
}

fn several(problems: &[Problem], more: usize) -> String {
    let (first, rest) = problems.split_at(problems.len().min(SHOWN));
    let mut shown: Vec<String> = first
        .iter()
        .map(|problem| match &problem.hint {
            Some(hint) => format!("{problem}\nhint: {hint}"),
            None => problem.to_string(),
        })
        .collect();
    let line = |problem: &Problem| {
        let said = problem.to_string();
        let said = said.lines().next().unwrap_or_default();
        problem.hint.as_ref().map_or(said.to_owned(), |hint| format!("{said} ({hint})"))
    };
    if !rest.is_empty() {
        shown.push(rest.iter().map(line).collect::<Vec<_>>().join("\n"));
    }
    if more > 0 {
        shown.push(format!("and {}", text::counted(more as u128, "more mistake")));
    }
    shown.join("\n\n")
}

/// The mistakes of a text, which are told together.
#[derive(Debug, Default)]
pub(super) struct Mistakes {
    problems: Vec<Problem>,
    more: usize,
}

impl Mistakes {
    /// What was read; nothing where it is a mistake, which is kept. Any other failure is one at once.
    pub(super) fn keep<T>(&mut self, read: Result<T>) -> Result<Option<T>> {
        match read {
            Ok(value) => return Ok(Some(value)),
            Err(Error::Invalid(problem)) => self.push(*problem),
            Err(Error::Several { problems, more }) => {
                for problem in problems {
                    self.push(problem);
                }
                self.more += more;
            }
            Err(other) => return Err(other),
        }
        Ok(None)
    }

    pub(super) fn push(&mut self, problem: Problem) {
        // What holds for all templates is read with each.
        if self.problems.contains(&problem) {
            return;
        }
        if self.problems.len() < TOLD { self.problems.push(problem) } else { self.more += 1 }
    }

    /// Whether there was none so far.
    pub(super) fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    /// Nothing, where there was no mistake.
    pub(super) fn require_none(mut self) -> Result<()> {
        match self.problems.len() {
            0 => Ok(()),
            1 => Err(Error::Invalid(Box::new(self.problems.remove(0)))),
            _ => {
                // In the order of the file, as far as it is one.
                self.problems
                    .sort_by(|a, b| (&a.origin, a.line, a.column).cmp(&(&b.origin, b.line, b.column)));
                Err(Error::Several { problems: self.problems, more: self.more })
            }
        }
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
    pub(super) fn error(
        &self,
        span: Range<usize>,
        message: impl Into<String>,
        hint: impl Into<Option<String>>,
    ) -> Error {
        Error::Invalid(Box::new(self.problem(span, message, hint)))
    }

    /// The mistake at the bytes `span`, to be told with others.
    pub(super) fn problem(
        &self,
        span: Range<usize>,
        message: impl Into<String>,
        hint: impl Into<Option<String>>,
    ) -> Problem {
        Problem::at(self.origin, self.text, span, message, hint)
    }
}
