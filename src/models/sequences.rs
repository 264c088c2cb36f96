//! A batch of token sequences, packed: one after another, with no padding.

use std::ops::Range;

/// A batch of token sequences, packed: one after another, with no padding.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sequences {
    tokens: Vec<u32>,
    /// Where each sequence ends in `tokens`.
    ends: Vec<usize>,
}

impl Sequences {
    /// A batch of these sequences.
    #[must_use]
    pub fn new<'a>(sequences: impl IntoIterator<Item = &'a [u32]>) -> Self {
        let mut batch = Self::default();
        for sequence in sequences {
            batch.tokens.extend_from_slice(sequence);
            batch.ends.push(batch.tokens.len());
        }
        batch
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

    /// The tokens of all sequences, `n_tokens` of them.
    #[must_use]
    pub fn tokens(&self) -> &[u32] {
        &self.tokens
    }

    /// Where each sequence stands in [`Sequences::tokens`].
    pub fn ranges(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| start..end)
    }

    /// Each token's place in its sequence, from 0.
    #[must_use]
    pub fn positions(&self) -> Vec<u32> {
        self.ranges().flat_map(|range| 0..range.len() as u32).collect()
    }
}
