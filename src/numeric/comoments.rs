//! Means, variances and the covariance of two variables, added up block by block: what Pearson's correlation and a squared error take.
//!
//! Within a block deviations are from its own means, and blocks are joined by the formula of Chan, Golub and `LeVeque` (1983,
//! Algorithms for computing the sample variance, The American Statistician 37), so that nothing is lost where values are large beside
//! what they differ by. A variable that is constant has a sum of squares of exactly 0.

use super::simd::widest;

/// Values whose means are taken together: their sums of whole numbers below 2³¹ are exact.
const BLOCK: usize = 4096;
/// Strands of a sum, so that it vectorises with several vectors in flight.
const STRANDS: usize = 16;

/// A straight line, by which one variable is predicted from another.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Line {
    /// How much the prediction grows with the other variable.
    pub slope: f64,
    /// The prediction at 0.
    pub intercept: f64,
}

impl Line {
    /// The line of least squares that does not fall, from the covariance of two variables of these `means`, and the variance of the one
    /// that predicts, which is the first.
    #[must_use]
    pub fn rising(covariance: f64, variance: f64, means: [f64; 2]) -> Self {
        let slope = if variance > 0.0 { (covariance / variance).max(0.0) } else { 0.0 };
        Self { slope, intercept: means[1] - slope * means[0] }
    }
}

/// Sums over some pairs of values `x` and `y`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Comoments {
    /// How many, or the sum of their weights.
    n: f64,
    /// Of `x` and of `y`.
    means: [f64; 2],
    /// Sums of squared deviations of `x` and of `y`, and of their products.
    xx: f64,
    yy: f64,
    xy: f64,
}

impl Comoments {
    /// Adds `x` with `y` (as many).
    pub fn add(&mut self, x: &[i32], y: &[f32]) {
        for (x, y) in x.chunks(BLOCK).zip(y.chunks(BLOCK)) {
            let (mut sums, n) = ([0.0; 2], x.len() as f64);
            add_values(&mut sums, x, y);
            let means = sums.map(|sum| sum / n);
            let mut products = [0.0; 3];
            add_products(&mut products, x, y, means);
            self.merge(&Self::of(n, means, products));
        }
    }

    /// Adds `x` with `y`, each counted as often as `counts` says (as many).
    pub fn add_counted(&mut self, x: &[i32], y: &[f32], counts: &[u32]) {
        let blocks = x.chunks(BLOCK).zip(y.chunks(BLOCK)).zip(counts.chunks(BLOCK));
        for ((x, y), counts) in blocks {
            let mut sums = [0.0; 3];
            add_counted_values(&mut sums, x, y, counts);
            let [n, x_sum, y_sum] = sums;
            if n > 0.0 {
                let means = [x_sum / n, y_sum / n];
                let mut products = [0.0; 3];
                add_counted_products(&mut products, x, y, counts, means);
                self.merge(&Self::of(n, means, products));
            }
        }
    }

    fn of(n: f64, means: [f64; 2], [xx, yy, xy]: [f64; 3]) -> Self {
        Self { n, means, xx, yy, xy }
    }

    /// Adds what `other` has.
    pub fn merge(&mut self, other: &Self) {
        let n = self.n + other.n;
        if n == 0.0 {
            return;
        }
        let share = other.n / n;
        let [dx, dy] = [0, 1].map(|k| other.means[k] - self.means[k]);
        // Of nothing there are no means to be apart from.
        let between = self.n * share;
        self.xx += other.xx + dx * dx * between;
        self.yy += other.yy + dy * dy * between;
        self.xy += other.xy + dx * dy * between;
        self.means = [self.means[0] + dx * share, self.means[1] + dy * share];
        self.n = n;
    }

    /// Whether all of `x` are equal.
    #[must_use]
    pub fn is_constant_x(&self) -> bool {
        self.xx == 0.0
    }

    /// Whether all of `y` are equal, or beyond what a number can be.
    #[must_use]
    pub fn is_constant_y(&self) -> bool {
        !(self.yy > 0.0 && self.yy.is_finite())
    }

    /// Pearson's correlation; `None` where either is constant.
    #[must_use]
    pub fn pearson(&self) -> Option<f64> {
        let scale = (self.xx * self.yy).sqrt();
        (scale > 0.0 && scale.is_finite()).then(|| (self.xy / scale).clamp(-1.0, 1.0))
    }

