//! The report of a robustness sheet: its page, its figure, and what a terminal shows of it.

mod figure;
mod page;
mod story;
mod terminal;

pub use page::page;
pub use terminal::terminal;

use super::Result;
use super::export::{self, File, Format};
use crate::robustness::Sheet;

/// The figure of a sheet as files of `formats`.
///
/// # Errors
///
/// [`crate::report::Error::Drawing`] where an image cannot be made.
pub fn figures(sheet: &Sheet, formats: &[Format]) -> Result<Vec<File>> {
    export::files(&figure::figure(sheet).into_iter().collect::<Vec<_>>(), formats)
}

#[cfg(test)]
mod tests;
