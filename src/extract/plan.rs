//! Tokens become batches of similar length under a token budget.

use super::batches::Tokenized;
use crate::models::{Model, common_prefix};

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
            // What a token of a decoder is depends on what the encoder read, and not on what stands before it alone.
            (false, _) if model.encoder().is_some() => Self::Packed,
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

/// Batches for a decoder that reads an encoder, of at most `batch_tokens` tokens of both, with their padding (or of one sequence). What
/// has one source stands together, and is encoded once in a batch.
pub(super) fn plan_pairs(stimuli: &[Tokenized], batch_tokens: usize, layout: Layout) -> Plan {
    let pair = |row: usize| (stimuli[row].source.as_slice(), stimuli[row].tokens.as_slice());
    let mut order: Vec<usize> = (0..stimuli.len()).collect();
    order.sort_by_key(|&row| {
        let (source, tokens) = pair(row);
        (source.len(), source, tokens.len(), tokens)
    });
    let mut plan = Plan { batches: Vec::new(), tokens_run: 0, padding: 0 };
    let mut room = Room::default();
    let mut previous: &[u32] = &[];
    for same in order.chunk_by(|&a, &b| pair(a) == pair(b)) {
        let (source, tokens) = pair(same[0]);
        let mut next = room.with(source.len(), tokens.len(), source == previous);
        if plan.batches.is_empty() || next.places(layout) > batch_tokens {
            plan.count(room, layout);
            plan.batches.push(Batch::new());
            next = Room::default().with(source.len(), tokens.len(), false);
        }
        room = next;
        previous = source;
        if let Some(batch) = plan.batches.last_mut() {
            batch.push(same.to_vec());
        }
    }
    plan.count(room, layout);
    plan
}

/// What a batch for a decoder takes: of its own sequences, and of those of the encoder.
#[derive(Debug, Clone, Copy, Default)]
struct Room {
    sequences: [usize; 2],
    tokens: [usize; 2],
    longest: [usize; 2],
}

impl Room {
    /// With one more pair, whose source is there already if `known`.
    fn with(mut self, source: usize, tokens: usize, known: bool) -> Self {
        for (side, length) in [(0, tokens), (1, source)] {
            if side == 0 || !known {
                self.sequences[side] += 1;
                self.tokens[side] += length;
                self.longest[side] = self.longest[side].max(length);
            }
        }
        self
    }

    /// How many places are computed.
    fn places(self, layout: Layout) -> usize {
        match layout {
            Layout::Padded => (0..2).map(|side| self.sequences[side] * self.longest[side]).sum(),
            Layout::Packed | Layout::SharingPrefixes => self.tokens.iter().sum(),
        }
    }
}

impl Plan {
    /// The budget of about as many batches, alike in size, of which each of `threads` has as many; no sequence is longer than `most`.
    pub(super) fn even(&self, threads: usize, most: usize) -> usize {
        let batches = self.batches.len().next_multiple_of(threads.max(1)).max(1);
        // A batch is full when the next sequence would be too much for it.
        self.tokens_run.div_ceil(batches) + most.saturating_sub(1)
    }

    /// Counts a batch that is full.
    fn count(&mut self, room: Room, layout: Layout) {
        let tokens: usize = room.tokens.iter().sum();
        self.tokens_run += tokens;
        self.padding += room.places(layout) - tokens;
    }
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
            .map(|(i, &length)| Tokenized {
                tokens: vec![(i % 3) as u32; length],
                source: vec![],
                kept: vec![0],
            })
            .collect();
        let batches = |stimuli: &[Tokenized], tokens| plan(stimuli, tokens, Layout::Packed).batches;
        assert_eq!(
            batches(&stimuli, 4),
            [vec![vec![1], vec![5], vec![4]], vec![vec![0]], vec![vec![2]], vec![vec![3]]]
        );
        assert_eq!(plan(&stimuli, 4, Layout::Packed).tokens_run, 17);
        let same: Vec<Tokenized> =
            (0..3).map(|_| Tokenized { tokens: vec![1, 2], source: vec![], kept: vec![0] }).collect();
        assert_eq!(batches(&same, 1), [vec![vec![0, 1, 2]]]);
    }

    #[test]
    fn batches_are_evened_out() {
        let stimuli: Vec<Tokenized> = (0..100u32)
            .map(|i| Tokenized { tokens: vec![i; 3 + i as usize % 4], source: vec![], kept: vec![0] })
            .collect();
        for (threads, budget) in [(2, 200), (2, 90), (3, 225), (4, 500), (1, 100)] {
            let first = plan(&stimuli, budget, Layout::Packed);
            let even = plan(&stimuli, first.even(threads, 6), Layout::Packed);
            let sizes = even
                .batches
                .iter()
                .map(|batch| -> usize { batch.iter().map(|rows| stimuli[rows[0]].tokens.len()).sum() });
            let sizes: Vec<usize> = sizes.collect();
            assert!(sizes.len() <= first.batches.len().next_multiple_of(threads), "{sizes:?}");
            assert!(sizes.iter().max().unwrap() - sizes[0] <= 6, "{sizes:?}");
        }
    }

    #[test]
    fn a_prefix_is_computed_once_in_each_batch() {
        let stimuli: Vec<Tokenized> = [[1, 2, 3], [2, 2, 2], [1, 2, 4], [1, 5, 6]]
            .map(|tokens| Tokenized { tokens: tokens.to_vec(), source: vec![], kept: vec![0] })
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
            .map(|(i, &length)| Tokenized { tokens: vec![i as u32; length], source: vec![], kept: vec![0] })
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
    fn pairs_with_one_source_stand_together_and_keep_to_the_budget() {
        let pair = |source: &[u32], tokens: usize| Tokenized {
            tokens: vec![3; tokens],
            source: source.to_vec(),
            kept: vec![0],
        };
        let stimuli =
            [pair(&[1, 2], 3), pair(&[5; 4], 1), pair(&[1, 2], 3), pair(&[1, 2], 5), pair(&[1, 3], 2)];
        let all = plan_pairs(&stimuli, 100, Layout::Packed);
        assert_eq!(all.batches, [vec![vec![0, 2], vec![3], vec![4], vec![1]]]);
        // Of `1 2`, which three read, one; and one text of the two that are one.
        assert_eq!((all.tokens_run, all.padding), (2 + 3 + 5 + 2 + 2 + 4 + 1, 0));
        let padded = plan_pairs(&stimuli, 100, Layout::Padded);
        assert_eq!((padded.tokens_run, padded.padding), (19, 4 * 5 + 3 * 4 - 19));
        for layout in [Layout::Packed, Layout::Padded] {
            for batch_tokens in 1..40 {
                let plan = plan_pairs(&stimuli, batch_tokens, layout);
                let mut rows: Vec<usize> = plan.batches.iter().flatten().flatten().copied().collect();
                rows.sort_unstable();
                assert_eq!(rows, [0, 1, 2, 3, 4]);
                assert!(plan.batches.iter().all(|batch| !batch.is_empty()));
            }
        }
        assert!(plan_pairs(&[], 4, Layout::Packed).batches.is_empty());
    }
}
