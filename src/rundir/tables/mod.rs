//! The tables of a run directory: their columns, and how they are written and read.
//!
//! | file | what stands here |
//! | --- | --- |
//! | `row` | a kind of row, and tables of it |
//! | `effects` | what a row is of |
//! | `layers`, `statistics`, `details` | the tables of a [`Profile`] |
//! | `extras`, `controls`, `dimension`, `geometry` | the tables of what is done beside the fits |

mod controls;
mod details;
mod dimension;
mod effects;
mod extras;
mod geometry;
mod layers;
mod row;
mod statistics;

use std::collections::BTreeMap;
use std::path::Path;

pub(super) use extras::{ENCODED_UNITS, UNITS};
pub use extras::{encoded_units_csv, units_csv};
pub(super) use geometry::read as read_geometry;
pub use geometry::{GEOMETRY, geometry_csv};
pub use layers::{IMPORTANCE, SCORES, WEIGHTS, importance_csv, score_columns, scores_csv, weights_csv};
pub use statistics::{STATISTICS, statistics_csv};

use self::row::Row;
use super::error::Result;
use crate::controls::ControlRow;
use crate::files::{self, Parts};
use crate::geometry::Dimension;
use crate::profile::{
    Bootstrapped, CeilingRow, Correlation, Decoded, Details, Encoded, Importance, LayerDifference, NullDraw,
    Profile, Ridge, Sample, Score, ScoreMeasure, Training, Weight,
};

/// A table of a run directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    /// Its file.
    pub name: &'static str,
    /// Its columns, in order, where scores are Spearman's correlation; where they are not, what has its name has that of the measure
    /// ([`score_columns`]).
    pub columns: &'static [&'static str],
}

const fn of<const N: usize, R: Row<N>>() -> Table {
    Table { name: R::FILE, columns: &R::HEADER }
}

/// Every table that a run may have beside its stimuli.
pub const TABLES: [Table; 18] = [
    of::<5, Score>(),
    of::<6, Importance>(),
    of::<5, Weight>(),
    Table { name: STATISTICS, columns: &statistics::HEADER },
    of::<4, NullDraw>(),
    of::<8, LayerDifference>(),
    of::<5, Sample>(),
    Table { name: UNITS, columns: &extras::UNITS_HEADER },
    of::<5, Training>(),
    of::<3, Ridge>(),
    of::<5, Correlation>(),
    of::<10, Decoded>(),
    of::<8, Encoded>(),
    Table { name: ENCODED_UNITS, columns: &extras::ENCODED_UNITS_HEADER },
    of::<6, CeilingRow>(),
    of::<12, ControlRow>(),
    of::<5, Dimension>(),
    Table { name: GEOMETRY, columns: &geometry::HEADER },
];

/// The file of the controls.
pub(super) const CONTROLS: &str = ControlRow::FILE;

/// The file of the intrinsic dimensions.
pub(super) const DIMENSION: &str = Dimension::FILE;

/// The file of the samples of the stimuli.
pub(super) const SAMPLES: &str = Sample::FILE;

/// The tables that are made once every layer has been fitted.
pub(super) fn what_follows() -> impl Iterator<Item = &'static str> {
    [
        CeilingRow::FILE,
        LayerDifference::FILE,
        Sample::FILE,
        UNITS,
        ENCODED_UNITS,
        CONTROLS,
        DIMENSION,
        GEOMETRY,
    ]
    .into_iter()
}

/// Writes the tables of `profile` into `folder`; the scores last, so that a layer that is there is whole.
///
/// # Errors
///
/// A table cannot be written; earlier tables are left as they were.
pub fn write_profile(profile: &Profile, folder: &Path) -> Result<()> {
    files::write(&folder.join(WEIGHTS), &weights_csv(profile))?;
    files::write(&folder.join(IMPORTANCE), &importance_csv(profile))?;
    let measure = profile.measure;
    details::write(&profile.details, measure, folder)?;
    row::write_any(&profile.draws, measure, folder)?;
    row::write_any(&profile.ceiling, measure, folder)?;
    files::write(&folder.join(STATISTICS), &statistics_csv(profile))?;
    Ok(files::write(&folder.join(SCORES), &scores_csv(profile))?)
}

