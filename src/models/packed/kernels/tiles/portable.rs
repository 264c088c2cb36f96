//! What the tiles compute, on any processor.

use std::ops::Range;

use crate::models::packed::kernels::PANEL;
use crate::models::packed::kernels::multiply::{Block, Multiply, Taken};
use crate::models::packed::kernels::parts::{self, DEPTH, Parts, ROWS, SIDE, Tile, widen};
use crate::models::packed::kernels::room::{Both, Rows};
use crate::models::packed::kernels::simd::Simd;
use crate::models::packed::kernels::weights::Weights;

/// The arithmetic of tiles, number by number: slow, and what [`super::Amx`] is tested against.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Portable(pub(in super::super) Parts);

impl Multiply for Portable {
    type Item = Tile;
    const ROWS: usize = ROWS;
    const VALUES: usize = 160 << 10;

    fn size(self, rows: usize, inputs: usize) -> usize {
        parts::tiles_of_rows(rows, inputs, self.0.activations)
    }

    fn empty(self) -> Tile {
        Tile::ZERO
    }

    fn take<S: Simd>(self, _simd: S, x: Taken<'_>, room: &mut [Tile]) {
        parts::split_rows(|row| x.row(row), (x.len(), x.inputs), self.0.activations, room);
    }

    fn put<S: Simd>(self, _simd: S, sums: &[f32], block: Block, panel: usize, to: &mut [Tile]) {
        let parts = self.0.activations;
        let tiles = &mut to[block.first / ROWS * self.size(ROWS, block.inputs)..];
        let tiles = &mut tiles[panel * parts * 2..][..parts * 2];
        for (row, values) in sums.as_chunks::<PANEL>().0.iter().take(block.rows).enumerate() {
            parts::put(values, row, parts, tiles);
        }
    }

    fn panel<'a>(
        self,
        weights: &'a Weights,
        _inputs: usize,
        index: usize,
        range: Range<usize>,
        _room: &'a mut Vec<f32>,
    ) -> &'a [Tile] {
        weights.tiles(index, range)
    }

    fn ahead(self, _weights: &Weights, _inputs: usize, _index: usize, _range: Range<usize>) -> &[Tile] {
        &[]
    }

    fn rows(room: &mut Both) -> &mut Rows<Tile> {
        &mut room.tiles
    }

    fn product<S: Simd>(
        self,
        _simd: S,
        x: &[Tile],
        block: Block,
        weights: &[Tile],
        _ahead: &[Tile],
        sums: &mut [f32],
        begin: bool,
    ) {
        if begin {
            sums.fill(0.0);
        }
        let Parts { activations, weights: of_weights } = self.0;
        let size = self.size(ROWS, block.inputs);
        let x = &x[block.first / ROWS * size..][..size];
        let chunks = x.chunks_exact(activations * 2).zip(weights.chunks_exact(of_weights * 2));
        for (x, weights) in chunks {
            for (part, of_weights) in self.0.products() {
                for row in 0..block.rows {
                    for half in 0..2 {
                        let sums = &mut sums[row * PANEL + half * SIDE..][..SIDE];
                        let x = &x[part * 2 + row / SIDE].0[row % SIDE * DEPTH..][..DEPTH];
                        add_products(x, &weights[of_weights * 2 + half], sums);
                    }
                }
            }
        }
    }
}

/// Adds to 16 sums what one tile instruction does: the even inputs and the odd ones are summed each by themselves, in their
/// order, and then together. What is less than f32 holds with its full precision is 0, wherever it comes up.
fn add_products(x: &[u16], weights: &Tile, sums: &mut [f32]) {
    let (mut even, mut odd) = ([0.0; SIDE], [0.0; SIDE]);
    for (x, weights) in x.chunks_exact(2).zip(weights.0.chunks_exact(2 * SIDE)) {
        let [x_even, x_odd] = [x[0], x[1]].map(widen).map(flush);
        for ((even, odd), weights) in even.iter_mut().zip(&mut odd).zip(weights.chunks_exact(2)) {
            *even = multiply_add(x_even, flush(widen(weights[0])), *even);
            *odd = multiply_add(x_odd, flush(widen(weights[1])), *odd);
        }
    }
    for ((sum, even), odd) in sums.iter_mut().zip(even).zip(odd) {
        *sum = flush(flush(*sum) + flush(even + odd));
    }
}

/// `a * b + c` of two bf16 numbers and an f32, rounded once: the product is exact in f64, and what the sum loses there is too
/// little to matter when it is rounded again.
fn multiply_add(a: f32, b: f32, c: f32) -> f32 {
    flush((f64::from(a) * f64::from(b) + f64::from(c)) as f32)
}

fn flush(x: f32) -> f32 {
    if x.is_subnormal() { 0f32.copysign(x) } else { x }
}
