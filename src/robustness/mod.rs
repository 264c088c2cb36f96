//! What a run's conclusions stand on: each claim that its profile makes, held against the same run with one thing changed.
//!
//! ```text
//! run directory ──claims──▶ subj_number is the largest at layer 4 …
//!       └─variations──▶ run directories of the run with another pooling, distance, seed …  ──▶ in how many each claim holds
//! ```
//!
//! A claim is a sentence that a reader takes from the importances of features ([`Claim`]): which feature is the largest at a layer, at which
//! layers a feature peaks, which of two matters more over all layers, and whether an importance is told from 0. It is read off the run
//! once, and then only asked: a [`Variation`] answers yes or no, or cannot be asked (a feature that it lacks).
//!
//! What this is not: nothing is fitted here. A variation is a run directory like any other, made by the program with the option that its
//! command names, so that its numbers are those of that command.

mod claims;
mod csv;
mod facts;
mod sheet;

pub use claims::{Claim, ClaimKind};
pub use csv::{CLAIMS, ROBUSTNESS, VARIATIONS};
pub use facts::{Facts, Sign};
pub use sheet::{Answer, Outcome, Sheet, Variation, VariationKind};

#[cfg(test)]
mod tests;
