//! The normal distribution: its distribution function, the inverse, and the upper tail of a skewed one.

/// The probability that a standard normal deviate is at most `x`.
#[must_use]
pub fn normal_cdf(x: f64) -> f64 {
    if x.is_nan() {
        return f64::NAN;
    }
    let upper = upper_tail(x.abs());
    if x > 0.0 { 1.0 - upper } else { upper }
}

/// The probability of more than `x ≥ 0`: the series of Abramowitz and Stegun (1964, 26.2.11), and far out their continued fraction
/// (26.2.14).
fn upper_tail(x: f64) -> f64 {
    let density = (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt();
    if x < 3.0 {
        let (mut term, mut sum, mut k) = (x, x, 1.0);
        while term > 1e-17 * sum {
            term *= x * x / (2.0 * k + 1.0);
            sum += term;
            k += 1.0;
        }
        return 0.5 - density * sum;
    }
    let fraction = (1..=60).rev().fold(x, |fraction, k| x + f64::from(k) / fraction);
    density / fraction
}

/// The number that a standard normal deviate is at most with probability `p`; infinite for 0 and 1.
#[must_use]
pub fn normal_quantile(p: f64) -> f64 {
    if p <= 0.0 || p >= 1.0 {
        return if p <= 0.0 { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    let (mut low, mut high) = (-40.0, 40.0);
    for _ in 0..80 {
        let middle = f64::midpoint(low, high);
        if normal_cdf(middle) < p { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// The probability of more than `z` standard deviations above the mean under a Pearson III (gamma) distribution of skewness `skew`, by
/// the cube root of Wilson and Hilferty (1931).
#[must_use]
pub fn skewed_tail(z: f64, skew: f64) -> f64 {
    if skew.abs() < 1e-3 {
        return normal_cdf(-z);
    }
    let base = (0.5 * skew * z + 1.0).max(0.0);
    let deviate = 6.0 / skew * (base.cbrt() - 1.0) + skew / 6.0;
    normal_cdf(-deviate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_are_those_of_scipy() {
        // scipy.stats.norm.cdf, SciPy 1.17.
        let table = [
            (-8.0, 6.220_960_574_271_74e-16),
            (-3.0, 1.349_898_031_630_093_3e-3),
            (-1.0, 0.158_655_253_931_457_07),
            (0.0, 0.5),
            (0.841_621_233_572_914_2, 0.8),
            (2.999, 0.998_645_663_468_272_9),
            (4.0, 0.999_968_328_758_166_9),
        ];
        for (x, p) in table {
            assert!((normal_cdf(x) / p - 1.0).abs() < 1e-10, "{x}: {}", normal_cdf(x));
            if x > -5.0 && x < 3.5 {
                assert!((normal_quantile(p) - x).abs() < 1e-9, "{p}");
            }
        }
        assert!(normal_cdf(f64::NAN).is_nan());
    }

    #[test]
    fn a_skewed_tail_is_near_that_of_a_gamma() {
        // scipy.stats.pearson3(skew).sf(z), SciPy 1.17.
        let table = [
            (2.0, 0.5, 0.034_400_094_059_574_8),
            (3.0, 1.0, 0.010_336_050_675_925_726),
            (1.0, 0.3, 0.157_834_988_296_023_85),
        ];
        for (z, skew, p) in table {
            assert!((skewed_tail(z, skew) / p - 1.0).abs() < 0.03, "{z} {skew}: {}", skewed_tail(z, skew));
        }
        assert!((skewed_tail(1.5, 0.0) - normal_cdf(-1.5)).abs() < 1e-12);
    }
}
