//! Pairs of distinct stimuli, streamed in tiles: never all pairs at once.
//!
//! Stimuli are ordered so that each fold is a range. A [`Task`] is a strip of rows of one fold against one fold (every pair
//! once); tasks are the unit of parallel work, and always the same ones, so that sums over them do not depend on threads.

use std::ops::Range;

use super::distance::Neural;
use super::encode::{Columns, Partners};
use super::sampled::Waiting;
use crate::numeric::rng::Stream;
use crate::stimuli::FeatureTable;

/// Rows of a strip.
const ROWS: usize = 128;
/// Columns of a tile of a strip.
const COLUMNS: usize = 512;
/// A chunk is handed on as soon as it has this many pairs.
const CHUNK: usize = 2048;

/// The stimuli in the order of their folds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Layout {
    /// Which stimulus (row of the table) is at each position.
    pub(crate) order: Vec<usize>,
    /// The positions of each fold.
    pub(crate) folds: Vec<Range<usize>>,
    /// How many of the folds are held out in turn, the first ones; the others are trained on alone.
    pub(crate) n_held: usize,
}

impl Layout {
    /// All of `n` stimuli in one fold.
    pub(crate) fn whole(n: usize) -> Self {
        Self { order: (0..n).collect(), folds: std::iter::once(0..n).collect(), n_held: 1 }
    }

    /// The stimuli of `features` by the fold that each is in, of `n_folds` that are held out in turn.
    pub(crate) fn of(features: &FeatureTable, n_folds: usize, seed: u64) -> Self {
        let layout = Self::of_folds(&features.folds(n_folds, seed), features.n_parts(n_folds));
        Self { n_held: n_folds, ..layout }
    }

    /// Whether what is held out is not trained on.
    pub(crate) fn holds_out(&self) -> bool {
        self.folds.len() > 1
    }

    /// The positions of the folds that are held out in turn.
    pub(crate) fn held(&self) -> &[Range<usize>] {
        &self.folds[..self.n_held.min(self.folds.len())]
    }

    /// Positions that are never on both sides: each fold that is held out, and all that are trained on alone.
    pub(crate) fn sides(&self) -> Vec<Range<usize>> {
        let mut sides = self.held().to_vec();
        let end = sides.last().map_or(0, |last| last.end);
        if end < self.order.len() {
            sides.push(end..self.order.len());
        }
        sides
    }

    /// The stimuli that are trained on where `fold` is held out, ascending.
    pub(crate) fn training(&self, fold: usize) -> Vec<usize> {
        let own = if self.holds_out() { self.folds[fold].clone() } else { 0..0 };
        let mut rows = [&self.order[..own.start], &self.order[own.end..]].concat();
        rows.sort_unstable();
        rows
    }

    /// The stimuli by the fold each is in.
    pub(crate) fn of_folds(fold_of: &[usize], n_folds: usize) -> Self {
        let mut order = Vec::with_capacity(fold_of.len());
        let mut folds = Vec::with_capacity(n_folds);
        for fold in 0..n_folds {
            let start = order.len();
            order.extend((0..fold_of.len()).filter(|&i| fold_of[i] == fold));
            folds.push(start..order.len());
        }
        Self { order, folds, n_held: n_folds }
    }

    /// The strips that cover every pair once.
    pub(crate) fn tasks(&self) -> Vec<Task> {
        let n_folds = self.folds.len();
        (0..n_folds).flat_map(|k| (k..n_folds).flat_map(move |l| self.strips(k, l))).collect()
    }

    /// The strips that cover every pair within `fold` once.
    pub(crate) fn tasks_within(&self, fold: usize) -> Vec<Task> {
        self.strips(fold, fold)
    }

