//! What is compared: the distances between two stimuli, in their features and in their activations.
//!
//! Features become columns that distances are read from ([`Columns`]), activations become neural distances ([`Neural`]), and
//! pairs of stimuli are visited tile by tile ([`Task`]), in an order that depends on no thread.
//!
//! What this is not: nothing is summed, fitted or scored here.

mod dissimilarity;
mod distance;
mod embed;
mod encode;
mod given;
mod sampled;
mod terms;
mod tiles;

pub use dissimilarity::dissimilarities;
pub(crate) use distance::Neural;
pub(crate) use embed::Embedding;
pub(crate) use encode::{Columns, Partners, Scales, Slot};
pub use terms::Term;
pub(crate) use terms::{matrix, normalise, terms};
pub(crate) use tiles::{Coverage, Layout, PairChunk, Task, n_pairs};
