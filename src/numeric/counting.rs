//! Spearman by counting: values fall into equal steps of a known range (65,536 or fewer), and all of a step share their mid-rank.
//!
//! For ranking the same number of values many thousand times, where a sort is too slow. Steps are exact where values are no
//! closer than a step; [`RankTarget::spearman`] is exact always, and tells whether they are fine
//! enough.

use super::rank::{RankSums, RankTarget};

/// The most steps, and the fewest, as powers of two.
const MOST: u32 = 16;
const FEWEST: u32 = 12;
/// Bits of a value.
const VALUE_BITS: u32 = 30;
/// Low bits of a step's sum that count its values.
const COUNT_BITS: u32 = 20;

/// Counts and sums of the targets' ranks, step by step.
#[derive(Debug)]
pub struct StepCounts {
    /// Per step, the number of values and above it the sum of their targets (packed, so that a value costs one addition).
    packed: Vec<u64>,
    /// What has been unpacked so far, when there are more values than the packing has room for.
    unpacked: Vec<(u64, u64)>,
    added: usize,
    room: usize,
    /// Low bits of a value that its step does not tell.
    dropped: u32,
}

impl StepCounts {
    /// Room for `n` values whose targets are below `2n`.
    #[must_use]
    pub fn new(n: usize) -> Self {
        Self::with_steps(n, MOST)
    }

    /// As [`StepCounts::new`], with about one step for sixteen values: quicker, and coarser.
    #[must_use]
    pub fn coarse(n: usize) -> Self {
        Self::with_steps(n, (usize::BITS - n.leading_zeros()).saturating_sub(4).clamp(FEWEST, MOST))
    }

    fn with_steps(n: usize, bits: u32) -> Self {
        let target_bits = usize::BITS - (2 * n).leading_zeros();
        // As many as neither the counts nor the sums can overflow with.
        let room_bits = (64 - COUNT_BITS - target_bits.min(30)).min(COUNT_BITS - 1);
        Self {
            packed: vec![0; 1 << bits],
            unpacked: Vec::new(),
            added: 0,
            room: 1 << room_bits,
            dropped: VALUE_BITS - bits,
        }
    }

    /// Forgets all values.
    pub fn clear(&mut self) {
        self.packed.fill(0);
        self.unpacked.clear();
        self.added = 0;
    }

    /// Adds values, each in `0..2³⁰`, with their targets.
    pub fn add(&mut self, values: &[i32], targets: &[u32]) {
        for (values, targets) in values.chunks(self.room).zip(targets.chunks(self.room)) {
            if self.added + values.len() > self.room {
                self.unpack();
            }
            self.added += values.len();
            let last = self.packed.len() - 1;
            for (&value, &target) in values.iter().zip(targets) {
                // What the caller promises keeps every step within the table.
                let step = (value as u32 >> self.dropped) as usize & last;
                self.packed[step] += u64::from(target) << COUNT_BITS | 1;
            }
        }
    }

    fn unpack(&mut self) {
        self.unpacked.resize(self.packed.len(), (0, 0));
        for (wide, packed) in self.unpacked.iter_mut().zip(&mut self.packed) {
            wide.0 += *packed & ((1 << COUNT_BITS) - 1);
            wide.1 += *packed >> COUNT_BITS;
            *packed = 0;
        }
        self.added = 0;
    }

    /// Spearman's correlation of the `n` values added with their targets, which are centred ranks plus `n`.
    fn correlation(&mut self, n: usize, target_square: f64) -> Option<f64> {
        let mut sums = RankSums::default();
        let mut below = 0;
        let mut add = |count: u64, sum: u64| {
            if count > 0 {
                sums.add(below, count, sum as i64 - (n as u64 * count) as i64, n as u64);
                below += count;
            }
        };
        if self.unpacked.is_empty() {
            for packed in &self.packed {
                add(packed & ((1 << COUNT_BITS) - 1), packed >> COUNT_BITS);
            }
        } else {
            self.unpack();
            for &(count, sum) in &self.unpacked {
                add(count, sum);
            }
        }
        sums.correlation(target_square)
    }
}

impl RankTarget {
    /// Spearman's correlation of the target with the values in `counts`, equal where they share a step; `None` where either is
    /// constant.
    #[must_use]
    pub fn spearman_counted(&self, counts: &mut StepCounts) -> Option<f64> {
        counts.correlation(self.len(), self.sum_of_squares)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::rank::Scratch;
    use crate::numeric::rng::Stream;

    #[test]
    fn counting_agrees_with_sorting() {
        for n in [100_000, 300_000] {
            let mut stream = Stream::new(n as u64, "counting");
            let noise: Vec<f64> = (0..n).map(|_| stream.unit()).collect();
            let target: Vec<f32> = noise.iter().map(|x| (x + stream.unit()) as f32).collect();
            let values: Vec<i32> = noise.iter().map(|x| (x * f64::from(1 << 30)) as i32).collect();
            let target = RankTarget::new(&target, &mut Scratch::default());
            let sorted = target.spearman(&values, &mut Scratch::default()).unwrap();
            let mut counts = StepCounts::new(n);
            counts.add(&values, target.shifted());
            let counted = target.spearman_counted(&mut counts).unwrap();
            assert!((sorted - counted).abs() < 1e-7, "{n}: {sorted} {counted}");
        }
    }

    #[test]
    fn values_that_share_steps_count_exactly_beyond_the_packing() {
        let n = 2_500_000;
        let values: Vec<i32> = (0..n).map(|i| (i % 7) << 26).collect();
        let target: Vec<f32> = (0..n).map(|i| (i % 11) as f32).collect();
        let target = RankTarget::new(&target, &mut Scratch::default());
        let mut counts = StepCounts::new(n as usize);
        counts.add(&values, target.shifted());
        let sorted = target.spearman(&values, &mut Scratch::default()).unwrap();
        assert!((sorted - target.spearman_counted(&mut counts).unwrap()).abs() < 1e-14);
    }
}
