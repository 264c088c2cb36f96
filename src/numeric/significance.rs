//! p-values and intervals from random draws, and the correction of p-values for many tests.

use super::quantile;

/// The p-value of `observed` among draws under the null, larger being more extreme: `(1 + #{draw ≥ observed}) / (1 + n)`, which
/// is never 0 and keeps its level exactly (Phipson and Smyth 2010, eq. 1). `None` where `observed` is no number.
#[must_use]
pub fn p_value(observed: f64, draws: &[f64]) -> Option<f64> {
    // A draw without a value cannot count as less extreme.
    let as_extreme = draws.iter().filter(|&&draw| draw >= observed || draw.is_nan()).count();
    (!observed.is_nan()).then(|| (1 + as_extreme) as f64 / (1 + draws.len()) as f64)
}

/// The two-sided p-value of a difference from its bootstrap `draws`: twice the share on the other side of 0, counting the observed
/// one, at most 1. What is no number does not count.
#[must_use]
pub fn two_sided_p_value(draws: &[f64]) -> f64 {
    let known = draws.iter().filter(|x| x.is_finite()).count();
    let tail = |beyond: fn(f64) -> bool| draws.iter().filter(|&&x| x.is_finite() && beyond(x)).count();
    let least = tail(|x| x <= 0.0).min(tail(|x| x >= 0.0));
    (2.0 * (1 + least) as f64 / (1 + known) as f64).min(1.0)
}

/// The ends of the interval that holds the middle 95% of `draws`; NaN of none. What is no number does not count.
#[must_use]
pub fn percentile_interval(draws: &[f64]) -> (f64, f64) {
    let mut sorted: Vec<f64> = draws.iter().copied().filter(|x| x.is_finite()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let at = |share| quantile::of_sorted(&sorted, share).unwrap_or(f64::NAN);
    (at(0.025), at(0.975))
}

/// Holm's step-down correction: the chance of any false positive among all tests is at most the adjusted p-value.
#[must_use]
pub fn holm(p: &[f64]) -> Vec<f64> {
    let order = ascending(p);
    let mut adjusted = vec![0.0; p.len()];
    let mut least = 0.0f64;
    for (rank, &test) in order.iter().enumerate() {
        least = least.max((p.len() - rank) as f64 * p[test]).min(1.0);
        adjusted[test] = least;
    }
    adjusted
}

/// Benjamini and Hochberg's step-up correction: the expected share of false positives among those at or below an adjusted
/// p-value is at most that value (independent or positively dependent tests).
#[must_use]
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    let order = ascending(p);
    let mut adjusted = vec![0.0; p.len()];
    let mut most = 1.0f64;
    for (rank, &test) in order.iter().enumerate().rev() {
        most = most.min(p.len() as f64 / (rank + 1) as f64 * p[test]);
        adjusted[test] = most;
    }
    adjusted
}

/// Benjamini and Yekutieli's correction: as [`benjamini_hochberg`], however tests depend on each other.
#[must_use]
pub fn benjamini_yekutieli(p: &[f64]) -> Vec<f64> {
    let harmonic: f64 = (1..=p.len()).map(|k| 1.0 / k as f64).sum();
    benjamini_hochberg(p).into_iter().map(|p| (harmonic * p).min(1.0)).collect()
}

/// Hommel's correction (1988): as [`holm`], and never larger, for independent or positively dependent tests.
#[must_use]
pub fn hommel(p: &[f64]) -> Vec<f64> {
    let (order, n) = (ascending(p), p.len());
    let sorted: Vec<f64> = order.iter().map(|&test| p[test]).collect();
    let mut adjusted = sorted.clone();
    // Over the sets of `size` tests that a test may be in, the largest of Simes' p-values: such a set has the `size − 1` largest p-values
    // beside it, or is of the `size` largest.
    for size in 2..=n {
        let from = n - size;
        let simes = |k: usize| size as f64 * sorted[from + k - 1] / k as f64;
        let beside = (2..=size).map(simes).fold(f64::INFINITY, f64::min);
        let alone = |k: usize| beside.min(size as f64 * sorted[k]);
        for (k, adjusted) in adjusted.iter_mut().enumerate() {
            *adjusted = adjusted.max(alone(k.min(from)));
        }
    }
    let mut out = vec![0.0; n];
    order.iter().zip(adjusted).for_each(|(&test, p)| out[test] = p.min(1.0));
    out
}

/// The `t` that a Student variable of `degrees` (at least 1) stays within, either side of 0, with probability `within`.
#[must_use]
pub fn t_critical(within: f64, degrees: usize) -> f64 {
    // The probability rises with the angle, so that halving finds it.
    let (mut low, mut high) = (0.0, std::f64::consts::FRAC_PI_2);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if t_within(middle, degrees) < within { low = middle } else { high = middle }
    }
    (degrees as f64).sqrt() * low.tan()
}

/// The probability that a Student variable of `degrees` stays within `√degrees · tan(angle)` either side of 0 (Abramowitz and
/// Stegun 1964, 26.7.3 and 26.7.4).
fn t_within(angle: f64, degrees: usize) -> f64 {
    let (sin, cos) = angle.sin_cos();
    let odd = degrees % 2 == 1;
    let (mut term, mut sum) = (if odd { cos } else { 1.0 }, 0.0);
    for k in (if odd { 3..=degrees } else { 2..=degrees }).step_by(2) {
        sum += term;
        term *= cos * cos * (k - 1) as f64 / k as f64;
    }
    if odd { std::f64::consts::FRAC_2_PI * (angle + sin * sum) } else { sin * sum }
}