    /// Calls `each` with every stimulus of `fold` as the first of its pairs, and with the second stimuli of these pairs by fold, for
    /// the folds from `fold` on. Where pairs are sampled, there is one call for each other fold.
    pub(crate) fn rows(
        &self,
        fold: usize,
        coverage: Coverage,
        mut each: impl FnMut(usize, &[(usize, Partners<'_>)]),
    ) {
        let others = fold..self.folds.len();
        if coverage.fraction < 1.0 {
            for other in others {
                for task in self.strips(fold, other) {
                    task.sample(coverage, &mut |i, partners| each(i, &[(other, Partners::List(partners))]));
                }
            }
            return;
        }
        for i in self.folds[fold].clone() {
            let range = |other: usize| self.folds[other].start.max(i + 1)..self.folds[other].end;
            let partners: Vec<_> = others
                .clone()
                .map(|other| (other, range(other)))
                .filter(|(_, range)| !range.is_empty())
                .map(|(other, range)| (other, Partners::Range(range)))
                .collect();
            each(i, &partners);
        }
    }

    fn strips(&self, k: usize, l: usize) -> Vec<Task> {
        let (rows, columns) = (self.folds[k].clone(), self.folds[l].clone());
        rows.clone()
            .step_by(ROWS)
            .map(|start| Task {
                rows: start..(start + ROWS).min(rows.end),
                columns: if k == l { start + 1..columns.end } else { columns.clone() },
                folds: (k, l),
            })
            .collect()
    }
}

/// How many pairs `n` stimuli make.
pub(crate) fn n_pairs(n: usize) -> u64 {
    let n = n as u64;
    n * n.saturating_sub(1) / 2
}

/// Which of the pairs are used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Coverage {
    /// The fraction, at most 1.
    pub(crate) fraction: f64,
    /// The seed of the sample.
    pub(crate) seed: u64,
}

impl Coverage {
    /// At most about `most` pairs of `pairs`.
    pub(crate) fn at_most(self, most: u64, pairs: u64) -> Self {
        let fraction = most as f64 / pairs.max(1) as f64;
        Self { fraction: self.fraction.min(fraction), ..self }
    }
}

/// A strip: the pairs `(i, j)` of `rows` and `columns` with `i < j`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Task {
    pub(crate) rows: Range<usize>,
    columns: Range<usize>,
    pub(crate) folds: (usize, usize),
}

/// The distances of some pairs.
#[derive(Debug, Default)]
pub(crate) struct PairChunk {
    /// Per pair, the categorical features whose levels differ.
    pub(crate) bits: Vec<u32>,
    /// Per numeric feature, the distances.
    pub(crate) dense: Vec<Vec<f64>>,
    /// Squared neural distances; empty when none were asked for.
    pub(crate) squared: Vec<f64>,
}

impl PairChunk {
    pub(crate) fn len(&self) -> usize {
        self.bits.len().max(self.squared.len())
    }

    /// Adds the feature distances of `other`.
    pub(crate) fn extend_features(&mut self, other: &Self) {
        self.bits.extend_from_slice(&other.bits);
        self.dense.resize(other.dense.len(), Vec::new());
        self.dense.iter_mut().zip(&other.dense).for_each(|(own, other)| own.extend_from_slice(other));
    }

    pub(crate) fn clear(&mut self) {
        self.bits.clear();
        self.dense.iter_mut().for_each(Vec::clear);
        self.squared.clear();
    }
}

impl Task {
    /// About how many of its pairs are used; exactly, where all are.
    pub(crate) fn n_pairs(&self, coverage: Coverage) -> usize {
        let of_row = |i: usize| self.columns.end.saturating_sub(self.columns.start.max(i + 1));
        (self.rows.clone().map(of_row).sum::<usize>() as f64 * coverage.fraction.min(1.0)).ceil() as usize
    }

