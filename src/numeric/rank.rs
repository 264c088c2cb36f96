//! Ranks with ties at their middle, and the Spearman correlation they give.
//!
//! Ranks are kept centred and doubled, `2 · midrank − (n + 1)`, so that they are whole numbers: sums of them are exact in
//! any order.

/// A `u32` in the order of the `f32`: comparing keys compares the numbers. Negative zero equals zero.
#[must_use]
pub fn key_of_f32(value: f32) -> u32 {
    let bits = (value + 0.0).to_bits();
    if bits >> 31 == 1 { !bits } else { bits | 1 << 31 }
}

/// A `u32` in the order of the `i32`.
#[must_use]
pub fn key_of_i32(value: i32) -> u32 {
    (value as u32) ^ (1 << 31)
}

/// Bits of a digit of the radix sort, and how many digits are sorted by.
const DIGIT: u32 = 11;
const DIGITS: usize = 2;

/// Sorts `items` by their upper 32 bits (stable); `scratch` is overwritten.
///
/// Radix by the highest 22 bits of what they are above the lowest, in which most differ; then those that agree, each group for itself.
pub fn sort_by_high_half(items: &mut Vec<u64>, scratch: &mut Vec<u64>) {
    const SIZE: usize = 1 << DIGIT;
    let bounds = items.iter().fold((u32::MAX, 0), |(low, high), &item| {
        let key = (item >> 32) as u32;
        (low.min(key), high.max(key))
    });
    let (low, high) = bounds;
    let dropped =
        (u32::BITS - high.saturating_sub(low).leading_zeros()).saturating_sub(DIGITS as u32 * DIGIT);
    scratch.resize(items.len(), 0);
    let mut counts = [[0u32; SIZE]; DIGITS];
    let digit = |item: u64, pass: usize| {
        (((item >> 32) as u32 - low) >> (dropped + pass as u32 * DIGIT)) as usize & (SIZE - 1)
    };
    for &item in items.iter() {
        for (pass, counts) in counts.iter_mut().enumerate() {
            counts[digit(item, pass)] += 1;
        }
    }
    for (pass, counts) in counts.iter_mut().enumerate() {
        // A digit that all items share sorts nothing.
        if counts.iter().any(|&count| count as usize == items.len()) {
            continue;
        }
        let mut start = 0;
        for count in counts.iter_mut() {
            start += std::mem::replace(count, start);
        }
        for &item in items.iter() {
            let place = &mut counts[digit(item, pass)];
            scratch[*place as usize] = item;
            *place += 1;
        }
        std::mem::swap(items, scratch);
    }
    if dropped > 0 {
        let prefix = |item: &u64| ((item >> 32) as u32 - low) >> dropped;
        for group in items.chunk_by_mut(|a, b| prefix(a) == prefix(b)) {
            // Groups are small where values are spread; the sort of the library is quick for these, and for those in order.
            if !group.is_sorted_by_key(|item| item >> 32) {
                group.sort_by_key(|item| item >> 32);
            }
        }
    }
}

