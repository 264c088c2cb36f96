//! A decoder that reads an encoder: what its blocks have besides, and what is put before the text that it reads.

use super::attention::Attention;
use crate::models::tokenizer::Encoding;

/// What a decoder has that one without an encoder has not.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoder {
    /// Attention to the encoder's last hidden state, in each block between attention and the MLP.
    pub cross: Attention,
    /// Units of the encoder's last hidden state.
    pub d_source: usize,
    /// What it reads first.
    pub start: Start,
}

/// What a decoder reads first; then it reads the tokens of its text but the last one, as transformers' `shift_tokens_right` has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// One token, the same for every text (`decoder_start_token_id`).
    Token(u32),
    /// The last token of the text (mBART, where it is that of the language).
    Last,
}

impl Start {
    /// What the decoder reads of a text that the tokenizer made `text` of: as many tokens as that.
    #[must_use]
    pub fn shift(self, mut text: Encoding) -> Encoding {
        let last = text.tokens.pop();
        text.special.pop();
        text.offsets.pop();
        let first = match self {
            Self::Token(token) => Some(token),
            Self::Last => last,
        };
        if let Some(first) = first {
            text.tokens.insert(0, first);
            text.special.insert(0, true);
            text.offsets.insert(0, 0..0);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text() -> Encoding {
        Encoding {
            tokens: vec![0, 7, 8, 2],
            special: vec![true, false, false, true],
            offsets: vec![0..0, 0..1, 1..3, 0..0],
        }
    }

    #[test]
    fn a_text_is_shifted_and_its_places_with_it() {
        let shifted = Start::Token(5).shift(text());
        assert_eq!(shifted.tokens, [5, 0, 7, 8]);
        assert_eq!(shifted.special, [true, true, false, false]);
        assert_eq!(shifted.offsets, [0..0, 0..0, 0..1, 1..3]);
        assert_eq!(Start::Last.shift(text()).tokens, [2, 0, 7, 8]);
    }

    #[test]
    fn a_text_without_tokens_has_no_last_one() {
        let none = || Encoding { tokens: vec![], special: vec![], offsets: vec![] };
        assert!(Start::Last.shift(none()).tokens.is_empty());
        assert_eq!(Start::Token(1).shift(none()).tokens, [1]);
    }
}
