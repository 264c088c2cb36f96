//! Where in a file a matrix stands.

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
