//! A convolution beside the first block.

use crate::models::declarations::activation::Activation;

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
