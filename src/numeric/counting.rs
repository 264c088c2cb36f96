//! Spearman by counting: values fall into equal steps of a known range (65,536 or fewer), and all of a step share their mid-rank.
//!
//! For ranking the same number of values many thousand times, where a sort is too slow. Steps are exact where values are no
//! closer than a step; [`RankTarget::spearman`] is exact always, and tells whether they are fine
//! enough.
//!
//! Up to [`LANES`] sets of values are counted side by side against the same targets: additions to other tables fill the time that an
//! addition waits for the one before it. It is fastest where values nearly ascend, so that the steps that are added to stay in the
//! nearest cache.

use std::ops::Range;

use super::rank::{RankSums, RankTarget};
use super::simd::widest;

/// The most sets of values that are counted side by side.
pub const LANES: usize = 4;
/// The most steps, and the fewest, as powers of two.
const MOST: u32 = 16;
const FEWEST: u32 = 12;
/// Bits of a value.
const VALUE_BITS: u32 = 30;
/// Low bits of a step's sum that count its values.
const COUNT_BITS: u32 = 21;
/// The most values that they count.
const MOST_COUNTED: u64 = (1 << COUNT_BITS) - 1;
/// Numbers of a table: one for each step, and some that keep equal steps of two tables out of the same places of the cache.
const TABLE: usize = (1 << MOST) + 72;
/// Values of each set that are counted at once.
const BLOCK: usize = 1024;

/// Counts and sums of the targets' ranks, step by step, of several sets of values.
#[derive(Debug)]
pub struct StepCounts {
    /// How many sets are counted.
    lanes: usize,
    /// Per set a table: per step, the number of values and above it the sum of their targets (packed, so that a value costs one
    /// addition).
    packed: Vec<u64>,
    /// What has been unpacked so far, when there are more values than the packing has room for: per set and step.
    unpacked: Vec<[u64; 2]>,
    /// How many values of each set are in the packing, and how many can be.
    added: usize,
    room: usize,
    /// Low bits of a value that its step does not tell.
    dropped: u32,
    /// The lowest and the highest step that values are in; the first is above the second where there are no values.
    range: [u16; 2],
    /// The steps of some values of each set, and their targets in the place where the packing has them.
    steps: Vec<[u16; BLOCK]>,
    targets: Box<[u64; BLOCK]>,
}

impl StepCounts {
    /// Room for up to `lanes` sets of `n` values whose targets are below `2n`.
    #[must_use]
    pub fn new(n: usize, lanes: usize) -> Self {
        Self::with_steps(n, lanes.clamp(1, LANES), MOST)
    }

    /// As [`StepCounts::new`], for one set and with about one step for sixteen values: quicker, and coarser.
    #[must_use]
    pub fn coarse(n: usize) -> Self {
        Self::with_steps(n, 1, (usize::BITS - n.leading_zeros()).saturating_sub(4).clamp(FEWEST, MOST))
    }

    fn with_steps(n: usize, lanes: usize, bits: u32) -> Self {
        // As many as neither the counts nor the sums can overflow with.
        let room = (u64::MAX >> COUNT_BITS) / (2 * n.max(1) as u64);
        // The tables of several sets are correlated side by side; those of no set stay empty.
        let tables = if lanes == 1 { 1 } else { LANES };
        Self {
            lanes,
            packed: vec![0; tables * TABLE],
            unpacked: Vec::new(),
            added: 0,
            room: room.clamp(1, MOST_COUNTED) as usize,
            dropped: VALUE_BITS - bits,
            range: NOWHERE,
            steps: vec![[0; BLOCK]; tables],
            targets: Box::new([0; BLOCK]),
        }
    }

    /// Adds values of `lanes` sets, each in `0..2³⁰`, with their targets: of the first set as many as there are targets, then of the
    /// second, and so on. Between two correlations there are always as many sets.
    pub fn add(&mut self, lanes: usize, values: &[i32], targets: &[u32]) {
        self.lanes = lanes.clamp(1, self.steps.len());
        let at_once = BLOCK.min(self.room);
        for start in (0..targets.len()).step_by(at_once) {
            let these = start..(start + at_once).min(targets.len());
            if self.added + these.len() > self.room {
                self.unpack();
            }
            self.added += these.len();
            pack(&mut self.targets[..these.len()], &targets[these.clone()]);
            for (steps, values) in self.steps.iter_mut().zip(values.chunks_exact(targets.len())) {
                find_steps(&mut steps[..these.len()], &values[these.clone()], self.dropped, &mut self.range);
            }
            let (tables, _) = self.packed.as_chunks_mut();
            let count = match self.lanes {
                1 => count::<1>,
                2 => count::<2>,
                3 => count::<3>,
                _ => count::<LANES>,
            };
            count(tables, &self.steps, &self.targets, these.len());
        }
    }

