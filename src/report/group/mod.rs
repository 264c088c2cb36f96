//! The report of a group of subjects: its page, and what a terminal shows of it.

mod figures;
mod methods;
mod page;
mod planes;
mod story;
mod terminal;
mod wording;

pub use page::page;
pub use terminal::terminal;

use super::Result;
use super::axis::Axis;
use super::export::{self, File, Format};
use crate::group::Group;
use crate::rundir::RunRecord;

/// Whether the axis of `run`, whose entries are called `names` ([`crate::group::entry_names`]), has an order, layers or points of time, so
/// that entries that follow each other are neighbours.
#[must_use]
pub fn is_ordered(run: &RunRecord, names: &[String]) -> bool {
    if run.layer_labels.is_empty() { Axis::of(run).is_ordered() } else { are_ordered(names) }
}

/// Whether entries that are called `names` have an order.
#[must_use]
pub fn are_ordered(names: &[String]) -> bool {
    Axis::named(names.iter().cloned().enumerate()).is_ordered()
}

/// The figures of a group as files of `formats`.
///
/// # Errors
///
/// [`crate::report::Error::Drawing`] where an image cannot be made.
pub fn figures(group: &Group, formats: &[Format]) -> Result<Vec<File>> {
    export::files(&planes::all(group), formats)
}

#[cfg(test)]
mod tests;
