//! One sample against 0: Student's t, its interval and p-value, and the bootstrap of the mean.

use rayon::prelude::*;

use super::quantile;
use super::rng::Stream;
use super::sign_flips::Tail;
use super::significance::{t_critical, t_p_value};

/// Why a sample has no t.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoTest {
    /// Fewer than two values.
    Few,
    /// So many values are no numbers.
    Missing(usize),
    /// All values are the same, so that nothing tells how far their mean may be from 0.
    Constant,
}

/// The mean of a sample, and how far it is from 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OneSample {
    /// How many values.
    pub n: usize,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation (`n − 1`).
    pub sd: f64,
    /// `mean / (sd / √n)`.
    pub t: f64,
}

impl OneSample {
    /// The mean of `values` against 0.
    ///
    /// # Errors
    ///
    /// [`NoTest`] says why there is no t.
    pub fn of(values: &[f64]) -> Result<Self, NoTest> {
        let missing = values.iter().filter(|value| !value.is_finite()).count();
        if missing > 0 {
            return Err(NoTest::Missing(missing));
        }
        if values.len() < 2 {
            return Err(NoTest::Few);
        }
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let sd = (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
        let largest = values.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
        // What rounding alone leaves of equal values is no spread.
        if !sd.is_finite() || sd <= 1e-12 * largest {
            return Err(NoTest::Constant);
        }
        Ok(Self { n: values.len(), mean, sd, t: mean / (sd / n.sqrt()) })
    }

    /// The interval of the mean that holds it with probability `within`.
    #[must_use]
    pub fn interval(&self, within: f64) -> (f64, f64) {
        let half = t_critical(within, self.n - 1) * self.sd / (self.n as f64).sqrt();
        (self.mean - half, self.mean + half)
    }

    /// The p-value of t.
    #[must_use]
    pub fn p_value(&self, tail: Tail) -> f64 {
        let two = t_p_value(self.t, self.n - 1);
        match tail {
            Tail::Two => two,
            _ if tail.extremity(self.t) >= 0.0 => two / 2.0,
            _ => 1.0 - two / 2.0,
        }
    }
}

/// The `t` of `degrees` beyond which a share `alpha` lies: on either side of 0 together, or on one.
#[must_use]
pub fn critical(alpha: f64, tail: Tail, degrees: usize) -> f64 {
    match tail {
        Tail::Two => t_critical(1.0 - alpha, degrees),
        // The two tails of twice the share; beyond half of all is below 0, where no cluster is.
        _ => t_critical((1.0 - 2.0 * alpha).max(0.0), degrees),
    }
}

/// The middle share `within` of the means of `draws` samples with replacement of each column of `rows` (as long as each other), the
/// same draws in every column; NaN where a value is none, or of no draws.
#[must_use]
pub fn bootstrap(rows: &[Vec<f64>], within: f64, draws: usize, seed: u64) -> Vec<(f64, f64)> {
    let (n, columns) = (rows.len(), rows.first().map_or(0, Vec::len));
    let mut stream = Stream::new(seed, "bootstrap of rows");
    let times: Vec<Vec<f64>> = (0..draws)
        .map(|_| {
            let mut times = vec![0.0; n];
            (0..n).for_each(|_| times[stream.index(n)] += 1.0);
            times
        })
        .collect();
    let ends = |column: usize| {
        let mean = |times: &Vec<f64>| {
            times.iter().zip(rows).map(|(times, row)| times * row[column]).sum::<f64>() / n as f64
        };
        let mut means: Vec<f64> = times.iter().map(mean).collect();
        if means.iter().any(|mean| !mean.is_finite()) {
            return (f64::NAN, f64::NAN);
        }
        means.sort_unstable_by(f64::total_cmp);
        let at = |share| quantile::of_sorted(&means, share).unwrap_or(f64::NAN);
        (at((1.0 - within) / 2.0), at(f64::midpoint(1.0, within)))
    };
    (0..columns).into_par_iter().map(ends).collect()
}
