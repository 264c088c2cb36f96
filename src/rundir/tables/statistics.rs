//! `statistics.csv`: means over folds, intervals and p-values. All but what is known of the null is computed from other tables.

use std::path::Path;

use super::effects::{of_cells, of_row};
use super::row::{Cells, begins_with, rows};
use crate::files::table::{cell, table};
use crate::files::{self, Parts};
use crate::mlem::NullStatistic;
use crate::profile::{Of, Profile, ScoreMeasure, Tested};
use crate::rundir::error::Result;

/// The file of means, intervals and p-values.
pub const STATISTICS: &str = "statistics.csv";

pub(super) const HEADER: [&str; 18] = [
    "layer",
    "feature",
    "order",
    "mean",
    "sd",
    "ci_low",
    "ci_high",
    "permutation_sd",
    "p",
    "p_holm",
    "p_bh",
    "null_mean",
    "null_sd",
    "null_low",
    "null_high",
    "null",
    "null_z",
    "p_max",
];
/// The columns of earlier versions, whose importances were held against the null that no feature matters.
const EARLIER: [&str; 15] = first();
/// Those of versions without the correction by the largest statistic.
const WITHOUT_MAX: [&str; 16] = first();

const fn first<const N: usize>() -> [&'static str; N] {
    let mut first = [""; N];
    let mut column = 0;
    while column < N {
        first[column] = HEADER[column];
        column += 1;
    }
    first
}

const P: usize = 8;
const NULL_MEAN: usize = 11;
const NULL_Z: usize = 16;

/// The bytes of `statistics.csv`; a cell is empty where there is no number.
#[must_use]
pub fn statistics_csv(profile: &Profile) -> Vec<u8> {
    let maybe = |x: Option<f64>| x.map_or_else(String::new, cell);
    table(
        HEADER,
        profile.statistics().iter().map(|row| {
            let (feature, order) = of_cells(&row.of, profile.measure);
            let null = row.test.map(|test| test.null);
            [
                row.layer.to_string(),
                feature.to_owned(),
                order.to_owned(),
                cell(row.folds.mean),
                cell(row.folds.sd),
                maybe(row.interval.map(|(low, _)| low)),
                maybe(row.interval.map(|(_, high)| high)),
                maybe(row.permutation_sd),
                maybe(null.and_then(|null| null.p)),
                maybe(row.test.and_then(|test| test.holm)),
                maybe(row.test.and_then(|test| test.bh)),
                maybe(null.map(|null| null.mean)),
                maybe(null.map(|null| null.sd)),
                maybe(null.map(|null| null.low)),
                maybe(null.map(|null| null.high)),
                if null.is_some() { hypothesis(&row.of).to_owned() } else { String::new() },
                maybe(null.map(|null| null.z)),
                maybe(row.test.and_then(|test| test.max)),
            ]
        }),
    )
}

/// The null hypothesis of a row's p-value.
fn hypothesis(of: &Of) -> &'static str {
    match of {
        Of::Score => "no feature matters",
        Of::Effect(..) => "adds nothing to the others",
    }
}

/// Adds what the table says of the null of `layer` to a hash; the rest of it follows from other tables.
pub(super) fn add(parts: &mut Parts, (tested, measure): (&[Tested], ScoreMeasure), layer: usize) {
    parts.add(STATISTICS);
    for Tested { of, null, .. } in tested.iter().filter(|tested| tested.layer == layer) {
        let p = null.p.map_or_else(String::new, cell);
        let [mean, sd, low, high, z] = [null.mean, null.sd, null.low, null.high, null.z].map(cell);
        if p.is_empty() && mean.is_empty() {
            // It has no row that could be read back.
            continue;
        }
        let (feature, order) = of_cells(of, measure);
        for cell in [feature, order, &p, &mean, &sd, &low, &high, &z] {
            parts.add(cell);
        }
    }
}

/// What `statistics.csv` says of the null; importances of earlier versions have none, since theirs was another one. A run of before
/// there were statistics has none.
pub(super) fn read(folder: &Path) -> Result<Vec<Tested>> {
    let path = folder.join(STATISTICS);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let bytes = files::read(&path)?;
    if begins_with(&bytes, &WITHOUT_MAX) {
        return Ok(rows(&bytes, &path, WITHOUT_MAX, tested)?.into_iter().flatten().collect());
    }
    if begins_with(&bytes, &EARLIER) {
        let found = rows(&bytes, &path, EARLIER, tested)?;
        return Ok(found.into_iter().flatten().filter(|tested| tested.of == Of::Score).collect());
    }
    Ok(rows(&bytes, &path, HEADER, tested)?.into_iter().flatten().collect())
}

/// What a row says of the null, if one was drawn.
fn tested(cells: &Cells<'_>) -> Result<Option<Tested>, String> {
    if cells.is_empty(P) && cells.is_empty(NULL_MEAN) {
        return Ok(None);
    }
    let null = NullStatistic {
        p: cells.maybe(P)?,
        mean: cells.number_or_nan(NULL_MEAN)?,
        sd: cells.number_or_nan(NULL_MEAN + 1)?,
        low: cells.number_or_nan(NULL_MEAN + 2)?,
        high: cells.number_or_nan(NULL_MEAN + 3)?,
        z: cells.number_or_nan(NULL_Z)?,
    };
    Ok(Some(Tested { layer: cells.parse(0)?, of: of_row(cells, 1, 2)?, null }))
}
