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
use super::steps::{BLOCK, COUNT_BITS, Packed, Steps};

/// The most sets of values that are counted side by side.
pub const LANES: usize = 8;
/// The most steps, and the fewest, as powers of two.
const MOST: u32 = 16;
const FEWEST: u32 = 12;
/// Bits of a value.
const VALUE_BITS: u32 = 30;
/// The most values that they count.
const MOST_COUNTED: u64 = (1 << COUNT_BITS) - 1;
/// Numbers of a table: one for each step, and some that keep equal steps of two tables out of the same places of the cache.
const TABLE: usize = (1 << MOST) + 72;

/// Counts and sums of the targets' ranks, step by step, of several sets of values.
#[derive(Debug)]
pub struct StepCounts {
    /// How many sets are counted, and how many values each will have.
    lanes: usize,
    n: usize,
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
    /// A step is at its number's low bits in the table, those of this mask: fewer than all where the values that are added from
    /// now on are never far from one another.
    mask: u16,
    /// The steps below have got all their values, and are in the sums.
    settled: usize,
    sums: Sums,
    /// The places of the steps of some values of each set.
    places: Vec<[u16; BLOCK]>,
}

/// The sums over the steps that have got all their values, set by set.
#[derive(Debug, Clone, Copy)]
struct Sums {
    /// Twice the number of values, less that of all there will be.
    below: [i64; LANES],
    products: [f64; LANES],
    squares: [f64; LANES],
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
        // The tables of several sets are summed side by side; those of no set stay empty.
        let tables = if lanes == 1 { 1 } else { LANES };
        let mut counts = Self {
            lanes,
            n,
            packed: vec![0; tables * TABLE],
            unpacked: Vec::new(),
            added: 0,
            room: room.clamp(1, MOST_COUNTED) as usize,
            dropped: VALUE_BITS - bits,
            mask: u16::MAX,
            settled: 0,
            sums: Sums { below: [0; LANES], products: [0.0; LANES], squares: [0.0; LANES] },
            places: vec![[0; BLOCK]; tables],
        };
        counts.start(lanes, 1 << VALUE_BITS);
        counts
    }

    /// Begins with `lanes` sets, as many as there is room for at most. After [`StepCounts::settle`] the values that are added until the
    /// next are less than `span` above that one.
    pub fn start(&mut self, lanes: usize, span: u32) {
        let n_steps = (span >> self.dropped) + 2;
        let all = u32::MAX >> (u32::BITS - VALUE_BITS + self.dropped);
        self.mask = (n_steps.next_power_of_two() - 1).min(all) as u16;
        self.lanes = lanes.clamp(1, self.places.len());
        let below = [-(self.n as i64); LANES];
        self.sums = Sums { below, products: [0.0; LANES], squares: [0.0; LANES] };
        (self.settled, self.added) = (0, 0);
        if !self.settles() {
            self.mask = all as u16;
        }
    }

    /// Whether steps can be summed before the last value is added: where the packing has room for all.
    fn settles(&self) -> bool {
        self.n <= self.room
    }

    /// Adds values of every set, each in `0..2³⁰`, with their targets: of the first set as many as there are targets, then of the
    /// second, and so on.
    pub fn add(&mut self, values: &[i32], targets: &[u32]) {
        let mut packed = Packed::empty();
        for (index, block) in targets.chunks(BLOCK).enumerate() {
            packed.take(block);
            self.add_block(&packed, |lane, steps, places| {
                let start = lane * targets.len() + index * BLOCK;
                steps.find(&values[start..start + places.len()], places);
            });
        }
    }

    /// Adds one value of every set for each of `targets`: `find` is given the number of a set, and writes the places of its values.
    pub fn add_block(&mut self, targets: &Packed, mut find: impl FnMut(usize, Steps, &mut [u16])) {
        if self.added + targets.as_slice().len() > self.room {
            self.unpack();
        }
        self.added += targets.as_slice().len();
        let steps = Steps::new(self.dropped, self.mask);
        for (lane, places) in self.places.iter_mut().take(self.lanes).enumerate() {
            find(lane, steps, &mut places[..targets.as_slice().len()]);
        }
        let (tables, _) = self.packed.as_chunks_mut();
        let count = match self.lanes {
            1 => count::<1>,
            2 => count::<2>,
            3 => count::<3>,
            4 => count::<4>,
            5 => count::<5>,
            6 => count::<6>,
            7 => count::<7>,
            _ => count::<LANES>,
        };
        count(tables, &self.places, targets.as_slice());
    }

    /// Tells that no further value is below `value`.
    pub fn settle(&mut self, value: i32) {
        if self.settles() {
            self.settle_steps((value.max(0) as u32 >> self.dropped) as usize);
        }
    }

    /// Takes the steps below `end` into the sums.
    fn settle_steps(&mut self, end: usize) {
        let Self { settled, sums, packed, mask, .. } = self;
        let ring = usize::from(*mask) + 1;
        // Steps that are farther away have no values.
        let mut left = end.saturating_sub(*settled).min(ring);
        let (tables, _) = packed.as_chunks_mut::<TABLE>();
        while left > 0 {
            let start = *settled & usize::from(*mask);
            let range = start..(start + left).min(ring);
            (*settled, left) = (*settled + range.len(), left - range.len());
            if let Some(tables) = tables.first_chunk::<LANES>() {
                sum_side_by_side(sums, tables, &range, self.n);
            } else {
                sums.add(tables[0][range.clone()].iter().map(|&packed| unpacked(packed)), 0, self.n);
            }
            for table in &mut *tables {
                table[range.clone()].fill(0);
            }
        }
        *settled = (*settled).max(end);
    }

    /// How many steps there are.
    fn n_steps(&self) -> usize {
        1 << (VALUE_BITS - self.dropped)
    }

    /// Moves what is in the packing to where there is more room.
    fn unpack(&mut self) {
        let n_steps = self.n_steps();
        self.unpacked.resize(self.lanes * n_steps, [0; 2]);
        let tables = self.packed.chunks_exact_mut(TABLE);
        for (wide, packed) in self.unpacked.chunks_exact_mut(n_steps).zip(tables) {
            for ([count, sum], packed) in wide.iter_mut().zip(packed) {
                let [more, targets] = unpacked(std::mem::take(packed));
                (*count, *sum) = (*count + more, *sum + targets);
            }
        }
        self.added = 0;
    }

    /// The sums over steps of every set. All values are forgotten, and another start is to be made.
    fn finish(&mut self) -> Sums {
        let n_steps = self.n_steps();
        if self.unpacked.is_empty() {
            self.settle_steps(n_steps);
        } else {
            self.unpack();
            for (lane, steps) in self.unpacked.chunks_exact(n_steps).enumerate() {
                self.sums.add(steps.iter().copied(), lane, self.n);
            }
            self.unpacked.clear();
        }
        let sums = self.sums;
        self.start(self.lanes, 1 << VALUE_BITS);
        sums
    }
}

