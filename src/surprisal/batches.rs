//! What runs together, and where what comes of it goes.

use std::collections::BTreeMap;

use super::hidden::Hidden;
use super::read::Read;
use crate::models::{Sequences, common_prefix};

/// A token whose log-probability is wanted: which sentence, and which of its tokens.
pub(super) type Place = (usize, usize);

/// What is wanted of a sequence in which something is hidden: tokens at the place, each for some places.
type Hides = BTreeMap<u32, Vec<Place>>;

/// A sequence in which something is hidden, by its length, its tokens, and where a token is wanted.
type Key = (usize, Vec<u32>, usize);

/// A sequence that runs, and what is wanted of it: at a position of it the log-probability of a token, for some places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) ids: Vec<u32>,
    pub(super) wanted: Vec<(usize, u32, Vec<Place>)>,
}

/// What runs at once.
pub(super) struct Batch {
    pub(super) sequences: Sequences,
    /// The rows of its tokens, and tokens, that are wanted, by rows.
    pub(super) wanted: Vec<(usize, u32)>,
    /// For each of them the places that it is for.
    pub(super) places: Vec<Vec<Place>>,
}

/// Of a causal model: each sentence once, in the order of their tokens; sentences with the same tokens are one.
pub(super) fn causal(all: &[Read]) -> Vec<Run> {
    let mut runs: BTreeMap<Vec<u32>, Vec<usize>> = BTreeMap::new();
    for (row, read) in all.iter().enumerate() {
        runs.entry(read.ids()).or_default().push(row);
    }
    let run = |(ids, rows): (Vec<u32>, Vec<usize>)| {
        // The state of a token has the probabilities of the next.
        let wanted = (1..ids.len()).map(|at| (at - 1, ids[at], rows.iter().map(|&row| (row, at)).collect()));
        Run { wanted: wanted.collect(), ids }
    };
    runs.into_iter().map(run).filter(|run| !run.wanted.is_empty()).collect()
}

/// Of a masked model: each sentence once for each of its tokens that counts, which `mask` stands in the place of; the shortest first. What two
/// sentences have in common when it is hidden is one.
pub(super) fn masked(all: &[Read], mask: u32, hidden: Hidden) -> Vec<Run> {
    let mut runs: BTreeMap<Key, Hides> = BTreeMap::new();
    for (row, read) in all.iter().enumerate() {
        let ids = read.ids();
        for at in (0..ids.len()).filter(|&at| read.sentence.tokens[at].counts) {
            let mut hides = ids.clone();
            hides[at] = mask;
            if hidden == Hidden::Word && read.pieces_of[at].is_some() {
                for later in (at + 1..ids.len()).filter(|&later| read.pieces_of[later] == read.pieces_of[at])
                {
                    hides[later] = mask;
                }
            }
            runs.entry((ids.len(), hides, at)).or_default().entry(ids[at]).or_default().push((row, at));
        }
    }
    let run = |((_, ids, at), tokens): (Key, Hides)| Run {
        ids,
        wanted: tokens.into_iter().map(|(token, places)| (at, token, places)).collect(),
    };
    runs.into_iter().map(run).collect()
}

/// Batches of at most `budget` tokens to compute (or of one sequence), which share what they have in common from the first token if
/// `shares` says so.
pub(super) fn batches(runs: &[Run], budget: usize, shares: bool) -> Vec<Batch> {
    let mut begins = Vec::new();
    let mut filled = usize::MAX;
    for (at, run) in runs.iter().enumerate() {
        let common = if shares && at > 0 { common_prefix(&runs[at - 1].ids, &run.ids) } else { 0 };
        let fresh = run.ids.len() - common;
        if filled.saturating_add(fresh) > budget {
            begins.push(at);
            filled = run.ids.len();
        } else {
            filled += fresh;
        }
    }
    let ends = begins.iter().skip(1).copied().chain([runs.len()]);
    begins.iter().zip(ends).map(|(&begin, end)| batch(&runs[begin..end], shares)).collect()
}

fn batch(runs: &[Run], shares: bool) -> Batch {
    let ids = runs.iter().map(|run| run.ids.as_slice());
    let sequences = if shares { Sequences::sharing_prefixes(ids) } else { Sequences::new(ids) };
    let mut all: BTreeMap<(usize, u32), Vec<Place>> = BTreeMap::new();
    for (run, sequence) in runs.iter().zip(sequences.iter()) {
        for (at, token, places) in &run.wanted {
            all.entry((sequence.path[*at] as usize, *token)).or_default().extend(places);
        }
    }
    let (wanted, places) = all.into_iter().unzip();
    Batch { sequences, wanted, places }
}
