//! A mixture of experts: each token goes through a few of many MLPs, and through one that all share, if there is one.
//!
//! Tokens are gathered by expert, so that each expert's weights are read once a batch. What experts make of a token is added in
//! the experts' order, whatever else is in the batch.

use crate::models::checkpoint::initialize::Role;
use crate::models::checkpoint::matrix::Matrix;
use crate::models::checkpoint::precision::{Form, Precision};
use crate::models::checkpoint::weights::in_block;
use crate::models::checkpoint::weights::slices::Slices;
use crate::models::declarations::names::{self, ExpertLayers};
use crate::models::declarations::spec;
use crate::models::error::Result;
use crate::models::packed::kernels::linear::{Finish, PackedLinear};
use crate::models::packed::kernels::mlp::PackedMlp;
use crate::models::packed::kernels::route::{probabilities, route};
use crate::models::packed::parts::Parts;
use crate::models::packed::steps::sigmoid;

/// A mixture of experts, with its weights.
#[expect(clippy::struct_field_names, reason = "the field's words for its parts")]
pub(in crate::models) struct Experts {
    pub(in crate::models) spec: spec::Experts,
    pub(in crate::models) router: PackedLinear,
    /// `(count,)`, or empty.
    pub(in crate::models) correction: Vec<f32>,
    pub(in crate::models) experts: Vec<PackedMlp>,
    pub(in crate::models) shared: Option<PackedMlp>,
    pub(in crate::models) shared_gate: Option<PackedLinear>,
    /// From the model's size to that of the experts, and back.
    pub(in crate::models) inner: Option<(PackedLinear, PackedLinear)>,
    /// What the outputs of each expert are multiplied by, `(count,)`, or empty.
    pub(in crate::models) scales: Vec<f32>,
}

impl Experts {
    pub(super) fn load(of: &spec::Experts, names: &names::Experts, parts: Parts<'_>) -> Result<Self> {
        let (d, layer, weights) = (parts.spec.d_model, parts.layer, parts.weights);
        let linear =
            |name: &str, outputs, inputs| weights.layer(name, (false, false), layer, outputs, inputs);
        // A token that another expert is chosen for is another token: what chooses is not rounded.
        let exact = |layer: Matrix| {
            let form = Form { precision: Precision::F32, ..layer.form };
            Matrix { form, ..layer }.pack()
        };
        let mut router = weights.layer(names.router, (of.router.bias, false), layer, of.count, d)?;
        let ones = |name: &str, size| weights.floats(&[in_block(name, layer)], &[size], Role::One);
        if let Some([name, _]) = names.scales {
            let (scale, root) = (ones(name, d)?, (d as f32).sqrt());
            for row in router.weight.chunks_exact_mut(d) {
                row.iter_mut().zip(&scale).for_each(|(value, scale)| *value *= scale / root);
            }
        }
        let correction =
            if of.router.corrected { weights.bias(names.correction, layer, of.count)? } else { Vec::new() };
        let gate = names.shared_gate.filter(|_| of.shared.is_some());
        let shared = of.shared.map(|size| mlp(&names.shared, "", (d, size), of, parts, true)).transpose()?;
        let inner = match (of.inner, names.inner) {
            (Some(size), Some((to, back))) => {
                let back = weights.matrix(back, layer, d, size)?;
                Some((weights.matrix(to, layer, size, d)?.pack(), parts.written(back)))
            }
            _ => None,
        };
        Ok(Self {
            spec: *of,
            router: exact(router),
            correction,
            experts: experts(of, names, parts)?,
            shared,
            shared_gate: gate.map(|name| linear(name, 1, d).map(exact)).transpose()?,
            inner,
            scales: match names.scales {
                Some([_, name]) => ones(name, of.count)?,
                None => Vec::new(),
            },
        })
    }

    /// The probability of each expert for `x`, `(n_tokens, count)`.
    pub(super) fn probabilities(&self, x: &[f32]) -> Vec<f32> {
        probabilities(&self.router.forward(x, Finish::Plain), &self.spec.router, self.spec.count)
    }

    /// What is made of `x`, `(n_tokens, d_model)`, to `y`, of the same size.
    pub(super) fn forward_to(&self, x: &[f32], finish: Finish<'_>, y: &mut [f32]) {
        self.chosen_by(x, x, finish, y);
    }

    /// The same, with experts that are chosen by `chooses`, `(n_tokens, d_model)`.
    pub(super) fn chosen_by(&self, chooses: &[f32], x: &[f32], finish: Finish<'_>, y: &mut [f32]) {
        let d = self.router.inputs();
        let outputs = self.router.forward(chooses, Finish::Plain);
        let counts = (self.spec.count, self.spec.chosen);
        let routes = route(&outputs, &self.spec.router, &self.correction, counts);
        let reads = self.inner.as_ref().map(|(to, _)| to.forward(x, Finish::Plain));
        let reads = reads.as_deref().unwrap_or(x);
        let mut sum = vec![0.0; reads.len()];
        let experts = self.experts.iter().zip(&routes).enumerate();
        for (number, (expert, routes)) in experts.filter(|(_, (_, routes))| !routes.is_empty()) {
            let scale = self.scales.get(number).copied().unwrap_or(1.0);
            expert.add_routed(reads, routes, scale, &mut sum);
        }
        let mut sum = match &self.inner {
            Some((_, back)) => back.forward(&sum, Finish::Plain),
            None => sum,
        };
        if let Some(shared) = &self.shared {
            let mut made = vec![0.0; x.len()];
            shared.forward_to(x, Finish::Plain, &mut made);
            let gates = self.shared_gate.as_ref().map(|gate| gate.forward(x, Finish::Plain));
            for (row, (sum, made)) in sum.chunks_exact_mut(d).zip(made.chunks_exact(d)).enumerate() {
                let gate = gates.as_ref().map_or(1.0, |gates| sigmoid(gates[row]));
                for (sum, made) in sum.iter_mut().zip(made) {
                    *sum += made * gate;
                }
            }
        }
        match finish {
            Finish::Add(residual) => {
                for ((y, sum), residual) in y.iter_mut().zip(sum).zip(residual) {
                    *y = residual + sum;
                }
            }
            _ => y.copy_from_slice(&sum),
        }
    }
}

