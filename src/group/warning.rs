//! What a reader of a group should know.

use std::fmt;

use super::{Tail, Unlike};
use crate::{compare, text};

/// At most so many names are listed at a time.
const NAMED: usize = 10;

/// What differs between subjects, is left out, or cannot be found with so few of them.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Warning {
    /// Something of the fits differs.
    Differs(compare::Warning),
    /// No p-value of sign flips can be as small as what is called significant.
    Reach {
        /// How many subjects.
        subjects: usize,
        /// The least p-value.
        least: f64,
        /// How many flips.
        flips: usize,
        /// What is called significant.
        alpha: f64,
        /// The side that is looked at.
        tail: Tail,
        /// Whether all flips were gone through.
        exact: bool,
    },
    /// No p-value after Holm can be.
    Holm {
        /// How many tests.
        tests: usize,
        /// The least p-value after it.
        least: f64,
        /// What is called significant.
        alpha: f64,
        /// Whether all flips were gone through.
        exact: bool,
    },
    /// Entries where there is no test.
    NotTested {
        /// The effect, or the score.
        name: String,
        /// The names of the entries.
        entries: Vec<String>,
        /// Why.
        why: String,
    },
    /// What not all subjects have, and is left out.
    LeftOut {
        /// What: features, or layers, times or regions.
        what: &'static str,
        /// Their names, and which subjects lack them.
        unlike: Unlike,
    },
    /// Two subjects with the same numbers.
    Copies {
        /// A run directory.
        a: String,
        /// Another.
        b: String,
    },
    /// Scores that are of held-out stimuli in some subjects, and of training stimuli in others.
    Splits,
    /// Scores and importances of the stimuli that were fitted, which are above 0 by that alone.
    Fitted,
    /// Names of the file of neighbours that are none of the axis.
    Strangers {
        /// The names.
        names: Vec<String>,
    },
    /// Entries without a neighbour.
    Alone {
        /// Their names.
        names: Vec<String>,
        /// Along what they are joined all the same, where the entries are of two axes: `times`.
        along: Option<String>,
    },
    /// An axis of two on which nothing is beside each other.
    Apart {
        /// What its entries are called: `channels`.
        nouns: String,
        /// What the entries of the other axis are called, if they are joined.
        along: Option<String>,
    },
    /// Heads of layers that follow each other are joined by their numbers.
    Heads,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Differs(warning) => warning.fmt(f),
            Self::Reach { subjects, least, flips, alpha, tail, exact } => {
                let flips = text::count(*flips as u128);
                let what = if *exact {
                    format!("{subjects} subjects have {flips} sign flips that differ")
                } else {
                    format!("{flips} sign flips were drawn")
                };
                write!(
                    f,
                    "no p-value of a sign flip can be below {least:.3}, and so none is at most {alpha}: {what}; "
                )?;
                match (exact, tail) {
                    (false, _) => write!(f, "ask for more --draws"),
                    (true, Tail::Two) => write!(
                        f,
                        "add subjects, or test one side (--tail greater) if that was the hypothesis"
                    ),
                    (true, _) => write!(f, "add subjects"),
                }
            }
            Self::Holm { tests, least, alpha, exact } => write!(
                f,
                "after Holm over {tests} tests no p-value can be below {least:.3}, and so none is at most {alpha}; p_max, clusters and p_bh \
                 are not bounded so{}",
                if *exact { "" } else { ", or ask for more --draws" }
            ),
            Self::NotTested { name, entries, why } => {
                write!(f, "{name} is not tested at {}: {why}", text::some(entries, NAMED))
            }
            Self::LeftOut { what, unlike } => {
                let names: Vec<&String> = unlike.lacking.iter().flat_map(|lacking| &lacking.names).collect();
                write!(
                    f,
                    "{what} that not all subjects have are left out: {} ({unlike})",
                    text::some(&names, NAMED)
                )
            }
            Self::Copies { a, b } => write!(
                f,
                "{a} and {b} have the same numbers throughout: if they are one subject, leave one out, for a subject that counts twice makes \
                 p-values too small"
            ),
            Self::Splits => write!(
                f,
                "scores are of held-out stimuli in some subjects and of training stimuli in others; fit each with the same --folds"
            ),
            Self::Fitted => write!(
                f,
                "scores and importances are of the stimuli that were fitted, and so above 0 without any effect: p-values mean nothing; fit each \
                 subject with --folds 5"
            ),
            Self::Strangers { names } => write!(
                f,
                "--neighbours names what the subjects do not have: {}; pairs with them are not used",
                text::some(names, NAMED)
            ),
            Self::Alone { names, along: None } => {
                write!(
                    f,
                    "no neighbour is given of {}: each is a cluster of its own",
                    text::some(names, NAMED)
                )
            }
            Self::Alone { names, along: Some(along) } => {
                write!(
                    f,
                    "no neighbour is given of {}: clusters there are of neighbouring {along} alone",
                    text::some(names, NAMED)
                )
            }
            Self::Apart { nouns, along: Some(along) } => write!(
                f,
                "no neighbours of {nouns} are given: a cluster has neighbouring {along} of one of the {nouns} and never two of them; \
                 --neighbours FILE says which {nouns} are neighbours"
            ),
            Self::Apart { nouns, along: None } => {
                write!(f, "no neighbours of {nouns} are given: --neighbours FILE says which are")
            }
            Self::Heads => write!(
                f,
                "a head is joined to the head of its number in the layers before and after it, though heads of different layers have no more \
                 than the number in common; --along none joins none"
            ),
        }
    }
}
