//! Numbers as sums of bf16 parts, and how parts are laid out for tiles.
//!
//! ```text
//! weights      panel of 32 outputs:  for each 32 inputs: [first | second part] × [outputs 0..16 | 16..32]   as tiles
//! activations  block of 32 rows:     for each 32 inputs: [first | second part] × [rows 0..16 | 16..32]      as tiles
//! ```

use std::ops::Range;

use super::PANEL;
use super::pages::filled;

/// Rows of a tile of sums, and its columns.
pub(super) const SIDE: usize = 16;
/// How many inputs a tile holds of each row.
pub(super) const DEPTH: usize = 32;
/// Rows that are multiplied by a panel at once: two tiles of them.
pub(super) const ROWS: usize = 2 * SIDE;

/// 1 KiB of bf16 numbers: 16 rows of 32. Of activations, a row holds 32 inputs of one row; of weights, two inputs of 16
/// outputs, side by side for each.
#[repr(C, align(64))]
#[derive(Debug, Clone, Copy)]
pub(super) struct Tile(pub(super) [u16; SIDE * DEPTH]);

impl Tile {
    pub(super) const ZERO: Self = Self([0; SIDE * DEPTH]);
}

/// How many parts numbers are split into: 1 or 2 of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) activations: usize,
    pub(super) weights: usize,
}

impl Parts {
    /// Which parts are multiplied for each 32 inputs, in the order in which the products are added: part of the activations, part
    /// of the weights.
    pub(super) fn products(self) -> impl Iterator<Item = (usize, usize)> {
        [(0, 1), (0, 0), (1, 0)].into_iter().filter(move |&(x, w)| x < self.activations && w < self.weights)
    }
}

/// A number rounded to bf16, to the nearest (ties to even). What f32 holds with less than its full precision is 0, as the
/// processor has it.
#[inline(always)]
pub(super) fn round(x: f32) -> u16 {
    let bits = x.to_bits();
    if x.is_nan() {
        return (bits >> 16) as u16 | 0x40;
    }
    if x.is_subnormal() {
        return (bits >> 16) as u16 & 0x8000;
    }
    ((bits + 0x7fff + (bits >> 16 & 1)) >> 16) as u16
}

/// The number that a bf16 is.
#[inline(always)]
pub(super) fn widen(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

/// The two parts of a number.
#[inline(always)]
pub(super) fn split(x: f32) -> [u16; 2] {
    let first = round(x);
    [first, round(x - widen(first))]
}

/// How many tiles hold the parts of as many inputs of 32 rows, or of 32 outputs.
fn tiles_of(inputs: usize, parts: usize) -> usize {
    inputs.div_ceil(DEPTH) * parts * 2
}

/// How many tiles hold the activations of as many rows.
pub(super) fn tiles_of_rows(rows: usize, inputs: usize, parts: usize) -> usize {
    rows.div_ceil(ROWS) * tiles_of(inputs, parts)
}

/// Splits rows of activations, `(inputs,)` each, into the parts of tiles; inputs after the last are zeros.
pub(super) fn split_rows<'a>(
    x: impl Fn(usize) -> &'a [f32],
    (rows, inputs): (usize, usize),
    parts: usize,
    tiles: &mut [Tile],
) {
    let blocks = tiles.chunks_exact_mut(tiles_of(inputs, parts));
    for (first, block) in (0..rows).step_by(ROWS).zip(blocks) {
        for (chunk, tiles) in block.chunks_exact_mut(parts * 2).enumerate() {
            for row in 0..ROWS.min(rows - first) {
                let x = &x(first + row)[chunk * DEPTH..inputs.min((chunk + 1) * DEPTH)];
                let mut values = [0.0; DEPTH];
                values[..x.len()].copy_from_slice(x);
                put(&values, row, parts, tiles);
            }
        }
    }
}

/// Splits 32 inputs of row `row` of a block into the tiles of their parts.
#[inline(always)]
pub(super) fn put(values: &[f32; DEPTH], row: usize, parts: usize, tiles: &mut [Tile]) {
    let split = values.map(split);
    for part in 0..parts {
        let place = &mut tiles[part * 2 + row / SIDE].0[row % SIDE * DEPTH..][..DEPTH];
        for (place, split) in place.iter_mut().zip(&split) {
            *place = split[part];
        }
    }
}

/// The weights of a linear layer in the order of tiles.
#[derive(Debug)]
pub(super) struct TileWeights {
    parts: Parts,
    /// Whether they are multiplied by the portable form.
    portable: bool,
    inputs: usize,
    /// `(panels, inputs / 32, parts, 2)`, zeros beyond the last input and output.
    tiles: Vec<Tile>,
}

