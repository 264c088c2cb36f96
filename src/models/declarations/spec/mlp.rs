//! What makes something new of each token by itself, in the second half of a block.

use super::experts::Experts;
use crate::models::declarations::activation::Activation;

/// The second half of a block.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum FeedForward {
    /// The MLP that [`Spec::mlp`](super::Spec::mlp) describes.
    #[default]
    Mlp,
    /// There is none: the block is its mixer.
    None,
    /// A few of many MLPs.
    Experts(Experts),
    /// The same, and the MLP that [`Spec::mlp`](super::Spec::mlp) describes, side by side (Gemma 4).
    Beside(Experts),
    /// Two layers, and between them a non-linearity with weights of its own (Huang and Schlag 2024).
    Xielu,
    /// The channel mixing of RWKV-7.
    Rwkv7 {
        /// Size of its hidden layer.
        d: usize,
    },
}

/// An MLP.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mlp {
    /// Size of its hidden layer.
    pub d: usize,
    /// The non-linearity.
    pub activation: Activation,
}
