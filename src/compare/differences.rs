//! Whether an effect peaks elsewhere in one model than in another, peaks higher, or matters more over all.
//!
//! Fold k holds the same stimuli in both models, so that what differs is taken fold by fold. The training sets of folds overlap;
//! Nadeau and Bengio (2003, Machine Learning 52, eq. 9) correct the variance of the mean difference for that:
//!
//! ```text
//! t = mean(d) / √( (1/K + 1/(K − 1)) · s² ),     K − 1 degrees of freedom, two-sided.
//! ```
//!
//! A peak is known to a layer and no better: the depth of one that is the same in every fold still has the variance of a rounded
//! number, `step²/12`, which both models add to `s²`. The interval is of the mean difference over resampled folds. p-values are
//! corrected over all effects and pairs of models of one [`Quantity`].
//!
//! Folds are few. Where both runs have samples of their stimuli ([`crate::profile::bootstrap`]), a difference is also taken draw by
//! draw, each draw the same stimuli in both: its interval is their percentiles, its p-value twice the share on the other side of
//! 0. That tells what other held-out stimuli would have changed, with the models as they were fitted.

use super::Params;
use super::distances::resamples;
use super::trajectories::{Trajectories, area, peak};
use crate::numeric::correlation::mean_sd;
use crate::numeric::significance::{
    benjamini_hochberg, holm, percentile_interval, t_p_value, two_sided_p_value,
};
use crate::profile::{ALPHA, Spread};

/// What of an effect is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// The relative depth of its peak.
    PeakDepth,
    /// Its importance there.
    PeakImportance,
    /// Its mean importance over relative depth.
    Area,
}

impl Quantity {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::PeakDepth, Self::PeakImportance, Self::Area];

    /// Its name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::PeakDepth => "peak_depth",
            Self::PeakImportance => "peak_importance",
            Self::Area => "area",
        }
    }

    fn of(self, run: &Trajectories, fold: usize, effect: usize) -> f64 {
        let values = run.fold(fold, effect);
        match (self, peak(&values)) {
            (Self::Area, _) => area(&run.depths, &values),
            (_, None) => f64::NAN,
            (Self::PeakDepth, Some(peak)) => run.depths[peak],
            (Self::PeakImportance, Some(peak)) => values[peak],
        }
    }

    /// The variance that comes of what a run can tell apart.
    fn rounding(self, run: &Trajectories) -> f64 {
        match (self, run.depths.len()) {
            (Self::PeakDepth, n) if n > 1 => (1.0 / (n - 1) as f64).powi(2) / 12.0,
            _ => 0.0,
        }
    }
}

/// A quantity of an effect in two models.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// A run.
    pub a: usize,
    /// Another.
    pub b: usize,
    /// The effect.
    pub effect: String,
    /// What is compared.
    pub quantity: Quantity,
    /// Over folds, in run `a`.
    pub in_a: Spread,
    /// Over folds, in run `b`.
    pub in_b: Spread,
    /// `a − b` over folds.
    pub difference: Spread,
    /// 95% interval of the mean difference over resampled folds.
    pub interval: (f64, f64),
    /// p-value of the corrected t-test; `None` where it is not defined.
    pub p: Option<f64>,
    /// After Holm.
    pub holm: Option<f64>,
    /// After Benjamini and Hochberg.
    pub bh: Option<f64>,
    /// What samples of the stimuli say; `None` where a run has none.
    pub over_stimuli: Option<OverStimuli>,
}

/// A difference over samples of the stimuli.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OverStimuli {
    /// How many draws.
    pub draws: usize,
    /// Standard deviation over draws.
    pub sd: f64,
    /// 95% interval: percentiles of the draws.
    pub interval: (f64, f64),
    /// Two-sided p-value.
    pub p: f64,
    /// After Holm.
    pub holm: f64,
    /// After Benjamini and Hochberg.
    pub bh: f64,
}

impl Difference {
    /// Whether the p-value after Benjamini and Hochberg is below [`ALPHA`].
    #[must_use]
    pub fn is_significant(&self) -> bool {
        self.bh.is_some_and(|p| p < ALPHA)
    }
}

