//! The score: how well modelled distances go with neural ones, over pairs.
//!
//! Spearman's correlation takes ranks of both. Pearson's correlation and squared error ([`Scoring`](super::Scoring)) take what the fit
//! tracks, and are means, variances and a covariance alone: sums of double precision, in one order whatever the number of threads.
//! Pairs are held in memory where they are few enough ([`Evaluation`]), and streamed where they are not ([`streamed`]).
//!
//! What this is not: it does not choose the pairs, and knows nothing of training and held-out stimuli.

mod evaluation;
mod grid;
mod numbers;
mod pair_set;
pub(crate) mod streamed;
mod target;

pub(crate) use evaluation::Evaluation;
pub use evaluation::Scored;
pub(crate) use grid::GridModel;
pub(crate) use pair_set::{Collected, PairSet, neural_distances};
pub(crate) use target::{ScoreTarget, Values};
