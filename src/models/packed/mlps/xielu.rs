//! An MLP whose non-linearity has weights of its own: a parabola above 0, and below it an exponential and a line (Huang and Schlag 2024).
//!
//! Source: `activations.py` of Hugging Face transformers.

use super::mlp;
use crate::models::error::Result;
use crate::models::packed::kernels::linear::Finish;
use crate::models::packed::kernels::mlp::PackedMlp;
use crate::models::packed::parts::Parts;
use crate::models::packed::steps::softplus;

/// The MLP with its weights. Its activation is none of the others.
pub(in crate::models) struct Xielu {
    pub(in crate::models) mlp: PackedMlp,
    /// Of the square above 0, and of the exponential below it.
    pub(in crate::models) curves: [f32; 2],
    /// Of the line on both sides.
    pub(in crate::models) slope: f32,
    /// Numbers below 0 are at most this in the exponential.
    pub(in crate::models) most: f32,
}

impl Xielu {
    pub(super) fn load(parts: Parts<'_>) -> Result<Self> {
        let name = |part: &str| format!("layers.{{}}.mlp.act_fn.{part}");
        let number = |part: &str, usual: f32| -> Result<f32> {
            if !parts.weights.has(&name(part), parts.layer) {
                return Ok(usual);
            }
            Ok(parts.values(&name(part), &[])?.iter().sum())
        };
        let curve =
            |part: &str| -> Result<f32> { Ok(softplus(parts.values(&name(part), &[1])?.iter().sum())) };
        let slope = number("beta", 0.5)?;
        Ok(Self {
            mlp: mlp::load(parts)?,
            curves: [curve("alpha_p")?, slope + curve("alpha_n")?],
            slope,
            most: number("eps", -1e-6)?,
        })
    }

    /// What is made of `x`, `(n_tokens, d_model)`, to `y`, of the same size.
    pub(super) fn forward_to(&self, x: &[f32], finish: Finish<'_>, y: &mut [f32]) {
        let (up, _, down) = self.mlp.layers();
        let mut hidden = up.forward(x, Finish::Plain);
        let [above, below] = self.curves;
        for value in &mut hidden {
            let x = *value;
            let curve = if x > 0.0 { above * x * x } else { (x.min(self.most).exp_m1() - x) * below };
            *value = self.slope.mul_add(x, curve);
        }
        down.forward_to(&hidden, finish, y);
    }
}
