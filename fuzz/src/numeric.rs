//! The part of `numeric` that grammars draw from.

#[path = "../../src/numeric/rng.rs"]
pub mod rng;
