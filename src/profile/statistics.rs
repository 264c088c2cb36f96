//! `statistics.csv`: scores and importances over folds, with intervals, and held against their null.
//!
//! # The interval
//!
//! The training sets of two folds overlap, so that their results are not independent, and the plain variance of a mean is too
//! small. Nadeau and Bengio (2003, Inference for the generalization error, Machine Learning 52, eq. 9) correct it:
//!
//! ```text
//! var = (1/n + n_test/n_train) · s²,     n_test/n_train = 1/(K − 1) for K folds,
//! ```
//!
//! with `s²` the variance over the `n` folds that have a value (all `K`, most often); the 95% interval is `mean ± t(n − 1) · √var`. What permutations add to an importance is kept
//! apart (`permutation_sd`, root mean square over folds).
//!
//! # The correction
//!
//! p-values of importances are corrected over all terms, groups and layers together, those of scores over layers, by Holm
//! (the chance of any false positive) and by Benjamini and Hochberg (the share of false positives). With `N` draws no
//! p-value is below `1/(N + 1)`: for Holm to leave any of `m` tests below 0.05, `N` must be at least `20m` ([`Reach`](super::Reach)).
//!
//! The maximum statistic (Westfall and Young 1993, single-step) bounds the chance of any false positive too, and takes account of how
//! tests go together: a test's share is that of the draws whose largest statistic over all tests is at least its own. Statistics are in
//! standard deviations of their null ([`NullStatistic::z`]), and a draw shuffles all layers alike. It takes no more draws for more tests.

use std::collections::{BTreeMap, BTreeSet};

use super::spread::Spread;
use super::tables::{Importance, Of, Profile, Split};
use crate::mlem::{NullStatistic, Order};
use crate::numeric::significance::{benjamini_hochberg, holm, p_value, t_critical};

/// What is called significant: a corrected p-value below this.
pub const ALPHA: f64 = 0.05;

/// A statistic held against its null, and how that stands among all tests.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Test {
    /// Where it lies in its null.
    pub null: NullStatistic,
    /// p-value after Holm; `None` where the statistic is not defined.
    pub holm: Option<f64>,
    /// p-value after Benjamini and Hochberg.
    pub bh: Option<f64>,
    /// p-value by the largest statistic of each draw, after Westfall and Young; `None` too where not every layer's draws are known.
    pub max: Option<f64>,
}

impl Test {
    /// Whether the p-value after Benjamini and Hochberg is below [`ALPHA`].
    #[must_use]
    pub fn is_significant(&self) -> bool {
        self.bh.is_some_and(|p| p < ALPHA)
    }
}

/// A row of `statistics.csv`.
#[derive(Debug, Clone, PartialEq)]
pub struct Statistic {
    /// Layer; 0 is the embedding output.
    pub layer: usize,
    /// What it is of.
    pub of: Of,
    /// Mean and standard deviation over folds.
    pub folds: Spread,
    /// 95% interval of the mean; `None` with fewer than two folds.
    pub interval: Option<(f64, f64)>,
    /// Standard deviation over permutations; `None` for a score.
    pub permutation_sd: Option<f64>,
    /// Against the null, if one was drawn.
    pub test: Option<Test>,
}

impl Profile {
    /// The rows of `statistics.csv`: of each layer the score, then the importances in the order of their table.
    #[must_use]
    pub fn statistics(&self) -> Vec<Statistic> {
        let split =
            if self.scores.iter().any(|row| row.split == Split::Test) { Split::Test } else { Split::Train };
        let mut rows: Vec<Statistic> = Vec::new();
        let scores = self.scores.iter().filter(|row| row.split == split);
        for (layer, scores) in by_layer(scores.map(|row| (row.layer, row.value))) {
            rows.push(Statistic::new(layer, Of::Score, &scores, None));
        }
        let cells = self.importances.iter().map(|row| (row.layer, row));
        for (layer, cells) in by_layer(cells) {
            let mut places: BTreeMap<(Order, &str), usize> = BTreeMap::new();
            let mut effects: Vec<Vec<&Importance>> = Vec::new();
            for row in cells {
                let place = *places.entry((row.order, row.feature.as_str())).or_insert_with(|| {
                    effects.push(Vec::new());
                    effects.len() - 1
                });
                effects[place].push(row);
            }
            for rows_of in effects {
                let of = Of::Effect(rows_of[0].order, rows_of[0].feature.clone());
                let values: Vec<f64> = rows_of.iter().map(|row| row.importance).collect();
                let squares: f64 = rows_of.iter().map(|row| row.sd.powi(2)).sum();
                let sd = (squares / rows_of.len() as f64).sqrt();
                rows.push(Statistic::new(layer, of, &values, Some(sd)));
            }
        }
        // Stable: a layer's score stays before its importances.
        rows.sort_by_key(|row| row.layer);
        self.test(&mut rows);
        rows
    }

