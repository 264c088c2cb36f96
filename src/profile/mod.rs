//! A profile: the scores, importances and weights of an estimator over layers and folds.
//!
//! Numbers are rounded to f32, which is what tables keep; the tables themselves are [`crate::rundir`]'s.

mod axis;
mod bootstrap;
mod ceiling;
mod details;
mod differences;
mod encoded_units;
mod error;
mod estimator;
mod fit;
mod measure;
mod metric;
mod plane;
mod reach;
mod settings;
mod spread;
mod statistics;
mod summary;
mod tables;
mod units;

pub use crate::mlem::Order;
pub use axis::AxisKind;
pub use bootstrap::{Bootstrapped, Sample, bootstrap};
pub use ceiling::ceilings;
pub use details::{Correlation, Decoded, Details, Encoded, Ridge, Training};
pub use differences::LayerDifference;
pub use encoded_units::{EncodedUnit, encode_units};
pub use error::{Error, Result};
pub use estimator::{Estimator, LayerFit};
pub use fit::{Fitted, fit};
pub use measure::{EstimatorName, ScoreMeasure};
pub use metric::{Direction, Metric};
pub use plane::{Plane, PlaneAxis, n_axes};
pub use reach::Reach;
pub use settings::Settings;
pub use spread::Spread;
pub use statistics::{ALPHA, Statistic, Test, over_folds};
pub use summary::{SpreadOver, Summary, Trajectory};
pub use tables::{CeilingRow, Importance, NullDraw, Of, Profile, Score, Split, Tested, Weight};
pub use units::{UnitRow, fit_units};
