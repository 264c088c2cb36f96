//! Where the outputs of an MLP go: to the places of their rows, or, of an expert, to those of the tokens that came to it.

use super::PANEL;
use super::linear::{Finish, PackedLinear, claim, finish_block};
use super::multiply::Block;
use super::simd::Simd;

/// Where finished outputs go.
#[derive(Clone, Copy)]
pub(super) enum To<'a> {
    /// Where their rows stand.
    Places(Finish<'a>),
    /// To rows of these numbers, with these weights, and a factor of all.
    Routes(&'a [(u32, f32)], f32),
}

impl To<'_> {
    /// Fetches what a panel of a block of rows is written to.
    #[inline(always)]
    pub(super) fn claim<S: Simd>(self, simd: S, y: &mut [f32], outputs: usize, block: Block, panel: usize) {
        match self {
            Self::Places(_) => {
                claim(simd, &mut y[block.first * outputs..][..block.rows * outputs], outputs, panel);
            }
            Self::Routes(routes, _) => {
                for &(row, _) in &routes[block.first..][..block.rows] {
                    claim(simd, &mut y[row as usize * outputs..][..outputs], outputs, panel);
                }
            }
        }
    }

    /// Finishes a panel's sums of a block of rows.
    #[inline(always)]
    pub(super) fn finish<S: Simd>(
        self,
        simd: S,
        sums: &[f32],
        layer: &PackedLinear,
        (panel, block): (usize, Block),
        y: &mut [f32],
    ) {
        match self {
            Self::Places(finish) => finish_block(simd, sums, layer, (panel, block), finish, y),
            Self::Routes(routes, scale) => {
                let bias: &[f32; PANEL] = &layer.bias.as_chunks().0[panel];
                let (first, width) = (panel * PANEL, PANEL.min(layer.outputs - panel * PANEL));
                let rows = routes[block.first..][..block.rows].iter().zip(sums.as_chunks::<PANEL>().0);
                for (&(row, weight), sums) in rows {
                    let y = &mut y[row as usize * layer.outputs + first..][..width];
                    let weight = weight * scale;
                    let mut values = [0.0; PANEL];
                    for start in (0..PANEL).step_by(S::LANES) {
                        let value = simd.add(simd.load(&sums[start..]), simd.load(&bias[start..]));
                        simd.store(&mut values[start..], simd.mul(value, simd.splat(weight)));
                    }
                    if let Some(y) = y.first_chunk_mut::<PANEL>() {
                        for start in (0..PANEL).step_by(S::LANES) {
                            let sum = simd.add(simd.load(&y[start..]), simd.load(&values[start..]));
                            simd.store(&mut y[start..], sum);
                        }
                    } else {
                        y.iter_mut().zip(values).for_each(|(y, value)| *y += value);
                    }
                }
            }
        }
    }
}
