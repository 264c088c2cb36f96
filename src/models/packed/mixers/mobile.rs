//! A block in a narrow part: attention and several MLPs of fewer units than the residual stream has (`MobileBERT`).

use crate::models::checkpoint::matrix::Matrix;
use crate::models::checkpoint::weights::in_block;
use crate::models::declarations::spec;
use crate::models::error::Result;
use crate::models::packed::kernels::attention::Attend;
use crate::models::packed::kernels::linear::{Finish, PackedLinear};
use crate::models::packed::kernels::mlp::PackedMlp;
use crate::models::packed::kernels::norm::Norm;
use crate::models::packed::parts::Parts;
use crate::models::packed::pass::Pass;

/// A layer, and the norm behind it.
pub(in crate::models) type Normed<T> = (T, Norm);

/// All of a block but the layer that writes to the residual stream.
pub(in crate::models) struct Mobile {
    pub(in crate::models) attention: spec::Attention,
    /// From the residual stream to the narrow part.
    pub(in crate::models) input: Normed<PackedLinear>,
    /// The same for queries and keys alone.
    pub(in crate::models) shared: Option<Normed<PackedLinear>>,
    /// Queries and keys in one.
    pub(in crate::models) queries: PackedLinear,
    /// Of the residual stream, or of the narrow part where there is no layer for queries and keys.
    pub(in crate::models) values: PackedLinear,
    pub(in crate::models) mixed: Normed<PackedLinear>,
    pub(in crate::models) mlps: Vec<Normed<PackedMlp>>,
    pub(in crate::models) output: PackedLinear,
}

impl Mobile {
    pub(super) fn load(of: &spec::Mobile, parts: Parts<'_>) -> Result<Self> {
        let (wide, narrow) = (parts.spec.d_model, of.d);
        let named = |name: &str| format!("{}.{name}", parts.names.mixer);
        let linear = |name: &str, outputs, inputs| parts.linear(&named(name), true, outputs, inputs);
        let matrix = |name: &str, outputs, inputs| {
            parts.weights.layer(&named(name), (true, false), parts.layer, outputs, inputs)
        };
        let norm = |name: &str| parts.norm_of(&named(&format!("{name}.LayerNorm")), narrow, parts.spec.norm);
        let bottleneck = |name: &str| -> Result<Normed<PackedLinear>> {
            Ok((linear(&format!("{name}.dense"), narrow, wide)?, norm(name)?))
        };
        let query = matrix("attention.self.query", narrow, narrow)?;
        let key = matrix("attention.self.key", narrow, narrow)?;
        let both = (0..2 * narrow).map(|row| (row / narrow, row % narrow));
        let mlp = |up: &str, down: &str| -> Result<Normed<PackedMlp>> {
            let first = matrix(&format!("{up}.dense"), of.d_mlp, narrow)?;
            let second = matrix(&format!("{down}.dense"), narrow, of.d_mlp)?;
            Ok((Matrix::pack_mlp(parts.spec.mlp.activation, &first, None, &second), norm(down)?))
        };
        let mut mlps = Vec::with_capacity(of.n_mlps);
        for number in 0..of.n_mlps - 1 {
            let [up, down] = ["intermediate", "output"].map(|part| format!("ffn.{number}.{part}"));
            mlps.push(mlp(&up, &down)?);
        }
        mlps.push(mlp("intermediate", "output")?);
        Ok(Self {
            attention: parts.attention(),
            input: bottleneck("bottleneck.input")?,
            shared: if of.shared { Some(bottleneck("bottleneck.attention")?) } else { None },
            queries: Matrix::gather(&[&query, &key], both).pack(),
            values: linear("attention.self.value", narrow, if of.shared { wide } else { narrow })?,
            mixed: (linear("attention.output.dense", narrow, narrow)?, norm("attention.output")?),
            mlps,
            output: parts.written(parts.weights.layer(
                &in_block(parts.names.attention.name, parts.layer),
                (true, false),
                parts.layer,
                wide,
                narrow,
            )?),
        })
    }

    /// What the narrow part makes of `x`, `(n_tokens, d_model)`.
    pub(super) fn mix(&self, x: &[f32], pass: &Pass<'_>) -> Vec<f32> {
        let of = |(layer, norm): &Normed<PackedLinear>, x: &[f32]| {
            let mut y = layer.forward(x, Finish::Plain);
            norm.apply_to_rows(&mut y);
            y
        };
        let input = of(&self.input, x);
        let narrow = self.mixed.0.inputs();
        let (queries, values) = match &self.shared {
            Some(shared) => {
                (self.queries.forward(&of(shared, x), Finish::Plain), self.values.forward(x, Finish::Plain))
            }
            None => (self.queries.forward(&input, Finish::Plain), self.values.forward(&input, Finish::Plain)),
        };
        let rows = queries.chunks_exact(2 * narrow).zip(values.chunks_exact(narrow));
        let qkv: Vec<f32> = rows.flat_map(|(both, value)| both.iter().chain(value)).copied().collect();
        let attend = Attend { spec: &self.attention, reach: None, bias: None, distances: None, sinks: None };
        let mut mixed = vec![0.0; values.len()];
        attend.forward_to(&qkv, pass.sequences, &mut mixed);
        let mut state = vec![0.0; input.len()];
        self.mixed.0.forward_to(&mixed, Finish::Add(&input), &mut state);
        self.mixed.1.apply_to_rows(&mut state);
        for (mlp, norm) in &self.mlps {
            let mut next = vec![0.0; state.len()];
            mlp.forward_to(&state, Finish::Add(&state), &mut next);
            norm.apply_to_rows(&mut next);
            state = next;
        }
        state
    }
}
