//! What a number is worth: its distribution under the null, its spread over stimuli, and the most that noise leaves to reach.
//!
//! What this is not: it is no other estimator. Each file asks the models of a cross-validation again, on shuffled, resampled or
//! repeated activations.

mod bootstrap;
mod ceiling;
mod null;

pub use ceiling::Ceiling;
pub use null::{Null, NullStatistic};