    /// The steps of the values that were added.
    fn touched(&self) -> Range<usize> {
        let [lowest, highest] = self.range.map(usize::from);
        lowest..(highest + 1).max(lowest)
    }

    /// Moves what is in the packing to where there is more room.
    fn unpack(&mut self) {
        let n_steps = 1 << (VALUE_BITS - self.dropped);
        self.unpacked.resize(self.lanes * n_steps, [0; 2]);
        let touched = self.touched();
        let tables = self.packed.chunks_exact_mut(TABLE);
        for (wide, packed) in self.unpacked.chunks_exact_mut(n_steps).zip(tables) {
            for ([count, sum], packed) in wide[touched.clone()].iter_mut().zip(&mut packed[touched.clone()]) {
                *count += *packed & MOST_COUNTED;
                *sum += *packed >> COUNT_BITS;
                *packed = 0;
            }
        }
        self.added = 0;
    }

    /// The sums over steps of every set of `n` values, whose targets are centred ranks plus `n`. All values are forgotten.
    fn sums(&mut self, n: usize) -> [RankSums; LANES] {
        let (mut sums, touched) = ([RankSums::default(); LANES], self.touched());
        if self.unpacked.is_empty() {
            let (tables, _) = self.packed.as_chunks_mut::<TABLE>();
            if let Some(tables) = tables.first_chunk::<LANES>() {
                let (mut products, mut squares) = ([0.0; LANES], [0.0; LANES]);
                sum_side_by_side(&mut products, &mut squares, tables, &touched, n);
                sums = std::array::from_fn(|lane| RankSums::of(products[lane], squares[lane]));
            } else {
                let unpacked = |packed: &u64| [packed & MOST_COUNTED, packed >> COUNT_BITS];
                sums[0] = sum(tables[0][touched.clone()].iter().map(unpacked), n);
            }
            for table in tables {
                table[touched.clone()].fill(0);
            }
        } else {
            self.unpack();
            let n_steps = 1 << (VALUE_BITS - self.dropped);
            for (sums, steps) in sums.iter_mut().zip(self.unpacked.chunks_exact(n_steps)) {
                *sums = sum(steps[touched.clone()].iter().copied(), n);
            }
        }
        (self.added, self.range) = (0, NOWHERE);
        self.unpacked.clear();
        sums
    }
}

/// The range of no steps.
const NOWHERE: [u16; 2] = [u16::MAX, 0];

/// The places of `values`, each in `0..2³⁰`, so that these nearly ascend: those that agree in their highest 12 bits stay as they are.
#[must_use]
pub fn nearly_ascending(values: &[i32]) -> Vec<u32> {
    const HIGH: u32 = 12;
    let high = |value: i32| (value as u32 >> (VALUE_BITS - HIGH)) as usize & ((1 << HIGH) - 1);
    let mut next = vec![0; 1 << HIGH];
    for &value in values {
        next[high(value)] += 1;
    }
    let mut start = 0;
    for count in &mut next {
        start += std::mem::replace(count, start);
    }
    let mut places = vec![0; values.len()];
    for (place, &value) in (0..).zip(values) {
        let next = &mut next[high(value)];
        places[*next] = place;
        *next += 1;
    }
    places
}

impl RankTarget {
    /// Spearman's correlation of the target with each set of values in `counts`, equal where they share a step; `None` where either is
    /// constant. The values are forgotten.
    #[must_use]
    pub fn spearman_counted(&self, counts: &mut StepCounts) -> [Option<f64>; LANES] {
        counts.sums(self.len()).map(|sums| sums.correlation(self.sum_of_squares))
    }
}

/// The sums over steps, each with its number of values and the sum of their targets.
fn sum(steps: impl Iterator<Item = [u64; 2]>, n: usize) -> RankSums {
    let mut sums = RankSums::default();
    let mut below = 0;
    for [count, sum] in steps.filter(|[count, _]| *count > 0) {
        sums.add(below, count, sum as i64 - (n as u64 * count) as i64, n as u64);
        below += count;
    }
    sums
}

/// Adds the targets of `len` values of `N` sets to their steps.
fn count<const N: usize>(
    tables: &mut [[u64; TABLE]],
    steps: &[[u16; BLOCK]],
    targets: &[u64; BLOCK],
    len: usize,
) {
    let (Some(tables), Some(steps)) = (tables.first_chunk_mut::<N>(), steps.first_chunk::<N>()) else { return };
    for value in 0..len.min(BLOCK) {
        for (table, steps) in tables.iter_mut().zip(steps) {
            table[usize::from(steps[value])] += targets[value];
        }
    }
}