    /// Adds the tests to `rows`, corrected.
    fn test(&self, rows: &mut [Statistic]) {
        let nulls: BTreeMap<(usize, &Of), &NullStatistic> =
            self.tested.iter().map(|tested| ((tested.layer, &tested.of), &tested.null)).collect();
        for row in &mut *rows {
            let null = nulls.get(&(row.layer, &row.of));
            row.test = null.map(|&&null| Test { null, holm: None, bh: None, max: None });
        }
        for scores in [true, false] {
            let mut family: Vec<(&mut Test, f64)> = rows
                .iter_mut()
                .filter(|row| (row.of == Of::Score) == scores)
                .filter_map(|row| row.test.as_mut())
                .filter_map(|test| test.null.p.map(|p| (test, p)))
                .collect();
            let p: Vec<f64> = family.iter().map(|(_, p)| *p).collect();
            for (((test, _), holm), bh) in family.iter_mut().zip(holm(&p)).zip(benjamini_hochberg(&p)) {
                (test.holm, test.bh) = (Some(holm), Some(bh));
            }
            let layers: BTreeSet<usize> = self.tested.iter().map(|tested| tested.layer).collect();
            if let Some(largest) = self.largest(&layers, scores) {
                for (test, _) in family {
                    test.max = p_value(test.null.z, &largest);
                }
            }
        }
    }

    /// The largest statistic of each draw over `layers`, of the scores or of the importances; `None` where a layer lacks a draw.
    fn largest(&self, layers: &BTreeSet<usize>, scores: bool) -> Option<Vec<f64>> {
        let mut largest: BTreeMap<usize, (usize, f64)> = BTreeMap::new();
        for row in &self.draws {
            let value = if scores { row.score } else { row.importance };
            let (seen, most) = largest.entry(row.draw).or_insert((0, f64::NEG_INFINITY));
            // A layer in which no effect has a null has nothing to be the largest.
            (*seen, *most) = (*seen + 1, most.max(value));
        }
        let is_whole = !largest.is_empty() && largest.values().all(|&(seen, _)| seen == layers.len());
        is_whole.then(|| largest.into_values().map(|(_, most)| most).collect())
    }
}

impl Statistic {
    fn new(layer: usize, of: Of, values: &[f64], permutation_sd: Option<f64>) -> Self {
        let (folds, interval) = over_folds(values);
        Self { layer, of, folds, interval, permutation_sd, test: None }
    }
}

/// The mean and spread of `values`, one per fold, and the 95% interval of the mean; `None` with fewer than two that are numbers.
#[must_use]
pub fn over_folds(values: &[f64]) -> (Spread, Option<(f64, f64)>) {
    let folds = Spread::of(values);
    let interval = (folds.n > 1).then(|| {
        // Folds without a value were trained and tested on as many stimuli as the others.
        let (n, split) = (folds.n as f64, values.len() as f64);
        let half =
            t_critical(0.95, folds.n - 1) * ((1.0 / n + 1.0 / (split - 1.0)) * folds.sd.powi(2)).sqrt();
        (folds.mean - half, folds.mean + half)
    });
    (folds, interval)
}

