//! Norms.

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
    /// Mean 0 and variance 1, then weights that are stored less 1, and biases.
    LayerPlusOne,
    /// Weights and biases alone.
    Scaled,
    /// Mean square 1, then weights.
    Rms,
    /// The same with weights that are stored less 1.
    RmsPlusOne,
    /// The same with none.
    RmsPlain,
}
