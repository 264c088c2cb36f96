//! What a family declares of its architecture: everything of `config.json` that changes the hidden states.
//!
//! No tensors here, and no names of weights (those are `names`); the rooms that compute make the computation from it.
//!
//! # Rooms, from the ground up
//!
//! | room | what it is |
//! | --- | --- |
//! | `norm`, `embeddings`, `convolution` | norms; from tokens to hidden state 0; what stands beside the first block |
//! | `attention` | attention, and what is added to its scores by distance |
//! | `mixer` | the first half of a block: attention, or what takes its place |
//! | `experts` | mixtures of experts |
//! | `mlp` | the second half of a block |
//! | `streams` | what blocks are given beside the residual stream |
//! | `block` | what differs from block to block |
//! | `decoder` | what a decoder has that reads an encoder |
//! | `language` | what a model has for each language |

mod attention;
mod block;
mod convolution;
mod decoder;
mod embeddings;
mod experts;
mod language;
mod mixer;
mod mlp;
mod norm;
mod streams;

pub use attention::{Attention, Disentangled, DistanceBias, Pairs, QueryGrowth};
pub use block::Block;
pub use convolution::Convolution;
pub use decoder::{Decoder, Start};
pub use embeddings::{Embeddings, Positions, Projected};
pub use experts::{Experts, Groups, Router, Score};
pub use language::Language;
pub use mixer::{
    Both, Delta, DeltaLayout, Gated, Latent, Mamba, Mamba2, Mixer, Mobile, Recurrent, Rwkv7, Shared, Short,
    Span,
};
pub use mlp::{FeedForward, Mlp};
pub use norm::{Norm, NormKind};
pub use streams::{PerLayer, Streams};

use super::activation::Activation;

/// An architecture.
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    /// Rows of the embedding table.
    pub vocab_size: usize,
    /// Size of the residual stream.
    pub d_model: usize,
    /// Number of blocks; there is one hidden state more.
    pub n_layers: usize,
    /// The longest sequence, in tokens, where the architecture sets a limit.
    pub n_positions: Option<usize>,
    /// From tokens to hidden state 0.
    pub embeddings: Embeddings,
    /// Every norm.
    pub norm: Norm,
    /// Every attention layer, of the blocks that have one.
    pub attention: Attention,
    /// What differs from block to block, `n_layers` of them.
    pub blocks: Vec<Block>,
    /// Every MLP, of the blocks that have one.
    pub mlp: Mlp,
    /// What goes through the activation of every MLP is multiplied by the first, and what it gives by the second.
    pub mlp_scales: (f32, f32),
    /// Whether a block's MLP reads what its attention reads, and not what it wrote.
    pub parallel: bool,
    /// What a block's attention and MLP are multiplied by before they are added to the residual stream.
    pub residual_scale: f32,
    /// What is added to the first block's output.
    pub convolution: Option<Convolution>,
    /// What each block is given of the tokens, beside the residual stream.
    pub per_layer: Option<PerLayer>,
    /// Streams beside the one that blocks read.
    pub streams: Option<Streams>,
    /// Size of the last hidden state, where a linear layer of the final one changes it.
    pub d_last: Option<usize>,
    /// What it reads of an encoder, if it is the decoder beside one.
    pub decoder: Option<Decoder>,
    /// What each block has for the language of the sentences.
    pub language: Option<Language>,
}

impl Spec {
    /// A model of token embeddings and `blocks`, with nothing more than these; a family adds what else it has.
    pub(in crate::models) fn new(
        vocab_size: usize,
        d_model: usize,
        norm: Norm,
        attention: Attention,
        blocks: Vec<Block>,
        mlp: Mlp,
    ) -> Self {
        Self {
            vocab_size,
            d_model,
            n_layers: blocks.len(),
            n_positions: None,
            embeddings: Embeddings::tokens(d_model),
            norm,
            attention,
            blocks,
            mlp,
            mlp_scales: (1.0, 1.0),
            parallel: false,
            residual_scale: 1.0,
            convolution: None,
            per_layer: None,
            streams: None,
            d_last: None,
            decoder: None,
            language: None,
        }
    }

    /// The same of blocks that are all `block`, in which there is neither attention nor an MLP.
    pub(in crate::models) fn without_attention(
        vocab_size: usize,
        d_model: usize,
        norm: Norm,
        n_layers: usize,
        block: Block,
    ) -> Self {
        // Of attention only this much holds: tokens see those before them.
        let attention = Attention::causal(1, d_model);
        let mlp = Mlp { d: 0, activation: Activation::Silu };
        Self::new(vocab_size, d_model, norm, attention, vec![block; n_layers], mlp)
    }

    /// Units of hidden state `layer`.
    #[must_use]
    pub fn d_at(&self, layer: usize) -> usize {
        self.d_last.filter(|_| layer == self.n_layers).unwrap_or(self.d_model)
    }
}
