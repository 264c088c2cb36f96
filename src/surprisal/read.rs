//! Sentences as tokens.

use rayon::prelude::*;

use super::error::{Error, Result};
use super::sentence::{Sentence, Token};
use super::words::{word_of, words};
use crate::models::Model;

/// A sentence in tokens, with the word of each as the tokenizer cuts words.
#[derive(Debug, Clone)]
pub(super) struct Read {
    pub(super) sentence: Sentence,
    pub(super) pieces_of: Vec<Option<u32>>,
}

impl Read {
    /// The numbers of its tokens.
    pub(super) fn ids(&self) -> Vec<u32> {
        self.sentence.tokens.iter().map(|token| token.id).collect()
    }
}

/// The tokens of every sentence, each with `bos` before it where it does not begin so already; what is added counts if `special` says so.
pub(super) fn read(
    sentences: &[String],
    model: &Model,
    bos: Option<u32>,
    special: bool,
) -> Result<Vec<Read>> {
    let each = |(row, text): (usize, &String)| {
        let read = one(text, model, bos, special)?;
        let tokens = &read.sentence.tokens;
        if tokens.iter().all(|token| token.added) {
            return Err(Error::NoTokens { row, sentence: start(text) });
        }
        if model.spec().n_positions.is_some_and(|most| tokens.len() > most) {
            return Err(Error::TooLong {
                row,
                tokens: tokens.len(),
                model: model.id().to_owned(),
                limit: model.limit(),
                sentence: start(text),
            });
        }
        let vocab_size = model.spec().vocab_size;
        if let Some(token) = tokens.iter().find(|token| token.id as usize >= vocab_size) {
            let (token, model) = (token.id, model.id().to_owned());
            return Err(Error::NoSuchToken { row, token, model, vocab_size, sentence: start(text) });
        }
        Ok(read)
    };
    // Collected first, so that the first wrong sentence is reported whichever thread met it.
    let all: Vec<Result<Read>> = sentences.par_iter().enumerate().map(each).collect();
    all.into_iter().collect()
}

fn one(text: &str, model: &Model, bos: Option<u32>, special: bool) -> Result<Read> {
    let tokenizer = model.tokenizer();
    let (encoding, mut pieces_of) = tokenizer.encode_words(text)?;
    let places = words(text);
    let piece = |id: u32| tokenizer.piece(id).unwrap_or_default();
    let mut tokens: Vec<Token> = (0..encoding.tokens.len())
        .map(|at| {
            let (id, added, offsets) =
                (encoding.tokens[at], encoding.special[at], encoding.offsets[at].clone());
            Token {
                id,
                piece: piece(id),
                word: if added { None } else { word_of(&places, &offsets) },
                offsets,
                added,
                unknown: tokenizer.is_unknown(id),
                counts: special || !added,
                logprob: None,
            }
        })
        .collect();
    if let Some(id) = bos.filter(|bos| tokens.first().is_none_or(|first| first.id != *bos || !first.added)) {
        let (piece, counts) = (piece(id), special);
        tokens.insert(
            0,
            Token {
                id,
                piece,
                offsets: 0..0,
                word: None,
                added: true,
                unknown: false,
                counts,
                logprob: None,
            },
        );
        pieces_of.insert(0, None);
    }
    Ok(Read { sentence: Sentence { text: text.to_owned(), tokens, words: places }, pieces_of })
}

/// The beginning of a sentence, for a message.
pub(super) fn start(sentence: &str) -> String {
    const SHOWN: usize = 60;
    match sentence.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &sentence[..end]),
        None => sentence.to_owned(),
    }
}
