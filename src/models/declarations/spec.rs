//! What a family declares of its architecture: everything of `config.json` that changes the hidden states.
//!
//! No tensors here, and no names of weights (those are `names`); `trunk` makes the computation from it.

use super::activation::Activation;
use super::rotary::Rotary;

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
    /// Every attention layer.
    pub attention: Attention,
    /// What differs from block to block, `n_layers` of them.
    pub blocks: Vec<Block>,
    /// Every MLP.
    pub mlp: Mlp,
    /// Whether a block's MLP reads what its attention reads, and not what it wrote.
    pub parallel: bool,
    /// What a block's attention and MLP are multiplied by before they are added to the residual stream.
    pub residual_scale: f32,
    /// What is added to the first block's output.
    pub convolution: Option<Convolution>,
    /// Size of the last hidden state, where a linear layer of the final one changes it.
    pub d_last: Option<usize>,
    /// What takes the place of attention and MLP in every block, if something does.
    pub recurrence: Option<Recurrence>,
}

impl Spec {
    /// A model whose blocks are recurrent, on token embeddings alone.
    pub(in crate::models) fn recurrent(
        vocab_size: usize,
        d_model: usize,
        n_layers: usize,
        norm: Norm,
        recurrence: Recurrence,
    ) -> Self {
        Self {
            vocab_size,
            d_model,
            n_layers,
            n_positions: None,
            embeddings: Embeddings::tokens(d_model),
            norm,
            // Of attention and MLP only this much holds: tokens see those before them.
            attention: Attention::causal(1, d_model),
            blocks: vec![Block::default(); n_layers],
            mlp: Mlp { d: 0, activation: Activation::Silu },
            parallel: false,
            residual_scale: 1.0,
            convolution: None,
            d_last: None,
            recurrence: Some(recurrence),
        }
    }

    /// Units of hidden state `layer`.
    #[must_use]
    pub fn d_at(&self, layer: usize) -> usize {
        self.d_last.filter(|_| layer == self.n_layers).unwrap_or(self.d_model)
    }
}

/// A recurrent block.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Recurrence {
    /// Mamba.
    Mamba(Mamba),
    /// Mamba-2.
    Mamba2(Mamba2),
    /// RWKV-7.
    Rwkv7(Rwkv7),
}

/// A block of Mamba.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mamba {
    /// Channels.
    pub d_inner: usize,
    /// Values of state per channel.
    pub d_state: usize,
    /// Units that steps are made from.
    pub d_step: usize,
    /// How many tokens the convolution spans.
    pub width: usize,
    /// Whether the layers into and out of the block have biases.
    pub bias: bool,
    /// Whether the convolution has one.
    pub convolution_bias: bool,
    /// After the convolution.
    pub activation: Activation,
    /// The epsilon of norms of what steers the recurrence (Falcon Mamba).
    pub steering_eps: Option<f32>,
}

/// A block of Mamba-2.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mamba2 {
    /// Heads.
    pub n_heads: usize,
    /// Channels of each.
    pub d_head: usize,
    /// Groups of heads that are steered together.
    pub n_groups: usize,
    /// Values of state per channel.
    pub d_state: usize,
    /// How many tokens the convolution spans.
    pub width: usize,
    /// Whether the layers into and out of the block have biases.
    pub bias: bool,
    /// Whether the convolution has one.
    pub convolution_bias: bool,
    /// After the convolution.
    pub activation: Activation,
    /// Steps are kept between these.
    pub step_limits: (f32, f32),
}

/// A block of RWKV-7.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rwkv7 {
    /// Units of a head.
    pub d_head: usize,
    /// Size of the channel mixing's hidden layer.
    pub d_mlp: usize,
    /// Units that the decay is made from.
    pub d_decay: usize,
    /// Units that the in-context learning rate is made from.
    pub d_rate: usize,
    /// Units that the gate is made from.
    pub d_gate: usize,
    /// Units that the share of the first block's values is made from.
    pub d_value: usize,
}

/// A convolution of hidden state 0 over neighbouring tokens, added to the first block's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Convolution {
    /// How many tokens it spans, an odd number.
    pub width: usize,
    /// Units are in so many groups that do not mix.
    pub groups: usize,
    /// The non-linearity.
    pub activation: Activation,
}

/// From tokens to hidden state 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Embeddings {
    /// Size of a token's embedding; where it is not `d_model`, a linear layer follows.
    pub d: usize,
    /// What token embeddings are multiplied by.
    pub scale: f32,
    /// Where the linear layer to `d_model` stands, if there is one.
    pub projected: Projected,
    /// A table of positions, if there is one.
    pub positions: Option<Positions>,
    /// Rows of the table of segment embeddings; 0 when there is none.
    pub n_segments: usize,
}

/// Where the linear layer from `d` to `d_model` stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Projected {
    /// After all else.
    Last,
    /// Before the norm.
    BeforeNorm,
    /// Before positions are added.
    BeforePositions,
}

