//! What differs from block to block.

use super::mixer::Mixer;
use super::mlp::FeedForward;
use crate::models::declarations::rotary::Rotary;

/// What differs from block to block.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Block {
    /// Its first half.
    pub mixer: Mixer,
    /// Its second half.
    pub feed_forward: FeedForward,
    /// How far a token sees, if not to the ends.
    pub reach: Option<usize>,
    /// How queries and keys are turned by position.
    pub rotary: Option<Rotary>,
    /// Whether attention reads the residual stream as it is, though other blocks normalize it first.
    pub bare: bool,
    /// What its scores are multiplied by, if not by `Attention::scale`.
    pub scale: Option<f32>,
}
