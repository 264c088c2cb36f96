//! Mid-ranks of neural distances without holding the distances: counts on a fine logarithmic grid, then a look-up.
//!
//! Distances that agree to 13 binary digits share a rank.

use crate::numeric::rank::key_of_f32;

/// Digits of the f32 that are dropped: 13 of 23 stay, with the exponent.
const DROPPED: u32 = 10;

/// Counts of squared distances.
#[derive(Debug, Clone, Default)]
pub(crate) struct Histogram {
    /// Where the counts start.
    first: usize,
    counts: Vec<u64>,
}

fn bin(squared: f64) -> usize {
    // Those of cross-validated distances may be negative.
    (key_of_f32(squared as f32) >> DROPPED) as usize
}

impl Histogram {
    pub(crate) fn count(&mut self, squared: &[f64]) {
        for &squared in squared {
            let bin = bin(squared);
            self.make_room(bin, bin + 1);
            self.counts[bin - self.first] += 1;
        }
    }

    /// Makes `from..to` a part of the counted range.
    fn make_room(&mut self, from: usize, to: usize) {
        if self.counts.is_empty() {
            self.first = from;
        }
        if from < self.first {
            let more = self.first - from;
            self.counts.splice(0..0, std::iter::repeat_n(0, more));
            self.first = from;
        }
        if to > self.first + self.counts.len() {
            self.counts.resize(to - self.first, 0);
        }
    }

    /// Adds the counts of `other`, or takes them away.
    pub(crate) fn add(&mut self, other: &Self, plus: bool) {
        if other.counts.is_empty() {
            return;
        }
        self.make_room(other.first, other.first + other.counts.len());
        for (own, count) in self.counts[other.first - self.first..].iter_mut().zip(&other.counts) {
            *own = if plus { *own + count } else { own.saturating_sub(*count) };
        }
    }

    /// The mid-rank of every bin.
    pub(crate) fn ranks(&self) -> RankTable {
        let total: u64 = self.counts.iter().sum();
        let (mut below, mut sum_of_squares) = (0, 0.0);
        let ranks = self.counts.iter().map(|&count| {
            let rank = (2 * below + count) as i64 - total as i64;
            below += count;
            sum_of_squares += count as f64 * (rank as f64).powi(2);
            rank
        });
        RankTable { first: self.first, centred: ranks.collect(), total, sum_of_squares }
    }
}

/// The rank of each squared distance.
#[derive(Debug, Clone)]
pub(crate) struct RankTable {
    first: usize,
    /// Per bin, twice the centred mid-rank, as [`crate::numeric::rank`] has them.
    centred: Vec<i64>,
    total: u64,
    sum_of_squares: f64,
}

impl RankTable {
    /// Twice the centred mid-rank of a distance that was counted.
    pub(crate) fn centred(&self, squared: f64) -> i64 {
        bin(squared).checked_sub(self.first).and_then(|bin| self.centred.get(bin)).copied().unwrap_or(0)
    }

    /// The mid-rank of a distance that was counted, scaled to `[0, 1]`.
    pub(crate) fn rank(&self, squared: f64) -> f64 {
        let total = self.total as f64;
        (self.centred(squared) as f64 + total + 1.0) / (2.0 * total.max(1.0))
    }

    /// How many distances were counted.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// The sum over all distances of their centred ranks' squares; 0 where all are equal.
    pub(crate) fn sum_of_squares(&self) -> f64 {
        self.sum_of_squares
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_mid_ranks_and_counts_can_be_taken_away() {
        let mut histogram = Histogram::default();
        histogram.count(&[4.0, 1.0, 2.0, 2.0]);
        let mut more = Histogram::default();
        more.count(&[0.0, 9.0]);
        histogram.add(&more, true);
        histogram.add(&more, false);
        let table = histogram.ranks();
        let ranks: Vec<f64> = [1.0, 2.0, 4.0].iter().map(|&x| 4.0 * table.rank(x)).collect();
        assert_eq!(ranks, [1.0, 2.5, 4.0]);
        let mut signed = Histogram::default();
        signed.count(&[0.25, -3.0, -0.0, 0.0, -0.5, 7.0]);
        let table = signed.ranks();
        let ranks: Vec<f64> = [-3.0, -0.5, 0.0, 0.25, 7.0].iter().map(|&x| 6.0 * table.rank(x)).collect();
        assert_eq!(ranks, [1.0, 2.0, 3.5, 5.0, 6.0]);
    }
}
