//! What blocks are given beside the residual stream that they read.

/// Embeddings of tokens for each block of its own (Gemma 3n and 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PerLayer {
    /// Size of a token's embedding for one block.
    pub d: usize,
    /// Rows of their table; tokens beyond it have the first.
    pub rows: usize,
}

/// Alternating updates (Baykal et al. 2023): blocks read one stream of several, and what they change there is taken over by the others
/// in parts that depend on the token (Gemma 3n).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Streams {
    /// How many there are.
    pub count: usize,
    /// The one that blocks read; hidden states are those of it.
    pub read: usize,
    /// Whether what blocks' own embeddings are made with is multiplied by weights of its own.
    pub scaled: bool,
    /// Units between the two layers of the path beside attention.
    pub rank: usize,
}
