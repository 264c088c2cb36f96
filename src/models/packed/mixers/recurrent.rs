//! The recurrent block of Griffin (De et al. 2024), as `RecurrentGemma` has it: a convolution, a linear recurrence whose decay is
//! gated, and a gate beside both.
//!
//! Source: `models/recurrent_gemma/modeling_recurrent_gemma.py` of Hugging Face transformers.

use crate::models::checkpoint::matrix::Matrix;
use crate::models::declarations::spec;
use crate::models::error::Result;
use crate::models::packed::kernels::linear::{Finish, PackedLinear};
use crate::models::packed::kernels::scan::{Columns, Convolve};
use crate::models::packed::parts::Parts;
use crate::models::packed::pass::Pass;
use crate::models::packed::steps::{columns, sigmoid, softplus, turned};

/// The mixer with its weights.
pub(in crate::models) struct Recurrent {
    pub(in crate::models) spec: spec::Recurrent,
    /// To what is convolved, and to the gate beside it.
    pub(in crate::models) inwards: PackedLinear,
    pub(in crate::models) beside: PackedLinear,
    /// `(width, d)`, and `(d,)`.
    pub(in crate::models) convolution: Vec<f32>,
    pub(in crate::models) convolution_bias: Vec<f32>,
    /// Of each group: to the gates of its inputs, then to those of its decays.
    pub(in crate::models) gates: Vec<PackedLinear>,
    /// The logarithm of the decay where its gate is 1, `(d,)`.
    pub(in crate::models) decay: Vec<f32>,
    pub(in crate::models) output: PackedLinear,
}

/// How strongly gates act on decays.
const STRENGTH: f32 = 8.0;

impl Recurrent {
    pub(super) fn load(of: &spec::Recurrent, parts: Parts<'_>) -> Result<Self> {
        let (d, size) = (of.d, of.d / of.n_groups);
        let name = |part: &str| format!("{}.{part}", parts.names.mixer);
        let of_gates = |part: &str| -> Result<(Vec<f32>, Vec<f32>)> {
            let weight = parts.values(&name(&format!("rg_lru.{part}_weight")), &[of.n_groups, size, size])?;
            let bias = name(&format!("rg_lru.{part}_bias"));
            Ok((weight, parts.weights.slices(&bias, parts.layer, &[of.n_groups, size])?.all(of.n_groups)?))
        };
        let (input, decay) = (of_gates("input_gate")?, of_gates("recurrent_gate")?);
        let group = |group: usize| {
            let mut weight = Vec::with_capacity(2 * size * size);
            let mut bias = Vec::with_capacity(2 * size);
            for (weights, biases) in [&input, &decay] {
                // Stored with inputs before outputs.
                let stored = &weights[group * size * size..][..size * size];
                weight.extend((0..size * size).map(|at| stored[at % size * size + at / size]));
                bias.extend_from_slice(&biases[group * size..][..size]);
            }
            let form = parts.weights.form();
            Matrix { form, ..Matrix::new(weight, Some(bias), 2 * size, size) }.pack()
        };
        let convolution = parts.values(&name("conv_1d.weight"), &[d, 1, of.width])?;
        let rates = parts.values(&name("rg_lru.recurrent_param"), &[d])?;
        Ok(Self {
            spec: *of,
            inwards: parts.linear(&name("linear_x"), true, d, parts.spec.d_model)?,
            beside: parts.linear(&name("linear_y"), true, d, parts.spec.d_model)?,
            convolution: turned(&convolution, d, of.width),
            convolution_bias: parts.values(&name("conv_1d.bias"), &[d])?,
            gates: (0..of.n_groups).map(group).collect(),
            decay: rates.iter().map(|&rate| -STRENGTH * softplus(rate)).collect(),
            output: parts.output(&name("linear_out"), true, d)?,
        })
    }

    /// What each token takes from those before it, `(n_tokens, d)`.
    pub(super) fn mix(&self, x: &[f32], pass: &Pass<'_>) -> Vec<f32> {
        let spec::Recurrent { d, n_groups, activation, .. } = self.spec;
        let size = d / n_groups;
        let convolved = Convolve {
            x: Columns::all(&self.inwards.forward(x, Finish::Plain), d),
            weight: &self.convolution,
            bias: &self.convolution_bias,
            activation: None,
        }
        .forward(pass.sequences);
        let gates: Vec<Vec<f32>> = (self.gates.iter().enumerate())
            .map(|(group, gates)| gates.forward(&columns(&convolved, d, group * size, size), Finish::Plain))
            .collect();
        let beside = self.beside.forward(x, Finish::Activate(activation));
        let mut mixed = vec![0.0; convolved.len()];
        let mut state = vec![0.0f32; d];
        for sequence in pass.sequences.iter() {
            state.fill(0.0);
            for (position, &token) in sequence.path.iter().enumerate() {
                let row = token as usize;
                for (group, gates) in gates.iter().enumerate() {
                    let (inputs, decays) = gates[row * 2 * size..][..2 * size].split_at(size);
                    for (unit, (input, decay)) in inputs.iter().zip(decays).enumerate() {
                        let channel = group * size + unit;
                        let log = sigmoid(*decay) * self.decay[channel];
                        // The first token comes in whole.
                        let share = if position == 0 { 1.0 } else { (1.0 - (2.0 * log).exp()).sqrt() };
                        let added = convolved[row * d + channel] * sigmoid(*input) * share;
                        state[channel] = log.exp() * state[channel] + added;
                    }
                }
                if position >= sequence.shared {
                    let places = mixed[row * d..][..d].iter_mut().zip(&state).zip(&beside[row * d..]);
                    for ((mixed, state), beside) in places {
                        *mixed = state * beside;
                    }
                }
            }
        }
        mixed
    }
}
