//! What is asked of a grammar, and what drawing gives: which sentences, how many there are, what balancing achieved.

use crate::numeric::rng::Stream;
use crate::stimuli::confounds::{Confounds, Pair};
use crate::stimuli::{FeatureTable, Stimuli, Values};

/// Which sentences to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Draw {
    /// All of them, in the grammar's order.
    All,
    /// A uniform sample of derivations.
    Sample {
        /// How many sentences.
        n: usize,
        /// Seed of the sample.
        seed: u64,
    },
    /// A sample whose features are as even and as uncorrelated as the grammar allows.
    Balanced {
        /// How many sentences.
        n: usize,
        /// Seed of the sample.
        seed: u64,
    },
}

/// Stimuli drawn from a grammar, and what drawing them did.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawn {
    /// The stimuli: different sentences in the grammar's order, their slots' spans, their features.
    pub stimuli: Stimuli,
    /// Whether these are all sentences of the grammar.
    pub complete: bool,
    /// What balancing achieved, where it was asked for and something was left to choose.
    pub balance: Option<Balance>,
}

/// What balancing achieved, of the features that it was for.
#[derive(Debug, Clone, PartialEq)]
pub struct Balance {
    /// How many sentences the sample was chosen from.
    pub candidates: usize,
    /// The largest correlation of feature distances among the candidates.
    pub before: Option<Pair>,
    /// The largest one in the sample.
    pub after: Option<Pair>,
    /// The correlations of the sample, and which features decide others.
    pub confounds: Confounds,
    /// The level that is most too frequent among the candidates.
    pub uneven_before: Option<Uneven>,
    /// The one in the sample.
    pub uneven_after: Option<Uneven>,
}

/// A level that more sentences have than their even share.
#[derive(Debug, Clone, PartialEq)]
pub struct Uneven {
    /// The categorical feature.
    pub feature: String,
    /// Its most frequent level.
    pub level: String,
    /// The share of sentences with it, of those that have the feature.
    pub share: f64,
    /// The share that would be even: one over the number of levels.
    pub even: f64,
}

impl Uneven {
    /// The most frequent level, measured by its even share, of all categorical features of `table`.
    #[must_use]
    pub fn most(table: &FeatureTable) -> Option<Self> {
        let mut most: Option<Self> = None;
        for feature in table {
            let Values::Categorical { levels, codes } = feature.values() else { continue };
            let mut counts = vec![0usize; levels.len()];
            codes.iter().flatten().for_each(|&code| counts[code as usize] += 1);
            let total: usize = counts.iter().sum();
            let Some((level, &count)) = counts.iter().enumerate().rev().max_by_key(|(_, count)| **count)
            else {
                continue;
            };
            let (share, even) = (count as f64 / total as f64, 1.0 / levels.len() as f64);
            if most.as_ref().is_none_or(|most| share / even > most.share / most.even) {
                most = Some(Self {
                    feature: feature.name().to_owned(),
                    level: levels[level].clone(),
                    share,
                    even,
                });
            }
        }
        most
    }
}

impl std::fmt::Display for Uneven {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.2} for {:.2} ({} = {})", self.share, self.even, self.feature, self.level)
    }
}

/// Draws different indices below a bound, which may be far beyond what fits in memory.
pub(super) struct IndexSample {
    bound: u128,
    drawn: std::collections::HashSet<u128>,
    /// All indices in random order, for bounds of the order of the sample.
    shuffled: Option<std::vec::IntoIter<u128>>,
    dense: bool,
}

impl IndexSample {
    pub(super) fn new(bound: u128, n: usize) -> Self {
        let dense = bound <= (n as u128).saturating_mul(4).max(1 << 16);
        Self { bound, drawn: std::collections::HashSet::new(), shuffled: None, dense }
    }

    /// The next `n` indices, fewer where there are no more.
    pub(super) fn take(&mut self, n: usize, stream: &mut Stream) -> Vec<u128> {
        if self.dense {
            let order = self.shuffled.get_or_insert_with(|| {
                let mut all: Vec<u128> = (0..self.bound).collect();
                stream.shuffle(&mut all);
                all.into_iter()
            });
            return order.take(n).collect();
        }
        let mut taken = Vec::with_capacity(n);
        while taken.len() < n && (self.drawn.len() as u128) < self.bound {
            let index = stream.below_u128(self.bound);
            if self.drawn.insert(index) {
                taken.push(index);
            }
        }
        taken
    }
}
