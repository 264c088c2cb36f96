//! An MLP: two linear layers with a non-linearity between, or three, of which one is a gate.

use candle_core::{Result, Tensor};

use crate::models::checkpoint::matrix::Matrix;
use crate::models::declarations::activation::Activation;
use crate::models::declarations::names;
use crate::models::error;
use crate::models::packed::kernels::linear::PackedLinear;
use crate::models::packed::kernels::ops;
use crate::models::packed::parts::Parts;

/// An MLP with its weights.
pub(in crate::models) struct Mlp {
    pub(in crate::models) activation: Activation,
    /// Goes through the activation; multiplied by `factor`'s output if there is one.
    pub(in crate::models) activated: PackedLinear,
    pub(in crate::models) factor: Option<PackedLinear>,
    pub(in crate::models) down: PackedLinear,
}

impl Mlp {
    pub(super) fn load(parts: Parts<'_>) -> error::Result<Self> {
        let (spec, layer, weights) = (parts.spec, parts.layer, parts.weights);
        let (d, d_mlp) = (spec.d_model, spec.mlp.d);
        let inner = |name| weights.matrix(name, layer, d_mlp, d);
        let (activated, factor, down) = match parts.names.mlp {
            names::Mlp::Plain { up, down } => (inner(up)?, None, down),
            names::Mlp::Gated { gate, up, down } => (inner(gate)?, Some(inner(up)?), down),
            names::Mlp::GatedStacked { gate_up, down } => {
                let [gate, up] = halves(&weights.matrix(gate_up, layer, 2 * d_mlp, d)?);
                (gate, Some(up), down)
            }
            names::Mlp::StackedGate { up_gate, down } => {
                let [up, gate] = halves(&weights.matrix(up_gate, layer, 2 * d_mlp, d)?);
                (gate, Some(up), down)
            }
        };
        Ok(Self {
            activation: spec.mlp.activation,
            activated: activated.pack(),
            factor: factor.map(|matrix| matrix.pack()),
            down: parts.written(weights.matrix(down, layer, d, d_mlp)?),
        })
    }

    /// The hidden layer, `(n_tokens, d_mlp)`.
    pub(super) fn hidden(&self, x: &Tensor) -> Result<Tensor> {
        let activated = ops::linear(x, &self.activated, Some(self.activation))?;
        match &self.factor {
            Some(factor) => ops::gate_linear(&activated, x, factor),
            None => Ok(activated),
        }
    }
}

/// The first and the second half of a layer's outputs, each as a layer of its own.
fn halves(both: &Matrix) -> [Matrix; 2] {
    let half = both.outputs / 2;
    [0, half].map(|start| Matrix::gather(&[both], (start..start + half).map(|row| (0, row))))
}
