//! The computation: embeddings and a stack of blocks, on tokens packed without padding.
//!
//! Every tensor of a pass is `(n_tokens, …)`: the sequences of a batch stand one after another, and only attention
//! looks at where one ends.

use candle_core::{Device, Result, Tensor};

use super::activation::Activation;
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
    attention: Attention,
    attention_norm: LayerNorm,
    up: Linear,
    activation: Activation,
    down: Linear,
    mlp_norm: LayerNorm,
}

struct Attention {
    n_heads: usize,
    /// Query, key and value in one: `(3 d_model, d_model)`.
    qkv: Linear,
    output: Linear,
}

struct Linear {
    /// `(inputs, outputs)`, a view of the stored `(outputs, inputs)`.
    weight: Tensor,
    /// `(outputs,)`.
    bias: Tensor,
}

struct LayerNorm {
    weight: Tensor,
    bias: Tensor,
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
        let linear = |template, outputs, inputs| -> error::Result<Linear> {
            let (weight, bias) = weights.linear(&name(template), outputs, inputs)?;
            Ok(Linear { weight: weight.t()?, bias })
        };
        let (q, q_bias) = weights.linear(&name(names.query), d, d)?;
        let (k, k_bias) = weights.linear(&name(names.key), d, d)?;
        let (v, v_bias) = weights.linear(&name(names.value), d, d)?;
        let qkv = Linear {
            weight: Tensor::cat(&[q, k, v], 0)?.t()?,
            bias: Tensor::cat(&[q_bias, k_bias, v_bias], 0)?,
        };
        Ok(Self {
            attention: Attention {
                n_heads: spec.n_heads,
                qkv,
                output: linear(names.attention_output, d, d)?,
            },
            attention_norm: LayerNorm::load(spec, weights, &name(names.attention_norm))?,
            up: linear(names.mlp_up, spec.d_mlp, d)?,
            activation: spec.activation,
            down: linear(names.mlp_down, d, spec.d_mlp)?,
            mlp_norm: LayerNorm::load(spec, weights, &name(names.mlp_norm))?,
        })
    }

    fn forward(&self, x: &Tensor, sequences: &Sequences) -> Result<Tensor> {
        let x = self.attention_norm.forward(&(self.attention.forward(x, sequences)? + x)?)?;
        let hidden = self.activation.forward(&self.up.forward(&x)?)?;
        self.mlp_norm.forward(&(self.down.forward(&hidden)? + x)?)
    }
}

impl Attention {
    fn forward(&self, x: &Tensor, sequences: &Sequences) -> Result<Tensor> {
        let (n_tokens, d_model) = x.dims2()?;
        let d_head = d_model / self.n_heads;
        // (3, n_heads, n_tokens, d_head)
        let qkv = self.qkv.forward(x)?.reshape((n_tokens, 3, self.n_heads, d_head))?.permute((1, 2, 0, 3))?;
        let scale = 1.0 / (d_head as f64).sqrt();
        let mut mixed = Vec::with_capacity(sequences.len());
        for range in sequences.ranges() {
            let part = |which: usize| qkv.get(which)?.narrow(1, range.start, range.len())?.contiguous();
            let scores = (part(0)?.matmul(&part(1)?.t()?)? * scale)?;
            let attention = candle_nn::ops::softmax_last_dim(&scores)?;
            // (n_heads, tokens, d_head) -> (tokens, d_model)
            mixed.push(attention.matmul(&part(2)?)?.transpose(0, 1)?.reshape((range.len(), d_model))?);
        }
        self.output.forward(&Tensor::cat(&mixed, 0)?)
    }
}

impl Linear {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        x.matmul(&self.weight)?.broadcast_add(&self.bias)
    }
}

impl LayerNorm {
    fn load(spec: &Spec, weights: &Weights, name: &str) -> error::Result<Self> {
        let (weight, bias) = weights.norm(name, spec.d_model)?;
        Ok(Self { weight, bias, eps: spec.norm_eps as f32 })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        candle_nn::ops::layer_norm(x, &self.weight, &self.bias, self.eps)
    }
}
