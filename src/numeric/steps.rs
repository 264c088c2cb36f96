//! Steps of values, and targets that are added to the sums of steps.

use super::simd::widest;

/// Values that are counted at once.
pub const BLOCK: usize = 1024;
/// Low bits of a step's sum that count its values.
pub(super) const COUNT_BITS: u32 = 21;

/// Where the steps of values are in a table.
#[derive(Debug, Clone, Copy)]
pub struct Steps {
    dropped: u32,
    mask: u16,
}

impl Steps {
    /// The steps of values that agree but for their `dropped` low bits; those whose numbers agree in the bits of `mask` share a place.
    pub(super) fn new(dropped: u32, mask: u16) -> Self {
        Self { dropped, mask }
    }

    /// The place of the step of a value in `0..2³⁰`.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a part of loops that are compiled for several machines")]
    #[must_use]
    pub fn place(self, value: i32) -> u16 {
        // What the caller promises keeps every step within 16 bits.
        (value as u32 >> self.dropped) as u16 & self.mask
    }

    /// Writes the places of the steps of `values`.
    pub fn find(self, values: &[i32], places: &mut [u16]) {
        find_places(places, values, self);
    }
}

/// Some targets as they are added to the sums of steps.
#[derive(Debug)]
pub struct Packed {
    len: usize,
    targets: Box<[u64; BLOCK]>,
}

impl Packed {
    /// None yet.
    #[must_use]
    pub fn empty() -> Self {
        Self { len: 0, targets: Box::new([0; BLOCK]) }
    }

    pub(super) fn as_slice(&self) -> &[u64] {
        &self.targets[..self.len]
    }

    /// Takes `targets`, [`BLOCK`] at most, in the place of what it had.
    pub fn take(&mut self, targets: &[u32]) {
        self.len = targets.len().min(BLOCK);
        pack(&mut self.targets[..self.len], targets);
    }
}

widest! {
    /// Each target as it is added to the sum of its step, which counts it.
    fn pack(out: &mut [u64], targets: &[u32]) {
        for (out, &target) in out.iter_mut().zip(targets) {
            *out = u64::from(target) << COUNT_BITS | 1;
        }
    }

    /// The places of the steps of values in their table.
    fn find_places(out: &mut [u16], values: &[i32], steps: Steps) {
        for (out, &value) in out.iter_mut().zip(values) {
            *out = steps.place(value);
        }
    }
}
