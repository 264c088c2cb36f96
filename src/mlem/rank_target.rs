//! Mid-ranks of neural distances without holding the distances: counts on a fine logarithmic grid, then a look-up.
//!
//! Distances that agree to 13 binary digits share a rank.

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
    // Squared distances are not negative, so the bits of an f32 are in its order.
    ((squared as f32).to_bits() >> DROPPED) as usize
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

    /// The mid-rank of every bin, scaled to `[0, 1]`.
    pub(crate) fn ranks(&self) -> RankTable {
        let total = self.counts.iter().sum::<u64>().max(1) as f64;
        let mut below = 0;
        let ranks = self.counts.iter().map(|&count| {
            let rank = (below as f64 + (count + 1) as f64 / 2.0) / total;
            below += count;
            rank
        });
        RankTable { first: self.first, ranks: ranks.collect() }
    }
}

/// The rank of each squared distance.
#[derive(Debug, Clone)]
pub(crate) struct RankTable {
    first: usize,
    ranks: Vec<f64>,
}

impl RankTable {
    pub(crate) fn rank(&self, squared: f64) -> f64 {
        bin(squared).checked_sub(self.first).and_then(|bin| self.ranks.get(bin)).copied().unwrap_or(0.0)
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
    }
}