/// The places of `values`, each in `0..2³⁰`, so that these nearly ascend: those that agree in their highest 12 bits stay as they are.
#[must_use]
pub fn nearly_ascending(values: &[i32]) -> Vec<u32> {
    const HIGH: u32 = 12;
    let high = |value: i32| (value as u32 >> (30 - HIGH)) as usize & ((1 << HIGH) - 1);
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

/// Buffers that one ranking leaves for the next.
#[derive(Debug, Default)]
pub struct Scratch {
    items: Vec<u64>,
    other: Vec<u64>,
}

/// Twice the centred mid-rank of each value: `2 · midrank − (n + 1)`, a whole number in `−n..n`. The values are numbers.
#[must_use]
pub fn centred_ranks(values: &[f32], scratch: &mut Scratch) -> Vec<i32> {
    let Scratch { items, other } = scratch;
    items.clear();
    items.extend(values.iter().enumerate().map(|(i, &value)| u64::from(key_of_f32(value)) << 32 | i as u64));
    sort_by_high_half(items, other);
    let mut ranks = vec![0; values.len()];
    for (start, group) in groups(items) {
        let rank = (2 * start + group.len()) as i64 - values.len() as i64;
        for &item in group {
            ranks[item as u32 as usize] = rank as i32;
        }
    }
    ranks
}

/// The runs of equal upper halves of sorted `items`, each with where it starts.
fn groups(items: &[u64]) -> impl Iterator<Item = (usize, &[u64])> {
    let mut start = 0;
    items.chunk_by(|a, b| a >> 32 == b >> 32).map(move |group| {
        let here = start;
        start += group.len();
        (here, group)
    })
}

/// Values whose ranks are known, for many others to be correlated with.
#[derive(Debug, Clone)]
pub struct RankTarget {
    /// [`centred_ranks`] plus their number, so that none is negative.
    shifted: Vec<u32>,
    pub(super) sum_of_squares: f64,
}

impl RankTarget {
    /// Ranks `values`.
    #[must_use]
    pub fn new(values: &[f32], scratch: &mut Scratch) -> Self {
        let ranks = centred_ranks(values, scratch);
        let sum_of_squares: i128 = ranks.iter().map(|&rank| i128::from(i64::from(rank).pow(2))).sum();
        let n = ranks.len() as i32;
        let shifted = ranks.into_iter().map(|rank| (rank + n) as u32).collect();
        Self { shifted, sum_of_squares: sum_of_squares as f64 }
    }

    /// How many values.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shifted.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.shifted.is_empty()
    }

    /// Whether all values are equal, so that no correlation with them is defined.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        self.sum_of_squares == 0.0
    }

    /// The standard deviation of the ranks as a share of what it is without ties, 0 to 1. Spearman's correlation with mid-ranks times
    /// this is its expectation where ties are broken at random (`ρ_a` of Schütt et al. 2023, eLife 12, e82566).
    #[must_use]
    pub fn untied_share(&self) -> f64 {
        let n = self.shifted.len() as f64;
        let untied = n * (n * n - 1.0) / 3.0;
        if untied > 0.0 { (self.sum_of_squares / untied).sqrt() } else { 0.0 }
    }

    /// The targets that [`StepCounts`](super::counting::StepCounts) takes: centred ranks plus their number.
    #[must_use]
    pub fn shifted(&self) -> &[u32] {
        &self.shifted
    }

    /// The targets at `places`, which are all places in another order.
    #[must_use]
    pub fn reordered(&self, places: &[u32]) -> Self {
        let shifted = places.iter().map(|&place| self.shifted[place as usize]).collect();
        Self { shifted, sum_of_squares: self.sum_of_squares }
    }

    /// Spearman's correlation of the target with `values` (as many), ties at their mid-rank; `None` where either is
    /// constant.
    #[must_use]
    pub fn spearman(&self, values: &[i32], scratch: &mut Scratch) -> Option<f64> {
        let Scratch { items, other } = scratch;
        items.clear();
        items.extend(
            values
                .iter()
                .zip(&self.shifted)
                .map(|(&value, &target)| u64::from(key_of_i32(value)) << 32 | u64::from(target)),
        );
        sort_by_high_half(items, other);
        let mut sums = RankSums::default();
        for (start, group) in groups(items) {
            let shifted: i64 = group.iter().map(|&item| i64::from(item as u32)).sum();
            let (count, n) = (group.len() as i64, values.len() as i64);
            sums.add(start as u64, count as u64, shifted - n * count, n as u64);
        }
        sums.correlation(self.sum_of_squares)
    }
}

/// The sums over groups of equal values that make a Spearman correlation.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct RankSums {
    product: f64,
    square: f64,
}

impl RankSums {
    /// Sums that are known.
    pub(super) fn of(product: f64, square: f64) -> Self {
        Self { product, square }
    }

