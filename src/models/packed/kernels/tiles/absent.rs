//! Where there are no tiles.

use super::portable::Portable;
use crate::models::packed::kernels::parts::Parts;

/// The tiles of another kind of processor: there are none here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Amx {}

impl Amx {
    /// None.
    pub(in super::super) fn detect() -> Option<Self> {
        None
    }

    /// Makes this thread's tiles ready.
    pub(in super::super) fn begin(self) -> Self {
        self
    }

    /// What multiplies numbers of so many parts.
    pub(in super::super) fn multiply(&self, _parts: Parts) -> Portable {
        match *self {}
    }
}
