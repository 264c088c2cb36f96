//! The short convolution of LFM2 (Liquid AI 2025): `C · conv(B · x)`, with all three made of the token.
//!
//! Source: `models/{lfm2,lfm3}/modeling_*.py` of Hugging Face transformers.

use crate::models::declarations::spec;
use crate::models::error::Result;
use crate::models::packed::kernels::linear::{Finish, PackedLinear};
use crate::models::packed::kernels::scan::{Columns, Convolve};
use crate::models::packed::parts::Parts;
use crate::models::packed::pass::Pass;
use crate::models::packed::steps::turned;

/// The mixer with its weights.
pub(in crate::models) struct Short {
    /// To `B`, `C` and `x`.
    pub(in crate::models) inwards: PackedLinear,
    /// `(width, d_model)`, and `(d_model,)`.
    pub(in crate::models) convolution: Vec<f32>,
    pub(in crate::models) convolution_bias: Vec<f32>,
    pub(in crate::models) output: PackedLinear,
}

impl Short {
    pub(super) fn load(of: &spec::Short, parts: Parts<'_>) -> Result<Self> {
        let d = parts.spec.d_model;
        let name = |part: &str| format!("{}.{part}", parts.names.mixer);
        let convolution = parts.values(&name("conv.weight"), &[d, 1, of.width])?;
        Ok(Self {
            inwards: parts.linear(&name("in_proj"), of.bias, 3 * d, d)?,
            convolution: turned(&convolution, d, of.width),
            convolution_bias: if of.bias { parts.values(&name("conv.bias"), &[d])? } else { vec![0.0; d] },
            output: parts.output(&name("out_proj"), of.bias, d)?,
        })
    }

    /// What each token takes from those before it, `(n_tokens, d_model)`.
    pub(super) fn mix(&self, x: &[f32], pass: &Pass<'_>) -> Vec<f32> {
        let d = self.convolution_bias.len();
        let projected = self.inwards.forward(x, Finish::Plain);
        let rows = projected.chunks_exact(3 * d);
        let product: Vec<f32> =
            rows.clone().flat_map(|row| row[..d].iter().zip(&row[2 * d..]).map(|(b, x)| b * x)).collect();
        let mut mixed = Convolve {
            x: Columns::all(&product, d),
            weight: &self.convolution,
            bias: &self.convolution_bias,
            activation: None,
        }
        .forward(pass.sequences);
        for (mixed, row) in mixed.chunks_exact_mut(d).zip(rows) {
            for (mixed, c) in mixed.iter_mut().zip(&row[d..]) {
                *mixed *= c;
            }
        }
        mixed
    }
}
