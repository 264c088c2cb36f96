//! An MLP: two linear layers with a non-linearity between, or three, of which one is a gate.

use crate::models::checkpoint::matrix::Matrix;
use crate::models::declarations::names;
use crate::models::error;
use crate::models::packed::kernels::mlp::PackedMlp;
use crate::models::packed::parts::Parts;

/// The MLP of a block, as a family names its layers.
pub(super) fn load(parts: Parts<'_>) -> error::Result<PackedMlp> {
    let (spec, layer, weights) = (parts.spec, parts.layer, parts.weights);
    let (d, d_mlp) = (spec.d_model, parts.block().d_mlp.unwrap_or(spec.mlp.d));
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
    let (activated, scale) = (activated.scaled(spec.mlp_scales.0), spec.mlp_scales.1);
    let down = parts.as_written(weights.matrix(down, layer, d, d_mlp)?).scaled(scale);
    Ok(Matrix::pack_mlp(spec.mlp.activation, &activated, factor.as_ref(), &down))
}

/// The first and the second half of a layer's outputs, each as a layer of its own.
fn halves(both: &Matrix) -> [Matrix; 2] {
    let half = both.outputs / 2;
    [0, half].map(|start| Matrix::gather(&[both], (start..start + half).map(|row| (0, row))))
}
