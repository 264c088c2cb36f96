//! What a number is worth: its distribution under the null, its spread over stimuli, and the noise ceiling.
//!
//! What this is not: it is no other estimator. Each file runs a cross-validation, or its models, on activations that are
//! shuffled, resampled or repeated.

mod bootstrap;
mod ceiling;
mod measured;
mod null;
mod own;

pub use ceiling::Ceiling;
pub use null::{Null, NullStatistic};
pub(crate) use own::{Forms, FormsAt};