/// A table of positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Positions {
    /// Whether it is learned; else its rows are sines and cosines of growing wavelengths (Vaswani et al. 2017).
    pub learned: bool,
    /// Rows of the table.
    pub rows: usize,
    /// Which row the first token of a sequence has.
    pub first: usize,
    /// A token that does not count: it has the row before `first` (RoBERTa's padding).
    pub uncounted: Option<u32>,
}

/// How the values of a token are normalized.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Norm {
    /// The kind.
    pub kind: NormKind,
    /// Added to the variance (or mean square).
    pub eps: f32,
}

/// The kinds of norms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NormKind {
    /// Mean 0 and variance 1, then weights and biases.
    Layer,
    /// The same without biases.
    LayerUnbiased,
    /// The same with neither.
    LayerPlain,
    /// Mean square 1, then weights.
    Rms,
    /// The same with weights that are stored less 1.
    RmsPlusOne,
}

/// An attention layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Attention {
    /// Heads of queries.
    pub n_heads: usize,
    /// Heads of keys and values; each serves `n_heads / n_kv_heads` heads of queries.
    pub n_kv_heads: usize,
    /// Units of a head.
    pub d_head: usize,
    /// What the scores are multiplied by.
    pub scale: f32,
    /// Whether a token sees only those before it and itself.
    pub causal: bool,
    /// Scores `s` become `cap · tanh(s / cap)`.
    pub cap: Option<f32>,
    /// Queries, keys and values are kept between `-clip` and `clip`.
    pub clip: Option<f32>,
    /// How queries grow with position.
    pub growth: Option<QueryGrowth>,
    /// What is added to the scores by distance.
    pub bias: DistanceBias,
}

/// Queries at position `p` (from 0) are multiplied by `1 + beta · ln(1 + ⌊p / period⌋)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QueryGrowth {
    /// How much.
    pub beta: f32,
    /// Positions before this one are as they are.
    pub period: usize,
}

/// What is added to a score by the distance of its two tokens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum DistanceBias {
    /// Nothing.
    None,
    /// A slope per head times the distance (Press et al. 2022), times `scale`.
    Alibi {
        /// 1 in BLOOM.
        scale: f32,
    },
    /// A learned value per head and bucket of distances (Raffel et al. 2020), in both directions.
    Buckets {
        /// How many buckets, half for each direction.
        count: usize,
        /// Distances from here on share the last bucket.
        max_distance: usize,
    },
    /// Products of queries and keys with learned vectors of distances (He et al. 2021).
    Disentangled(Disentangled),
}

/// Disentangled attention: a score is `q·k`, plus `q·k_δ` and `k·q_δ` for the distance `δ` of its tokens, all times
/// [`Attention::scale`]. `k_δ` and `q_δ` are linear layers of one table of distances.
#[expect(clippy::struct_excessive_bools, reason = "four independent choices of a configuration")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disentangled {
    /// Whether there is `q·k_δ` (content to position).
    pub to_position: bool,
    /// Whether there is `k·q_δ` (position to content).
    pub from_position: bool,
    /// Whether `k_δ` and `q_δ` come from the layers that make keys and queries.
    pub shared: bool,
    /// Whether the table goes through a norm.
    pub normalized: bool,
    /// Half the rows of the table: distances from `-span` up to `span - 1`.
    pub span: usize,
    /// Distances beyond half the span share rows, on a logarithmic scale that ends here.
    pub log_up_to: Option<usize>,
}

/// What differs from block to block.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Block {
    /// How far a token sees, if not to the ends.
    pub reach: Option<usize>,
    /// How queries and keys are turned by position.
    pub rotary: Option<Rotary>,
    /// Whether attention reads the residual stream as it is, though other blocks normalize it first.
    pub bare: bool,
    /// What its scores are multiplied by, if not by [`Attention::scale`].
    pub scale: Option<f32>,
}

/// An MLP.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mlp {
    /// Size of its hidden layer.
    pub d: usize,
    /// The non-linearity.
    pub activation: Activation,
}

impl Attention {
    /// As many heads of keys as of queries, scores divided by `√d_head`, everything seen.
    pub(in crate::models) fn full(n_heads: usize, d_head: usize) -> Self {
        Self {
            n_heads,
            n_kv_heads: n_heads,
            d_head,
            scale: 1.0 / (d_head as f32).sqrt(),
            causal: false,
            cap: None,
            clip: None,
            growth: None,
            bias: DistanceBias::None,
        }
    }

    /// The same, of which a token sees those before it and itself.
    pub(in crate::models) fn causal(n_heads: usize, d_head: usize) -> Self {
        Self { causal: true, ..Self::full(n_heads, d_head) }
    }
}

impl Embeddings {
    /// Token embeddings of size `d_model`, and nothing else.
    pub(in crate::models) fn tokens(d_model: usize) -> Self {
        Self { d: d_model, scale: 1.0, projected: Projected::Last, positions: None, n_segments: 0 }
    }

    /// Token embeddings, and `rows` learned positions from 0.
    pub(in crate::models) fn with_positions(d_model: usize, rows: usize) -> Self {
        let positions = Positions { learned: true, rows, first: 0, uncounted: None };
        Self { positions: Some(positions), ..Self::tokens(d_model) }
    }
}
