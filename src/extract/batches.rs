//! Sentences become tokens, and tokens become batches of similar length under a token budget.

use rayon::prelude::*;

use super::error::{Error, Result};
use crate::models::{Model, Tokenizer, common_prefix};
use crate::stimuli::Stimuli;

/// A stimulus in tokens.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tokenized {
    /// All that the model sees.
    pub(super) tokens: Vec<u32>,
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

/// The tokens of every sentence; the model has positions for each.
pub(super) fn tokenize_for(model: &Model, stimuli: &Stimuli, kept: Kept) -> Result<Vec<Tokenized>> {
    let tokenized = tokenize(stimuli, model.tokenizer(), kept)?;
    let too_long = |most| tokenized.iter().position(|stimulus| stimulus.tokens.len() > most);
    if let Some(row) = model.spec().n_positions.and_then(too_long) {
        return Err(Error::TooLong {
            row,
            tokens: tokenized[row].tokens.len(),
            model: model.id().to_owned(),
            limit: model.limit(),
            sentence: start(&stimuli.sentences()?[row]),
        });
    }
    let vocab_size = model.spec().vocab_size;
    let is_outside = |token: &&u32| **token as usize >= vocab_size;
    let outside =
        |(row, stimulus): (usize, &Tokenized)| Some((row, *stimulus.tokens.iter().find(is_outside)?));
    if let Some((row, token)) = tokenized.iter().enumerate().find_map(outside) {
        return Err(Error::NoSuchRow {
            row,
            token,
            piece: model.tokenizer().piece(token).unwrap_or_default().into(),
            model: model.id().to_owned(),
            vocab_size,
            sentence: start(&stimuli.sentences()?[row]),
        });
    }
    Ok(tokenized)
}

/// The tokens of every sentence.
pub(super) fn tokenize(stimuli: &Stimuli, tokenizer: &Tokenizer, kept: Kept) -> Result<Vec<Tokenized>> {
    let sentences = stimuli.sentences()?;
    let each = |(index, sentence): (usize, &String)| {
        let encoding = tokenizer.encode(sentence)?;
        let row = index;
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
            return Err(Error::NoTokens { row, sentence: start(sentence) });
        }
        Ok(Tokenized { tokens: encoding.tokens, kept })
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

/// Distinct token sequences that run together, each with the stimuli (rows, from 0) that it belongs to.
pub(super) type Batch = Vec<Vec<usize>>;

/// How the sequences of a batch are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// One after another.
    Packed,
    /// One after another, and common beginnings once.
    SharingPrefixes,
    /// Each as long as the longest.
    Padded,
}

impl Layout {
    /// That of batches of `model`.
    pub(super) fn of(model: &Model) -> Self {
        match (model.device().pads(), model.spec().attention.causal) {
            (true, _) => Self::Padded,
            (false, true) => Self::SharingPrefixes,
            (false, false) => Self::Packed,
        }
    }
}

/// What runs together.
pub(super) struct Plan {
    pub(super) batches: Vec<Batch>,
    /// How many tokens are computed in all.
    pub(super) tokens_run: usize,
    /// How many places of batches hold no token, and are computed too.
    pub(super) padding: usize,
}