    /// Calls `each` with the pairs of this strip, a chunk at a time, always in the same order: with feature distances
    /// where there are `columns`, with neural ones where there is a `neural`.
    pub(crate) fn stream(
        &self,
        columns: Option<&Columns>,
        neural: Option<&Neural>,
        coverage: Coverage,
        mut each: impl FnMut(&PairChunk),
    ) {
        let mut chunk = PairChunk {
            dense: vec![Vec::new(); columns.map_or(0, Columns::n_dense)],
            ..PairChunk::default()
        };
        // `known` has dot products of a range, or the squared distances of a list.
        let mut append = |i: usize, partners: Partners<'_>, known: Option<&[f64]>| {
            if let Some(columns) = columns {
                columns.append(i, &partners, &mut chunk.bits, &mut chunk.dense);
            }
            match (neural, known, &partners) {
                (Some(neural), Some(gram), Partners::Range(range)) => {
                    neural.append_from_gram(i, range.clone(), gram, &mut chunk.squared);
                }
                (Some(_), Some(squared), Partners::List(_)) => chunk.squared.extend_from_slice(squared),
                (Some(neural), ..) => neural.append(i, &partners, &mut chunk.squared),
                (None, ..) => {}
            }
            if chunk.len() >= CHUNK {
                each(&chunk);
                chunk.clear();
            }
        };
        match neural.filter(|neural| neural.takes_rows()) {
            Some(neural) if coverage.fraction < 1.0 => {
                let mut waiting = Waiting::default();
                let mut measured = |i: usize, partners: &[u32], squared: &[f64]| {
                    append(i, Partners::List(partners), Some(squared));
                };
                self.sample(coverage, &mut |i, partners| waiting.push(i, partners, neural, &mut measured));
                waiting.finish(neural, &mut measured);
            }
            _ if coverage.fraction < 1.0 => {
                self.sample(coverage, &mut |i, partners| append(i, Partners::List(partners), None));
            }
            _ => self.all(neural, &mut append),
        }
        if chunk.len() > 0 {
            each(&chunk);
        }
    }

    /// Calls `each` with every pair of this strip, in the order of [`Task::stream`].
    pub(crate) fn each_pair(&self, coverage: Coverage, mut each: impl FnMut(usize, usize)) {
        if coverage.fraction < 1.0 {
            self.sample(coverage, &mut |i, list| list.iter().for_each(|&j| each(i, j as usize)));
        } else {
            self.all(None, &mut |i, partners, _| {
                if let Partners::Range(range) = partners {
                    range.for_each(|j| each(i, j));
                }
            });
        }
    }

    fn all(&self, neural: Option<&Neural>, append: &mut impl FnMut(usize, Partners<'_>, Option<&[f64]>)) {
        let mut gram = Vec::new();
        for start in self.columns.clone().step_by(COLUMNS) {
            let tile = start..(start + COLUMNS).min(self.columns.end);
            let with_gram = neural.filter(|neural| neural.wants_gram());
            if let Some(neural) = with_gram {
                neural.gram(self.rows.clone(), tile.clone(), &mut gram);
            }
            for (r, i) in self.rows.clone().enumerate() {
                let first = tile.start.max(i + 1);
                if first >= tile.end {
                    continue;
                }
                let row = with_gram.map(|_| &gram[r * tile.len()..][first - tile.start..tile.len()]);
                append(i, Partners::Range(first..tile.end), row);
            }
        }
    }

    /// One pair out of every `1 / fraction` consecutive ones, at a random place among them: each pair is as likely as any.
    fn sample(&self, coverage: Coverage, each: &mut impl FnMut(usize, &[u32])) {
        let name = format!("pairs {} {}", self.rows.start, self.columns.start);
        let mut stream = Stream::new(coverage.seed, &name);
        let stride = 1.0 / coverage.fraction;
        let mut list = Vec::new();
        // Pairs are counted over the whole strip, so that the stride carries over from one row to the next.
        let mut before = 0u64;
        let mut stratum = 0u64;
        let mut next = (stream.unit() * stride) as u64;
        for i in self.rows.clone() {
            let first = self.columns.start.max(i + 1);
            let here = self.columns.end.saturating_sub(first) as u64;
            list.clear();
            while next < before + here {
                list.push((first as u64 + next - before) as u32);
                stratum += 1;
                next = ((stratum as f64 + stream.unit()) * stride) as u64;
            }
            before += here;
            if !list.is_empty() {
                each(i, &list);
            }
        }
    }
}
