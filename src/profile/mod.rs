//! A profile: the scores, importances and weights of an estimator over layers and folds.

mod csv;
mod error;
mod fit;
mod metric;
mod run;
mod summary;
mod tables;

pub use crate::mlem::Order;
pub use csv::{IMPORTANCE, SCORES, WEIGHTS};
pub use error::{Error, Result};
pub use fit::{Fitted, fit};
pub use metric::{Direction, Metric};
pub use run::{ModelRecord, RunRecord, StimuliRecord};
pub use summary::{Spread, SpreadOver, Summary, Trajectory};
pub use tables::{Importance, Profile, Score, Split, Weight};
