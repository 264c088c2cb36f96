//! Blocks whose mixer is a recurrence: Mamba, Mamba-2 and RWKV-7. The rest of the trunk is the transformers'.
//!
//! A token's state depends on the tokens before it alone, as in causal attention, so sequences may share prefixes.

pub(super) mod mamba;
pub(super) mod mamba2;
pub(super) mod rwkv7;

use super::error;
use super::sequences::Sequences;
use super::spec::{Recurrence, Spec};
use super::weights::Weights;

/// A recurrent block with its weights.
pub(super) enum Recurrent {
    Mamba(Box<mamba::Mamba>),
    Mamba2(Box<mamba2::Mamba2>),
    Rwkv7(Box<rwkv7::Rwkv7>),
}

/// What a block leaves for those after it, beside the residual stream.
#[derive(Debug, Default)]
pub(super) struct Carried {
    /// The first block's values, `(n_tokens, d_model)` (RWKV-7).
    first_values: Option<Vec<f32>>,
}

impl Recurrent {
    pub(super) fn load(
        spec: &Spec,
        recurrence: &Recurrence,
        layer: usize,
        weights: &Weights,
    ) -> error::Result<Self> {
        Ok(match recurrence {
            Recurrence::Mamba(of) => Self::Mamba(Box::new(mamba::Mamba::load(spec, of, layer, weights)?)),
            Recurrence::Mamba2(of) => Self::Mamba2(Box::new(mamba2::Mamba2::load(spec, of, layer, weights)?)),
            Recurrence::Rwkv7(of) => Self::Rwkv7(Box::new(rwkv7::Rwkv7::load(spec, of, layer, weights)?)),
        })
    }

    /// The residual stream `x`, `(n_tokens, d_model)`, after the block.
    pub(super) fn forward(&self, x: &[f32], sequences: &Sequences, carried: &mut Carried) -> Vec<f32> {
        match self {
            Self::Mamba(block) => block.forward(x, sequences),
            Self::Mamba2(block) => block.forward(x, sequences),
            Self::Rwkv7(block) => block.forward(x, sequences, carried),
        }
    }
}

/// `ln(1 + e^x)`, which is `x` to rounding from 20 on.
fn softplus(x: f32) -> f32 {
    if x > 20.0 { x } else { x.exp().ln_1p() }
}

/// `1 / (1 + e^-x)`.
fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// Columns `start..start + size` of rows of `width`, by themselves.
fn columns(values: &[f32], width: usize, start: usize, size: usize) -> Vec<f32> {
    values.chunks_exact(width).flat_map(|row| &row[start..start + size]).copied().collect()
}

/// A convolution's weights, stored `(channels, 1, width)`, as `(width, channels)`.
fn turned(weight: &[f32], channels: usize, width: usize) -> Vec<f32> {
    (0..width).flat_map(|place| (0..channels).map(move |channel| weight[channel * width + place])).collect()
}
