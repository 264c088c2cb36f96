//! What recurrent blocks have in common.

/// What a block leaves for those after it, beside the residual stream.
#[derive(Debug, Default)]
pub(in crate::models) struct Carried {
    /// The first block's values, `(n_tokens, d_model)` (RWKV-7).
    pub(super) first_values: Option<Vec<f32>>,
}

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
