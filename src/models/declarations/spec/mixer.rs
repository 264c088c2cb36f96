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
    /// The gated delta rule.
    Delta(Delta),
    /// A gated convolution over the tokens before.
    Short(Short),
    /// Attention and Mamba-2 side by side, both of what the block reads.
    Both(Both),
    /// Attention whose keys and values are made of a few units of each token.
    Latent(Latent),
    /// Mamba-2 that also reads what a shared block of attention makes.
    Shared(Shared),
    /// A gated linear recurrence after a convolution.
    Recurrent(Recurrent),
    /// Attention and MLPs in a narrow part, which are all of the block.
    Mobile(Mobile),
    /// There is none: the block is its second half.
    None,
}

impl Mixer {
    /// What it is called in a sentence.
    pub(in crate::models) fn name(&self) -> &'static str {
        match self {
            Self::Attention | Self::Latent(_) => "attention",
            Self::Mamba(_) => "Mamba",
            Self::Mamba2(_) => "Mamba-2",
            Self::Rwkv7(_) => "RWKV-7's mixing",
            Self::Span(_) => "attention with convolutions",
            Self::Delta(_) => "a gated delta rule",
            Self::Short(_) => "a short convolution",
            Self::Both(_) => "attention and Mamba-2 side by side",
            Self::Shared(_) => "Mamba-2 that reads shared attention",
            Self::Recurrent(_) => "a gated linear recurrence",
            Self::Mobile(_) => "narrow parts of attention and MLPs",
            Self::None => "none",
        }
    }
}

/// Mamba-2 that also reads what a block of attention and an MLP makes of the residual stream and of hidden state 0 (Zamba2).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shared {
    /// The one that reads it.
    pub mamba2: Mamba2,
    /// Size of the MLP's hidden layer.
    pub d_mlp: usize,
    /// Its non-linearity.
    pub activation: Activation,
    /// Whether its layers have biases.
    pub bias: bool,
    /// Units between the two layers whose product is added to a layer of the block.
    pub rank: usize,
    /// Whether such products are added to queries, keys and values too.
    pub attention_added: bool,
    /// The layer under which the block is stored.
    pub home: usize,
    /// The layer's number among those that have one, from 0.
    pub index: usize,
}

/// A block in a narrow part (Sun et al. 2020).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mobile {
    /// Units of the narrow part.
    pub d: usize,
    /// Size of the hidden layer of its MLPs.
    pub d_mlp: usize,
    /// How many MLPs follow each other.
    pub n_mlps: usize,
    /// Whether queries and keys have a layer to the narrow part of their own, and values are made of the wide one.
    pub shared: bool,
}

/// Multi-head latent attention (DeepSeek-AI 2024).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latent {
    /// Units of a query and a key that are turned by position; those of keys are the same in all heads.
    pub d_turned: usize,
    /// Units of them that are not.
    pub d_plain: usize,
    /// Units of a value.
    pub d_value: usize,
    /// Units that keys and values are made of.
    pub d_latent: usize,
    /// Units that queries are made of, if not the token itself.
    pub d_query: Option<usize>,
    /// Whether the layers to those units, and the last one, have biases.
    pub bias: bool,
    /// Whether units that are turned together stand next to each other.
    pub neighbours: bool,
}

/// The real-gated linear recurrent unit of Griffin (De et al. 2024), with a convolution before it and a gate beside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recurrent {
    /// Channels.
    pub d: usize,
    /// Its gates mix channels within each of so many groups.
    pub n_groups: usize,
    /// How many tokens the convolution spans.
    pub width: usize,
    /// Of the gate beside it.
    pub activation: Activation,
}

/// The gated delta rule (Yang et al. 2024): linear attention whose state forgets, and forgets first what a key had.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Delta {
    /// Heads of queries and keys.
    pub n_key_heads: usize,
    /// Heads of values; each head of keys serves as many, which follow each other.
    pub n_value_heads: usize,
    /// Units of a head of queries or keys.
    pub d_key: usize,
    /// Units of a head of values.
    pub d_value: usize,
    /// How many tokens the convolution spans.
    pub width: usize,
    /// After the convolution.
    pub activation: Activation,
    /// Whether what is forgotten of a key is doubled.
    pub doubled: bool,
    /// The epsilon of the norm of what it makes, where it is not that of all.
    pub eps: Option<f32>,
    /// How its layers are stored.
    pub layout: DeltaLayout,
}

/// How the layers of a gated delta rule are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeltaLayout {
    /// Two layers, with what belongs to a head of keys together (Qwen3-Next).
    ByHead,
    /// Queries, keys and values in one layer, and the others by themselves (Qwen 3.5).
    InOrder,
    /// Each by itself, with convolutions of their own (OLMo Hybrid).
    Apart,
}

/// A convolution over the tokens before, of one product, times another (LFM2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Short {
    /// How many tokens it spans.
    pub width: usize,
    /// Whether its layers have biases.
    pub bias: bool,
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
    /// Whether these norms have weights (Jamba).
    pub steering_weights: bool,
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
    pub bias: (bool, bool),
    /// Whether the convolution has one.
    pub convolution_bias: bool,
    /// After the convolution.
    pub activation: Activation,
    /// Steps are kept between these.
    pub step_limits: (f32, f32),
    /// How what it makes is gated and normalized.
    pub gated: Gated,
    /// The epsilon of that norm, where it is not that of all.
    pub eps: Option<f32>,
    /// What the outputs of the layer into it are multiplied by: gates, inputs, `B`, `C`, steps.
    pub inward_scales: [f32; 5],
    /// What goes into that layer is multiplied by the first, and what comes out of the last layer by the second.
    pub outer_scales: (f32, f32),
}

/// How what Mamba-2 makes is gated and normalized, in groups of channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gated {
    /// It is gated, then normalized.
    BeforeNorm,
    /// It is normalized, then gated.
    AfterNorm,
    /// It is gated, and there is no norm.
    Alone,
}

/// Attention and Mamba-2 side by side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Both {
    /// The one of them.
    pub mamba2: Mamba2,
    /// What attention reads is multiplied by the first, its keys by the second, and what it gives by the third.
    pub attention_scales: [f32; 3],
}

impl Mamba2 {
    /// What it is where a configuration says nothing of scales and norms.
    pub(in crate::models) const fn plain(n_heads: usize, d_head: usize) -> Self {
        Self {
            n_heads,
            d_head,
            n_groups: 1,
            d_state: 0,
            width: 4,
            bias: (false, false),
            convolution_bias: true,
            activation: Activation::Silu,
            step_limits: (0.0, f32::INFINITY),
            gated: Gated::BeforeNorm,
            eps: None,
            inward_scales: [1.0; 5],
            outer_scales: (1.0, 1.0),
        }
    }
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