/// The number of values of a step, and the sum of their targets.
fn unpacked(packed: u64) -> [u64; 2] {
    [packed & MOST_COUNTED, packed >> COUNT_BITS]
}

impl Sums {
    /// Adds steps of the set at `lane`, each with its number of values and the sum of their targets, which are centred ranks plus `n`.
    fn add(&mut self, steps: impl Iterator<Item = [u64; 2]>, lane: usize, n: usize) {
        let Self { below, products, squares } = self;
        for [count, targets] in steps.filter(|[count, _]| *count > 0) {
            let rank = (below[lane] + count as i64) as f64;
            below[lane] += 2 * count as i64;
            products[lane] += rank * (targets as i64 - (n as u64 * count) as i64) as f64;
            squares[lane] += rank * rank * count as f64;
        }
    }
}

impl RankTarget {
    /// Spearman's correlation of the target with each set of values in `counts`, equal where they share a step; `None` where either is
    /// constant. The values are forgotten.
    #[must_use]
    pub fn spearman_counted(&self, counts: &mut StepCounts) -> [Option<f64>; LANES] {
        let Sums { products, squares, .. } = counts.finish();
        let of = |lane: usize| RankSums::of(products[lane], squares[lane]);
        std::array::from_fn(|lane| of(lane).correlation(self.sum_of_squares))
    }
}