/// The values of each layer, in their order.
fn by_layer<T>(rows: impl Iterator<Item = (usize, T)>) -> BTreeMap<usize, Vec<T>> {
    let mut layers: BTreeMap<usize, Vec<T>> = BTreeMap::new();
    for (layer, value) in rows {
        layers.entry(layer).or_default().push(value);
    }
    layers
}

#[cfg(test)]
mod tests {
    use super::super::{NullDraw, Score, Tested};
    use super::*;

    fn null(p: f64) -> NullStatistic {
        NullStatistic { p: Some(p), mean: 0.0, sd: 0.1, low: -0.2, high: 0.2, z: -10.0 * p }
    }

    fn profile() -> Profile {
        let mut profile = Profile::default();
        for layer in 0..2 {
            for fold in 0..3 {
                let value = 0.1 * fold as f64;
                profile.scores.push(Score { layer, fold, split: Split::Test, value, pairs: 9 });
                for feature in ["a", "b"] {
                    profile.importances.push(Importance {
                        layer,
                        fold,
                        feature: feature.to_owned(),
                        order: Order::Main,
                        importance: 0.5,
                        sd: 0.1 * fold as f64,
                    });
                }
            }
            profile.tested.push(Tested { layer, of: Of::Score, null: null(0.04) });
            for (feature, p) in [("a", 0.01), ("b", 0.04)] {
                let of = Of::Effect(Order::Main, feature.to_owned());
                profile.tested.push(Tested { layer, of, null: null(p) });
            }
        }
        profile
    }

    #[test]
    fn the_interval_is_that_of_nadeau_and_bengio() {
        let row = &profile().statistics()[0];
        assert_eq!((row.layer, &row.of, row.permutation_sd), (0, &Of::Score, None));
        // Mean 0.1, s 0.1, t(2) = 4.302653, √(1/3 + 1/2) = 0.912871.
        let (low, high) = row.interval.unwrap();
        assert!((high - (0.1 + 4.302_653 * 0.912_871 * 0.1)).abs() < 1e-6, "{low} {high}");
        assert!((low + high - 0.2).abs() < 1e-12);
    }

    #[test]
    fn spreads_over_folds_and_over_permutations_are_kept_apart() {
        let rows = profile().statistics();
        let row = rows.iter().find(|row| row.of != Of::Score).unwrap();
        assert_eq!(row.folds.sd, 0.0);
        assert!((row.permutation_sd.unwrap() - (0.05_f64 / 3.0).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn scores_and_importances_are_corrected_as_two_families() {
        let rows = profile().statistics();
        let test = |k: usize| rows[k].test.unwrap();
        // Two scores, four importances: 0.01, 0.01, 0.04, 0.04.
        assert_eq!((test(0).holm, test(0).bh), (Some(0.08), Some(0.04)));
        assert_eq!((test(1).holm, test(1).bh), (Some(0.04), Some(0.02)));
        assert_eq!((test(2).holm, test(2).bh), (Some(0.08), Some(0.04)));
        assert!(test(1).is_significant());
        assert_eq!(test(0).max, None, "no draws are known");
    }

    #[test]
    fn the_largest_statistic_of_each_draw_is_over_all_effects_and_layers() {
        let mut profile = profile();
        // z is −0.1 of `a`, −0.4 of `b`, −0.4 of the scores. Layer 1 has the larger draws.
        for layer in 0..2 {
            for draw in 1..=9 {
                let value = -0.05 * (draw + layer) as f64;
                let value = if layer == 0 { value - 1.0 } else { value };
                profile.draws.push(NullDraw { layer, draw, score: value - 0.02, importance: value });
            }
        }
        let rows = profile.statistics();
        // Of the draws −0.10, −0.15 … −0.50 one is at least −0.1, and 7 are at least −0.4; of those of the scores 6.
        let max: Vec<f64> = rows.iter().map(|row| row.test.unwrap().max.unwrap()).collect();
        for (found, expected) in max.iter().zip([0.7, 0.2, 0.8, 0.7, 0.2, 0.8]) {
            assert!((found - expected).abs() < 1e-12, "{max:?}");
        }
        profile.draws.pop();
        assert_eq!(profile.statistics()[0].test.unwrap().max, None, "a draw of a layer is missing");
    }
}
