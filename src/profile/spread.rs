//! Means and standard deviations.

/// Mean and standard deviation of what was measured, usually once per fold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// Mean of the values that are numbers; NaN when none is.
    pub mean: f64,
    /// Standard deviation (denominator n − 1); NaN for fewer than two values.
    pub sd: f64,
    /// How many values are numbers.
    pub n: usize,
}

impl Spread {
    /// Nothing was measured.
    pub const UNDEFINED: Self = Self { mean: f64::NAN, sd: f64::NAN, n: 0 };

    /// The spread of `values`; those that are no numbers are left out, and [`Spread::n`] tells.
    #[must_use]
    pub fn of(values: &[f64]) -> Self {
        let known = || values.iter().filter(|value| value.is_finite());
        let n = known().count();
        if n == 0 {
            return Self::UNDEFINED;
        }
        let mean = known().sum::<f64>() / n as f64;
        let sd = if n < 2 {
            f64::NAN
        } else {
            (known().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1) as f64).sqrt()
        };
        Self { mean, sd, n }
    }

    /// Whether there is a mean.
    #[must_use]
    pub fn is_defined(&self) -> bool {
        self.n > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_leaves_out_what_is_no_number_and_says_so() {
        let spread = Spread::of(&[1.0, f64::NAN, 3.0]);
        assert_eq!((spread.mean, spread.n), (2.0, 2));
        assert!((spread.sd - 2.0_f64.sqrt()).abs() < 1e-15);
        assert!(Spread::of(&[1.0]).sd.is_nan());
        assert!(!Spread::of(&[f64::NAN]).is_defined());
    }
}
