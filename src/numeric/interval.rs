//! Numbers as parts of the interval they span.

/// From the least of some numbers to the largest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The least.
    pub low: f64,
    /// The largest.
    pub high: f64,
}

impl Interval {
    /// What the finite numbers `values` span; `None` where there is none.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        values.into_iter().fold(None, |interval, x| {
            let Self { low, high } = interval.unwrap_or(Self { low: x, high: x });
            Some(Self { low: low.min(x), high: high.max(x) })
        })
    }

    /// `(x - low) / (high - low)`, also where that difference is more than a double holds; 0 in an interval of one number.
    #[must_use]
    pub fn part(self, x: f64) -> f64 {
        let Self { low, high } = self;
        let width = high - low;
        if width == 0.0 {
            0.0
        } else if width.is_finite() {
            (x - low) / width
        } else {
            // Half of each is exact: numbers this large are far from the least that there are.
            (x / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0)
        }
    }
}

/// The 95% interval of a probability, of which `successes` of `n` draws are known (Wilson 1927); `n` is at least 1.
#[must_use]
pub fn wilson(successes: usize, n: usize) -> (f64, f64) {
    // The quantile .975 of the normal distribution.
    const Z: f64 = 1.959_963_984_540_054;
    let (n, share) = (n as f64, successes as f64 / n as f64);
    let square = Z * Z / n;
    let middle = (share + square / 2.0) / (1.0 + square);
    let half = Z / (1.0 + square) * (share * (1.0 - share) / n + square / (4.0 * n)).sqrt();
    ((middle - half).max(0.0), (middle + half).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_of_shares_are_those_of_scipy() {
        // SciPy 1.17.1: binomtest(successes, n).proportion_ci(method="wilson").
        for (successes, n, low, high) in [
            (0, 10, 0.0, 0.277_532_799_862_889_3),
            (7, 10, 0.396_778_147_461_145_3, 0.892_208_732_593_699),
            (10, 10, 0.722_467_200_137_110_9, 1.0),
            (1, 1, 0.206_549_314_377_237_45, 1.0),
            (815, 1000, 0.789_743_945_938_649_7, 0.837_845_196_215_450_5),
        ] {
            let found = wilson(successes, n);
            assert!(
                (found.0 - low).abs() < 1e-12 && (found.1 - high).abs() < 1e-12,
                "{successes}/{n} {found:?}"
            );
        }
    }

    #[test]
    fn the_ends_are_0_and_1_and_the_middle_is_half_whatever_the_scale() {
        for (low, middle, high) in
            [(1.0, 2.0, 3.0), (-1e308, 0.0, 1e308), (0.0, 5e-324, 1e-323), (-1e-200, 0.0, 1e-200)]
        {
            let interval = Interval::of([middle, high, low]).unwrap();
            assert_eq!([low, middle, high].map(|x| interval.part(x)), [0.0, 0.5, 1.0], "{interval:?}");
        }
        assert_eq!(Interval::of([7.0, 7.0]).unwrap().part(7.0), 0.0);
        assert_eq!(Interval::of([]), None);
    }
}
