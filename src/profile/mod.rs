//! A profile: the scores, importances and weights of an estimator over layers and folds.

mod metric;
mod run;
mod summary;
mod tables;

pub use metric::Metric;
pub use run::{ModelRecord, RunRecord, StimuliRecord};
pub use summary::{Spread, SpreadOver, Summary, Trajectory};
pub use tables::{Importance, Order, Profile, Score, Split, Weight};
