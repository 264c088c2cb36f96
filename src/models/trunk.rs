//! The computation: embeddings and a stack of blocks, on tokens packed without padding.
//!
//! Every tensor of a pass is `(n_tokens, …)`: the sequences of a batch stand one after another, and only attention
//! looks at where one ends.

use candle_core::{Device, Result, Tensor};

use super::activation::Activation;
use super::kernels::attention::Heads;
use super::kernels::linear::PackedLinear;
use super::kernels::ops;
use super::spec::{Declaration, Names, Spec};
use super::weights::Weights;
use super::{error, sequences::Sequences};

/// Embeddings and blocks with their weights.
pub(super) struct Trunk {
    embeddings: Embeddings,
    blocks: Vec<Block>,
}

struct Embeddings {
    /// `(vocab_size, d_model)`.
    tokens: Tensor,
    /// `(n_positions, d_model)`; the first segment's embedding, which all tokens share, is in it.
    positions: Tensor,
    norm: LayerNorm,
}

struct Block {
    heads: Heads,
    /// Query, key and value in one: `d_model` to `3 d_model`.
    qkv: PackedLinear,
    attention_output: PackedLinear,
    attention_norm: LayerNorm,
    up: PackedLinear,
    activation: Activation,
    down: PackedLinear,
    mlp_norm: LayerNorm,
}

struct LayerNorm {
    /// `(d_model,)`, and so is `bias`.
    weight: Vec<f32>,
    bias: Vec<f32>,
    eps: f32,
}

impl Trunk {
    pub(super) fn load(declaration: &Declaration, weights: &mut Weights) -> error::Result<Self> {
        let Declaration { spec, names } = declaration;
        weights.find_prefix(names.prefixes, &format!("{}.weight", names.tokens));
        let embeddings = Embeddings::load(spec, names, weights)?;
        let blocks = (0..spec.n_layers)
            .map(|layer| Block::load(spec, names, layer, weights))
            .collect::<error::Result<_>>()?;
        Ok(Self { embeddings, blocks })
    }

    /// Runs blocks up to hidden state `deepest`, giving each hidden state `(n_tokens, d_model)` to `visit` as it is made.
    pub(super) fn forward(
        &self,
        sequences: &Sequences,
        deepest: usize,
        mut visit: impl FnMut(usize, &Tensor) -> error::Result<()>,
    ) -> error::Result<()> {
        let mut x = self.embeddings.forward(sequences)?;
        visit(0, &x)?;
        for (index, block) in self.blocks.iter().take(deepest).enumerate() {
            x = block.forward(&x, sequences)?;
            visit(index + 1, &x)?;
        }
        Ok(())
    }
}

impl Embeddings {
    fn load(spec: &Spec, names: &Names, weights: &Weights) -> error::Result<Self> {
        let mut positions = weights.table(names.positions, spec.n_positions, spec.d_model)?;
        if spec.n_segments > 0 {
            let segments = weights.table(names.segments, spec.n_segments, spec.d_model)?;
            positions = positions.broadcast_add(&segments.narrow(0, 0, 1)?)?;
        }
        Ok(Self {
            tokens: weights.table(names.tokens, spec.vocab_size, spec.d_model)?,
            positions,
            norm: LayerNorm::load(spec, weights, names.embedding_norm)?,
        })
    }

    fn forward(&self, sequences: &Sequences) -> Result<Tensor> {
        let gather = |table: &Tensor, rows: &[u32]| table.index_select(&Tensor::new(rows, &Device::Cpu)?, 0);
        let tokens = gather(&self.tokens, sequences.tokens())?;
        let positions = gather(&self.positions, &sequences.positions())?;
        self.norm.forward(&(tokens + positions)?)
    }
}

impl Block {
    fn load(spec: &Spec, names: &Names, layer: usize, weights: &Weights) -> error::Result<Self> {
        let name = |template: &str| template.replace("{}", &layer.to_string());
        let d = spec.d_model;
        let linear = |template, outputs, inputs| -> error::Result<PackedLinear> {
            let (weight, bias) = weights.linear(&name(template), outputs, inputs)?;
            Ok(pack(&weight, &bias)?)
        };
        let (q, q_bias) = weights.linear(&name(names.query), d, d)?;
        let (k, k_bias) = weights.linear(&name(names.key), d, d)?;
        let (v, v_bias) = weights.linear(&name(names.value), d, d)?;
        Ok(Self {
            heads: Heads {
                count: spec.n_heads,
                d_head: d / spec.n_heads,
                scale: 1.0 / ((d / spec.n_heads) as f32).sqrt(),
            },
            qkv: pack(&Tensor::cat(&[q, k, v], 0)?, &Tensor::cat(&[q_bias, k_bias, v_bias], 0)?)?,
            attention_output: linear(names.attention_output, d, d)?,
            attention_norm: LayerNorm::load(spec, weights, &name(names.attention_norm))?,
            up: linear(names.mlp_up, spec.d_mlp, d)?,
            activation: spec.activation,
            down: linear(names.mlp_down, d, spec.d_mlp)?,
            mlp_norm: LayerNorm::load(spec, weights, &name(names.mlp_norm))?,
        })
    }

    fn forward(&self, x: &Tensor, sequences: &Sequences) -> Result<Tensor> {
        let qkv = ops::linear(x, &self.qkv, None)?;
        let mixed = ops::attend(&qkv, self.heads, sequences)?;
        let x = self.attention_norm.forward(&ops::add_linear(x, &mixed, &self.attention_output)?)?;
        let hidden = ops::linear(&x, &self.up, Some(self.activation))?;
        self.mlp_norm.forward(&ops::add_linear(&x, &hidden, &self.down)?)
    }
}

/// Lays out a weight, `(outputs, inputs)`, and its bias for the kernels.
fn pack(weight: &Tensor, bias: &Tensor) -> Result<PackedLinear> {
    let (outputs, inputs) = weight.dims2()?;
    let (weight, bias): (Vec<f32>, Vec<f32>) = (weight.flatten_all()?.to_vec1()?, bias.to_vec1()?);
    Ok(PackedLinear::new(&weight, Some(&bias), outputs, inputs))
}

impl LayerNorm {
    fn load(spec: &Spec, weights: &Weights, name: &str) -> error::Result<Self> {
        let (weight, bias) = weights.norm(name, spec.d_model)?;
        Ok(Self { weight: weight.to_vec1()?, bias: bias.to_vec1()?, eps: spec.norm_eps as f32 })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        ops::layer_norm(x, &self.weight, &self.bias, self.eps)
    }
}
