//! Seeded streams of random numbers, the same on every platform and in every version.
//!
//! Each use draws from a stream of its own, named after what it is for, so that one more draw in one place changes
//! nothing elsewhere.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// The stream called `name` under `seed`.
    #[must_use]
    pub fn new(seed: u64, name: &str) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&seed.to_le_bytes());
        hasher.update(name.as_bytes());
        Self(ChaCha8Rng::from_seed(*hasher.finalize().as_bytes()))
    }

    /// The next 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A whole number in `0..bound`, each equally likely. `0` when `bound` is `0`.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        // Lemire's method: the high half of a product is uniform once the few biased low halves are rejected.
        // None of these is at `bound` or above, so that the division is rarely needed.
        loop {
            let product = u128::from(self.bits()) * u128::from(bound);
            let (high, low) = ((product >> 64) as u64, product as u64);
            if low >= bound || low >= bound.wrapping_neg() % bound {
                return high;
            }
        }
    }

    /// A whole number in `0..bound`, each equally likely, for bounds beyond 64 bits. `0` when `bound` is `0`.
    pub fn below_u128(&mut self, bound: u128) -> u128 {
        if let Ok(small) = u64::try_from(bound) {
            return u128::from(self.below(small));
        }
        // Rejection from the next power of two: at most half of the draws are thrown away on average.
        let mask = u128::MAX >> bound.leading_zeros();
        loop {
            let draw = ((u128::from(self.bits()) << 64) | u128::from(self.bits())) & mask;
            if draw < bound {
                return draw;
            }
        }
    }

    /// An index in `0..bound`, each equally likely. `0` when `bound` is `0`.
    pub fn index(&mut self, bound: usize) -> usize {
        self.below(bound as u64) as usize
    }

    /// A number in `[0, 1)` with 53 random bits.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A standard normal deviate (Box–Muller, cosine branch).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Puts `items` in random order (Fisher–Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.index(i + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_frozen_and_apart() {
        // A change here changes every seeded result that was ever published with this program.
        assert_eq!(Stream::new(0, "split").below(1_000_000), FROZEN.0);
        assert_eq!(Stream::new(0, "sample").below(1_000_000), FROZEN.1);
        assert_eq!(Stream::new(1, "split").below(1_000_000), FROZEN.2);
    }

    const FROZEN: (u64, u64, u64) = (879_250, 103_549, 902_031);

    #[test]
    fn every_index_is_equally_likely() {
        let mut stream = Stream::new(7, "test");
        let mut counts = [0u32; 6];
        for _ in 0..60_000 {
            counts[stream.index(6)] += 1;
        }
        for count in counts {
            // Five standard deviations of a binomial (60,000, 1/6).
            assert!((f64::from(count) - 10_000.0).abs() < 5.0 * 91.3, "{counts:?}");
        }
    }

    #[test]
    fn normal_deviates_have_mean_zero_and_variance_one() {
        let mut stream = Stream::new(3, "normal");
        let draws: Vec<f64> = (0..100_000).map(|_| stream.normal()).collect();
        let mean = draws.iter().sum::<f64>() / 1e5;
        let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 1e5;
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.03, "{mean} {variance}");
    }
}
