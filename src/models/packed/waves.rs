//! Tables of positions that are computed: sines and cosines.

use crate::models::declarations::spec::Positions;

/// The table of positions that is not learned, `(rows, d)`: the first half of a row are sines, the second cosines.
pub(super) fn sinusoids(layout: Positions, d: usize) -> Vec<f32> {
    let half = d / 2;
    // In f32, as transformers computes it (`M2M100SinusoidalPositionalEmbedding`).
    let step = (10_000f64.ln() / (half as f64 - 1.0)) as f32;
    let frequencies: Vec<f32> = (0..half).map(|unit| (unit as f32 * -step).exp()).collect();
    let mut table = vec![0.0; layout.rows * d];
    for (row, values) in table.chunks_exact_mut(d).enumerate() {
        // The row of tokens that do not count is 0.
        if layout.uncounted.is_some() && row + 1 == layout.first {
            continue;
        }
        let (sines, cosines) = values.split_at_mut(half);
        for ((sine, cosine), frequency) in sines.iter_mut().zip(cosines).zip(&frequencies) {
            (*sine, *cosine) = (row as f32 * frequency).sin_cos();
        }
    }
    table
}

/// The table of positions of Marian and PEGASUS, `(rows, d)`: sines of all wavelengths, then cosines. Of an odd number of units one
/// more is a sine.
pub(super) fn waves(rows: usize, d: usize) -> Vec<f32> {
    let sines = d.div_ceil(2);
    let wave = |row: usize, unit: usize| {
        // In f64, as transformers computes it (`MarianSinusoidalPositionalEmbedding`).
        let angle = |pair: usize| row as f64 / 10_000f64.powf(2.0 * pair as f64 / d as f64);
        if unit < sines { angle(unit).sin() as f32 } else { angle(unit - sines).cos() as f32 }
    };
    (0..rows).flat_map(|row| (0..d).map(move |unit| wave(row, unit))).collect()
}
