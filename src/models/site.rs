//! Where in a model activations are taken: the residual stream, or what a part of a block adds to it or is made of.
//!
//! | site | of each block | units |
//! | --- | --- | --- |
//! | `residual` | the residual stream before the first block (0) and after each | `d_model` |
//! | `attention` | what its attention adds to the residual stream | `d_model` |
//! | `mlp` | what its MLP adds to it | `d_model` |
//! | `attention-heads` | for each head what it takes from the tokens it sees, before the output projection | `d_head` |
//! | `cross-attention` | of a decoder: what its attention to the encoder adds to the residual stream | `d_model` |
//! | `cross-attention-heads` | for each of its heads what it takes from the encoder's last hidden state, before the output projection | `d_head` |
//! | `streams` | of a model with several streams (Gemma 3n) all of them side by side, before the first block (0) and after each | streams × `d_model` |
//! | `router` | the probability of each expert, before some are chosen | experts |
//!
//! What is added is what stands in the sum `x + …`: after a norm behind the part (Gemma 2, OLMo 2) and after a factor (Granite), but
//! before a norm of the stream itself (BERT). Blocks are numbered from 0, as in the names of their weights: block `k` makes hidden
//! state `k + 1`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::declarations::spec::{FeedForward, Mixer, Spec};

/// Where in a model activations are taken; the module's table says what each is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Site {
    /// The residual stream: hidden states.
    #[default]
    Residual,
    /// What attention adds to it.
    Attention,
    /// What an MLP adds to it.
    Mlp,
    /// Each head by itself.
    AttentionHeads,
    /// Probabilities of experts.
    Router,
    /// What the attention of a decoder to its encoder adds.
    CrossAttention,
    /// Each of its heads by itself.
    CrossAttentionHeads,
    /// All streams of a model that has several, side by side: hidden states as transformers has them.
    Streams,
}

impl Site {
    /// The names of all.
    pub const NAMES: [&'static str; 8] = [
        "residual",
        "attention",
        "mlp",
        "attention-heads",
        "router",
        "cross-attention",
        "cross-attention-heads",
        "streams",
    ];

    const ALL: [Self; 8] = [
        Self::Residual,
        Self::Attention,
        Self::Mlp,
        Self::AttentionHeads,
        Self::Router,
        Self::CrossAttention,
        Self::CrossAttentionHeads,
        Self::Streams,
    ];

    /// Whether its layers are hidden states, numbered from 0 before the first block.
    #[must_use]
    pub fn is_of_states(self) -> bool {
        matches!(self, Self::Residual | Self::Streams)
    }

