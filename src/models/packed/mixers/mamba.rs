//! Mamba (Gu and Dao 2023), and Falcon Mamba, which normalizes what the recurrence is steered by.
//!
//! Source: `models/{mamba,falcon_mamba}/modeling_*.py` of Hugging Face transformers.

use crate::models::declarations::activation::Activation;
use crate::models::declarations::spec::{self, NormKind};
use crate::models::error::Result;
use crate::models::packed::kernels::linear::{Finish, PackedLinear};
use crate::models::packed::kernels::norm::Norm;
use crate::models::packed::kernels::scan::{Columns, Convolve, Selective};
use crate::models::packed::parts::Parts;
use crate::models::packed::pass::Pass;
use crate::models::packed::steps::{columns, softplus, turned};

/// The mixer with its weights.
pub(in crate::models) struct Mamba {
    pub(in crate::models) d_inner: usize,
    pub(in crate::models) d_state: usize,
    pub(in crate::models) d_step: usize,
    pub(in crate::models) activation: Activation,
    /// To inputs and gates, `2 d_inner`.
    pub(in crate::models) inwards: PackedLinear,
    /// `(width, d_inner)`, and `(d_inner,)`.
    pub(in crate::models) convolution: Vec<f32>,
    pub(in crate::models) convolution_bias: Vec<f32>,
    /// To `d_step + 2 d_state`: what steps are made from, and how states are written and read.
    pub(in crate::models) steering: PackedLinear,
    /// Of these three.
    pub(in crate::models) steering_norms: Option<[Norm; 3]>,
    pub(in crate::models) step: PackedLinear,
    /// `(d_state, d_inner)`.
    pub(in crate::models) decay: Vec<f32>,
    pub(in crate::models) skip: Vec<f32>,
    pub(in crate::models) output: PackedLinear,
}

impl Mamba {
    pub(super) fn load(of: &spec::Mamba, parts: Parts<'_>) -> Result<Self> {
        let spec::Mamba { d_inner, d_state, d_step, width, .. } = *of;
        let name = |part: &str| format!("{}.{part}", parts.names.mixer);
        let convolution = parts.values(&name("conv1d.weight"), &[d_inner, 1, width])?;
        let convolution_bias = if of.convolution_bias {
            parts.values(&name("conv1d.bias"), &[d_inner])?
        } else {
            vec![0.0; d_inner]
        };
        let stored = parts.values(&name("A_log"), &[d_inner, d_state])?;
        let decay = (0..d_state * d_inner).map(|at| -stored[at % d_inner * d_state + at / d_inner].exp());
        let norm = |eps: f32, part: &str, size: usize| -> Result<Norm> {
            let weighted = of.steering_weights;
            let kind = spec::Norm { kind: NormKind::Rms, eps };
            if weighted {
                return parts.norm_of(&name(&format!("{part}_layernorm")), size, kind);
            }
            Ok(Norm { centre: false, scaled: false, eps, weight: vec![1.0; size], bias: vec![0.0; size] })
        };
        Ok(Self {
            d_inner,
            d_state,
            d_step,
            activation: of.activation,
            inwards: parts.linear(&name("in_proj"), of.bias, 2 * d_inner, parts.spec.d_model)?,
            convolution: turned(&convolution, d_inner, width),
            convolution_bias,
            steering: parts.linear(&name("x_proj"), false, d_step + 2 * d_state, d_inner)?,
            steering_norms: match of.steering_eps {
                Some(eps) => {
                    Some([norm(eps, "dt", d_step)?, norm(eps, "b", d_state)?, norm(eps, "c", d_state)?])
                }
                None => None,
            },
            step: parts.linear(&name("dt_proj"), true, d_inner, d_step)?,
            decay: decay.collect(),
            skip: parts.values(&name("D"), &[d_inner])?,
            output: parts.output(&name("out_proj"), of.bias, d_inner)?,
        })
    }

    /// What each token takes from those before it, `(n_tokens, d_inner)`.
    pub(super) fn mix(&self, x: &[f32], pass: &Pass<'_>) -> Vec<f32> {
        let (d_inner, d_state, d_step) = (self.d_inner, self.d_state, self.d_step);
        let projected = self.inwards.forward(x, Finish::Plain);
        let part = |start: usize| Columns { values: &projected, width: 2 * d_inner, start };
        let convolved = Convolve {
            x: part(0),
            weight: &self.convolution,
            bias: &self.convolution_bias,
            activation: Some(self.activation),
        }
        .forward(pass.sequences);
        let steering = self.steering.forward(&convolved, Finish::Plain);
        let width = d_step + 2 * d_state;
        let mut parts = [(0, d_step), (d_step, d_state), (d_step + d_state, d_state)]
            .map(|(start, size)| columns(&steering, width, start, size));
        for (part, norm) in parts.iter_mut().zip(self.steering_norms.iter().flatten()) {
            *part = norm.forward(part);
        }
        let [step, input, output] = parts;
        let mut step = self.step.forward(&step, Finish::Plain);
        for value in &mut step {
            *value = softplus(*value);
        }
        Selective {
            channels: d_inner,
            d_state,
            x: Columns::all(&convolved, d_inner),
            step: Columns::all(&step, d_inner),
            gate: part(d_inner),
            input: Columns::all(&input, d_state),
            output: Columns::all(&output, d_state),
            decay: &self.decay,
            skip: &self.skip,
            // Of the gate, whatever the configuration's `hidden_act` says of the convolution.
            activation: Activation::Silu,
        }
        .forward(pass.sequences)
    }
}
