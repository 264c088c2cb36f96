//! Attention: what every layer of a model has, and what is added to its scores by distance.

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
    /// Queries, keys and values are kept between `-clip` and `clip`, after norms of them.
    pub clip: Option<f32>,
    /// The mean square of each head's values is made 1; the number is added to it before.
    pub value_norm: Option<f32>,
    /// Which units of a head are turned together.
    pub pairs: Pairs,
    /// How queries grow with position.
    pub growth: Option<QueryGrowth>,
    /// What is added to the scores by distance.
    pub bias: DistanceBias,
}

/// Which units of a head are turned together, of the `r` that a rotation turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pairs {
    /// Units `i` and `i + r / 2`.
    Halves,
    /// Units `2i` and `2i + 1`.
    Neighbours,
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
    /// A learned value per head and bucket of distances (Raffel et al. 2020): in both directions, or, where attention is causal, in
    /// the one.
    Buckets {
        /// How many buckets; of two directions each has half.
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
            value_norm: None,
            pairs: Pairs::Halves,
            growth: None,
            bias: DistanceBias::None,
        }
    }

    /// The same, of which a token sees those before it and itself.
    pub(in crate::models) fn causal(n_heads: usize, d_head: usize) -> Self {
        Self { causal: true, ..Self::full(n_heads, d_head) }
    }
}
