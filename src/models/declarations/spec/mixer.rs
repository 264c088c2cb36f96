//! What mixes tokens with those around them, in the first half of a block.

use crate::models::declarations::activation::Activation;

/// The first half of a block.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Mixer {
    /// Attention, as [`Spec::attention`](super::Spec::attention) says.
    #[default]
    Attention,
    /// Mamba.
    Mamba(Mamba),
    /// Mamba-2.
    Mamba2(Mamba2),
    /// RWKV-7.
    Rwkv7(Rwkv7),
    /// `ConvBERT`'s attention and convolutions side by side.
    Span(Span),
}

/// Attention, as [`Spec::attention`](super::Spec::attention) says, and beside each head a convolution over the tokens around, whose
/// kernel every token makes (Jiang et al. 2020).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// How many tokens it spans, an odd number.
    pub width: usize,
}

/// Mamba.
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
    /// Whether the layers into and out of it have biases.
    pub bias: bool,
    /// Whether the convolution has one.
    pub convolution_bias: bool,
    /// After the convolution.
    pub activation: Activation,
    /// The epsilon of norms of what steers the recurrence (Falcon Mamba).
    pub steering_eps: Option<f32>,
}

/// Mamba-2.
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
    /// Whether the layers into and out of it have biases.
    pub bias: bool,
    /// Whether the convolution has one.
    pub convolution_bias: bool,
    /// After the convolution.
    pub activation: Activation,
    /// Steps are kept between these.
    pub step_limits: (f32, f32),
}

/// The mixing over time of RWKV-7.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rwkv7 {
    /// Units of a head.
    pub d_head: usize,
    /// Units that the decay is made from.
    pub d_decay: usize,
    /// Units that the in-context learning rate is made from.
    pub d_rate: usize,
    /// Units that the gate is made from.
    pub d_gate: usize,
    /// Units that the share of the first block's values is made from.
    pub d_value: usize,
}