    /// One less the squared error of predicting `y` by `line` from `x`, as a share of the squared deviations of `y` from their mean: 1 at
    /// best, and below 0 where the mean predicts better. `None` where `y` is constant.
    #[must_use]
    pub fn r_squared(&self, line: Line) -> Option<f64> {
        let Line { slope, intercept } = line;
        let off = self.means[1] - intercept - slope * self.means[0];
        let error = self.yy - 2.0 * slope * self.xy + slope * slope * self.xx + self.n * off * off;
        (!self.is_constant_y()).then(|| 1.0 - error.max(0.0) / self.yy)
    }
}

widest! {
    /// Adds the sums of `x` and of `y`.
    fn add_values(sums: &mut [f64; 2], x: &[i32], y: &[f32]) {
        let mut strands = [[0.0; STRANDS]; 2];
        let (x_chunks, y_chunks) = (x.chunks_exact(STRANDS), y.chunks_exact(STRANDS));
        for (&x, &y) in x_chunks.remainder().iter().zip(y_chunks.remainder()) {
            sums[0] += f64::from(x);
            sums[1] += f64::from(y);
        }
        let [xs, ys] = &mut strands;
        for (x, y) in x_chunks.zip(y_chunks) {
            for (((sum_x, sum_y), &x), &y) in xs.iter_mut().zip(ys.iter_mut()).zip(x).zip(y) {
                *sum_x += f64::from(x);
                *sum_y += f64::from(y);
            }
        }
        sums[0] += xs.iter().sum::<f64>();
        sums[1] += ys.iter().sum::<f64>();
    }

    /// Adds the sums of squares of `x` and of `y`, and of their products, all less their `means`.
    fn add_products(sums: &mut [f64; 3], x: &[i32], y: &[f32], means: [f64; 2]) {
        let mut strands = [[0.0; STRANDS]; 3];
        let (x_chunks, y_chunks) = (x.chunks_exact(STRANDS), y.chunks_exact(STRANDS));
        for (&x, &y) in x_chunks.remainder().iter().zip(y_chunks.remainder()) {
            let (x, y) = (f64::from(x) - means[0], f64::from(y) - means[1]);
            sums[0] += x * x;
            sums[1] += y * y;
            sums[2] += x * y;
        }
        let [xx, yy, xy] = &mut strands;
        for (x, y) in x_chunks.zip(y_chunks) {
            let all = xx.iter_mut().zip(yy.iter_mut()).zip(xy.iter_mut()).zip(x).zip(y);
            for ((((xx, yy), xy), &x), &y) in all {
                let (x, y) = (f64::from(x) - means[0], f64::from(y) - means[1]);
                *xx += x * x;
                *yy += y * y;
                *xy += x * y;
            }
        }
        for (sum, strands) in sums.iter_mut().zip(strands) {
            *sum += strands.iter().sum::<f64>();
        }
    }

    /// Adds the counts, and the sums of `x` and of `y` by them.
    fn add_counted_values(sums: &mut [f64; 3], x: &[i32], y: &[f32], counts: &[u32]) {
        let mut strands = [[0.0; STRANDS]; 3];
        for ((x, y), counts) in x.chunks(STRANDS).zip(y.chunks(STRANDS)).zip(counts.chunks(STRANDS)) {
            let [ns, xs, ys] = &mut strands;
            let all = ns.iter_mut().zip(xs.iter_mut()).zip(ys.iter_mut()).zip(x).zip(y).zip(counts);
            for (((((sum, sum_x), sum_y), &x), &y), &count) in all {
                let count = f64::from(count);
                *sum += count;
                *sum_x += count * f64::from(x);
                *sum_y += count * f64::from(y);
            }
        }
        for (sum, strands) in sums.iter_mut().zip(strands) {
            *sum += strands.iter().sum::<f64>();
        }
    }

    /// Adds the sums of squares of `x` and of `y`, and of their products, all less their `means` and by the counts.
    fn add_counted_products(sums: &mut [f64; 3], x: &[i32], y: &[f32], counts: &[u32], means: [f64; 2]) {
        let mut strands = [[0.0; STRANDS]; 3];
        for ((x, y), counts) in x.chunks(STRANDS).zip(y.chunks(STRANDS)).zip(counts.chunks(STRANDS)) {
            let [xx, yy, xy] = &mut strands;
            let all = xx.iter_mut().zip(yy.iter_mut()).zip(xy.iter_mut()).zip(x).zip(y).zip(counts);
            for (((((xx, yy), xy), &x), &y), &count) in all {
                let (x, y) = (f64::from(x) - means[0], f64::from(y) - means[1]);
                let (weighed_x, weighed_y) = (f64::from(count) * x, f64::from(count) * y);
                *xx += weighed_x * x;
                *yy += weighed_y * y;
                *xy += weighed_x * y;
            }
        }
        for (sum, strands) in sums.iter_mut().zip(strands) {
            *sum += strands.iter().sum::<f64>();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::correlation::pearson;
    use crate::numeric::rng::Stream;

    fn of(x: &[i32], y: &[f32]) -> Comoments {
        let mut sums = Comoments::default();
        sums.add(x, y);
        sums
    }

    /// Squared error by its definition.
    fn slow_r_squared(x: &[f64], y: &[f64], line: Line) -> f64 {
        let mean = y.iter().sum::<f64>() / y.len() as f64;
        let error: f64 = x.iter().zip(y).map(|(x, y)| (y - line.intercept - line.slope * x).powi(2)).sum();
        1.0 - error / y.iter().map(|y| (y - mean).powi(2)).sum::<f64>()
    }

    fn in_f64<T: Copy + Into<f64>>(values: &[T]) -> Vec<f64> {
        values.iter().map(|&x| x.into()).collect()
    }

    #[test]
    fn blocks_give_what_the_definitions_give() {
        let mut stream = Stream::new(3, "comoments");
        for n in [2, 15, 16, 17, 4096, 4097, 10_000] {
            let x: Vec<i32> = (0..n).map(|_| (1 << 29) + stream.index(1 << 20) as i32).collect();
            let y: Vec<f32> =
                x.iter().map(|&x| 1e4 + (x - (1 << 29)) as f32 * 1e-5 + stream.normal() as f32).collect();
            let (sums, wide_x, wide_y) = (of(&x, &y), in_f64(&x), in_f64(&y));
            let slow = pearson(&wide_x, &wide_y).unwrap();
            assert!((sums.pearson().unwrap() - slow).abs() < 1e-12, "{n}");
            assert!((pearson(&y, &y).unwrap() - 1.0).abs() < 1e-12);
            let backwards: Vec<f32> = y.iter().rev().copied().collect();
            assert_eq!(pearson(&y, &backwards), pearson(&wide_y, &in_f64(&backwards)));
            let line = Line { slope: 1e-5, intercept: 1e4 - 1e-5 * f64::from(1 << 29) };
            let slow = slow_r_squared(&wide_x, &wide_y, line);
            assert!((sums.r_squared(line).unwrap() - slow).abs() < 1e-9, "{n} {slow}");
            // Counted once they are themselves; counted twice as if they were there twice.
            let counts: Vec<u32> = (0..n).map(|_| stream.index(3) as u32).collect();
            let mut counted = Comoments::default();
            counted.add_counted(&x, &y, &counts);
            let often = |values: &[f64]| -> Vec<f64> {
                let each = values.iter().zip(&counts);
                each.flat_map(|(&x, &count)| std::iter::repeat_n(x, count as usize)).collect()
            };
            let (x, y) = (often(&wide_x), often(&wide_y));
            let slow = pearson(&x, &y);
            match (counted.pearson(), slow) {
                (Some(fast), Some(slow)) => assert!((fast - slow).abs() < 1e-12, "{n}"),
                (fast, slow) => assert_eq!(fast.is_none(), slow.is_none(), "{n}"),
            }
        }
    }

    #[test]
    fn what_does_not_vary_has_sums_of_exactly_nothing() {
        let (x, y) = (vec![123_456_789; 9001], vec![0.1f32; 9001]);
        let ascending: Vec<i32> = (0..9001).collect();
        let falling: Vec<f32> = ascending.iter().map(|&x| -x as f32).collect();
        assert!(of(&x, &falling).is_constant_x() && of(&ascending, &y).is_constant_y());
        assert_eq!((of(&x, &falling).pearson(), of(&ascending, &y).pearson()), (None, None));
        assert_eq!(of(&ascending, &y).r_squared(Line::default()), None);
        // The mean predicts as well as the mean.
        let mean = Line { slope: 0.0, intercept: -4500.0 };
        assert_eq!(of(&x, &falling).r_squared(mean), Some(0.0));
        assert_eq!(Comoments::default().pearson(), None);
        let mut none = Comoments::default();
        none.merge(&Comoments::default());
        none.add_counted(&[1, 2], &[3.0, 4.0], &[0, 0]);
        assert_eq!(none, Comoments::default());
    }

    #[test]
    fn a_line_never_falls() {
        assert_eq!(Line::rising(2.0, 4.0, [3.0, 10.0]), Line { slope: 0.5, intercept: 8.5 });
        assert_eq!(Line::rising(-2.0, 4.0, [3.0, 10.0]), Line { slope: 0.0, intercept: 10.0 });
        assert_eq!(Line::rising(0.0, 0.0, [3.0, 10.0]), Line { slope: 0.0, intercept: 10.0 });
    }
}
