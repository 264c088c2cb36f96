//! The sufficient statistics of the fit: `C = Cov(φ)` over pairs, and `b = Cov(φ, t)`.
//!
//! `C` depends on the features alone; it serves every layer, every fold's share of it and every null. Sums are kept per fold
//! that a pair touches, so that one pass over all pairs gives every fold's training set: all pairs, less those that touch the
//! fold.
//!
//! What this is not: it finds no weights.

mod accumulate;
mod dependence;
mod design;
mod grouped;
mod rank_target;
mod sums;

pub(crate) use accumulate::TargetAccumulator;
pub(crate) use dependence::is_definite;
pub(crate) use design::{Design, MIN_STIMULI, check_memory};
pub(crate) use grouped::Groups;
pub(crate) use rank_target::{Histogram, RankTable};
pub(crate) use sums::{FeatureSums, Monomial, TargetSums};
