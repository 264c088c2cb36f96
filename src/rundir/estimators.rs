//! `estimators.csv`: the scores of several estimators on the same folds.

use crate::files::table::{number, table};
use crate::profile::{Score, ScoreMeasure, Split};

/// The file of the scores of several estimators, in the folder that has a run directory for each.
pub const ESTIMATORS: &str = "estimators.csv";

/// The page of several estimators, beside it.
pub const ESTIMATORS_PAGE: &str = "estimators.html";

/// The scores of one estimator.
#[derive(Debug, Clone, PartialEq)]
pub struct EstimatorScores<'a> {
    /// As `--estimator` has it.
    pub name: &'a str,
    /// What its scores are.
    pub measure: ScoreMeasure,
    /// Its `scores.csv`.
    pub scores: &'a [Score],
    /// How long its layers took, all together.
    pub seconds: f64,
}

/// The bytes of `estimators.csv`, by estimator.
#[must_use]
pub fn estimators_csv(all: &[EstimatorScores<'_>]) -> Vec<u8> {
    let rows = all.iter().flat_map(|of| {
        of.scores.iter().map(move |row| {
            let split = if row.split == Split::Test { "test" } else { "train" };
            [
                row.layer.to_string(),
                row.fold.to_string(),
                split.to_owned(),
                of.name.to_owned(),
                number(row.value),
                of.measure.name().to_owned(),
                format!("{:.3}", of.seconds),
            ]
        })
    });
    table(["layer", "fold", "split", "estimator", "score", "measure", "seconds"], rows)
}
