//! An MLP and a mixture of experts side by side, each with norms of its own, both of the residual stream as it is (Gemma 4).
//!
//! Source: `models/gemma4/modeling_gemma4.py` of Hugging Face transformers.

use super::experts::Experts;
use super::mlp;
use crate::models::declarations::{names, spec};
use crate::models::error::Result;
use crate::models::packed::kernels::linear::Finish;
use crate::models::packed::kernels::mlp::PackedMlp;
use crate::models::packed::kernels::norm::Norm;
use crate::models::packed::parts::Parts;

/// Both with their weights. The experts' router reads what they read, but for the weights of a norm.
pub(in crate::models) struct Beside {
    pub(in crate::models) mlp_in: Norm,
    pub(in crate::models) mlp: PackedMlp,
    pub(in crate::models) mlp_out: Norm,
    pub(in crate::models) router_in: Norm,
    pub(in crate::models) experts_in: Norm,
    pub(in crate::models) experts: Experts,
    pub(in crate::models) experts_out: Norm,
}

impl Beside {
    pub(super) fn load(of: &spec::Experts, names: &names::Experts, parts: Parts<'_>) -> Result<Self> {
        let (d, norm) = (parts.spec.d_model, parts.spec.norm);
        let of_block = |name: &str| parts.norm_of(&format!("layers.{{}}.{name}"), d, norm);
        let router_in =
            Norm { centre: false, scaled: false, eps: norm.eps, weight: vec![1.0; d], bias: vec![0.0; d] };
        Ok(Self {
            mlp_in: of_block("pre_feedforward_layernorm")?,
            mlp: mlp::load(parts)?,
            mlp_out: of_block("post_feedforward_layernorm_1")?,
            router_in,
            experts_in: of_block("pre_feedforward_layernorm_2")?,
            experts: Experts::load(of, names, parts)?,
            experts_out: of_block("post_feedforward_layernorm_2")?,
        })
    }

    /// What both make of the residual stream `x`, `(n_tokens, d_model)`, to `y`, of the same size.
    pub(super) fn forward_to(&self, x: &[f32], finish: Finish<'_>, y: &mut [f32]) {
        self.mlp.forward_to(&self.mlp_in.forward(x), Finish::Plain, y);
        self.mlp_out.apply_to_rows(y);
        let mut made = vec![0.0; y.len()];
        let (chooses, reads) = (self.router_in.forward(x), self.experts_in.forward(x));
        self.experts.chosen_by(&chooses, &reads, Finish::Plain, &mut made);
        self.experts_out.apply_to_rows(&mut made);
        y.iter_mut().zip(made).for_each(|(y, made)| *y += made);
        if let Finish::Add(residual) = finish {
            y.iter_mut().zip(residual).for_each(|(y, residual)| *y += residual);
        }
    }
}
