//! A profile: the scores, importances and weights of an estimator over layers and folds.

mod bootstrap;
mod ceiling;
mod csv;
mod details;
mod differences;
mod error;
mod estimator;
mod fit;
mod metric;
mod reach;
mod row;
mod run;
mod statistics;
mod summary;
mod tables;
mod units;

pub use crate::mlem::Order;
pub use bootstrap::{BOOTSTRAP, Bootstrapped, Sample, bootstrap};
pub use ceiling::{CEILING, CeilingRow, ceilings};
pub use csv::{IMPORTANCE, SCORES, STATISTICS, WEIGHTS};
pub(crate) use csv::{number, table};
pub use details::{Correlation, Decoded, Details, Ridge, Training};
pub use differences::{DIFFERENCES, LayerDifference, differences_csv};
pub use error::{Error, Result};
pub use estimator::{Estimator, LayerFit};
pub use fit::{Fitted, fit};
pub use metric::{Direction, Metric};
pub use reach::Reach;
pub use run::{ModelRecord, RunRecord, StimuliRecord};
pub use statistics::{ALPHA, Of, Statistic, Test, Tested};
pub use summary::{Spread, SpreadOver, Summary, Trajectory};
pub use tables::{Importance, Profile, Score, Split, Weight};
pub use units::{UNITS, UnitRow, fit_units, units_csv};
