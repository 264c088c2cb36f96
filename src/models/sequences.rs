//! A batch of token sequences, packed: one after another, with no padding, and (for causal models) no prefix twice.
//!
//! In a causal model a token's state depends on the tokens before it alone, so two sequences that begin alike share the
//! states of their beginning. A batch is a list of tokens that are computed, and for each sequence the path of its tokens
//! through that list.

use std::collections::BTreeMap;

/// A batch of token sequences.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sequences {
    /// The tokens that are computed, `n_tokens` of them.
    tokens: Vec<u32>,
    /// Where in `tokens` the tokens of each sequence are, sequence after sequence.
    paths: Vec<u32>,
    /// Where each sequence ends in `paths`.
    ends: Vec<usize>,
    /// How many tokens of each sequence are those of the sequence before it.
    shared: Vec<usize>,
    /// What a decoder's sequences read of an encoder.
    sources: Option<Box<Sources>>,
}

/// What the sequences of a decoder read of an encoder.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sources {
    sequences: Sequences,
    /// Which of these each reads.
    of: Vec<usize>,
}

/// One sequence of a batch.
#[derive(Debug, Clone, Copy)]
pub struct Sequence<'a> {
    /// Where in [`Sequences::tokens`] its tokens are.
    pub path: &'a [u32],
    /// How many of them, from the first, are those of the sequence before it.
    pub shared: usize,
}

impl Sequences {
    /// A batch of these sequences, each by itself.
    #[must_use]
    pub fn new<'a>(sequences: impl IntoIterator<Item = &'a [u32]>) -> Self {
        let mut batch = Self::default();
        for sequence in sequences {
            batch.push(sequence, 0);
        }
        batch
    }

    /// A batch of these sequences, in which each shares the beginning that it has in common with the one before it. Sort them
    /// first: then every common beginning is shared.
    #[must_use]
    pub fn sharing_prefixes<'a>(sequences: impl IntoIterator<Item = &'a [u32]>) -> Self {
        let mut batch = Self::default();
        let mut previous: &[u32] = &[];
        for sequence in sequences {
            batch.push(sequence, common_prefix(previous, sequence));
            previous = sequence;
        }
        batch
    }

    /// The same batch, for a decoder: each sequence reads what the encoder makes of its own of `sources`, as many as there are
    /// sequences. One that several read is encoded once.
    #[must_use]
    pub fn reading<'a>(mut self, sources: impl IntoIterator<Item = &'a [u32]>) -> Self {
        let (mut places, mut distinct, mut of) = (BTreeMap::new(), Vec::new(), Vec::new());
        for source in sources {
            of.push(*places.entry(source).or_insert_with(|| {
                distinct.push(source);
                distinct.len() - 1
            }));
        }
        self.sources = Some(Box::new(Sources { sequences: Self::new(distinct), of }));
        self
    }

    /// What the encoder reads, and which of its sequences each of this batch's reads, if it is for a decoder.
    #[must_use]
    pub fn sources(&self) -> Option<(&Self, &[usize])> {
        self.sources.as_ref().map(|sources| (&sources.sequences, sources.of.as_slice()))
    }

    fn push(&mut self, sequence: &[u32], shared: usize) {
        let before = self.ends.iter().rev().nth(1).copied().unwrap_or(0);
        let previous = self.ends.last().map_or(0..0, |_| before..before + shared);
        self.paths.extend_from_within(previous);
        for &token in &sequence[shared..] {
            self.paths.push(self.tokens.len() as u32);
            self.tokens.push(token);
        }
        self.ends.push(self.paths.len());
        self.shared.push(shared);
    }

    /// How many sequences.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The tokens that are computed, `n_tokens` of them.
    #[must_use]
    pub fn tokens(&self) -> &[u32] {
        &self.tokens
    }

    /// Whether a sequence shares its beginning with another.
    #[must_use]
    pub fn shares_prefixes(&self) -> bool {
        self.shared.iter().any(|&shared| shared > 0)
    }

    /// Every sequence.
    pub fn iter(&self) -> impl Iterator<Item = Sequence<'_>> + '_ {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let ranges = starts.zip(&self.ends).map(|(start, &end)| start..end);
        ranges.zip(&self.shared).map(|(range, &shared)| Sequence { path: &self.paths[range], shared })
    }

    /// How many tokens the longest has.
    #[must_use]
    pub fn longest(&self) -> usize {
        self.iter().map(|sequence| sequence.path.len()).max().unwrap_or(0)
    }

    /// The place in its sequence of each of [`Sequences::tokens`], from 0.
    #[must_use]
    pub fn positions(&self) -> Vec<u32> {
        self.iter().flat_map(|sequence| sequence.shared as u32..sequence.path.len() as u32).collect()
    }
}

/// How many tokens two sequences have in common from the first.
pub(crate) fn common_prefix(a: &[u32], b: &[u32]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorted_sequences_share_every_prefix() {
        let sequences: [&[u32]; 5] = [&[1, 2, 3], &[1, 2, 4, 5], &[1, 2, 4, 6], &[2], &[2, 1]];
        let batch = Sequences::sharing_prefixes(sequences);
        assert_eq!(batch.tokens(), [1, 2, 3, 4, 5, 6, 2, 1]);
        assert_eq!(batch.positions(), [0, 1, 2, 2, 3, 3, 0, 1]);
        for (sequence, expected) in batch.iter().zip(sequences) {
            let tokens: Vec<u32> = sequence.path.iter().map(|&at| batch.tokens()[at as usize]).collect();
            assert_eq!(tokens, expected);
        }
        assert!(batch.shares_prefixes() && batch.longest() == 4);
        let plain = Sequences::new(sequences);
        assert_eq!(plain.tokens(), [1, 2, 3, 1, 2, 4, 5, 1, 2, 4, 6, 2, 2, 1]);
        assert!(!plain.shares_prefixes());
    }
}
