//! Sentences become tokens.

use std::borrow::Cow;

use rayon::prelude::*;

use super::error::{Error, Result};
use crate::models::spec::Start;
use crate::models::{Model, Spec, Tokenizer};
use crate::stimuli::Stimuli;

/// A stimulus in tokens.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tokenized {
    /// All that the model sees.
    pub(super) tokens: Vec<u32>,
    /// What the encoder reads beside it, where the model is a decoder that reads one; else nothing.
    pub(super) source: Vec<u32>,
    /// Which of them are pooled; never empty.
    pub(super) kept: Vec<u32>,
}

/// Which tokens of a stimulus are pooled.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kept {
    /// All that the model sees.
    All,
    /// Those of the sentence, without what the tokenizer adds.
    Sentence,
    /// Those that a slot's characters are in; the slot by its place among the stimuli's.
    Slot(usize),
}

/// The tokens of every stimulus; the model has positions for each.
pub(super) fn tokenize_for(model: &Model, stimuli: &Stimuli, kept: Kept) -> Result<Vec<Tokenized>> {
    let start = model.spec().decoder.as_ref().map(|decoder| decoder.start);
    let tokenized = tokenize(stimuli, model.tokenizer(), start, kept)?;
    let texts = texts(stimuli, start)?;
    let limit = model.limit();
    match model.encoder() {
        None => fits(&tokenized, |one| &one.tokens, model.spec(), (model, model.id(), &limit), &texts)?,
        Some(encoder) => {
            let (of_encoder, of_decoder) =
                (format!("the encoder of {}", model.id()), format!("the decoder of {}", model.id()));
            let encodes = encoder.n_positions.map_or(String::new(), |n| format!("has {n} positions"));
            let sentences = stimuli.sentences()?;
            fits(&tokenized, |one| &one.source, encoder, (model, &of_encoder, &encodes), sentences)?;
            fits(&tokenized, |one| &one.tokens, model.spec(), (model, &of_decoder, &limit), &texts)?;
        }
    }
    Ok(tokenized)
}

/// Refuses what is longer than `spec` has positions for, or has a token that its table has not. The part of the model that reads
/// `texts` is called `name`, and has the `limit` in words.
fn fits(
    tokenized: &[Tokenized],
    of: impl Fn(&Tokenized) -> &Vec<u32>,
    spec: &Spec,
    (model, name, limit): (&Model, &str, &str),
    texts: &[String],
) -> Result<()> {
    let too_long = |most| tokenized.iter().position(|stimulus| of(stimulus).len() > most);
    if let Some(row) = spec.n_positions.and_then(too_long) {
        return Err(Error::TooLong {
            row,
            tokens: of(&tokenized[row]).len(),
            model: name.to_owned(),
            limit: limit.to_owned(),
            sentence: start(&texts[row]),
        });
    }
    let vocab_size = spec.vocab_size;
    let is_outside = |token: &&u32| **token as usize >= vocab_size;
    let outside = |(row, stimulus): (usize, &Tokenized)| Some((row, *of(stimulus).iter().find(is_outside)?));
    if let Some((row, token)) = tokenized.iter().enumerate().find_map(outside) {
        return Err(Error::NoSuchRow {
            row,
            token,
            piece: model.tokenizer().piece(token).unwrap_or_default().into(),
            model: name.to_owned(),
            vocab_size,
            sentence: start(&texts[row]),
        });
    }
    Ok(())
}

/// What the part of the model reads whose states are taken: the sentences, or, for a decoder, the texts beside them if there are any.
fn texts(stimuli: &Stimuli, start: Option<Start>) -> Result<Cow<'_, [String]>> {
    let targets = start.and_then(|_| stimuli.targets());
    Ok(match targets {
        Some(targets) => Cow::Owned(targets),
        None => Cow::Borrowed(stimuli.sentences()?),
    })
}

/// The tokens of every sentence; with `begins`, those that a decoder reads which begins so.
pub(super) fn tokenize(
    stimuli: &Stimuli,
    tokenizer: &Tokenizer,
    begins: Option<Start>,
    kept: Kept,
) -> Result<Vec<Tokenized>> {
    let sentences = stimuli.sentences()?;
    let texts = texts(stimuli, begins)?;
    if let (Kept::Slot(slot), Some(_), Some(column)) = (kept, begins, stimuli.target()) {
        return Err(Error::SlotOfTarget { slot: stimuli.slots()[slot].clone(), column: column.to_owned() });
    }
    let each = |(index, text): (usize, &String)| {
        let mut encoding = tokenizer.encode(text)?;
        let row = index;
        let mut source = Vec::new();
        if let Some(begins) = begins {
            if encoding.special.iter().all(|&added| added) {
                return Err(Error::NoTokens { row, sentence: start(text) });
            }
            // What both read is one text.
            source = match stimuli.target() {
                Some(_) => tokenizer.encode(&sentences[index])?.tokens,
                None => encoding.tokens.clone(),
            };
            if source.is_empty() {
                return Err(Error::NoTokens { row, sentence: start(&sentences[index]) });
            }
            encoding = begins.shift(encoding);
        }
        let span = match kept {
            Kept::Slot(slot) => match stimuli.spans(index).get(slot).copied().flatten() {
                Some(span) => Some(span),
                None => return Err(Error::NoSlot { row, slot: stimuli.slots()[slot].clone() }),
            },
            Kept::All | Kept::Sentence => None,
        };
        let is_kept = |token: usize| match (kept, span) {
            (_, Some(span)) => {
                let offsets = &encoding.offsets[token];
                !encoding.special[token]
                    && offsets.start < span.end as usize
                    && offsets.end > span.start as usize
            }
            (Kept::All, None) => true,
            (_, None) => !encoding.special[token],
        };
        let kept: Vec<u32> =
            (0..encoding.tokens.len()).filter(|&token| is_kept(token)).map(|token| token as u32).collect();
        if kept.is_empty() {
            return Err(Error::NoTokens { row, sentence: start(text) });
        }
        Ok(Tokenized { tokens: encoding.tokens, source, kept })
    };
    // Collected first, so that the first wrong sentence is reported whichever thread met it.
    let all: Vec<Result<Tokenized>> = texts.par_iter().enumerate().map(each).collect();
    all.into_iter().collect()
}

/// The beginning of a sentence, for a message.
fn start(sentence: &str) -> String {
    const SHOWN: usize = 60;
    match sentence.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &sentence[..end]),
        None => sentence.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_sentence_is_shown_by_its_beginning() {
        assert_eq!(start("short"), "short");
        assert_eq!(start(&"é".repeat(61)), format!("{}…", "é".repeat(60)));
    }
}
