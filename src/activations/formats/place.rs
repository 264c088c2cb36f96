//! Where in a file a matrix stands.

use crate::activations::by_layer;
use crate::activations::error::Result;
use crate::files::tensors::Number;

/// Where in a file a matrix stands, row-major.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::activations) struct Place {
    /// From the beginning of the file, in bytes.
    pub(in crate::activations) offset: u64,
    pub(in crate::activations) rows: usize,
    pub(in crate::activations) columns: usize,
    pub(in crate::activations) number: Number,
}

impl Place {
    /// As many matrices of `(rows, columns)` as there are layers, one after another from `offset` on.
    pub(super) fn stack(
        offset: u64,
        (layers, rows, columns): (usize, usize, usize),
        number: Number,
    ) -> Result<Vec<Self>> {
        by_layer::not_empty(0, rows, columns)?;
        let size = (rows * columns * number.bytes()) as u64;
        let place = |layer| Self { offset: offset + layer as u64 * size, rows, columns, number };
        Ok((0..layers).map(place).collect())
    }
}