    /// A group of `count` equal values above `below` smaller ones, whose targets' centred ranks sum to `target`.
    pub(crate) fn add(&mut self, below: u64, count: u64, target: i64, total: u64) {
        let rank = (2 * below + count) as f64 - total as f64;
        self.product += rank * target as f64;
        self.square += rank * rank * count as f64;
    }

    /// The correlation with targets whose centred ranks' squares sum to `target_square`; `None` where either is constant.
    pub(crate) fn correlation(self, target_square: f64) -> Option<f64> {
        let scale = (self.square * target_square).sqrt();
        (scale > 0.0).then(|| (self.product / scale).clamp(-1.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Mid-ranks by counting, the definition.
    fn slow_ranks(values: &[f64]) -> Vec<f64> {
        let below = |x: f64| values.iter().filter(|&&y| y < x).count() as f64;
        let equal = |x: f64| values.iter().filter(|&&y| y == x).count() as f64;
        values.iter().map(|&x| below(x) + 0.5 * (equal(x) + 1.0)).collect()
    }

    proptest! {
        #[test]
        fn ranks_equal_their_definition(values in prop::collection::vec(-3i32..3, 1..60), scale in 0.1f32..9.0) {
            let floats: Vec<f32> = values.iter().map(|&x| x as f32 * scale).collect();
            let slow = slow_ranks(&floats.iter().map(|&x| f64::from(x)).collect::<Vec<_>>());
            let fast = centred_ranks(&floats, &mut Scratch::default());
            let n = values.len() as f64;
            for (&fast, slow) in fast.iter().zip(slow) {
                prop_assert_eq!(f64::from(fast), 2.0 * slow - (n + 1.0));
            }
        }

        #[test]
        fn spearman_equals_pearson_of_ranks(
            pairs in prop::collection::vec((-1000i32..1000, -20i32..20), 3..80),
        ) {
            let mut scratch = Scratch::default();
            let (x, y): (Vec<i32>, Vec<i32>) = pairs.into_iter().unzip();
            let target = RankTarget::new(&y.iter().map(|&y| y as f32).collect::<Vec<_>>(), &mut scratch);
            let as_f64 = |v: &[i32]| v.iter().map(|&x| f64::from(x)).collect::<Vec<_>>();
            let slow = crate::numeric::correlation::pearson(&slow_ranks(&as_f64(&x)), &slow_ranks(&as_f64(&y)));
            match (target.spearman(&x, &mut scratch), slow) {
                (Some(fast), Some(slow)) => prop_assert!((fast - slow).abs() < 1e-12),
                (fast, slow) => prop_assert_eq!(fast.is_none(), slow.is_none()),
            }
        }
    }

    #[test]
    fn sorting_is_stable_whatever_the_range() {
        let mut stream = crate::numeric::rng::Stream::new(5, "sorting");
        // Few values, all values, and all but one close together.
        for (mask, outlier) in [(7, None), (u32::MAX, None), (0xffff, Some(u32::MAX)), (0, None)] {
            let key = |bits: u64| 1000 + (bits as u32 & mask).min(u32::MAX - 1000);
            let mut items: Vec<u64> = (0..5000).map(|i| u64::from(key(stream.bits())) << 32 | i).collect();
            if let Some(key) = outlier {
                items[0x11] = u64::from(key) << 32 | 0x11;
            }
            let mut expected = items.clone();
            expected.sort_by_key(|item| item >> 32);
            sort_by_high_half(&mut items, &mut Vec::new());
            assert_eq!(items, expected);
        }
        sort_by_high_half(&mut Vec::new(), &mut Vec::new());
    }

    #[test]
    fn zeros_of_either_sign_tie() {
        assert_eq!(centred_ranks(&[0.0, -0.0, 1.0, -1.0], &mut Scratch::default()), [0, 0, 3, -3]);
    }
}
