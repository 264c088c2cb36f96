//! Soft ranks: ranks that move smoothly with the values, so that a rank correlation has a gradient.
//!
//! The soft ranks of `θ` at strength `ε` are the point of the permutahedron (the convex hull of all orders of `1, …, n`)
//! nearest to `θ / ε`: Blondel, Teboul, Berthet and Djolonga, Fast Differentiable Sorting and Ranking (ICML 2020), eq. 6 with
//! the quadratic regulariser. With `z = θ / ε` sorted downwards and `ρ = (n, …, 1)` they are `z − v`, where `v` is the
//! non-increasing sequence nearest to `z − ρ`; pooling adjacent violators finds it in one pass, and the derivative is that of
//! taking the mean of each pool away.
//!
//! As `ε → 0` they become the ranks. Where the values span no more than `ε`, all of them are one pool and the soft ranks are
//! `z` shifted to the mean rank: affine, so that a correlation of soft ranks is one of the values.

/// The soft ranks of some values, ascending, and what their gradient needs.
#[derive(Debug, Clone, PartialEq)]
pub struct SoftRanks {
    ranks: Vec<f64>,
    strength: f64,
    /// The places of the values from the largest down; empty where all are one pool.
    order: Vec<u32>,
    /// Where in `order` each pool ends.
    ends: Vec<usize>,
}

impl SoftRanks {
    /// The soft ranks of finite `values` at a positive `strength`.
    #[must_use]
    pub fn new(values: &[f64], strength: f64) -> Self {
        let n = values.len();
        let (low, high) = values
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &x| (low.min(x), high.max(x)));
        if n == 0 || high - low <= strength {
            let mean = values.iter().sum::<f64>() / n.max(1) as f64;
            let middle = (n + 1) as f64 / 2.0;
            let ranks = values.iter().map(|x| (x - mean) / strength + middle).collect();
            return Self { ranks, strength, order: Vec::new(), ends: Vec::new() };
        }
        let mut order: Vec<u32> = (0..n as u32).collect();
        order.sort_by(|&a, &b| values[b as usize].total_cmp(&values[a as usize]).then(a.cmp(&b)));
        // Pools as their sums and sizes; the means of kept ones fall.
        let mut pools: Vec<(f64, usize)> = Vec::new();
        for (k, &place) in order.iter().enumerate() {
            let mut pool = (values[place as usize] / strength - (n - k) as f64, 1);
            while let Some(&(sum, count)) = pools.last() {
                if sum / count as f64 > pool.0 / pool.1 as f64 {
                    break;
                }
                pool = (pool.0 + sum, pool.1 + count);
                pools.pop();
            }
            pools.push(pool);
        }
        let mut ranks = vec![0.0; n];
        let mut ends = Vec::with_capacity(pools.len());
        let mut start = 0;
        for (sum, count) in pools {
            let mean = sum / count as f64;
            for &place in &order[start..start + count] {
                ranks[place as usize] = values[place as usize] / strength - mean;
            }
            start += count;
            ends.push(start);
        }
        Self { ranks, strength, order, ends }
    }

    /// The soft ranks, in the order of the values: between 1 and their number, with the mean of the ranks.
    #[must_use]
    pub fn ranks(&self) -> &[f64] {
        &self.ranks
    }

    /// Replaces the gradient of some function with respect to the soft ranks by that with respect to the values.
    pub fn pull_back(&self, gradient: &mut [f64]) {
        let scale = 1.0 / self.strength;
        if self.order.is_empty() {
            let mean = gradient.iter().sum::<f64>() / gradient.len().max(1) as f64;
            for g in gradient {
                *g = (*g - mean) * scale;
            }
            return;
        }
        let mut start = 0;
        for &end in &self.ends {
            let places = &self.order[start..end];
            let mean =
                places.iter().map(|&place| gradient[place as usize]).sum::<f64>() / places.len() as f64;
            for &place in places {
                gradient[place as usize] = (gradient[place as usize] - mean) * scale;
            }
            start = end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::rng::Stream;

    fn draws(n: usize, seed: u64) -> Vec<f64> {
        let mut stream = Stream::new(seed, "soft ranks");
        (0..n).map(|_| stream.normal()).collect()
    }

    #[test]
    fn a_small_strength_gives_ranks_and_a_large_one_the_values() {
        let values = [0.3, -1.0, 2.0, 0.9];
        let hard = SoftRanks::new(&values, 1e-3);
        assert_eq!(hard.ranks().iter().map(|r| r.round()).collect::<Vec<_>>(), [2.0, 1.0, 4.0, 3.0]);
        let soft = SoftRanks::new(&values, 10.0);
        for (rank, x) in soft.ranks().iter().zip(&values) {
            assert!((rank - (2.5 + (x - 0.55) / 10.0)).abs() < 1e-12);
        }
    }

    /// The nearest point of the permutahedron obeys: sum as the ranks, every k largest at most the k largest ranks, and no
    /// vertex lies further along `z − r` than `r` itself.
    #[test]
    fn soft_ranks_are_the_projection_onto_the_permutahedron() {
        for (seed, strength) in [(1, 0.05), (2, 0.3), (3, 1.0), (4, 2.9)] {
            let values = draws(40, seed);
            let soft = SoftRanks::new(&values, strength);
            let mut sorted = soft.ranks().to_vec();
            sorted.sort_by(|a, b| b.total_cmp(a));
            let (mut sum, mut most) = (0.0, 0.0);
            for (k, rank) in sorted.iter().enumerate() {
                sum += rank;
                most += (40 - k) as f64;
                assert!(sum <= most + 1e-9);
            }
            assert!((sum - 820.0).abs() < 1e-9);
            let outward: Vec<f64> = values.iter().zip(soft.ranks()).map(|(x, r)| x / strength - r).collect();
            let own: f64 = outward.iter().zip(soft.ranks()).map(|(o, r)| o * r).sum();
            let mut order: Vec<usize> = (0..40).collect();
            order.sort_by(|&a, &b| outward[a].total_cmp(&outward[b]));
            let furthest: f64 = order.iter().enumerate().map(|(k, &i)| outward[i] * (k + 1) as f64).sum();
            assert!(furthest <= own + 1e-8, "{furthest} {own}");
        }
    }

    #[test]
    fn the_gradient_is_that_of_small_steps() {
        let values = draws(30, 9);
        let direction = draws(30, 10);
        for strength in [0.02, 0.2, 1.0, 20.0] {
            let along = |values: &[f64]| -> f64 {
                SoftRanks::new(values, strength).ranks().iter().zip(&direction).map(|(r, d)| r * d).sum()
            };
            let mut gradient = direction.clone();
            SoftRanks::new(&values, strength).pull_back(&mut gradient);
            for i in 0..30 {
                let step = 1e-7;
                let (mut up, mut down) = (values.clone(), values.clone());
                up[i] += step;
                down[i] -= step;
                let slope = (along(&up) - along(&down)) / (2.0 * step);
                assert!((slope - gradient[i]).abs() < 1e-4 * (1.0 + slope.abs()), "{slope} {}", gradient[i]);
            }
        }
    }
}