    /// Whether it is of heads, so that a layer has several matrices.
    #[must_use]
    pub fn is_of_heads(self) -> bool {
        matches!(self, Self::AttentionHeads | Self::CrossAttentionHeads)
    }

    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Residual => "residual",
            Self::Attention => "attention",
            Self::Mlp => "mlp",
            Self::AttentionHeads => "attention-heads",
            Self::Router => "router",
            Self::CrossAttention => "cross-attention",
            Self::CrossAttentionHeads => "cross-attention-heads",
            Self::Streams => "streams",
        }
    }

    /// The layers of a model that have it: hidden states (from 0, the embeddings) of the residual stream, else blocks (from 0).
    #[must_use]
    pub fn layers(self, spec: &Spec) -> Vec<usize> {
        match self {
            Self::Residual => return (0..=spec.n_layers).collect(),
            Self::Streams if spec.streams.is_some() => return (0..=spec.n_layers).collect(),
            Self::Streams => return Vec::new(),
            _ => {}
        }
        (0..spec.blocks.len()).filter(|&block| self.is_in(spec, block)).collect()
    }

    /// Whether a block has it.
    fn is_in(self, spec: &Spec, block: usize) -> bool {
        if matches!(self, Self::CrossAttention | Self::CrossAttentionHeads) {
            return spec.decoder.is_some();
        }
        let block = &spec.blocks[block];
        match self {
            Self::Residual | Self::Streams | Self::CrossAttention | Self::CrossAttentionHeads => true,
            Self::Attention => matches!(block.mixer, Mixer::Attention | Mixer::Latent(_) | Mixer::Span(_)),
            Self::AttentionHeads => {
                let attends = matches!(block.mixer, Mixer::Attention | Mixer::Latent(_) | Mixer::Span(_));
                attends || matches!(block.mixer, Mixer::Both(_))
            }
            Self::Mlp => block.feed_forward != FeedForward::None,
            Self::Router => matches!(block.feed_forward, FeedForward::Experts(_) | FeedForward::Beside(_)),
        }
    }

    /// How many matrices a layer has of it: one for each head, else one.
    #[must_use]
    pub fn parts(self, spec: &Spec) -> usize {
        match (self, &spec.decoder) {
            (Self::AttentionHeads, _) => spec.attention.n_heads,
            (Self::CrossAttentionHeads, Some(decoder)) => decoder.cross.n_heads,
            _ => 1,
        }
    }

    /// Units of one of its matrices at `layer`, which has it.
    #[must_use]
    pub fn width(self, spec: &Spec, layer: usize) -> usize {
        if let (Self::Streams, Some(streams)) = (self, &spec.streams) {
            return streams.count * spec.d_model;
        }
        if let (Self::CrossAttentionHeads, Some(decoder)) = (self, &spec.decoder) {
            return decoder.cross.d_head;
        }
        match (self, spec.blocks.get(layer)) {
            (Self::Residual, _) => spec.d_at(layer),
            (Self::AttentionHeads, Some(block)) => match block.mixer {
                Mixer::Latent(of) => of.d_value,
                _ => block.heads.map_or(spec.attention.d_head, |(_, d_head)| d_head),
            },
            (Self::Router, Some(block)) => match &block.feed_forward {
                FeedForward::Experts(of) | FeedForward::Beside(of) => of.count,
                _ => 0,
            },
            _ => spec.d_model,
        }
    }

    /// What the matrix of number `entry` is called, where it is one of several of its layer: `layer.3.head.5`.
    #[must_use]
    pub fn label(self, spec: &Spec, entry: usize) -> Option<String> {
        let parts = self.parts(spec);
        self.is_of_heads().then(|| format!("layer.{}.head.{}", entry / parts, entry % parts))
    }

    /// Why a model has it in no block, in words that go on from the model's name.
    #[must_use]
    pub fn absence(self, spec: &Spec) -> String {
        let mixer = spec.blocks.first().map(|block| block.mixer);
        let shared = spec.blocks.iter().any(|block| matches!(block.mixer, Mixer::Shared(_)));
        let both = spec.blocks.iter().any(|block| matches!(block.mixer, Mixer::Both(_)));
        match self {
            Self::Attention | Self::AttentionHeads | Self::Mlp if matches!(mixer, Some(Mixer::Mobile(_))) => {
                "has attention and MLPs in narrow parts of its blocks, and what they make is added as one".to_owned()
            }
            Self::Attention | Self::AttentionHeads if shared => {
                "has attention that Mamba-2 reads, and that adds nothing to the residual stream itself".to_owned()
            }
            Self::Attention if both => {
                "has attention and Mamba-2 side by side, whose sum is added as one; its heads are --site attention-heads"
                    .to_owned()
            }
            Self::Attention | Self::AttentionHeads => {
                let instead = mixer.map_or("nothing", |mixer| mixer.name());
                format!("has no attention: its blocks have {instead}")
            }
            Self::Router => "has no experts, and so no router".to_owned(),
            Self::Streams => "has one stream, of which its hidden states are (of Gemma 3n there are several)".to_owned(),
            Self::CrossAttention | Self::CrossAttentionHeads => {
                "is no decoder that reads an encoder here (of an encoder–decoder that is --part decoder)".to_owned()
            }
            _ => format!("has no {self}"),
        }
    }

    /// How many blocks have to run for `deepest`, a layer of this site.
    pub(in crate::models) fn blocks_to(self, deepest: usize) -> usize {
        if self.is_of_states() { deepest } else { deepest + 1 }
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Site {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|site| site.name() == text);
        found.ok_or_else(|| format!("`{text}` is no site: {}", Self::NAMES.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_files() {
        for (site, name) in Site::ALL.into_iter().zip(Site::NAMES) {
            assert_eq!((site.name(), name.parse()), (name, Ok(site)));
            assert_eq!(serde_json::to_value(site).unwrap(), name);
        }
        assert!("resid".parse::<Site>().unwrap_err().contains("attention-heads"));
    }
}
