//! What can go wrong while sentences are scored.

use crate::{models, stimuli, text};

/// A result whose error is this module's.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong while sentences are scored. Sentences are counted from 0.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The stimuli have no sentences, or a column is not there.
    #[error(transparent)]
    Stimuli(#[from] stimuli::Error),
    /// The model cannot be run.
    #[error(transparent)]
    Models(#[from] models::Error),
    /// There are no sentences.
    #[error("there are no sentences")]
    NoSentences,
    /// A sentence without a token of its own.
    #[error("sentence {row} has no tokens: `{sentence}`")]
    NoTokens {
        /// Which sentence.
        row: usize,
        /// The sentence, or how it begins.
        sentence: String,
    },
    /// A sentence is longer than the model has positions for.
    #[error("sentence {row} has {tokens} tokens, but {model} {limit}: `{sentence}`")]
    TooLong {
        /// Which sentence.
        row: usize,
        /// How many tokens it has.
        tokens: usize,
        /// The model.
        model: String,
        /// How many it can have.
        limit: String,
        /// The sentence, or how it begins.
        sentence: String,
    },
    /// A token that the model has no row for.
    #[error("sentence {row} has the token {token}, but {model} has {vocab_size}: `{sentence}`")]
    NoSuchToken {
        /// Which sentence.
        row: usize,
        /// The token's number.
        token: u32,
        /// The model.
        model: String,
        /// How many tokens it has.
        vocab_size: usize,
        /// The sentence, or how it begins.
        sentence: String,
    },
    /// A masked model whose tokenizer has no token that hides others.
    #[error("{model} sees both sides of a token, and its tokenizer has no mask to hide one behind")]
    NoMask {
        /// The model.
        model: String,
    },
    /// No token is called so.
    #[error("{option}: the tokenizer of {model} has no token called `{name}`")]
    UnknownToken {
        /// The option that names it.
        option: &'static str,
        /// The model.
        model: String,
        /// The name.
        name: String,
    },
    /// The tokenizer names no token that begins texts.
    #[error("--bos: the files of {model}'s tokenizer name no token that begins texts")]
    NoBos {
        /// The model.
        model: String,
    },
    /// An option of one kind of model, for a model of the other.
    #[error("{option}: {model} is a {is} model")]
    OtherKind {
        /// The option.
        option: &'static str,
        /// The model.
        model: String,
        /// What it is: `causal` or `masked`.
        is: &'static str,
    },
    /// A probability that is no number.
    #[error("{model} gives sentence {row} a log-probability that is no number: `{sentence}`")]
    NotFinite {
        /// Which sentence.
        row: usize,
        /// The model.
        model: String,
        /// The sentence, or how it begins.
        sentence: String,
    },
    /// A column of pairs has no value in a row.
    #[error("row {row} has no `{column}`")]
    NoValue {
        /// Which row.
        row: usize,
        /// The column.
        column: String,
    },
    /// A column has no value that is called good.
    #[error("no row of `{column}` is `{good}`")]
    NoGood {
        /// The column.
        column: String,
        /// What was looked for.
        good: String,
        /// What there is.
        known: Vec<String>,
    },
    /// A set of sentences that is no pair.
    #[error("`{pair}` of `{column}` has {good} good sentences and {bad} bad ones")]
    NoPair {
        /// The column that names pairs.
        column: String,
        /// Which pair.
        pair: String,
        /// How many good ones.
        good: usize,
        /// How many bad ones.
        bad: usize,
    },
}

impl Error {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Stimuli(error) => return error.hint(),
            Self::Models(error) => return error.hint(),
            Self::NoSentences => "give at least one sentence".to_owned(),
            Self::NoTokens { .. } => {
                "the sentence is empty, or holds only what the tokenizer drops; remove it or fill it in".to_owned()
            }
            Self::TooLong { .. } => "shorten it, or choose a model with more positions".to_owned(),
            Self::NoSuchToken { .. } => {
                "the tokenizer has tokens that the weights know nothing of: both must be of one checkpoint".to_owned()
            }
            Self::NoMask { .. } => {
                "choose a model that was trained with masked tokens (BERT, RoBERTa …), or a causal one (GPT-2, Llama …); if it has one, name it: \
                 --mask TOKEN"
                    .to_owned()
            }
            Self::UnknownToken { .. } => {
                "`probe tokens MODEL \"a sentence\"` shows what its tokens are called; without a name it is the tokenizer's own".to_owned()
            }
            Self::NoBos { .. } => "name one of its tokens, such as --bos='<|endoftext|>', or leave --bos out".to_owned(),
            Self::OtherKind { option: "--bos", .. } => {
                "leave --bos out: what the tokenizer puts around a sentence is there in any case".to_owned()
            }
            Self::OtherKind { .. } => "leave it out: a causal model hides nothing".to_owned(),
            Self::NotFinite { .. } => {
                "its weights overflow or hold what is no number; fetch them again, and leave --dtype and --precision out".to_owned()
            }
            Self::NoValue { column, .. } => format!("fill `{column}` in, or remove the row"),
            Self::NoGood { known, .. } => format!("say which value is good: --good VALUE; there are {}", text::some(known, 10)),
            Self::NoPair { .. } => {
                "a pair has one good sentence and one or more bad ones; where numbers of pairs begin anew in each set, name the column of \
                 the sets: --by COLUMN"
                    .to_owned()
            }
        })
    }
}
