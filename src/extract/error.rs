//! What can go wrong while stimuli become activations.

use crate::activations::Pooling;
use crate::models::Site;
use crate::{activations, files, models, stimuli, text};

/// A result whose error is this module's.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong while stimuli become activations. Stimuli are counted from 0.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written.
    #[error(transparent)]
    Files(#[from] files::Error),
    /// The stimuli have no sentences.
    #[error(transparent)]
    Stimuli(#[from] stimuli::Error),
    /// The model cannot be run.
    #[error(transparent)]
    Models(#[from] models::Error),
    /// The model gave numbers that are none.
    #[error(transparent)]
    Activations(#[from] activations::Error),
    /// There are no stimuli.
    #[error("there are no stimuli")]
    NoStimuli,
    /// A layer was asked for that the model does not have.
    #[error("layer {layer} does not exist: {model} has layers 0 to {last}")]
    NoSuchLayer {
        /// The layer.
        layer: usize,
        /// The model.
        model: String,
        /// The model's last layer.
        last: usize,
    },
    /// A site was asked for that no block of the model has.
    #[error("--site {site}{}: {model} {why}", if *site == Site::Streams { " (--streams all)" } else { "" })]
    NoSite {
        /// The site.
        site: Site,
        /// The model.
        model: String,
        /// Why not, in words that go on from the model's name.
        why: String,
    },
    /// A site was asked for of a block that lacks it, or is not there.
    #[error("--site {site}: layer {layer} of {model} has none (blocks are counted from 0)")]
    NotThere {
        /// The block.
        layer: usize,
        /// The site.
        site: Site,
        /// The model.
        model: String,
        /// The blocks that have it.
        layers: Vec<usize>,
    },
    /// A head was asked for that the model does not have.
    #[error("head {head} does not exist: {model} has heads 0 to {}", .n_heads.saturating_sub(1))]
    NoSuchHead {
        /// The head.
        head: usize,
        /// The model.
        model: String,
        /// How many a block has.
        n_heads: usize,
    },
    /// A sentence is longer than the model has positions for.
    #[error("stimulus {row} has {tokens} tokens, but {model} {limit}: `{sentence}`")]
    TooLong {
        /// Which stimulus.
        row: usize,
        /// How many tokens it has.
        tokens: usize,
        /// The model.
        model: String,
        /// How many it can have, and why.
        limit: String,
        /// The sentence, or how it begins.
        sentence: String,
    },
    /// A token that the model has no embedding for.
    #[error(
        "stimulus {row} has the token {token} (`{piece}`), but the table of {model} has {vocab_size} rows: `{sentence}`"
    )]
    NoSuchRow {
        /// Which stimulus.
        row: usize,
        /// The token's number.
        token: u32,
        /// What the tokenizer calls it.
        piece: Box<str>,
        /// The model.
        model: String,
        /// How many embeddings it has.
        vocab_size: usize,
        /// The sentence, or how it begins.
        sentence: String,
    },
    /// A sentence without a token to pool.
    #[error("stimulus {row} has no tokens to pool: `{sentence}`")]
    NoTokens {
        /// Which stimulus.
        row: usize,
        /// The sentence, or how it begins.
        sentence: String,
    },
    /// A slot was asked for that the stimuli do not know.
    #[error("no slot is called `{name}`")]
    UnknownSlot {
        /// The name.
        name: String,
        /// The slots whose places are known.
        known: Vec<String>,
    },
    /// A slot was asked for, whose places are in the sentence, of a text beside it.
    #[error(
        "slots have their places in the sentence, and the decoder reads column `{column}`, where nothing says which tokens are `{slot}`"
    )]
    SlotOfTarget {
        /// The slot.
        slot: String,
        /// The column.
        column: String,
    },
    /// A stimulus has no such slot.
    #[error("stimulus {row} has no `{slot}`")]
    NoSlot {
        /// Which stimulus.
        row: usize,
        /// The slot.
        slot: String,
    },
    /// It is asked which token a vector is of, and it is pooled over several.
    #[error("minus-token-mean is for single tokens, but stimulus {row} is the {pooling} of {tokens}")]
    SeveralTokens {
        /// Which stimulus.
        row: usize,
        /// Over how many tokens it is pooled.
        tokens: usize,
        /// How.
        pooling: Pooling,
    },
    /// No pooling, and stimuli of different lengths.
    #[error(
        "without pooling all stimuli need as many tokens, but stimulus {row} has {tokens} and stimulus 0 has {first}"
    )]
    UnequalLengths {
        /// Which stimulus.
        row: usize,
        /// How many tokens it has.
        tokens: usize,
        /// How many the first has.
        first: usize,
    },
}

impl Error {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Files(error) => return error.hint(),
            Self::Stimuli(error) => return error.hint(),
            Self::Models(error) => return error.hint(),
            Self::Activations(error) => return error.hint(),
            Self::NoStimuli => "give at least one sentence".to_owned(),
            Self::NoSuchLayer { last, .. } => format!("use --layers 0-{last}, or part of it"),
            Self::NoSite { site: Site::Streams, .. } => {
                "leave --streams all (or --site streams) out for the residual stream, or choose another --site".to_owned()
            }
            Self::NoSite { .. } => "leave --site out for the residual stream, or choose another site".to_owned(),
            Self::NotThere { layers, .. } => {
                let runs = layers.chunk_by(|a, b| a + 1 == *b).map(|run| match run {
                    [first, .., last] => format!("{first}-{last}"),
                    run => run.iter().map(ToString::to_string).collect(),
                });
                format!("use --layers {}, or part of it", runs.collect::<Vec<String>>().join(","))
            }
            Self::NoSuchHead { n_heads, .. } => {
                format!("use --heads 0-{}, or part of it", n_heads.saturating_sub(1))
            }
            Self::TooLong { .. } => "shorten it, or choose a model with more positions".to_owned(),
            Self::NoSuchRow { .. } => {
                "the tokenizer has tokens that the weights know nothing of: both must be of one checkpoint (or drop such stimuli)"
                    .to_owned()
            }
            Self::NoTokens { .. } => {
                "the sentence is empty, or holds only what the tokenizer drops; remove it or fill it in"
                    .to_owned()
            }
            Self::UnknownSlot { known, .. } if known.is_empty() => {
                "these stimuli do not say where their slots are; generate them from a grammar, and keep the .json beside \
                 the .csv"
                    .to_owned()
            }
            Self::UnknownSlot { known, .. } => format!("the slots are {}", text::some(known, 10)),
            Self::SlotOfTarget { .. } => {
                "leave --at out (and of stimuli that are words take their sentences), or let the decoder read the sentences: --target-text sentence".to_owned()
            }
            Self::NoSlot { .. } => "drop such stimuli, or choose a slot that all of them have".to_owned(),
            Self::SeveralTokens { .. } => {
                "use --pool first or --pool last, or --at a slot that is one token in every stimulus".to_owned()
            }
            Self::UnequalLengths { .. } => {
                "use --pool mean (or another), or stimuli of one length in tokens".to_owned()
            }
        })
    }
}
