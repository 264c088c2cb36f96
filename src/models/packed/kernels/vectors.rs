//! Products in f32, with the processor's vectors.
//!
//! Every output is one chain of multiply-adds over the inputs in their order, so it does not depend on what else is in the
//! batch, to the last bit. Weights that are held in half precision are made f32 panel by panel, once for a block of rows.

use std::ops::Range;

use super::PANEL;
use super::columns::Columns;
use super::multiply::{Block, Multiply};
use super::room::{Both, Rows};
use super::simd::Simd;
use super::weights::Weights;

/// Rows as they are, and panels of weights, `(inputs, PANEL)`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Vectors;

impl Multiply for Vectors {
    type Item = f32;
    /// As many as fill the registers of 16 lanes with sums, two vectors a row.
    const ROWS: usize = 12;

    fn size(self, rows: usize, inputs: usize) -> usize {
        rows * inputs
    }

    fn empty(self) -> f32 {
        0.0
    }

    fn take<'a>(self, x: &'a [f32], _inputs: usize, _room: &'a mut [f32]) -> &'a [f32] {
        x
    }

    fn put(self, sums: &[f32], block: Block, panel: usize, to: &mut [f32]) {
        let width = PANEL.min(block.inputs - panel * PANEL);
        let rows = to[block.first * block.inputs..].chunks_exact_mut(block.inputs).take(block.rows);
        for (row, sums) in rows.zip(sums.as_chunks::<PANEL>().0) {
            row[panel * PANEL..][..width].copy_from_slice(&sums[..width]);
        }
    }

    fn panel<'a>(
        self,
        weights: &'a Weights,
        inputs: usize,
        index: usize,
        range: Range<usize>,
        room: &'a mut Vec<f32>,
    ) -> &'a [f32] {
        weights.values((index * inputs + range.start) * PANEL, range.len() * PANEL, room)
    }

    fn rows(room: &mut Both) -> &mut Rows<f32> {
        &mut room.values
    }

    #[inline(always)]
    fn product<S: Simd>(
        self,
        simd: S,
        x: &[f32],
        block: Block,
        weights: &[f32],
        _ahead: &[f32],
        sums: &mut [f32],
        begin: bool,
    ) {
        let inputs = block.inputs;
        let x = &x[block.first * inputs..][..block.rows * inputs];
        let sums = &mut sums[..block.rows * PANEL];
        if begin {
            sums.fill(0.0);
        }
        // The tiles are what fits the registers: 32 of 16 lanes, or 16 of 8.
        if S::LANES == 16 {
            let (twelves, rest) = (x.chunks_exact(12 * inputs), sums);
            let mut rest_x = twelves.remainder();
            let mut rest = rest;
            for x in twelves {
                let (sums, after) = rest.split_at_mut(12 * PANEL);
                tile::<S, 12, 2>(simd, x, inputs, weights, sums, 0);
                rest = after;
            }
            while rest_x.len() >= 4 * inputs && inputs > 0 {
                let (sums, after) = rest.split_at_mut(4 * PANEL);
                tile::<S, 4, 2>(simd, rest_x, inputs, weights, sums, 0);
                (rest_x, rest) = (&rest_x[4 * inputs..], after);
            }
            for (x, sums) in rest_x.chunks_exact(inputs).zip(rest.chunks_exact_mut(PANEL)) {
                tile::<S, 1, 2>(simd, x, inputs, weights, sums, 0);
            }
        } else {
            let (mut rest_x, mut rest) = (x, sums);
            while rest_x.len() >= 6 * inputs && inputs > 0 {
                let (sums, after) = rest.split_at_mut(6 * PANEL);
                tile::<S, 6, 2>(simd, rest_x, inputs, weights, sums, 0);
                tile::<S, 6, 2>(simd, rest_x, inputs, weights, sums, PANEL / 2);
                (rest_x, rest) = (&rest_x[6 * inputs..], after);
            }
            for (x, sums) in rest_x.chunks_exact(inputs).zip(rest.chunks_exact_mut(PANEL)) {
                tile::<S, 1, 2>(simd, x, inputs, weights, sums, 0);
                tile::<S, 1, 2>(simd, x, inputs, weights, sums, PANEL / 2);
            }
        }
    }
}

/// Adds to the sums of `ROWS` rows, `VECTORS` vectors of outputs from `offset`.
#[inline(always)]
fn tile<S: Simd, const ROWS: usize, const VECTORS: usize>(
    simd: S,
    x: &[f32],
    inputs: usize,
    weights: &[f32],
    sums: &mut [f32],
    offset: usize,
) {
    /// How many inputs ahead weights are fetched into the first cache.
    const AHEAD: usize = 32;
    let mut rows: [&[f32]; ROWS] = [&[]; ROWS];
    let mut totals = [[simd.splat(0.0); VECTORS]; ROWS];
    for (row, (values, totals)) in rows.iter_mut().zip(&mut totals).enumerate() {
        *values = &x[row * inputs..][..inputs];
        for (vector, total) in totals.iter_mut().enumerate() {
            *total = simd.load(&sums[row * PANEL + offset + vector * S::LANES..]);
        }
    }
    for (column, panel) in Columns::of(rows).iter().zip(weights.as_chunks::<PANEL>().0) {
        simd.prefetch(panel, AHEAD * PANEL);
        let mut weights = [simd.splat(0.0); VECTORS];
        for (vector, weights) in weights.iter_mut().enumerate() {
            *weights = simd.load(&panel[offset + vector * S::LANES..]);
        }
        for (row, totals) in totals.iter_mut().enumerate() {
            let x = simd.splat(column.get(row));
            for (total, &weight) in totals.iter_mut().zip(&weights) {
                *total = simd.mul_add(x, weight, *total);
            }
        }
    }
    for (row, totals) in totals.into_iter().enumerate() {
        for (vector, total) in totals.into_iter().enumerate() {
            simd.store(&mut sums[row * PANEL + offset + vector * S::LANES..], total);
        }
    }
}
