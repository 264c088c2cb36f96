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

#[cfg(test)]
mod tests {
    use super::*;

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
