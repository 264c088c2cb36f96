//! The sufficient statistics of the fit: `C = Cov(φ)` over pairs, and `b = Cov(φ, t)`.
//!
//! `C` depends on the features alone, so that all layers and all draws of a null share it. Sums are kept for each fold that a
//! pair touches, so that one pass over all pairs gives the sums of every fold's training pairs: those of all pairs, less those
//! of the pairs that touch the fold.
//!
//! Where features have few values, sums over all pairs follow from sums over stimuli by level (`levels`), and no pair is visited.
//!
//! What this is not: it finds no weights.

mod accumulate;
mod counted;
mod dependence;
mod design;
mod grouped;
mod level_sums;
mod levels;
mod rank_target;
mod sums;

pub(crate) use accumulate::TargetAccumulator;
pub(crate) use dependence::is_definite;
pub(crate) use design::{Design, MIN_STIMULI, check_memory};
pub(crate) use grouped::Groups;
pub(crate) use rank_target::{Histogram, RankTable};
pub(crate) use sums::{FeatureSums, Monomial, TargetSums};