/// The tests of all pairs of runs, whose folds are paired, and of which `samples` are the draws of stimuli.
pub(super) fn tests(
    runs: &[Trajectories],
    samples: &[Option<Trajectories>],
    effects: &[String],
    params: Params,
) -> Vec<Difference> {
    let draws = resamples(&runs[..1], true, params);
    let mut all = Vec::new();
    for a in 0..runs.len() {
        for b in a + 1..runs.len() {
            for (k, effect) in effects.iter().enumerate() {
                for quantity in Quantity::ALL {
                    let over_stimuli = samples[a].as_ref().zip(samples[b].as_ref());
                    all.push(Difference {
                        over_stimuli: over_stimuli.and_then(|(a, b)| over_draws(a, b, k, quantity)),
                        ..test((runs, a, b), (effect, k), quantity, &draws)
                    });
                }
            }
        }
    }
    for quantity in Quantity::ALL {
        let family: Vec<usize> =
            (0..all.len()).filter(|&i| all[i].quantity == quantity && all[i].p.is_some()).collect();
        let p: Vec<f64> = family.iter().filter_map(|&i| all[i].p).collect();
        for ((&i, holm), bh) in family.iter().zip(holm(&p)).zip(benjamini_hochberg(&p)) {
            (all[i].holm, all[i].bh) = (Some(holm), Some(bh));
        }
        let mut drawn: Vec<&mut OverStimuli> = all
            .iter_mut()
            .filter(|difference| difference.quantity == quantity)
            .filter_map(|difference| difference.over_stimuli.as_mut())
            .collect();
        let p: Vec<f64> = drawn.iter().map(|drawn| drawn.p).collect();
        for ((drawn, holm), bh) in drawn.iter_mut().zip(holm(&p)).zip(benjamini_hochberg(&p)) {
            (drawn.holm, drawn.bh) = (holm, bh);
        }
    }
    all
}

/// A difference over the draws of two runs, which are of the same stimuli; `None` where a draw has no number.
fn over_draws(a: &Trajectories, b: &Trajectories, effect: usize, quantity: Quantity) -> Option<OverStimuli> {
    let draws = a.n_folds().min(b.n_folds());
    let differences: Vec<f64> =
        (0..draws).map(|draw| quantity.of(a, draw, effect) - quantity.of(b, draw, effect)).collect();
    let (_, sd) = mean_sd(&differences).filter(|(mean, _)| mean.is_finite())?;
    let p = two_sided_p_value(&differences);
    Some(OverStimuli { draws, sd, interval: percentile_interval(&differences), p, holm: p, bh: p })
}

fn test(
    (runs, a, b): (&[Trajectories], usize, usize),
    (effect, k): (&str, usize),
    quantity: Quantity,
    draws: &[Vec<Vec<usize>>],
) -> Difference {
    let folds = runs[a].n_folds();
    let of = |run: usize| -> Vec<f64> { (0..folds).map(|fold| quantity.of(&runs[run], fold, k)).collect() };
    let (in_a, in_b) = (of(a), of(b));
    let d: Vec<f64> = in_a.iter().zip(&in_b).map(|(a, b)| a - b).collect();
    let difference = Spread::of(&d);
    let rounding = quantity.rounding(&runs[a]) + quantity.rounding(&runs[b]);
    let means = draws.iter().map(|draw| draw[0].iter().map(|&fold| d[fold]).sum::<f64>() / folds as f64);
    Difference {
        a,
        b,
        effect: effect.to_owned(),
        quantity,
        in_a: Spread::of(&in_a),
        in_b: Spread::of(&in_b),
        difference,
        interval: if difference.n == folds {
            percentile_interval(&means.collect::<Vec<f64>>())
        } else {
            (f64::NAN, f64::NAN)
        },
        p: (difference.n == folds).then(|| p_value(difference, rounding)).flatten(),
        holm: None,
        bh: None,
        over_stimuli: None,
    }
}

/// The two-sided p-value of a mean difference over folds; `None` where nothing varies and there is a difference.
fn p_value(difference: Spread, rounding: f64) -> Option<f64> {
    let k = difference.n as f64;
    let variance = (1.0 / k + 1.0 / (k - 1.0)) * (difference.sd.powi(2) + rounding);
    if difference.mean == 0.0 {
        return Some(1.0);
    }
    (variance > 0.0).then(|| t_p_value(difference.mean / variance.sqrt(), difference.n - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_is_that_of_nadeau_and_bengio() {
        // Mean 0.1, s 0.1 over 5 folds: t = 0.1 / √((1/5 + 1/4) · 0.01) = 1.4907, 4 degrees of freedom.
        let p = p_value(Spread { mean: 0.1, sd: 0.1, n: 5 }, 0.0).unwrap();
        assert!((p - 0.210_3).abs() < 1e-3, "{p}");
    }

    #[test]
    fn a_peak_that_every_fold_agrees_on_is_still_known_to_a_layer_only() {
        let agreed = Spread { mean: 0.4, sd: 0.0, n: 5 };
        assert_eq!(p_value(agreed, 0.0), None);
        let p = p_value(agreed, 2.0 * 0.04 / 12.0).unwrap();
        assert!(p > 1e-4 && p < 0.01, "{p}");
        assert_eq!(p_value(Spread { mean: 0.0, sd: 0.0, n: 5 }, 0.0), Some(1.0));
    }
}
