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
    /// Heads of keys, and units of a head, where they are not those of `Spec::attention`.
    pub heads: Option<(usize, usize)>,
    /// Whether its values are its keys, as they are before norms and rotation.
    pub values_are_keys: bool,
    /// The block before it whose keys and values it takes, where it makes none.
    pub keys_of: Option<usize>,
    /// Whether blocks after it take its keys and values.
    pub keeps_keys: bool,
    /// Size of its MLP's hidden layer, where it is not that of `Spec::mlp`.
    pub d_mlp: Option<usize>,
    /// What goes through the activation of its MLP is 0 unless it is so many deviations above the mean of the hidden layer.
    pub sparse_above: Option<f32>,
}
