//! Sentences become tokens, and tokens become batches of similar length under a token budget.

use rayon::prelude::*;

use super::error::{Error, Result};
use crate::models::Model;

/// A stimulus in tokens.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tokenized {
    /// All that the model sees.
    pub(super) tokens: Vec<u32>,
    /// Which of them are pooled; never empty.
    pub(super) kept: Vec<u32>,
}

/// The tokens of every sentence.
pub(super) fn tokenize(sentences: &[String], model: &Model, special_tokens: bool) -> Result<Vec<Tokenized>> {
    let max_tokens = model.spec().n_positions;
    let each = |(index, sentence): (usize, &String)| {
        let encoding = model.tokenizer().encode(sentence)?;
        let tokens = encoding.tokens;
        let row = index + 1;
        if let Some(max_tokens) = max_tokens.filter(|&most| tokens.len() > most) {
            let model = model.id().to_owned();
            return Err(Error::TooLong {
                row,
                tokens: tokens.len(),
                model,
                max_tokens,
                sentence: start(sentence),
            });
        }
        let kept: Vec<u32> = (0u32..)
            .zip(&encoding.special)
            .filter(|&(_, &special)| special_tokens || !special)
            .map(|(index, _)| index)
            .collect();
        if kept.is_empty() {
            return Err(Error::NoTokens { row, sentence: start(sentence) });
        }
        Ok(Tokenized { tokens, kept })
    };
    // Collected first, so that the first wrong sentence is reported whichever thread met it.
    let all: Vec<Result<Tokenized>> = sentences.par_iter().enumerate().map(each).collect();
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

/// Distinct token sequences of similar length, each with the stimuli (rows, from 0) that it belongs to.
pub(super) type Batch = Vec<Vec<usize>>;

/// Batches of at most `batch_tokens` tokens (or of one sequence), from short to long. Stimuli with the same tokens share one
/// sequence.
pub(super) fn batches(stimuli: &[Tokenized], batch_tokens: usize) -> Vec<Batch> {
    let mut order: Vec<usize> = (0..stimuli.len()).collect();
    let key = |row: usize| (stimuli[row].tokens.len(), &stimuli[row].tokens);
    order.sort_by(|&a, &b| key(a).cmp(&key(b)));
    let mut batches: Vec<Batch> = Vec::new();
    let mut filled = usize::MAX;
    for same in order.chunk_by(|&a, &b| stimuli[a].tokens == stimuli[b].tokens) {
        let tokens = stimuli[same[0]].tokens.len();
        if filled.saturating_add(tokens) > batch_tokens {
            batches.push(Batch::new());
            filled = 0;
        }
        filled += tokens;
        if let Some(batch) = batches.last_mut() {
            batch.push(same.to_vec());
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_hold_every_row_once_and_keep_to_the_budget() {
        let stimuli: Vec<Tokenized> = [3usize, 1, 3, 7, 2, 1]
            .iter()
            .enumerate()
            .map(|(i, &length)| Tokenized { tokens: vec![(i % 3) as u32; length], kept: vec![0] })
            .collect();
        assert_eq!(
            batches(&stimuli, 4),
            [vec![vec![1], vec![5], vec![4]], vec![vec![0]], vec![vec![2]], vec![vec![3]]]
        );
        let same: Vec<Tokenized> = (0..3).map(|_| Tokenized { tokens: vec![1, 2], kept: vec![0] }).collect();
        assert_eq!(batches(&same, 1), [vec![vec![0, 1, 2]]]);
    }

    #[test]
    fn a_long_sentence_is_shown_by_its_beginning() {
        assert_eq!(start("short"), "short");
        assert_eq!(start(&"é".repeat(61)), format!("{}…", "é".repeat(60)));
    }
}