impl TileWeights {
    /// Lays out `weight`, `(outputs, inputs)`.
    pub(super) fn new(weight: &[f32], outputs: usize, inputs: usize, parts: Parts) -> Self {
        let panel_tiles = tiles_of(inputs, parts.weights);
        let mut tiles = filled(Tile::ZERO, outputs.div_ceil(PANEL) * panel_tiles);
        for (output, row) in weight.chunks_exact(inputs).enumerate() {
            for (input, &value) in row.iter().enumerate() {
                let split = split(value);
                for (part, &bits) in split[..parts.weights].iter().enumerate() {
                    let (tile, place) = place(panel_tiles, parts.weights, output, input, part);
                    tiles[tile].0[place] = bits;
                }
            }
        }
        Self { parts, portable: false, inputs, tiles }
    }

    /// The same, to be multiplied by the portable form if `portable` says so.
    pub(super) fn portable(self, portable: bool) -> Self {
        Self { portable, ..self }
    }

    /// Whether they are multiplied by the portable form.
    pub(super) fn is_portable(&self) -> bool {
        self.portable
    }

    /// How many parts there are of each.
    pub(super) fn parts(&self) -> Parts {
        self.parts
    }

    /// The sum of the parts, `(outputs, inputs)`.
    pub(super) fn unpack(&self, outputs: usize) -> Vec<f32> {
        let (panel_tiles, parts) = (tiles_of(self.inputs, self.parts.weights), self.parts.weights);
        let mut weight = vec![0.0; outputs * self.inputs];
        for (output, row) in weight.chunks_exact_mut(self.inputs).enumerate() {
            for (input, value) in row.iter_mut().enumerate() {
                for part in 0..parts {
                    let (tile, place) = place(panel_tiles, parts, output, input, part);
                    *value += widen(self.tiles[tile].0[place]);
                }
            }
        }
        weight
    }

    /// The tiles of a range of inputs of panel `index`; the range begins at a whole number of 32.
    pub(super) fn panel(&self, index: usize, inputs: Range<usize>) -> &[Tile] {
        let parts = self.parts.weights;
        let of_panel = tiles_of(self.inputs, parts);
        let panel = &self.tiles[index * of_panel..][..of_panel];
        &panel[inputs.start / DEPTH * parts * 2..][..tiles_of(inputs.len(), parts)]
    }
}

/// Where a part of a weight stands: which tile, and where in it.
fn place(panel_tiles: usize, parts: usize, output: usize, input: usize, part: usize) -> (usize, usize) {
    let tile = output / PANEL * panel_tiles + (input / DEPTH * parts + part) * 2 + output % PANEL / SIDE;
    (tile, input % DEPTH / 2 * DEPTH + output % SIDE * 2 + input % 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::rng::Stream;

    #[test]
    fn two_parts_hold_sixteen_bits_or_more() {
        let mut stream = Stream::new(1, "parts");
        for _ in 0..10_000 {
            let x = (stream.unit() as f32 * 2.0 - 1.0) * 10f32.powi((stream.unit() * 40.0) as i32 - 20);
            let [first, second] = split(x).map(widen);
            assert!(((first + second) - x).abs() <= x.abs() * 2f32.powi(-17), "{x}");
            assert!((first - x).abs() <= x.abs() * 2f32.powi(-8), "{x}");
        }
        assert_eq!(split(1.0).map(widen), [1.0, 0.0]);
        assert_eq!(split(-0.0).map(widen), [0.0, 0.0]);
        assert_eq!(split(1e-39).map(widen), [0.0, 0.0]);
        // Half way: to the even one.
        assert_eq!(widen(round(1.0 + 1.0 / 256.0)), 1.0);
        assert_eq!(widen(round(1.0 + 3.0 / 256.0)), 1.0 + 4.0 / 256.0);
        assert!(widen(round(f32::NAN)).is_nan() && widen(round(f32::INFINITY)).is_infinite());
        let rounded = half::bf16::from_f32(0.1234);
        assert_eq!(round(0.1234), rounded.to_bits());
    }

    #[test]
    fn weights_come_back_as_their_parts() {
        let mut stream = Stream::new(2, "parts");
        for (outputs, inputs) in [(1, 1), (33, 31), (32, 64), (100, 70)] {
            let weight: Vec<f32> = (0..outputs * inputs).map(|_| stream.unit() as f32 - 0.5).collect();
            for parts in [1, 2] {
                let held =
                    TileWeights::new(&weight, outputs, inputs, Parts { activations: 2, weights: parts });
                for (&x, back) in weight.iter().zip(held.unpack(outputs)) {
                    let [first, second] = split(x).map(widen);
                    assert_eq!(back, if parts == 2 { first + second } else { first });
                }
            }
        }
    }
}