/// Batches of at most `batch_tokens` tokens to compute, with their padding (or of one sequence). Stimuli with the same tokens
/// share one sequence. Where prefixes are shared, what begins alike stands together; else what is of similar length.
pub(super) fn plan(stimuli: &[Tokenized], batch_tokens: usize, layout: Layout) -> Plan {
    let tokens = |row: usize| stimuli[row].tokens.as_slice();
    let mut order: Vec<usize> = (0..stimuli.len()).collect();
    let shares_prefixes = layout == Layout::SharingPrefixes;
    if shares_prefixes {
        order.sort_by(|&a, &b| tokens(a).cmp(tokens(b)));
    } else {
        order.sort_by(|&a, &b| (tokens(a).len(), tokens(a)).cmp(&(tokens(b).len(), tokens(b))));
    }
    let mut plan = Plan { batches: Vec::new(), tokens_run: 0, padding: 0 };
    let mut filled = usize::MAX;
    let mut previous: &[u32] = &[];
    for same in order.chunk_by(|&a, &b| tokens(a) == tokens(b)) {
        let all = tokens(same[0]);
        let mut fresh = all.len() - if shares_prefixes { common_prefix(previous, all) } else { 0 };
        // Lengths ascend: the batch becomes as long as this sequence, which is `added` more for each of those in it.
        let added = match (layout, plan.batches.last()) {
            (Layout::Padded, Some(batch)) => batch.len() * (all.len() - previous.len()),
            _ => 0,
        };
        if filled.saturating_add(added + fresh) > batch_tokens {
            plan.batches.push(Batch::new());
            filled = 0;
            fresh = all.len();
        } else {
            filled += added;
            plan.padding += added;
        }
        filled += fresh;
        plan.tokens_run += fresh;
        previous = all;
        if let Some(batch) = plan.batches.last_mut() {
            batch.push(same.to_vec());
        }
    }
    plan
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
        let batches = |stimuli: &[Tokenized], tokens| plan(stimuli, tokens, Layout::Packed).batches;
        assert_eq!(
            batches(&stimuli, 4),
            [vec![vec![1], vec![5], vec![4]], vec![vec![0]], vec![vec![2]], vec![vec![3]]]
        );
        assert_eq!(plan(&stimuli, 4, Layout::Packed).tokens_run, 17);
        let same: Vec<Tokenized> = (0..3).map(|_| Tokenized { tokens: vec![1, 2], kept: vec![0] }).collect();
        assert_eq!(batches(&same, 1), [vec![vec![0, 1, 2]]]);
    }

    #[test]
    fn a_prefix_is_computed_once_in_each_batch() {
        let stimuli: Vec<Tokenized> = [[1, 2, 3], [2, 2, 2], [1, 2, 4], [1, 5, 6]]
            .map(|tokens| Tokenized { tokens: tokens.to_vec(), kept: vec![0] })
            .into();
        let all = plan(&stimuli, 100, Layout::SharingPrefixes);
        assert_eq!((all.batches, all.tokens_run), (vec![vec![vec![0], vec![2], vec![3], vec![1]]], 9));
        let halves = plan(&stimuli, 4, Layout::SharingPrefixes);
        assert_eq!(halves.batches, [vec![vec![0], vec![2]], vec![vec![3]], vec![vec![1]]]);
        assert_eq!(halves.tokens_run, 10);
    }

    #[test]
    fn padding_counts_towards_the_budget() {
        let stimuli: Vec<Tokenized> = [5usize, 2, 3, 3, 9, 2]
            .iter()
            .enumerate()
            .map(|(i, &length)| Tokenized { tokens: vec![i as u32; length], kept: vec![0] })
            .collect();
        for batch_tokens in 1..60 {
            let plan = plan(&stimuli, batch_tokens, Layout::Padded);
            let lengths = |batch: &Batch| -> Vec<usize> {
                batch.iter().map(|rows| stimuli[rows[0]].tokens.len()).collect()
            };
            let mut padding = 0;
            for batch in &plan.batches {
                let lengths = lengths(batch);
                let places = lengths.len() * lengths.iter().max().unwrap();
                assert!(places <= batch_tokens || lengths.len() == 1, "{lengths:?} in {batch_tokens}");
                padding += places - lengths.iter().sum::<usize>();
            }
            assert_eq!((plan.padding, plan.tokens_run), (padding, 24));
            let mut rows: Vec<usize> = plan.batches.into_iter().flatten().flatten().collect();
            rows.sort_unstable();
            assert_eq!(rows, [0, 1, 2, 3, 4, 5]);
        }
        let of = |batch_tokens| plan(&stimuli, batch_tokens, Layout::Padded);
        assert_eq!(
            (of(12).batches, of(12).padding),
            (vec![vec![vec![1], vec![5], vec![2], vec![3]], vec![vec![0]], vec![vec![4]]], 2)
        );
    }

    #[test]
    fn a_long_sentence_is_shown_by_its_beginning() {
        assert_eq!(start("short"), "short");
        assert_eq!(start(&"é".repeat(61)), format!("{}…", "é".repeat(60)));
    }
}
