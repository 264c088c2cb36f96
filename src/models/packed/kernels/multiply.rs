//! What all products of rows with weights have in common, whatever multiplies them.
//!
//! Rows are taken in blocks that stay in the second cache, and each panel of weights is read once a block, in sub-blocks
//! of [`Multiply::ROWS`] rows. A sub-block's sums, `(ROWS, PANEL)`, are finished while they are in the first cache.

use std::ops::Range;

use super::PANEL;
use super::room::{Both, Rows};
use super::simd::Simd;
use super::weights::Weights;

/// Some rows of a product.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    /// How many inputs the rows have.
    pub(super) inputs: usize,
    /// The first row, a multiple of [`Multiply::ROWS`].
    pub(super) first: usize,
    /// How many, at most [`Multiply::ROWS`].
    pub(super) rows: usize,
}

/// Rows of values that are taken in: of `(rows, inputs)` all, or some.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken<'a> {
    pub(super) x: &'a [f32],
    pub(super) inputs: usize,
    /// Their numbers, each with a weight that counts elsewhere.
    pub(super) which: Option<&'a [(u32, f32)]>,
}

impl<'a> Taken<'a> {
    /// How many there are.
    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.which.map_or_else(|| self.x.len() / self.inputs.max(1), <[_]>::len)
    }

    /// At most `count` of them, from `first` on.
    #[inline(always)]
    pub(super) fn some(self, first: usize, count: usize) -> Self {
        let count = count.min(self.len() - first);
        match self.which {
            Some(which) => Self { which: Some(&which[first..][..count]), ..self },
            None => Self { x: &self.x[first * self.inputs..][..count * self.inputs], ..self },
        }
    }

    /// The values of one.
    #[inline(always)]
    pub(super) fn row(&self, index: usize) -> &'a [f32] {
        let row = self.which.map_or(index, |which| which[index].0 as usize);
        &self.x[row * self.inputs..][..self.inputs]
    }
}

/// Something that multiplies rows by a panel of weights.
pub(super) trait Multiply: Copy {
    /// What rows and weights are stored in.
    type Item: Copy + 'static;
    /// How many rows are multiplied at once.
    const ROWS: usize;
    /// How many values of rows stay in the second cache, beside weights and what is made of them.
    const VALUES: usize;

    /// How many items hold so many rows.
    fn size(self, rows: usize, inputs: usize) -> usize;

    /// What room is filled with before it is used.
    fn empty(self) -> Self::Item;

    /// Lays out rows of values as they are read, in `room` for [`Multiply::size`] items.
    fn take<S: Simd>(self, simd: S, x: Taken<'_>, room: &mut [Self::Item]);

    /// Stores finished sums of a panel, `(ROWS, PANEL)`, as the inputs of a block's rows that they are: `PANEL` from
    /// `panel * PANEL` on, or as many as there are.
    fn put<S: Simd>(self, simd: S, sums: &[f32], block: Block, panel: usize, to: &mut [Self::Item]);

    /// The weights of a panel's range of inputs, which begins at a multiple of `PANEL`; `room` is for those that have to be made.
    fn panel<'a>(
        self,
        weights: &'a Weights,
        inputs: usize,
        index: usize,
        range: Range<usize>,
        room: &'a mut Vec<f32>,
    ) -> &'a [Self::Item];

    /// The same, if it is stored and worth fetching before it is needed.
    fn ahead(self, weights: &Weights, inputs: usize, index: usize, range: Range<usize>) -> &[Self::Item];

    /// The thread's room for rows.
    fn rows(room: &mut Both) -> &mut Rows<Self::Item>;

    /// Multiplies a block of `x` by the weights of a panel, `(inputs, PANEL)`, and adds it to `sums`, `(ROWS, PANEL)`, or to
    /// zeros, if it is the `begin`ning. What stands `ahead` is needed soon.
    #[expect(clippy::too_many_arguments, reason = "what a product is of, one by one")]
    fn product<S: Simd>(
        self,
        simd: S,
        x: &[Self::Item],
        block: Block,
        weights: &[Self::Item],
        ahead: &[Self::Item],
        sums: &mut [f32],
        begin: bool,
    );
}

/// How many rows are taken at once, of so many inputs: what fits the second cache beside a panel of weights. A multiple of every
/// [`Multiply::ROWS`], so that rows are grouped alike wherever a block begins.
pub(super) fn rows_at_once<M: Multiply>(inputs: usize) -> usize {
    const STEP: usize = 96;
    (M::VALUES / inputs.max(1) / STEP).clamp(1, 4) * STEP
}

/// The blocks of so many rows.
pub(super) fn blocks<M: Multiply>(rows: usize, inputs: usize) -> impl Iterator<Item = Block> {
    (0..rows).step_by(M::ROWS).map(move |first| Block { inputs, first, rows: M::ROWS.min(rows - first) })
}

/// The part of `items` that one of `count` is to look at.
pub(super) fn share<T>(items: &[T], index: usize, count: usize) -> &[T] {
    let at = |index: usize| items.len() * index / count.max(1);
    &items[at(index)..at(index + 1)]
}

/// As many sums as a sub-block has.
pub(super) const fn sums<M: Multiply>() -> usize {
    M::ROWS * PANEL
}