widest! {
    /// Each target as it is added to the sum of its step, which counts it.
    fn pack(out: &mut [u64], targets: &[u32]) {
        for (out, &target) in out.iter_mut().zip(targets) {
            *out = u64::from(target) << COUNT_BITS | 1;
        }
    }

    /// The steps of values, the lowest and the highest of which widen `range`.
    fn find_steps(out: &mut [u16], values: &[i32], dropped: u32, range: &mut [u16; 2]) {
        let [mut lowest, mut highest] = *range;
        for (out, &value) in out.iter_mut().zip(values) {
            // What the caller promises keeps every step within 16 bits.
            *out = (value as u32 >> dropped) as u16;
            lowest = lowest.min(*out);
            highest = highest.max(*out);
        }
        *range = [lowest, highest];
    }

    /// The products and squares of [`RankSums`] over the steps of every table, each in the order of the steps.
    fn sum_side_by_side(
        products: &mut [f64; LANES],
        squares: &mut [f64; LANES],
        tables: &[[u64; TABLE]; LANES],
        touched: &Range<usize>,
        n: usize,
    ) {
        let (mut product, mut square) = ([0.0; LANES], [0.0; LANES]);
        // Twice the number of values below, less that of all.
        let mut below = [-(n as i64); LANES];
        for step in touched.start..touched.end.min(TABLE) {
            let packed: [u64; LANES] = std::array::from_fn(|lane| tables[lane][step]);
            for lane in 0..LANES {
                let (count, target) = ((packed[lane] & MOST_COUNTED) as i64, (packed[lane] >> COUNT_BITS) as i64);
                let rank = (below[lane] + count) as f64;
                below[lane] += count + count;
                let count = count as f64;
                // Whole numbers below 2⁵³: targets are centred when `n` is taken from each.
                product[lane] += rank * (target as f64 - n as f64 * count);
                square[lane] += rank * rank * count;
            }
        }
        (*products, *squares) = (product, square);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::rank::Scratch;
    use crate::numeric::rng::Stream;

    /// `n` numbers, and others that correlate with them.
    fn correlated(n: usize) -> (Vec<f64>, RankTarget) {
        let mut stream = Stream::new(n as u64, "counting");
        let noise: Vec<f64> = (0..n).map(|_| stream.unit()).collect();
        let target: Vec<f32> = noise.iter().map(|x| (x + stream.unit()) as f32).collect();
        (noise, RankTarget::new(&target, &mut Scratch::default()))
    }

    #[test]
    fn counting_agrees_with_sorting() {
        for n in [100_000, 300_000] {
            let (noise, target) = correlated(n);
            let values: Vec<i32> = noise.iter().map(|x| (x * f64::from(1 << 30)) as i32).collect();
            let sorted = target.spearman(&values, &mut Scratch::default()).unwrap();
            let mut counts = StepCounts::new(n, 1);
            counts.add(1, &values, target.shifted());
            let counted = target.spearman_counted(&mut counts)[0].unwrap();
            assert!((sorted - counted).abs() < 1e-7, "{n}: {sorted} {counted}");
        }
    }

    #[test]
    fn sets_side_by_side_are_counted_as_each_alone() {
        let n = 5000;
        let (noise, target) = correlated(n);
        // All of the last are in one step.
        let of = |lane: usize| noise.iter().map(move |x| (x * f64::from(1 << (30 - 16 * lane / 3))) as i32);
        let sets: Vec<Vec<i32>> = (0..LANES).map(|lane| of(lane).collect()).collect();
        let (mut alone, mut together) = (StepCounts::new(n, 1), StepCounts::new(n, LANES));
        for lanes in [LANES, 2, 1, 3, LANES] {
            for part in [0..1, 1..2500, 2500..n] {
                let values: Vec<i32> = sets[..lanes].iter().flat_map(|set| &set[part.clone()]).copied().collect();
                together.add(lanes, &values, &target.shifted()[part]);
            }
            let found = target.spearman_counted(&mut together);
            for (lane, found) in found.into_iter().enumerate() {
                let expected = (lane < lanes).then(|| {
                    alone.add(1, &sets[lane], target.shifted());
                    target.spearman_counted(&mut alone)[0]
                });
                assert_eq!(found, expected.flatten(), "{lane} of {lanes}");
                assert_eq!(found.is_some(), lane < lanes.min(LANES - 1));
            }
        }
    }

    #[test]
    fn values_that_share_steps_count_exactly_beyond_the_packing() {
        let n = 2_500_000;
        let values: Vec<i32> = (0..n).map(|i| (i % 7) << 26).collect();
        let target: Vec<f32> = (0..n).map(|i| (i % 11) as f32).collect();
        let target = RankTarget::new(&target, &mut Scratch::default());
        let sorted = target.spearman(&values, &mut Scratch::default()).unwrap();
        for lanes in [1, 2] {
            let mut counts = StepCounts::new(n as usize, lanes);
            assert!(counts.room < n as usize);
            counts.add(lanes, &values.repeat(lanes), target.shifted());
            for counted in &target.spearman_counted(&mut counts)[..lanes] {
                assert!((sorted - counted.unwrap()).abs() < 1e-14);
            }
        }
    }
}
