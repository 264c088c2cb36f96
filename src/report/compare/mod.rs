//! The report of a comparison: its page, and what a terminal shows of it.

mod figures;
mod metadata;
mod nearest;
mod page;
mod scales;
mod story;
mod terminal;
mod values;

pub use page::page;
pub use terminal::terminal;

use super::Result;
use super::export::{self, File, Format};
use crate::compare::Comparison;

/// The figures of a comparison as files of `formats`.
///
/// # Errors
///
/// [`crate::report::Error::Drawing`] where an image cannot be made.
pub fn figures(comparison: &Comparison, formats: &[Format]) -> Result<Vec<File>> {
    export::files(&figures::figures(comparison), formats)
}

#[cfg(test)]
mod tests;
