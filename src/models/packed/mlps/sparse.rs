//! An MLP of which few hidden units are not 0: those that are far above the mean of what goes through the activation (Gemma 3n).
//!
//! Source: `models/gemma3n/modeling_gemma3n.py` of Hugging Face transformers.

use super::mlp;
use crate::models::error::Result;
use crate::models::packed::kernels::linear::Finish;
use crate::models::packed::kernels::math::activate_all;
use crate::models::packed::kernels::mlp::PackedMlp;
use crate::models::packed::parts::Parts;

/// The MLP with its weights.
pub(in crate::models) struct Sparse {
    pub(in crate::models) mlp: PackedMlp,
    /// How many deviations above the mean what goes through the activation starts from 0.
    pub(in crate::models) above: f32,
}

impl Sparse {
    pub(super) fn load(parts: Parts<'_>) -> Result<Self> {
        Ok(Self { mlp: mlp::load(parts)?, above: parts.block().sparse_above.unwrap_or_default() })
    }

    /// What is made of `x`, `(n_tokens, d_model)`, to `y`, of the same size.
    pub(super) fn forward_to(&self, x: &[f32], finish: Finish<'_>, y: &mut [f32]) {
        let (activated, factor, down) = self.mlp.layers();
        let mut hidden = activated.forward(x, Finish::Plain);
        for row in hidden.chunks_exact_mut(activated.outputs()) {
            let n = row.len() as f32;
            let mean = row.iter().sum::<f32>() / n;
            let square = row.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / n;
            let least = mean + self.above * square.sqrt();
            for value in row {
                *value = (*value - least).max(0.0);
            }
        }
        activate_all(self.mlp.activation(), &mut hidden);
        if let Some(factor) = factor {
            let factor = factor.forward(x, Finish::Plain);
            hidden.iter_mut().zip(factor).for_each(|(value, factor)| *value *= factor);
        }
        down.forward_to(&hidden, finish, y);
    }
}
