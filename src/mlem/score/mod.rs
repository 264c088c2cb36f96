//! The score: Spearman's correlation of modelled and neural distances over pairs.
//!
//! Pairs are held in memory where they are few enough ([`Evaluation`]), and streamed twice where they are not ([`streamed`]).
//!
//! What this is not: it does not choose the pairs, and knows nothing of training and held-out stimuli.

mod evaluation;
mod grid;
mod numbers;
mod pair_set;
pub(crate) mod streamed;

pub(crate) use evaluation::Evaluation;
pub use evaluation::Scored;
pub(crate) use grid::GridModel;
pub(crate) use pair_set::{Collected, PairSet, neural_distances};
