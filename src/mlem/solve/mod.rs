//! From moments to weights: the optimum of the convex problem of the estimator's docs, or the paper's stochastic way to `W`.
//!
//! What this is not: it visits no pairs, save those that the stochastic solver draws, and scores nothing that was held out.

mod exact;
mod solved;
mod stochastic;
mod systems;

pub(crate) use solved::Solved;
pub use solved::TrainingStep;
pub(crate) use stochastic::sizes as batch_sizes;
pub(crate) use systems::Systems;
