//! Mamba-2 (Dao and Gu 2024).
//!
//! Source: `models/mamba2/modeling_mamba2.py` of Hugging Face transformers.

use crate::models::checkpoint::matrix::Matrix;
use crate::models::declarations::spec::{self, Gated};
use crate::models::error::Result;
use crate::models::packed::kernels::linear::{Finish, PackedLinear};
use crate::models::packed::kernels::norm::Norm;
use crate::models::packed::kernels::scan::{ByHead, Columns, Convolve};
use crate::models::packed::parts::Parts;
use crate::models::packed::pass::Pass;
use crate::models::packed::steps::{sigmoid, softplus, turned};

/// The mixer with its weights.
pub(in crate::models) struct Mamba2 {
    pub(in crate::models) spec: spec::Mamba2,
    /// To gates, what is convolved (inputs, `B` and `C`), and steps.
    pub(in crate::models) inwards: PackedLinear,
    /// `(width, channels)`, and `(channels,)`.
    pub(in crate::models) convolution: Vec<f32>,
    pub(in crate::models) convolution_bias: Vec<f32>,
    /// `(n_heads,)` each.
    pub(in crate::models) step_bias: Vec<f32>,
    pub(in crate::models) decay: Vec<f32>,
    pub(in crate::models) skip: Vec<f32>,
    /// Of each group of channels, with weights of their own.
    pub(in crate::models) gated_norms: Vec<Norm>,
}

/// The channels that are convolved.
fn channels(of: &spec::Mamba2) -> usize {
    of.n_heads * of.d_head + 2 * of.n_groups * of.d_state
}

impl Mamba2 {
    pub(super) fn load(of: &spec::Mamba2, parts: Parts<'_>) -> Result<Self> {
        let d_inner = of.n_heads * of.d_head;
        let channels = channels(of);
        let name = |part: &str| format!("{}.{part}", parts.names.mixer);
        let of_heads = |part: &str| parts.values(&name(part), &[of.n_heads]);
        let convolution = parts.values(&name("conv1d.weight"), &[channels, 1, of.width])?;
        let convolution_bias = if of.convolution_bias {
            parts.values(&name("conv1d.bias"), &[channels])?
        } else {
            vec![0.0; channels]
        };
        let gated = match of.gated {
            Gated::Alone => Vec::new(),
            _ => parts.values(&name("norm.weight"), &[d_inner])?,
        };
        let size = d_inner / of.n_groups;
        let width = d_inner + channels + of.n_heads;
        let d_model = parts.spec.d_model;
        let inwards =
            parts.weights.layer(&name("in_proj"), (of.bias.0, false), parts.layer, width, d_model)?;
        Ok(Self {
            spec: *of,
            inwards: scaled(inwards, of).pack(),
            convolution: turned(&convolution, channels, of.width),
            convolution_bias,
            step_bias: of_heads("dt_bias")?,
            decay: of_heads("A_log")?.iter().map(|log| -log.exp()).collect(),
            skip: of_heads("D")?,
            gated_norms: gated
                .chunks_exact(size)
                .map(|weight| Norm {
                    centre: false,
                    scaled: false,
                    eps: of.eps.unwrap_or(parts.spec.norm.eps),
                    weight: weight.to_vec(),
                    bias: vec![0.0; size],
                })
                .collect(),
        })
    }

    /// Its last layer.
    pub(super) fn output(of: &spec::Mamba2, parts: Parts<'_>) -> Result<Matrix> {
        let (d_inner, d_model) = (of.n_heads * of.d_head, parts.spec.d_model);
        let name = format!("{}.out_proj", parts.names.mixer);
        let layer = parts.weights.layer(&name, (of.bias.1, false), parts.layer, d_model, d_inner)?;
        Ok(parts.as_written(layer).scaled(of.outer_scales.1))
    }

    /// What each token takes from those before it, `(n_tokens, d_inner)`.
    pub(super) fn mix(&self, x: &[f32], pass: &Pass<'_>) -> Vec<f32> {
        let spec::Mamba2 { n_heads, d_head, n_groups, d_state, .. } = self.spec;
        let (d_inner, channels) = (n_heads * d_head, channels(&self.spec));
        let width = d_inner + channels + n_heads;
        let projected = self.inwards.forward(x, Finish::Plain);
        let convolved = Convolve {
            x: Columns { values: &projected, width, start: d_inner },
            weight: &self.convolution,
            bias: &self.convolution_bias,
            activation: Some(self.spec.activation),
        }
        .forward(pass.sequences);
        let (least, most) = self.spec.step_limits;
        let step: Vec<f32> = projected
            .chunks_exact(width)
            .flat_map(|row| row[d_inner + channels..].iter().zip(&self.step_bias))
            .map(|(step, bias)| softplus(step + bias).max(least).min(most))
            .collect();
        let part = |start: usize| Columns { values: &convolved, width: channels, start };
        let mut mixed = ByHead {
            n_heads,
            d_head,
            n_groups,
            d_state,
            x: part(0),
            step: Columns::all(&step, n_heads),
            input: part(d_inner),
            output: part(d_inner + n_groups * d_state),
            decay: &self.decay,
            skip: &self.skip,
        }
        .forward(pass.sequences);
        let norm = |mixed: &mut Vec<f32>| {
            let norms = self.gated_norms.iter().cycle();
            for (part, norm) in mixed.chunks_exact_mut(d_inner / n_groups).zip(norms) {
                norm.apply_to_rows(part);
            }
        };
        if self.spec.gated == Gated::AfterNorm {
            norm(&mut mixed);
        }
        for (row, projected) in mixed.chunks_exact_mut(d_inner).zip(projected.chunks_exact(width)) {
            for (value, gate) in row.iter_mut().zip(projected) {
                *value *= gate * sigmoid(*gate);
            }
        }
        if self.spec.gated == Gated::BeforeNorm {
            norm(&mut mixed);
        }
        mixed
    }
}

/// The layer into the mixer with the factors of its inputs and outputs in it.
fn scaled(mut layer: Matrix, of: &spec::Mamba2) -> Matrix {
    let (d_inner, states) = (of.n_heads * of.d_head, of.n_groups * of.d_state);
    let sizes = [d_inner, d_inner, states, states, of.n_heads];
    let factors =
        sizes.iter().zip(of.inward_scales).flat_map(|(&size, scale)| std::iter::repeat_n(scale, size));
    for (output, factor) in factors.enumerate() {
        for value in &mut layer.weight[output * layer.inputs..][..layer.inputs] {
            *value *= factor * of.outer_scales.0;
        }
        if let Some(bias) = &mut layer.bias {
            bias[output] *= factor;
        }
    }
    layer
}
