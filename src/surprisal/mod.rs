//! How probable a model finds sentences: log-probabilities of tokens, words and sentences, and preferences in minimal pairs.
//!
//! Of a **causal** model, the log-probability of a token is `ln p(tᵢ | t₁ … tᵢ₋₁)`, and that of a sentence their sum. The first token has
//! none, unless a token that begins texts stands before it (the tokenizer's own, or [`Params::bos`]). Of a **masked** model it is
//! `ln p(tᵢ | the others)`, where the token is hidden behind the mask, one token at a time, and their sum is the sentence's
//! pseudo-log-likelihood (Salazar et al. 2020); [`Hidden::Word`] hides what follows in the same word too (Kauf & Ivanova 2023).
//!
//! Logarithms are natural; surprisal is `−log₂ p`, in bits. Everything here is on the sentences as the model's tokenizer reads them; no
//! sentence is padded, and one in a batch has the numbers that it has alone.
//!
//! # Rooms, from the ground up
//!
//! | room | what it is |
//! | --- | --- |
//! | `error` | what can go wrong |
//! | `hidden` | what is hidden of a sentence, of a masked model |
//! | `words` | which word of its sentence each token is in |
//! | `sentence` | a sentence with its tokens and what they were given |
//! | `read` | sentences as tokens |
//! | `batches` | what runs together, and where what comes of it goes |
//! | `params` | how sentences are scored |
//! | `pairs` | minimal pairs: which of two sentences is preferred |
//! | `csv` | the tables |

mod batches;
mod csv;
mod error;
mod hidden;
mod pairs;
mod params;
mod read;
mod sentence;
mod words;

pub use csv::{ACCURACY, PAIRS, SENTENCES, TOKENS, WORDS};
pub use error::{Error, Result};
pub use hidden::Hidden;
pub use pairs::{Accuracy, Pair, Pairing, Preferences};
pub use params::{Params, Scores};
pub use sentence::{Sentence, Token, Word};
