//! What is asked of a computation that is not the processor's own.
//!
//! [`Model`](super::Model) knows it by this trait alone. So a program that was built for no GPU, and does not ask for padded batches
//! by [`LoadOptions::padded`](super::LoadOptions::padded), is linked without a device's computation, which is 3 MB of machine code.

use super::device::DeviceChoice;
use super::error::Result;
use super::packed::trunk::Trunk;
use super::sequences::Sequences;
use super::site::Site;

/// A trunk with its weights on a device, where batches are padded.
pub(super) trait Elsewhere: Send + Sync {
    /// Runs blocks up to the last of `layers` (ascending) of a site, and gives what they have of it to `visit`, `(n_tokens, …)`, with
    /// rows as those of [`Sequences::tokens`]: hidden states by their number, others by that of the block.
    fn forward(
        &self,
        sequences: &Sequences,
        wanted: (Site, &[usize]),
        visit: &mut dyn FnMut(usize, &[f32]) -> Result<()>,
    ) -> Result<()>;

    /// The same with means over groups of tokens, `(groups, d_model)`, which are made on the device: each group has a sequence
    /// and positions in it.
    fn means(
        &self,
        sequences: &Sequences,
        wanted: (Site, &[usize]),
        groups: &[(usize, &[u32])],
        visit: &mut dyn FnMut(usize, &[f32]) -> Result<()>,
    ) -> Result<()>;
}

/// What lays out a trunk's weights on a device.
pub(super) type Upload = fn(Trunk, DeviceChoice) -> Result<Box<dyn Elsewhere>>;
