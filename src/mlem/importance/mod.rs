//! Importance: how much the score drops when a feature, an interaction or a group of features is permuted.
//!
//! What this is not: it fits nothing again. A model keeps its weights, and its distances are taken from permuted pairs.

mod ascending;
mod drops;
mod effects;
mod moved;
mod plan;
mod scorer;
mod strata;

pub use drops::TermImportance;
pub use effects::Order;
pub(crate) use effects::{Effect, subtract_mains};
pub(crate) use plan::{Held, Orders, Permuted, Plan};
pub(crate) use scorer::Scorer;
