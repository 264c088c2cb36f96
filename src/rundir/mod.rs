//! A run directory: the files of one run, and how a rerun finds what is complete.
//!
//! Who writes a run claims its folder ([`RunDir::claim`]) and saves as it goes: after every layer `run.json` first, then the tables,
//! `scores.csv` last, so that a layer whose scores are there is whole. A rerun with the same key keeps such layers.
//! [`Fit::into_dir`] does all of it. The page is made from what was read or fitted, by [`crate::report`].
//!
//! | file | content |
//! | --- | --- |
//! | `run.json` | [`RunRecord`]: everything that reproduces the run |
//! | `stimuli.csv`, `stimuli.json` | the stimuli that were fitted: [`crate::stimuli`] |
//! | `scores.csv`, `importance.csv`, `weights.csv` | [`Profile`](crate::profile::Profile), a row per layer and fold |
//! | `statistics.csv` | means, intervals and p-values: [`Statistic`](crate::profile::Statistic) |
//! | `training.csv`, `ridge.csv`, `correlations.csv`, `decoding.csv` | what one estimator alone tells: [`Details`](crate::profile::Details) |
//! | `ceiling.csv` | the noise ceiling of repeated recordings: [`CeilingRow`](crate::profile::CeilingRow) |
//! | `layer_differences.csv`, `bootstrap.csv` | samples of the stimuli: [`Bootstrapped`](crate::profile::Bootstrapped) |
//! | `units.csv` | every single unit: [`UnitRow`](crate::profile::UnitRow) |
//! | `geometry.csv` | maps of the stimuli: [`Geometry`](crate::geometry::Geometry) |
//! | `report.html`, `figures/` | the page, and the figures that were asked for |
//!
//! `docs/files.md` has the columns of every table, what its bases count from and what each `sd` is of; [`TABLES`] has them for
//! programs.

mod dir;
mod error;
mod fit;
mod other;
mod record;
mod tables;

pub use dir::{FIGURES, PAGE, RECORD, RunDir, STIMULI};
pub use error::{Error, Result};
pub use fit::{Finished, Fit, wanted};
pub use other::differences;
pub use record::{ModelRecord, RunRecord, StimuliRecord};
pub use tables::{
    GEOMETRY, IMPORTANCE, SCORES, STATISTICS, TABLES, Table, WEIGHTS, geometry_csv, importance_csv,
    read_profile, score_columns, scores_csv, statistics_csv, units_csv, weights_csv, write_profile,
};