/// One MLP of the names of `of`, with the number of an expert where they have a place for it. `outer` says that it writes to the
/// residual stream by itself.
fn mlp(
    names: &names::Mlp,
    expert: &str,
    (d, size): (usize, usize),
    of: &spec::Experts,
    parts: Parts<'_>,
    outer: bool,
) -> Result<PackedMlp> {
    let matrix = |names: names::Linear, outputs, inputs| {
        let name = names.name.replace("{expert}", expert);
        parts.weights.layer(&name, (names.bias, names.turned), parts.layer, outputs, inputs)
    };
    let (activated, factor, down) = match *names {
        names::Mlp::Plain { up, down } => (matrix(up, size, d)?, None, down),
        names::Mlp::Gated { gate, up, down } => (matrix(gate, size, d)?, Some(matrix(up, size, d)?), down),
        names::Mlp::GatedStacked { gate_up, down } => {
            let [gate, up] = halves(&matrix(gate_up, 2 * size, d)?);
            (gate, Some(up), down)
        }
        names::Mlp::StackedGate { up_gate, down } => {
            let [up, gate] = halves(&matrix(up_gate, 2 * size, d)?);
            (gate, Some(up), down)
        }
    };
    let down = matrix(down, d, size)?;
    let down = if outer { parts.as_written(down) } else { down };
    Ok(Matrix::pack_mlp(of.activation, &activated, factor.as_ref(), &down).clamped(of.clamp))
}

/// The first and the second half of a layer's outputs.
fn halves(both: &Matrix) -> [Matrix; 2] {
    let half = both.outputs / 2;
    [0, half].map(|start| Matrix::gather(&[both], (start..start + half).map(|row| (0, row))))
}

/// The MLPs of all experts, with their layers as they are stored.
fn experts(of: &spec::Experts, names: &names::Experts, parts: Parts<'_>) -> Result<Vec<PackedMlp>> {
    let d = of.inner.unwrap_or(parts.spec.d_model);
    // What leads back from the inner space is what writes to the residual stream.
    let outer = of.inner.is_none();
    let apart = |names: &names::Mlp| {
        let expert = |expert: usize| mlp(names, &expert.to_string(), (d, of.d), of, parts, outer);
        (0..of.count).map(expert).collect()
    };
    let (gate_up, down, turned, interleaved) = match &names.layers {
        ExpertLayers::Either { gate_up, down, .. } if parts.weights.has(gate_up, parts.layer) => {
            (gate_up, down, false, false)
        }
        ExpertLayers::Apart(names) | ExpertLayers::Either { apart: names, .. } => return apart(names),
        ExpertLayers::Stacked { gate_up, down, turned } => (gate_up, down, *turned, false),
        ExpertLayers::Interleaved { gate_up, down } => (gate_up, down, true, true),
    };
    let side =
        |outputs, inputs| if turned { [of.count, inputs, outputs] } else { [of.count, outputs, inputs] };
    let slices = |name: &str, shape: &[usize]| parts.weights.slices(name, parts.layer, shape);
    let inner = slices(gate_up, &side(2 * of.d, d))?;
    let outward = slices(down, &side(d, of.d))?;
    let biases = if interleaved {
        let bias = |name: &str, size| slices(&format!("{name}_bias"), &[of.count, size]);
        Some((bias(gate_up, 2 * of.d)?, bias(down, d)?))
    } else {
        None
    };
    let matrix = |slices: &Slices, bias: Option<&Slices>, expert: usize, outputs, inputs| -> Result<Matrix> {
        let mut weight = slices.get(expert)?;
        if turned {
            weight = (0..outputs * inputs).map(|at| weight[at % inputs * outputs + at / inputs]).collect();
        }
        let bias = bias.map(|bias| bias.get(expert)).transpose()?;
        Ok(Matrix { form: parts.weights.form(), ..Matrix::new(weight, bias, outputs, inputs) })
    };
    let expert = |expert: usize| {
        let both = matrix(&inner, biases.as_ref().map(|(inner, _)| inner), expert, 2 * of.d, d)?;
        let [gate, up] = if interleaved {
            [0, 1].map(|first| Matrix::gather(&[&both], (0..of.d).map(|row| (0, 2 * row + first))))
        } else {
            halves(&both)
        };
        let down = matrix(&outward, biases.as_ref().map(|(_, outer)| outer), expert, d, of.d)?;
        let down = if outer { parts.as_written(down) } else { down };
        Ok(Matrix::pack_mlp(of.activation, &gate, Some(&up), &down).clamped(of.clamp))
    };
    (0..of.count).map(expert).collect()
}
