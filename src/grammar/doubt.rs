//! What a grammar may legally say and hardly anyone means: a form that is missing, a slot that stands nowhere.

use std::fmt;

use crate::text;

/// Something in a grammar that is probably a slip, and what it does to the sentences.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Doubt {
    /// A word has a feature that reads like a form or a feature which the word lacks: a slip of the keys made a column of it.
    Mistyped {
        /// The lexicon.
        lexicon: String,
        /// The word.
        word: String,
        /// Its line.
        line: usize,
        /// What is written.
        key: String,
        /// What may be meant.
        meant: String,
        /// Whether that is a form.
        is_form: bool,
    },
    /// Words lack forms that others of their lexicon have, and sentences are lost with them.
    MissingForms {
        /// The lexicon.
        lexicon: String,
        /// The words, each with its line and the forms that it lacks, as a path: `present.pl`.
        words: Vec<(String, usize, Vec<String>)>,
        /// What to write of the first of them if it has no other form: `form = "scissors", number = "pl"`.
        instead: String,
        /// How many sentences there would be more, if it is known.
        lost: Option<u128>,
    },
    /// A slot is declared that no template's text has.
    UnusedSlot {
        /// The slot.
        slot: String,
        /// Its line.
        line: usize,
    },
    /// A slot takes a feature from another that does not list it among its columns, so that no column has it.
    HiddenAgreement {
        /// The slot that takes it.
        slot: String,
        /// The slot that it is taken from.
        from: String,
        /// The feature.
        feature: String,
        /// The line of the agreement.
        line: usize,
    },
    /// No sentence uses some value that words are inflected for.
    UnusedForms {
        /// The lexicon.
        lexicon: String,
        /// The value, such as `pl`.
        value: String,
        /// Some of the forms.
        forms: Vec<String>,
        /// What may be the cause, if one is seen.
        because: Option<String>,
    },
    /// A feature has another value for each word, as a gloss or a number of an item has.
    NamesWords {
        /// The feature.
        feature: String,
        /// How many values it has.
        values: usize,
    },
}

/// So many words are named.
const NAMED: usize = 6;

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mistyped { lexicon, word, line, key, meant, is_form } => {
                let what = if *is_form { "form" } else { "feature" };
                write!(
                    f,
                    "`{key}` of {lexicon} `{word}` (line {line}) is taken for a feature; if you meant the {what} `{meant}`, \
                     write {meant} = …"
                )
            }
            Self::MissingForms { lexicon, words, instead, lost } => {
                let named: Vec<String> = words
                    .iter()
                    .take(NAMED)
                    .map(|(word, line, forms)| {
                        format!("`{word}` (line {line}) has no {}", text::join_or(forms))
                    })
                    .collect();
                let rest = words.len().saturating_sub(NAMED);
                let more = if rest > 0 {
                    format!("; and {}", text::counted(rest as u128, "more word"))
                } else {
                    String::new()
                };
                write!(f, "{lexicon}: {}{more}", named.join("; "))?;
                match lost {
                    Some(lost) => write!(
                        f,
                        ". {} lost with {}",
                        are(*lost),
                        if words.len() == 1 { "it" } else { "them" }
                    )?,
                    None => write!(f, ". Sentences are lost with them")?,
                }
                write!(f, "; write the forms, or, where a word has no other, {{ {instead} }}")
            }
            Self::UnusedSlot { slot, line } => write!(
                f,
                "slot `{slot}` (line {line}) stands in no template: write {{{slot}}} in a text, or remove the slot"
            ),
            Self::HiddenAgreement { slot, from, feature, line } => write!(
                f,
                "no column has the {feature} of {slot}: it is that of {from} (line {line}), whose `features` leave it out; \
                 write agree = {{ {from} = \"{slot}\" }} if {from} is to follow {slot}, or list {feature} among the features of \
                 {from}"
            ),
            Self::UnusedForms { lexicon, value, forms, because } => {
                write!(f, "no sentence uses a form of {lexicon} that is {value}: {}", text::some(forms, 10))?;
                match because {
                    Some(because) => write!(f, "; {because}"),
                    None => Ok(()),
                }
            }
            Self::NamesWords { feature, values } => write!(
                f,
                "{feature} has {} different values, one for each word: it says which word it is and nothing of what words \
                 share; leave it out of the slot's `features`",
                text::count(*values as u128)
            ),
        }
    }
}

fn are(sentences: u128) -> String {
    format!("{} {}", text::counted(sentences, "sentence"), if sentences == 1 { "is" } else { "are" })
}
