//! A checkpoint's tokenizer: a sentence becomes token ids, with the model's own special tokens around it.

use std::ops::Range;
use std::str::FromStr;

use super::error::{Error, Result};

/// A checkpoint's tokenizer.
pub struct Tokenizer(tokenizers::Tokenizer);

/// A sentence in tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoding {
    /// The tokens' ids.
    pub tokens: Vec<u32>,
    /// Which of them the tokenizer added: `[CLS]`, `[SEP]`, `<s>`, …
    pub special: Vec<bool>,
    /// Where each token stands in the sentence, in Unicode scalars; empty for an added one.
    pub offsets: Vec<Range<usize>>,
}

impl Tokenizer {
    /// Parses `tokenizer.json` of checkpoint `id`.
    ///
    /// Its padding and truncation are switched off: they are for training batches, and published checkpoints pad every
    /// sentence to 128 tokens or cut it there.
    ///
    /// # Errors
    ///
    /// [`Error::Tokenizer`] when the text is not a tokenizer.
    pub fn parse(id: &str, json: &str) -> Result<Self> {
        let wrong =
            |error: tokenizers::Error| Error::Tokenizer { id: id.to_owned(), message: error.to_string() };
        let mut tokenizer = tokenizers::Tokenizer::from_str(json).map_err(wrong)?;
        tokenizer.with_padding(None).with_truncation(None).map_err(wrong)?;
        Ok(Self(tokenizer))
    }

    /// Whether `token` stands for what the tokenizer does not know.
    #[must_use]
    pub fn is_unknown(&self, token: u32) -> bool {
        // The names that every published tokenizer uses.
        ["[UNK]", "<unk>"].iter().any(|name| self.0.token_to_id(name) == Some(token))
    }

    /// The tokens of `sentence`.
    ///
    /// # Errors
    ///
    /// [`Error::Tokenizer`] when the tokenizer has no token for a part of it, not even an unknown one.
    pub fn encode(&self, sentence: &str) -> Result<Encoding> {
        let encoding = self
            .0
            .encode_char_offsets(sentence, true)
            .map_err(|error| Error::Tokenizer { id: format!("`{sentence}`"), message: error.to_string() })?;
        Ok(Encoding {
            tokens: encoding.get_ids().to_vec(),
            special: encoding.get_special_tokens_mask().iter().map(|&mask| mask == 1).collect(),
            offsets: encoding.get_offsets().iter().map(|&(start, end)| start..end).collect(),
        })
    }
}
