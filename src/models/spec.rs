//! What a family declares: the numbers of its architecture and the names of its weights.
//!
//! No tensors here; [`super::trunk`] makes the computation from it.

use super::activation::Activation;

/// An architecture: everything of `config.json` that changes the hidden states.
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    /// Rows of the embedding table.
    pub vocab_size: usize,
    /// Size of the residual stream.
    pub d_model: usize,
    /// Number of blocks; there is one hidden state more.
    pub n_layers: usize,
    /// Attention heads; `d_model / n_heads` units each.
    pub n_heads: usize,
    /// Size of the hidden layer of the MLP.
    pub d_mlp: usize,
    /// How many learned positions there are: no sequence may be longer.
    pub n_positions: usize,
    /// Rows of the table of segment embeddings; 0 when there is none.
    pub n_segments: usize,
    /// Between the two layers of the MLP.
    pub activation: Activation,
    /// Added to the variance in every norm.
    pub norm_eps: f64,
}

/// The names of a family's weights. `{}` stands for the number of the block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names {
    /// What some checkpoints put before every name.
    pub(super) prefixes: &'static [&'static str],
    pub(super) tokens: &'static str,
    pub(super) positions: &'static str,
    pub(super) segments: &'static str,
    pub(super) embedding_norm: &'static str,
    pub(super) query: &'static str,
    pub(super) key: &'static str,
    pub(super) value: &'static str,
    pub(super) attention_output: &'static str,
    pub(super) attention_norm: &'static str,
    pub(super) mlp_up: &'static str,
    pub(super) mlp_down: &'static str,
    pub(super) mlp_norm: &'static str,
}

/// A family's reading of a configuration.
#[derive(Debug, Clone)]
pub(super) struct Declaration {
    pub(super) spec: Spec,
    pub(super) names: Names,
}
