//! The Bayes factor of one sample's t: how much likelier it is where there is an effect than where there is none (Rouder, Speckman,
//! Sun, Morey and Iverson 2009, Psychonomic Bulletin & Review 16, equation 1, with the scale `r` of Morey and Rouder).
//!
//! Where there is an effect, its size δ = μ / σ is Cauchy of scale `r` around 0, which is a normal of variance `g r²` whose `g` is
//! inverse gamma (½, ½). Over `g`, and ν = n − 1:
//!
//! ```text
//! BF10 = ∫ (1 + n g r²)^−½ [(1 + t² / ((1 + n g r²) ν)) / (1 + t² / ν)]^−(ν+1)/2 (2π)^−½ g^−3/2 e^(−1/2g) dg
//! ```
//!
//! One-sided, δ has that sign: the integrand times twice the probability of the sign, which given `g` and the data is that of a Student
//! variable of n degrees. The integral goes over ln g in equal steps, of which the sum is exact to 1e-13, and in logarithms throughout.

use super::sign_flips::Tail;
use super::significance::log_t_below;

/// The scale of effect sizes that is usual: half of them are within `√2/2` either side of 0.
pub const SCALE: f64 = std::f64::consts::FRAC_1_SQRT_2;

/// The step in ln g, where the sum begins, and how far beyond the last bend of the integrand it ends.
const STEP: f64 = 0.25;
const FIRST: f64 = -7.0;
const BEYOND: f64 = 40.0;
/// What is so much smaller than the largest term adds nothing.
const NOTHING: f64 = -45.0;