/// Reads the tables of `folder`; a run of before there were statistics has none. What was said of its layers is in no table.
///
/// # Errors
///
/// A table that cannot be read, or that is not one: which, and the line.
pub fn read_profile(folder: &Path) -> Result<Profile> {
    let measure = layers::read_measure(folder)?;
    let details = details::read(folder, measure)?;
    // What is in these tables decides where the columns of the scores do not.
    let measure = match (details.decoded.is_empty(), details.encoded.is_empty()) {
        (true, true) => measure,
        (true, false) => ScoreMeasure::RSquared,
        (false, _) => ScoreMeasure::Skill,
    };
    Ok(Profile {
        measure,
        scores: layers::read_scores(folder, measure)?,
        importances: row::read(folder, measure)?,
        weights: row::read(folder, measure)?,
        tested: statistics::read(folder)?,
        draws: row::read_any(folder, measure)?,
        ceiling: row::read_any(folder, measure)?,
        details,
        warnings: BTreeMap::new(),
        labels: BTreeMap::new(),
    })
}

/// A hash (BLAKE3, hex) of what a profile holds of one layer: its rows in the tables, and what was said of it.
pub(super) fn layer_hash(profile: &Profile, layer: usize) -> String {
    let Profile { measure, scores, importances, weights, tested, draws, details, warnings, .. } = profile;
    let Details { training, ridge, correlations, decoded, encoded } = details;
    let mut parts = Parts::default();
    row::add(&mut parts, scores, layer);
    row::add(&mut parts, importances, layer);
    row::add(&mut parts, weights, layer);
    statistics::add(&mut parts, (tested, *measure), layer);
    row::add(&mut parts, draws, layer);
    row::add(&mut parts, training, layer);
    row::add(&mut parts, ridge, layer);
    row::add(&mut parts, correlations, layer);
    row::add(&mut parts, decoded, layer);
    // Runs of before there was encoding have the hashes that they had.
    if !encoded.is_empty() {
        row::add(&mut parts, encoded, layer);
    }
    // As runs of before there was a choice.
    if matches!(measure, ScoreMeasure::Pearson | ScoreMeasure::SquaredError) {
        parts.add(measure.name());
    }
    parts.add("warnings");
    warnings.get(&layer).into_iter().flatten().for_each(|warning| parts.add(warning));
    parts.hash()
}

/// Writes what samples of the stimuli tell; without any, the tables of an earlier run are taken away.
pub(super) fn write_bootstrapped(
    bootstrapped: Option<&Bootstrapped>,
    measure: ScoreMeasure,
    folder: &Path,
) -> Result<()> {
    let differences = bootstrapped.map(|found| row::bytes(&found.differences, measure));
    files::write_or_remove(&folder.join(LayerDifference::FILE), differences.as_deref())?;
    row::write_any(bootstrapped.map_or(&[], |found| &found.samples), measure, folder)
}

/// Writes the intrinsic dimensions; without any, the table of an earlier run is taken away.
pub(super) fn write_dimensions(rows: &[Dimension], folder: &Path) -> Result<()> {
    row::write_any(rows, ScoreMeasure::default(), folder)
}

/// The intrinsic dimensions, if any were taken.
pub(super) fn read_dimensions(folder: &Path) -> Result<Vec<Dimension>> {
    row::read_any(folder, ScoreMeasure::default())
}

/// Writes what is left above the controls; without any, the table of an earlier run is taken away.
pub(super) fn write_controls(rows: &[ControlRow], measure: ScoreMeasure, folder: &Path) -> Result<()> {
    row::write_any(rows, measure, folder)
}

/// What is left above the controls, if any were made.
pub(super) fn read_controls(folder: &Path) -> Result<Vec<ControlRow>> {
    row::read_any(folder, ScoreMeasure::default())
}

/// What samples of the stimuli tell, if any were drawn.
pub(super) fn read_samples(folder: &Path) -> Result<Vec<Sample>> {
    row::read_any(folder, ScoreMeasure::default())
}

#[cfg(test)]
mod tests;
