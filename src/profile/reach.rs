//! What so many draws can show at all, told before they are made.

use std::fmt;

use super::statistics::ALPHA;
use crate::text;

/// The least p-values that random draws can give, before and after correction for several tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    option: &'static str,
    draws: usize,
    tests: usize,
    /// A two-sided p-value counts both ends.
    sides: usize,
}

impl Reach {
    /// That of `draws` of the null (`--null`), over so many importances.
    #[must_use]
    pub fn of_null(draws: usize, tests: usize) -> Self {
        Self { option: "--null", draws, tests, sides: 1 }
    }

    /// That of `draws` samples of the stimuli (`--bootstrap`), over every two of so many layers.
    #[must_use]
    pub fn of_bootstrap(draws: usize, layers: usize) -> Self {
        Self { option: "--bootstrap", draws, tests: layers * layers.saturating_sub(1) / 2, sides: 2 }
    }

    /// The least p-value, without correction.
    #[must_use]
    pub fn least(&self) -> f64 {
        (self.sides as f64 / (self.draws + 1) as f64).min(1.0)
    }

    /// How many effects have to be at the least p-value for any to stay below [`ALPHA`] after Benjamini and Hochberg; more than
    /// there are tests where none can.
    #[must_use]
    pub fn least_effects(&self) -> usize {
        let share = self.tests as f64 * self.least() / ALPHA;
        // An effect has to be below, not at, the threshold. A product that is a whole number may be a hair off.
        (share * (1.0 + 1e-12)).floor() as usize + 1
    }

    /// The fewest draws with which one effect alone can be below [`ALPHA`] after any correction.
    #[must_use]
    pub fn enough(&self) -> usize {
        ((self.tests * self.sides) as f64 / ALPHA).round() as usize
    }

    /// Whether one effect alone can be below [`ALPHA`] after correction.
    #[must_use]
    pub fn is_enough(&self) -> bool {
        self.tests == 0 || self.least_effects() <= 1
    }

    /// Whether nothing can be.
    #[must_use]
    pub fn is_vain(&self) -> bool {
        self.tests > 0 && self.least_effects() > self.tests
    }
}

/// `p` with three significant digits, without the zero before the point and zeros at the end: `.0196`; one is `1`.
fn significant(p: f64) -> String {
    // The place of the first digit that is not zero. Rounding may make it the one before, and the last digit a zero.
    let place = (-p.log10()).floor().max(0.0) as usize;
    let text = format!("{p:.*}", place + 3);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    text.strip_prefix('0').unwrap_or(text).to_owned()
}

/// As a message before the work says it.
impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { option, draws, tests, sides } = *self;
        let tests = text::counted(tests as u128, "test");
        write!(
            f,
            "{option} {draws}: no p-value is below {sides}/{} = {}",
            draws + 1,
            significant(self.least())
        )?;
        let alpha = significant(ALPHA);
        let enough = text::count(self.enough() as u128).replace(',', "");
        match self.least_effects() {
            0 | 1 => write!(f, ", and one effect alone can be below {alpha} after correction over {tests}"),
            n if !self.is_vain() => write!(
                f,
                "; after correction over {tests} an effect is below {alpha} only together with others, {n} of them at this \
                 least p-value. {option} {enough} lets one alone be"
            ),
            _ => {
                write!(f, "; after correction over {tests} none is below {alpha}. {option} {enough} would do")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::significance::{benjamini_hochberg, holm};

    /// The smallest corrected p-value where `k` of the tests are at the least one and the others at 1.
    fn corrected(reach: Reach, k: usize) -> (f64, f64) {
        let mut p = vec![1.0; reach.tests];
        p[..k].fill(reach.least());
        (holm(&p)[0], benjamini_hochberg(&p)[0])
    }

    #[test]
    fn so_many_effects_are_needed_and_no_fewer() {
        for (draws, tests) in
            [(20, 91), (100, 7), (19, 2), (39, 2), (1000, 91), (1819, 91), (1820, 91), (50, 21)]
        {
            for reach in [Reach::of_null(draws, tests), Reach { sides: 2, ..Reach::of_null(draws, tests) }] {
                let needed = reach.least_effects();
                if needed <= tests {
                    assert!(corrected(reach, needed).1 < ALPHA, "{reach:?} {needed}");
                }
                if needed > 1 {
                    assert!(
                        corrected(reach, (needed - 1).min(tests)).1 >= ALPHA - 1e-12,
                        "{reach:?} {needed}"
                    );
                }
                let enough = Reach { draws: reach.enough(), ..reach };
                assert!(enough.is_enough() && corrected(enough, 1).0 < ALPHA, "{enough:?}");
                assert!(!Reach { draws: reach.enough() - 1, ..reach }.is_enough(), "{reach:?}");
            }
        }
    }

    #[test]
    fn the_least_p_value_has_three_digits() {
        let of = |draws: usize| significant(Reach::of_null(draws, 1).least());
        let said = [1, 5, 9, 20, 50, 200, 999, 1000, 100_000].map(of);
        assert_eq!(said, [".5", ".167", ".1", ".0476", ".0196", ".00498", ".001", ".000999", ".00001"]);
        assert_eq!(significant(1.0), "1");
    }

    #[test]
    fn the_message_has_the_least_p_and_what_would_do() {
        let vain = Reach::of_null(5, 3);
        assert!(vain.is_vain());
        assert_eq!(
            vain.to_string(),
            "--null 5: no p-value is below 1/6 = .167; after correction over 3 tests none is below .05. --null 60 would do"
        );
        let some = Reach::of_null(1000, 91).to_string();
        assert!(some.contains("2 of them") && some.ends_with("--null 1820 lets one alone be"), "{some}");
        assert!(Reach::of_bootstrap(50, 7).to_string().contains("--bootstrap 840"));
    }
}
