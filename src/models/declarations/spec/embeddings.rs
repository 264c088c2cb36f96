//! From tokens to hidden state 0.

/// From tokens to hidden state 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Embeddings {
    /// Size of a token's embedding; where it is not `d_model`, a linear layer follows.
    pub d: usize,
    /// Whether those of the token after and of the token before stand on either side of a token's own, and the linear layer reads all
    /// three.
    pub neighbours: bool,
    /// What token embeddings are multiplied by.
    pub scale: f32,
    /// Where the linear layer to `d_model` stands, if there is one.
    pub projected: Projected,
    /// A table of positions, if there is one.
    pub positions: Option<Positions>,
    /// Whether a learned table of positions that the files do not have is one of sines and cosines (Marian).
    pub waves_unless_stored: bool,
    /// Rows of the table of segment embeddings; 0 when there is none.
    pub n_segments: usize,
    /// Rows of the table of tasks; 0 when there is none.
    pub n_tasks: usize,
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

impl Embeddings {
    /// Token embeddings of size `d_model`, and nothing else.
    pub(in crate::models) fn tokens(d_model: usize) -> Self {
        Self {
            d: d_model,
            neighbours: false,
            scale: 1.0,
            projected: Projected::Last,
            positions: None,
            waves_unless_stored: false,
            n_segments: 0,
            n_tasks: 0,
        }
    }

    /// Token embeddings, and `rows` learned positions from 0.
    pub(in crate::models) fn with_positions(d_model: usize, rows: usize) -> Self {
        let positions = Positions { learned: true, rows, first: 0, uncounted: None };
        Self { positions: Some(positions), ..Self::tokens(d_model) }
    }
}
