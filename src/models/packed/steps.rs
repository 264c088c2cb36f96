//! What recurrences have in common.

use crate::models::sequences::Sequences;

/// `ln(1 + e^x)`, which is `x` to rounding from 20 on.
pub(super) fn softplus(x: f32) -> f32 {
    if x > 20.0 { x } else { x.exp().ln_1p() }
}

/// `1 / (1 + e^-x)`.
pub(super) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// Columns `start..start + size` of rows of `width`, by themselves.
pub(super) fn columns(values: &[f32], width: usize, start: usize, size: usize) -> Vec<f32> {
    values.chunks_exact(width).flat_map(|row| &row[start..start + size]).copied().collect()
}

/// A convolution's weights, stored `(channels, 1, width)`, as `(width, channels)`.
pub(super) fn turned(weight: &[f32], channels: usize, width: usize) -> Vec<f32> {
    (0..width).flat_map(|place| (0..channels).map(move |channel| weight[channel * width + place])).collect()
}

/// The row of the token before, for each token; zeros for the first of a sequence.
pub(super) fn before(x: &[f32], d: usize, sequences: &Sequences) -> Vec<f32> {
    let mut previous = vec![0.0; x.len()];
    for sequence in sequences.iter() {
        for (position, &token) in sequence.path.iter().enumerate().skip(sequence.shared.max(1)) {
            let last = sequence.path[position - 1] as usize;
            previous[token as usize * d..][..d].copy_from_slice(&x[last * d..][..d]);
        }
    }
    previous
}

/// `x + (previous - x) · shift`.
pub(super) fn mix(x: &[f32], previous: &[f32], shift: &[f32]) -> Vec<f32> {
    x.iter()
        .zip(previous)
        .zip(shift.iter().cycle())
        .map(|((x, previous), shift)| x + (previous - x) * shift)
        .collect()
}