/// Adds the targets of values of `N` sets to their steps.
fn count<const N: usize>(tables: &mut [[u64; TABLE]], steps: &[[u16; BLOCK]], targets: &[u64]) {
    let (Some(tables), Some(steps)) = (tables.first_chunk_mut::<N>(), steps.first_chunk::<N>()) else {
        return;
    };
    for value in 0..targets.len().min(BLOCK) {
        for (table, steps) in tables.iter_mut().zip(steps) {
            table[usize::from(steps[value])] += targets[value];
        }
    }
}

widest! {
    /// Adds the steps at the places of `range` in every table, as [`Sums::add`] does.
    #[expect(clippy::needless_range_loop, reason = "the place is one in every table")]
    fn sum_side_by_side(sums: &mut Sums, tables: &[[u64; TABLE]; LANES], range: &Range<usize>, n: usize) {
        let Sums { mut below, mut products, mut squares } = *sums;
        for place in range.start..range.end.min(TABLE) {
            let packed: [u64; LANES] = std::array::from_fn(|lane| tables[lane][place]);
            for lane in 0..LANES {
                let (count, targets) = ((packed[lane] & MOST_COUNTED) as i64, (packed[lane] >> COUNT_BITS) as i64);
                let rank = (below[lane] + count) as f64;
                below[lane] += count + count;
                // Whole numbers below 2⁵³; a step without values adds 0.
                let count = count as f64;
                products[lane] += rank * (targets as f64 - n as f64 * count);
                squares[lane] += rank * rank * count;
            }
        }
        *sums = Sums { below, products, squares };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::rank::{Scratch, nearly_ascending};
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
            counts.add(&values, target.shifted());
            let counted = target.spearman_counted(&mut counts)[0].unwrap();
            assert!((sorted - counted).abs() < 1e-7, "{n}: {sorted} {counted}");
        }
    }

    #[test]
    fn sets_side_by_side_are_counted_as_each_alone() {
        let n = 5000;
        let (noise, target) = correlated(n);
        let whole: Vec<i32> = noise.iter().map(|x| (x * f64::from((1 << 30) - 20_000)) as i32).collect();
        let places = nearly_ascending(&whole);
        assert!(places.windows(2).all(|pair| whole[pair[0] as usize] >> 18 <= whole[pair[1] as usize] >> 18));
        let target = target.reordered(&places);
        let whole: Vec<i32> = places.iter().map(|&place| whole[place as usize]).collect();
        // Those of some are moved up a little, those of the last are all in one step.
        let of = |lane: usize, value: i32| match lane {
            7 => value >> 16,
            _ => value + (value % 7) * 2000 * (lane as i32 % 2),
        };
        let (mut alone, mut together) = (StepCounts::new(n, 1), StepCounts::new(n, LANES));
        for lanes in [LANES, 2, 1, 3, 7, LANES] {
            // Steps are summed as soon as they are complete, or at the end; the set in one step is not in the order of the others.
            let early = lanes < LANES;
            let parts = [0..1, 1..999, 999..2000, 2000..3000, 3000..4000, 4000..n];
            let span =
                parts.iter().map(|part| whole[part.end - 1] - whole[part.start] + (1 << 20)).max().unwrap();
            together.start(lanes, if early { span as u32 } else { 1 << 30 });
            assert!(!early || together.mask < u16::MAX);
            for part in parts {
                if early {
                    together.settle(whole[part.start] - (1 << 18));
                }
                let values: Vec<i32> = (0..lanes)
                    .flat_map(|lane| whole[part.clone()].iter().map(move |&x| of(lane, x)))
                    .collect();
                together.add(&values, &target.shifted()[part]);
            }
            let found = target.spearman_counted(&mut together);
            for (lane, found) in found.into_iter().enumerate() {
                let values: Vec<i32> = whole.iter().map(|&value| of(lane, value)).collect();
                alone.add(&values, target.shifted());
                let expected = target.spearman_counted(&mut alone)[0].filter(|_| lane < lanes);
                assert_eq!(found, expected, "{lane} of {lanes}");
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
            counts.start(lanes, 1 << 20);
            assert!(!counts.settles());
            counts.settle(3 << 26);
            counts.add(&values.repeat(lanes), target.shifted());
            for counted in &target.spearman_counted(&mut counts)[..lanes] {
                assert!((sorted - counted.unwrap()).abs() < 1e-14);
            }
        }
    }
}
