//! A linear layer as it is stored.

use super::precision::Form;

/// A linear layer as it is stored.
#[derive(Debug, Clone)]
pub(in crate::models) struct Matrix {
    /// `(outputs, inputs)`.
    pub(in crate::models) weight: Vec<f32>,
    /// `(outputs,)`.
    pub(in crate::models) bias: Option<Vec<f32>>,
    pub(in crate::models) outputs: usize,
    pub(in crate::models) inputs: usize,
    /// How it is to be held.
    pub(in crate::models) form: Form,
}

impl Matrix {
    /// A layer made of `weight`, `(outputs, inputs)`, and a bias.
    pub(in crate::models) fn new(
        weight: Vec<f32>,
        bias: Option<Vec<f32>>,
        outputs: usize,
        inputs: usize,
    ) -> Self {
        Self { weight, bias, outputs, inputs, form: Form::default() }
    }

    /// The outputs in another order, or some of them, or of several layers with the same inputs: `rows` names the layer and
    /// the output.
    pub(in crate::models) fn gather(
        parts: &[&Self],
        rows: impl Iterator<Item = (usize, usize)> + Clone,
    ) -> Self {
        let inputs = parts.first().map_or(0, |part| part.inputs);
        let weight: Vec<f32> = rows
            .clone()
            .flat_map(|(part, row)| &parts[part].weight[row * inputs..][..inputs])
            .copied()
            .collect();
        let biased = parts.iter().any(|part| part.bias.is_some());
        let bias = biased.then(|| {
            rows.map(|(part, row)| parts[part].bias.as_ref().map_or(0.0, |bias| bias[row]))
                .collect::<Vec<f32>>()
        });
        let form = parts.first().map_or(Form::default(), |part| part.form);
        Self { outputs: weight.len() / inputs.max(1), weight, bias, inputs, form }
    }

    /// All outputs times `factor`.
    pub(in crate::models) fn scaled(mut self, factor: f32) -> Self {
        if factor != 1.0 {
            for value in self.weight.iter_mut().chain(self.bias.iter_mut().flatten()) {
                *value *= factor;
            }
        }
        self
    }
}
