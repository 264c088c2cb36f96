//! Products of bf16 parts, in the tiles of a processor that multiplies matrices (Intel's AMX).
//!
//! An f32 is nearly the sum of two bf16 numbers: the first is the number rounded, the second what is left, rounded. A product
//! of two of them is exact in f32, so that three products of parts, added in f32, come within a few 2⁻¹⁷ of the product of the
//! two f32 (Henry, Tang and Heinecke 2019, "Leveraging the bfloat16 artificial intelligence datatype for higher-precision
//! computations"); that of the two second parts is below what the others are rounded to. One product of first parts is what
//! others call bf16.
//!
//! What a tile instruction adds, and in which order, is written out in [`Portable`], which runs on any processor;
//! [`Amx`] gives the same bits.

mod portable;

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
mod absent;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod amx;

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
pub(super) use absent::Amx;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
pub(super) use amx::Amx;
pub(super) use portable::Portable;

/// Whether the processor has matrix tiles, and this process may use them.
pub(in crate::models) fn are_there() -> bool {
    Amx::detect().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::packed::kernels::PANEL;
    use crate::models::packed::kernels::multiply::{Block, Multiply, Taken, blocks};
    use crate::models::packed::kernels::parts::{Parts, ROWS, Tile, TileWeights, split, widen};
    use crate::models::packed::kernels::simd::{Kernel, Level, Simd, run_at};
    use crate::models::packed::kernels::weights::Weights;
    use crate::numeric::rng::Stream;

    const ALL_PARTS: [Parts; 3] = [
        Parts { activations: 2, weights: 2 },
        Parts { activations: 2, weights: 1 },
        Parts { activations: 1, weights: 1 },
    ];

    /// `x` by all panels, in two steps over the inputs, and split again as the inputs of another layer.
    struct Products<'a, M> {
        multiply: M,
        x: &'a [f32],
        inputs: usize,
        panels: usize,
        weights: &'a Weights,
        sums: &'a mut Vec<f32>,
        split: &'a mut Vec<u16>,
    }

    impl<M: Multiply<Item = Tile>> Kernel for Products<'_, M> {
        #[inline(always)]
        fn run<S: Simd>(self, simd: S) {
            let Self { multiply, x, inputs, panels, weights, .. } = self;
            let rows = x.len() / inputs;
            let mut room = vec![Tile::ZERO; multiply.size(rows, inputs)];
            let mut hidden = vec![Tile::ZERO; multiply.size(rows, panels * PANEL)];
            multiply.take(simd, Taken { x, inputs, which: None }, &mut room);
            let x = &room;
            for panel in 0..panels {
                for block in blocks::<M>(rows, inputs) {
                    let mut sums = vec![f32::NAN; ROWS * PANEL];
                    let weights = multiply.panel(weights, inputs, panel, 0..inputs, &mut Vec::new()).to_vec();
                    multiply.product(simd, x, block, &weights, &[], &mut sums, true);
                    multiply.product(simd, x, block, &weights, &weights, &mut sums, false);
                    multiply.put(simd, &sums, Block { inputs: panels * PANEL, ..block }, panel, &mut hidden);
                    self.sums.extend(&sums[..block.rows * PANEL]);
                }
            }
            for block in blocks::<M>(rows, panels * PANEL) {
                let tiles = &hidden[block.first / ROWS * multiply.size(ROWS, panels * PANEL)..];
                for (tile, half) in
                    tiles[..multiply.size(ROWS, panels * PANEL)].iter().zip([0, 1].iter().cycle())
                {
                    let rows = block.rows.saturating_sub(half * 16).min(16);
                    self.split.extend(&tile.0[..rows * 32]);
                }
            }
        }
    }

    /// The sums and the parts of `rows` rows of numbers of all sizes, at the widest level.
    fn computed<M: Multiply<Item = Tile>>(
        multiply: M,
        (x, inputs): (&[f32], usize),
        (weights, outputs): (&Weights, usize),
    ) -> (Vec<f32>, Vec<u16>) {
        let (mut sums, mut split) = (Vec::new(), Vec::new());
        let panels = outputs.div_ceil(PANEL);
        let level = Level::here().next().unwrap();
        run_at(level, Products { multiply, x, inputs, panels, weights, sums: &mut sums, split: &mut split });
        (sums, split)
    }

    /// Numbers of very different sizes, some of them too small or of no size at all.
    fn wild(stream: &mut Stream, size: usize) -> Vec<f32> {
        let number = |_| match (stream.unit() * 40.0) as u32 {
            0 => 0.0,
            1 => -0.0,
            2 => 1e-40,
            3 => -3e-39,
            4 => 1.2e-38,
            5 => 1e-20,
            6 => 1e15,
            _ => (stream.unit() as f32 - 0.5) * 4f32.powi((stream.unit() * 8.0) as i32 - 4),
        };
        (0..size).map(number).collect()
    }

    #[test]
    fn the_processors_tiles_give_the_bits_of_the_portable_form() {
        let Some(amx) = Amx::detect() else {
            crate::models::packed::kernels::tests::could_not_run("AMX");
            return;
        };
        let mut stream = Stream::new(5, "tiles");
        for (rows, inputs, outputs) in [(1, 1, 1), (16, 32, 32), (17, 33, 40), (32, 64, 64), (70, 100, 96)] {
            for parts in ALL_PARTS {
                let x = wild(&mut stream, rows * inputs);
                let weight = wild(&mut stream, outputs * inputs);
                let weights = Weights::Tiles(TileWeights::new(&weight, outputs, inputs, parts));
                let ready = amx.begin();
                let found = computed(ready.multiply(parts), (&x, inputs), (&weights, outputs));
                let expected = computed(Portable(parts), (&x, inputs), (&weights, outputs));
                let bits = |sums: &[f32]| -> Vec<u32> { sums.iter().map(|sum| sum.to_bits()).collect() };
                assert!(bits(&found.0) == bits(&expected.0), "sums, {rows} {inputs} {outputs} {parts:?}");
                assert!(found.1 == expected.1, "parts, {rows} {inputs} {outputs} {parts:?}");
            }
        }
    }

    #[test]
    fn products_of_parts_are_those_of_their_formula() {
        let mut stream = Stream::new(6, "tiles");
        let (rows, inputs, outputs) = (37, 70, 45);
        let x: Vec<f32> = (0..rows * inputs).map(|_| stream.unit() as f32 - 0.5).collect();
        let weight: Vec<f32> = (0..outputs * inputs).map(|_| stream.unit() as f32 - 0.5).collect();
        for parts in ALL_PARTS {
            let weights = Weights::Tiles(TileWeights::new(&weight, outputs, inputs, parts));
            let (sums, _) = computed(Portable(parts), (&x, inputs), (&weights, outputs));
            let panels = outputs.div_ceil(PANEL);
            let places = (0..panels).flat_map(|panel| (0..rows).map(move |row| (panel, row)));
            for ((panel, row), sums) in places.zip(sums.chunks_exact(PANEL)) {
                for (output, sum) in (panel * PANEL..outputs).zip(sums) {
                    let exact: f64 = (0..inputs)
                        .map(|input| {
                            let x = split(x[row * inputs + input]).map(|part| f64::from(widen(part)));
                            let w = split(weight[output * inputs + input]).map(|part| f64::from(widen(part)));
                            parts.products().map(|(of_x, of_w)| x[of_x] * w[of_w]).sum::<f64>()
                        })
                        .sum();
                    // Twice: once from nothing, once on top.
                    assert!((f64::from(*sum) - 2.0 * exact).abs() < 1e-5, "{parts:?}: {sum} {exact}");
                }
            }
        }
    }
}
