//! Reports: a profile becomes a terminal table, figures and a page.
//!
//! Pure text and bytes out: nothing is printed or written here, and nothing is measured that the tables do not hold. The
//! same input gives the same bytes: no dates, no random names.

pub mod answers;
mod axis;
pub mod compare;
pub mod controls;
mod dimension;
mod distances;
mod error;
mod estimators;
pub mod export;
mod figures;
pub mod group;
mod inference;
mod methods;
pub mod names;
mod notation;
pub mod page;
pub mod plot;
pub mod robustness;
pub mod several;
pub mod simulation;
mod svg;
pub mod terminal;
mod words;

pub use error::{Error, Result};

#[cfg(test)]
mod fixtures;