/// The natural logarithm of BF10 of `t` over `n` values (two at least) for effects of `scale`, on either side of 0 or as `tail` has it;
/// NaN where t is none.
#[must_use]
pub fn log_bayes_factor(t: f64, n: usize, scale: f64, tail: Tail) -> f64 {
    if !t.is_finite() || n < 2 {
        return f64::NAN;
    }
    let (count, nu) = (n as f64, n as f64 - 1.0);
    let wide = count * scale * scale;
    let last = FIRST.max((t * t / wide).ln()).max(0.0) + BEYOND;
    let steps = ((last - FIRST) / STEP).ceil() as usize;
    let terms: Vec<(f64, f64)> = (0..=steps)
        .map(|step| {
            let u = FIRST + STEP * step as f64;
            let g = u.exp();
            let spread = 1.0 + wide * g;
            let log = -0.5 * (spread.ln() + (2.0 * std::f64::consts::PI).ln() + u + 1.0 / g)
                - count / 2.0 * ((t * t / (spread * nu)).ln_1p() - (t * t / nu).ln_1p());
            (spread, log)
        })
        .collect();
    let most = terms.iter().map(|term| term.1).fold(f64::NEG_INFINITY, f64::max);
    let side = match tail {
        Tail::Two => return most + (STEP * terms.iter().map(|term| (term.1 - most).exp()).sum::<f64>()).ln(),
        Tail::Greater => 1.0,
        Tail::Less => -1.0,
    };
    // The mean given g and the data: Student of n degrees, so many of its scales from 0.
    let of_sign = |(spread, log): (f64, f64)| {
        let z = t * (count * (spread - 1.0) / spread / (nu + t * t / spread)).sqrt();
        log + log_t_below(side * z, n) + std::f64::consts::LN_2
    };
    // Far on the other side, what is small for its g may be all that has the sign.
    let kept = terms.into_iter().filter(|term| tail.extremity(t) < 0.0 || term.1 - most > NOTHING);
    let signed: Vec<f64> = kept.map(of_sign).collect();
    let most = signed.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    most + (STEP * signed.iter().map(|term| (term - most).exp()).sum::<f64>()).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `bayesfactor_ttest(t, n, r=√½)` of pingouin 0.7.0: n, and the factors at each of [`T`].
    const FROZEN: &str = "\
        2 0.523156584 0.586259083 0.729964854 1.04292216 1.17857661 1.50121122 2.02585175 2.74848272 4.03104977
        3 0.467161277 0.518042269 0.660520572 1.12837917 1.41418907 2.35839513 5.0570164 13.3250006 68.5990502
        5 0.397362624 0.440000868 0.576313649 1.2276627 1.80751592 4.99187165 30.656955 431.493468 52626.4797
        8 0.336204002 0.373303792 0.500211634 1.27845906 2.20293761 10.9638069 295.959957 52940.0526 777434907
        20 0.232326294 0.259982635 0.361270343 1.2057726 2.70214516 46.1244555 92405.411 177384169e3 4.42351864e23
        50 0.15383861 0.173218756 0.246421352 0.960627239 2.53980463 114.8221 54372900 1.08174438e22 2.55280193e54
        200 0.0790133882 0.0893690018 0.129196312 0.556733585 1.64215676 156.348269 62890243800 1.15693375e46 7.41859994e167";
    const T: [f64; 9] = [0.0, 0.5, 1.0, 2.0, -2.5, 4.0, -8.0, 20.0, 100.0];

    #[test]
    fn matches_pingouin_over_t_and_n() {
        for row in FROZEN.lines() {
            let row: Vec<f64> = row.split_whitespace().map(|number| number.parse().unwrap()).collect();
            assert_eq!(row.len(), 1 + T.len());
            for (t, frozen) in T.into_iter().zip(&row[1..]) {
                let found = log_bayes_factor(t, row[0] as usize, SCALE, Tail::Two).exp();
                assert!((found / frozen - 1.0).abs() < 1e-6, "t {t}, n {}: {found} for {frozen}", row[0]);
            }
        }
    }

    /// One-sided against the integral over noncentral t (`SciPy` 1.17), and both kinds against the manual of R's `BayesFactor` 0.9.12 (its
    /// sleep data: 17.25888, 34.41694, .1008246).
    #[test]
    fn one_side_is_that_of_the_effect() {
        let near = |t: f64, n: usize, tail: Tail, frozen: f64| {
            let found = log_bayes_factor(t, n, SCALE, tail).exp();
            assert!((found / frozen - 1.0).abs() < 1e-6, "t {t}, n {n}, {tail:?}: {found} for {frozen}");
        };
        for (t, n, frozen) in [
            (1.0, 5, 0.911_969_051_5),
            (-1.0, 5, 0.240_658_246_3),
            (2.5, 20, 5.325_941_017),
            (-2.5, 20, 0.078_349_312_6),
            (0.3, 50, 0.197_310_834_4),
        ] {
            near(t, n, Tail::Greater, frozen);
            near(-t, n, Tail::Less, frozen);
        }
        let sleep = -4.062_127_683_382_037;
        near(sleep, 10, Tail::Two, 17.258_88);
        near(sleep, 10, Tail::Less, 34.416_94);
        near(sleep, 10, Tail::Greater, 0.100_824_6);
    }

    #[test]
    fn nothing_overflows_and_the_sides_add_up() {
        for n in [2, 3, 10, 200, 5_000] {
            for t in [0.0, 1e-9, 3.0, -40.0, 1e3, -1e6, 1e12] {
                let [two, greater, less] =
                    [Tail::Two, Tail::Greater, Tail::Less].map(|tail| log_bayes_factor(t, n, SCALE, tail));
                assert!(
                    two.is_finite() && greater.is_finite() && less.is_finite(),
                    "t {t}, n {n}: {two} {greater} {less}"
                );
                let most = greater.max(less);
                let mean =
                    most + ((greater - most).exp() + (less - most).exp()).ln() - std::f64::consts::LN_2;
                assert!((mean - two).abs() < 1e-8 * two.abs().max(1.0), "t {t}, n {n}: {mean} for {two}");
            }
        }
        assert!(
            log_bayes_factor(f64::NAN, 5, SCALE, Tail::Two).is_nan()
                && log_bayes_factor(1.0, 1, SCALE, Tail::Two).is_nan()
        );
    }
}
