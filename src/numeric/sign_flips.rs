//! Sign flips: the null distribution of a mean over rows whose signs are exchangeable, all of them or a seeded sample.
//!
//! Under the null that each row is distributed symmetrically around 0, every row may be turned around with all of its entries
//! together. With few rows all `2ⁿ` ways to do so are gone through; with more, draws with the data themselves counted among them.

use serde::{Deserialize, Serialize};

use super::rng::Stream;

/// Up to so many rows all flips are gone through, however few draws are asked for.
pub const EXACT: usize = 14;

/// Which deviations from 0 count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tail {
    /// Either side of 0.
    #[default]
    Two,
    /// Above 0.
    Greater,
    /// Below 0.
    Less,
}

impl Tail {
    /// The signs with which a statistic is looked at, so that larger is more extreme.
    #[must_use]
    pub fn sides(self) -> &'static [f64] {
        match self {
            Self::Two => &[1.0, -1.0],
            Self::Greater => &[1.0],
            Self::Less => &[-1.0],
        }
    }

    /// How extreme `statistic` is.
    #[must_use]
    pub fn extremity(self, statistic: f64) -> f64 {
        match self {
            Self::Two => statistic.abs(),
            Self::Greater => statistic,
            Self::Less => -statistic,
        }
    }
}

/// Ways to turn rows around; the first turns none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flips {
    rows: usize,
    count: usize,
    /// Bits of the draws, so many words to each; none where all flips are gone through.
    drawn: Option<Vec<u64>>,
}

impl Flips {
    /// All flips of `rows` rows that differ to `tail`, where there are at most 2^[`EXACT`] or no more than `draws`; else `draws` of
    /// them by `seed`, and the data.
    ///
    /// A statistic that has no side is the same for a flip and its opposite, so that half of the flips are all there are.
    #[must_use]
    pub fn of(rows: usize, tail: Tail, draws: usize, seed: u64) -> Self {
        let bits = if tail == Tail::Two { rows.saturating_sub(1) } else { rows };
        if rows <= EXACT || (bits < 30 && 1 << bits <= draws + 1) {
            return Self { rows, count: 1 << bits, drawn: None };
        }
        let mut stream = Stream::new(seed, "sign flips");
        let words = rows.div_ceil(64);
        let mut drawn = vec![0; words];
        drawn.extend((0..draws * words).map(|_| stream.bits()));
        Self { rows, count: draws + 1, drawn: Some(drawn) }
    }

    /// How many, the data among them: no p-value is below one over this.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// Whether these are all flips there are.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.drawn.is_none()
    }

    /// The least p-value that there can be.
    #[must_use]
    pub fn least_p(&self) -> f64 {
        1.0 / self.count as f64
    }

    /// Whether flip `at` turns `row` around.
    #[must_use]
    pub fn turns(&self, at: usize, row: usize) -> bool {
        match &self.drawn {
            None => at >> row & 1 == 1,
            Some(bits) => bits[at * self.rows.div_ceil(64) + row / 64] >> (row % 64) & 1 == 1,
        }
    }
}

/// Whether a statistic of a flip is at least `observed`, up to what rounding does to two that are equal.
#[must_use]
pub fn as_extreme(statistic: f64, observed: f64) -> bool {
    statistic >= observed - 1e-9 * observed.abs() - 1e-12
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_rows_have_all_their_flips_and_the_data_come_first() {
        for (rows, tail, count) in
            [(1, Tail::Two, 1), (4, Tail::Two, 8), (4, Tail::Less, 16), (14, Tail::Two, 8192)]
        {
            let flips = Flips::of(rows, tail, 10, 0);
            assert_eq!((flips.count(), flips.is_exact()), (count, true));
            assert!((0..rows).all(|row| !flips.turns(0, row)));
        }
        let flips = Flips::of(3, Tail::Greater, 10, 0);
        let mut all: Vec<Vec<bool>> =
            (0..8).map(|at| (0..3).map(|row| flips.turns(at, row)).collect()).collect();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 8);
    }

    #[test]
    fn many_rows_have_draws_and_more_draws_than_flips_are_all_flips() {
        let flips = Flips::of(70, Tail::Two, 999, 3);
        assert_eq!((flips.count(), flips.is_exact(), flips.least_p()), (1000, false, 0.001));
        assert!((0..70).all(|row| !flips.turns(0, row)));
        // Each row is turned around in half of the draws: five standard deviations of a binomial (999, 1/2).
        for row in 0..70 {
            let turned = (1..1000).filter(|&at| flips.turns(at, row)).count() as f64;
            assert!((turned - 499.5).abs() < 5.0 * 15.8, "{row}: {turned}");
        }
        assert_ne!(flips, Flips::of(70, Tail::Two, 999, 4));
        assert!(
            !Flips::of(15, Tail::Two, 16_382, 0).is_exact() && Flips::of(15, Tail::Two, 16_383, 0).is_exact()
        );
        assert!(!Flips::of(15, Tail::Greater, 16_383, 0).is_exact());
    }
}