/// The two-sided p-value of `t` under a Student variable of `degrees` (at least 1).
#[must_use]
pub fn t_p_value(t: f64, degrees: usize) -> f64 {
    let within = t_within((t.abs() / (degrees as f64).sqrt()).atan(), degrees);
    if within < 0.9 || within.is_nan() {
        return (1.0 - within).clamp(0.0, 1.0);
    }
    let [a, x, beta, sum] = t_tail(t, degrees);
    x.powf(a) / beta * sum
}

/// The natural logarithm of the probability that a Student variable of `degrees` (at least 1) is below `t`; as exact where that is next to
/// nothing, or less than the smallest f64.
#[must_use]
pub fn log_t_below(t: f64, degrees: usize) -> f64 {
    let beyond = t_p_value(t, degrees) / 2.0;
    if t >= 0.0 {
        return (-beyond).ln_1p();
    }
    if beyond > 0.01 {
        return beyond.ln();
    }
    let [a, x, beta, sum] = t_tail(t, degrees);
    a * x.ln() + (sum / beta / 2.0).ln()
}

/// Of the p-value far from 0, where one less the probability would have no digits left, `a`, `x`, `beta` and `sum`, of which it is
/// `x^a / beta · sum`: the incomplete beta function `I_x(ν/2, ½)` at `x = ν/(ν + t²)` by its power series, all of whose terms are
/// positive (Abramowitz and Stegun 1964, 26.5.4 and 15.1.1).
fn t_tail(t: f64, degrees: usize) -> [f64; 4] {
    let nu = degrees as f64;
    let (a, x) = (nu / 2.0, 1.0 / (1.0 + t * t / nu));
    // B(a, ½) from B(½, ½) = π or B(1, ½) = 2.
    let (mut at, mut beta) = if degrees % 2 == 1 { (0.5, std::f64::consts::PI) } else { (1.0, 2.0) };
    while at + 0.5 < a {
        beta *= at / (at + 0.5);
        at += 1.0;
    }
    let (mut term, mut sum, mut n) = (1.0, 0.0, 0.0);
    loop {
        let added = term / (a + n);
        sum += added;
        term *= x * (n + 0.5) / (n + 1.0);
        n += 1.0;
        if added < 1e-17 * sum || n > 1e6 {
            return [a, x, beta, sum];
        }
    }
}

fn ascending(p: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: &[f64], b: &[f64]) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12)
    }

    #[test]
    fn corrections_equal_worked_examples() {
        let p = [0.01, 0.04, 0.03, 0.005];
        assert!(close(&holm(&p), &[0.03, 0.06, 0.06, 0.02]));
        assert!(close(&benjamini_hochberg(&p), &[0.02, 0.04, 0.04, 0.02]));
        assert!(holm(&[]).is_empty());
        assert_eq!(holm(&[0.9, 0.8]), [1.0, 1.0]);
    }

    #[test]
    fn critical_values_are_those_of_the_tables() {
        let table = [(1, 12.706), (2, 4.303), (3, 3.182), (4, 2.776), (5, 2.571), (9, 2.262), (30, 2.042)];
        for (degrees, t) in table {
            assert!((t_critical(0.95, degrees) - t).abs() < 6e-4, "{degrees}: {}", t_critical(0.95, degrees));
        }
    }

    #[test]
    fn p_values_of_t_undo_its_critical_values() {
        for degrees in [1, 4, 9] {
            let p = t_p_value(-t_critical(0.99, degrees), degrees);
            assert!((p - 0.01).abs() < 1e-9, "{degrees}: {p}");
        }
        assert_eq!(t_p_value(0.0, 4), 1.0);
    }

    #[test]
    fn a_p_value_counts_itself_and_ties() {
        assert_eq!(p_value(2.0, &[1.0, 2.0, 3.0]), Some(0.75));
        assert_eq!(p_value(9.0, &[1.0, 2.0, 3.0]), Some(0.25));
        assert_eq!(p_value(f64::NAN, &[1.0]), None);
    }

    #[test]
    fn p_values_keep_their_digits_in_the_tail() {
        // SciPy's t at these p-values, and its two-sided p by mpmath's incomplete beta function to fifty digits.
        let table = [
            (1, 12.706_204_736_174_705, 0.05),
            (1, 6.366_197_723_675_814e99, 1e-100),
            (2, 99_999_999.999_999_99, 1e-16),
            (3, 12.923_978_636_687_481, 1e-3),
            (3, 2.804_294_253_254_697e33, 1e-100),
            (5, 1_801_609.952_625_81, 1e-30),
            (10, 109.381_470_047_873_08, 1e-16),
            (10, 27_485_906_095.604_862, 1e-100),
            (29, 17.157_446_624_190_104, 1e-16),
            (29, 14_149.810_372_419_906, 1e-100),
            (100, 1.983_971_518_523_552, 0.05),
            (100, 7.227_187_056_728_531, 1e-10),
            (100, 96.991_790_289_039_05, 1e-100),
        ];
        for (degrees, t, p) in table {
            let found = t_p_value(t, degrees);
            assert!((found / p - 1.0).abs() < 1e-10, "t = {t}, {degrees} degrees: {found:e} for {p:e}");
        }
        assert_eq!(t_p_value(f64::INFINITY, 3), 0.0);
    }
}
