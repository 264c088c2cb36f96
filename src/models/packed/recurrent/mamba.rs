//! Mamba (Gu and Dao 2023), and Falcon Mamba, which normalizes what the recurrence is steered by.
//!
//! Source: `models/{mamba,falcon_mamba}/modeling_*.py` of Hugging Face transformers.

use super::steps::{columns, softplus, turned};
use crate::models::checkpoint::weights::Weights;
use crate::models::declarations::activation::Activation;
use crate::models::declarations::names::linear;
use crate::models::declarations::spec::{self, Spec};
use crate::models::error::Result;
use crate::models::packed::kernels::linear::{Finish, PackedLinear};
use crate::models::packed::kernels::norm::Norm;
use crate::models::packed::kernels::scan::{Columns, Convolve, Selective};
use crate::models::sequences::Sequences;

/// A block with its weights.
pub(in crate::models) struct Mamba {
    pub(in crate::models) d_inner: usize,
    pub(in crate::models) d_state: usize,
    pub(in crate::models) d_step: usize,
    pub(in crate::models) activation: Activation,
    pub(in crate::models) norm: Norm,
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
    pub(in crate::models) outwards: PackedLinear,
}

impl Mamba {
    pub(super) fn load(spec: &Spec, of: &spec::Mamba, layer: usize, weights: &Weights) -> Result<Self> {
        let spec::Mamba { d_inner, d_state, d_step, width, .. } = *of;
        let d = spec.d_model;
        let mixer = |part: &str| format!("layers.{{}}.mixer.{part}");
        let convolution = weights.values(&mixer("conv1d.weight"), layer, &[d_inner, 1, width])?;
        let convolution_bias = if of.convolution_bias {
            weights.values(&mixer("conv1d.bias"), layer, &[d_inner])?
        } else {
            vec![0.0; d_inner]
        };
        let steering = linear("layers.{}.mixer.x_proj").bias(false);
        let stored = weights.values(&mixer("A_log"), layer, &[d_inner, d_state])?;
        let decay = (0..d_state * d_inner).map(|at| -stored[at % d_inner * d_state + at / d_inner].exp());
        let unweighted = |eps: f32, size: usize| Norm {
            centre: false,
            eps,
            weight: vec![1.0; size],
            bias: vec![0.0; size],
        };
        Ok(Self {
            d_inner,
            d_state,
            d_step,
            activation: of.activation,
            norm: weights.norm("layers.{}.norm", layer, d, spec.norm)?,
            inwards: weights
                .matrix(linear("layers.{}.mixer.in_proj").bias(of.bias), layer, 2 * d_inner, d)?
                .pack(),
            convolution: turned(&convolution, d_inner, width),
            convolution_bias,
            steering: weights.matrix(steering, layer, d_step + 2 * d_state, d_inner)?.pack(),
            steering_norms: of
                .steering_eps
                .map(|eps| [d_step, d_state, d_state].map(|size| unweighted(eps, size))),
            step: weights.matrix(linear("layers.{}.mixer.dt_proj"), layer, d_inner, d_step)?.pack(),
            decay: decay.collect(),
            skip: weights.values(&mixer("D"), layer, &[d_inner])?,
            outwards: weights
                .matrix(linear("layers.{}.mixer.out_proj").bias(of.bias), layer, d, d_inner)?
                .pack(),
        })
    }

    pub(super) fn forward(&self, x: &[f32], sequences: &Sequences) -> Vec<f32> {
        let (d_inner, d_state, d_step) = (self.d_inner, self.d_state, self.d_step);
        let projected = self.inwards.forward(&self.norm.forward(x), Finish::Plain);
        let part = |start: usize| Columns { values: &projected, width: 2 * d_inner, start };
        let convolved = Convolve {
            x: part(0),
            weight: &self.convolution,
            bias: &self.convolution_bias,
            activation: self.activation,
        }
        .forward(sequences);
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
        let mixed = Selective {
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
        .forward(sequences);
        self.outwards.forward(&mixed, Finish::Add(x))
    }
}
