//! Tables that not every run has: each a kind of row with a file of its own.

use std::path::Path;

use super::Result;
use super::csv::{Cells, rows, table};
use crate::files;

/// A kind of row with a file of its own.
pub(super) trait Row<const N: usize>: Sized {
    const FILE: &'static str;
    const HEADER: [&'static str; N];
    fn layer(&self) -> usize;
    fn cells(&self) -> [String; N];
    fn parse(cells: &Cells<'_>) -> Result<Self, String>;

    /// Writes `all`; with none, a file of an earlier run is taken away.
    fn write(all: &[Self], folder: &Path) -> Result<()> {
        let bytes = (!all.is_empty()).then(|| table(Self::HEADER, all.iter().map(Self::cells)));
        Ok(files::write_or_remove(&folder.join(Self::FILE), bytes.as_deref())?)
    }

    /// Reads them all; a folder without the file has none.
    fn read(folder: &Path) -> Result<Vec<Self>> {
        let path = folder.join(Self::FILE);
        if !path.exists() {
            return Ok(Vec::new());
        }
        rows(&files::read(&path)?, &path, Self::HEADER, Self::parse)
    }
}
