//! A run directory: the files of one run, and how a rerun finds what is complete.
//!
//! Who writes a run claims its folder ([`RunDir::claim`]) and saves as it goes: after every layer `run.json` first, with a hash of
//! what the layer has in the tables, then the tables, `scores.csv` last. A rerun with the same key keeps the layers whose rows
//! are still those; what follows the layers (bootstrap, maps, units, the page) is removed before the first layer of a run is
//! written, so that no two runs lie side by side, and `run.json` gets the hashes of all files when everything is there.
//! [`Fit::into_dir`] does all of it, [`RunDir::read`] says what is not as it was written. The page is made from what was read or
//! fitted, by [`crate::report`].
//!
//! | file | content |
//! | --- | --- |
//! | `run.json` | [`RunRecord`]: everything that reproduces the run |
//! | `stimuli.csv`, `stimuli.json` | the stimuli that were fitted: [`crate::stimuli`] |
//! | `scores.csv`, `importance.csv`, `weights.csv` | [`Profile`](crate::profile::Profile), a row per layer and fold |
//! | `statistics.csv` | means, intervals and p-values: [`Statistic`](crate::profile::Statistic) |
//! | `training.csv`, `ridge.csv`, `correlations.csv`, `decoding.csv`, `encoding.csv` | what one estimator alone tells: [`Details`](crate::profile::Details) |
//! | `ceiling.csv` | the noise ceiling of repeated recordings: [`CeilingRow`](crate::profile::CeilingRow) |
//! | `layer_differences.csv`, `bootstrap.csv` | samples of the stimuli: [`Bootstrapped`](crate::profile::Bootstrapped) |
//! | `units.csv`, `encoding_units.csv` | every single unit: [`UnitRow`](crate::profile::UnitRow), [`EncodedUnit`](crate::profile::EncodedUnit) |
//! | `controls.csv`, `controls/` | what is left above the controls: [`ControlRow`](crate::controls::ControlRow); a run directory for each |
//! | `dimension.csv` | the intrinsic dimension of every layer: [`Dimension`](crate::geometry::Dimension) |
//! | `geometry.csv` | maps of the stimuli: [`Geometry`](crate::geometry::Geometry) |
//! | `estimators.csv`, `estimators.html` | the scores of several estimators, in the folder around their run directories: [`EstimatorScores`] |
//! | `report.html`, `figures/` | the page, and the figures that were asked for |
//!
//! `docs/files.md` has the columns of every table, what its bases count from and what each `sd` is of; [`TABLES`] has them for
//! programs.

mod dir;
mod error;
mod estimators;
mod fit;
mod other;
mod record;
mod saved;
mod tables;

pub use dir::{CONTROLS, FIGURES, PAGE, RECORD, RunDir, STIMULI};
pub use error::{Error, Result};
pub use estimators::{ESTIMATORS, ESTIMATORS_PAGE, EstimatorScores, estimators_csv};
pub use fit::{Finished, Fit, wanted};
pub use other::differences;
pub use record::{AdapterRecord, ControlRecord, ModelRecord, RunRecord, StimuliRecord};
pub use saved::{Doubt, Saved};
pub use tables::{
    GEOMETRY, IMPORTANCE, SCORES, STATISTICS, TABLES, Table, WEIGHTS, encoded_units_csv, geometry_csv,
    importance_csv, read_profile, score_columns, scores_csv, statistics_csv, units_csv, weights_csv,
    write_profile,
};
