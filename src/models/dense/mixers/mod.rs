//! The first half of a block, on a device: what [`crate::models::packed::mixers`] computes on the processor. One file each.
//!
//! # Rooms, from the ground up
//!
//! | room | what it is |
//! | --- | --- |
//! | `disentangled` | what distances add to the scores of one layer |
//! | `attention`, `mamba`, `mamba2`, `rwkv7`, `span` | the mixers |

mod attention;
mod disentangled;
mod mamba;
mod mamba2;
mod rwkv7;
mod span;

use attention::Attention;
use candle_core::{Device, Result, Tensor};
use mamba::Mamba;
use mamba2::Mamba2;
use rwkv7::Rwkv7;
use span::Span;

use super::pass::{Pass, Visible};
use crate::models::packed::mixers as packed;

/// A mixer with its weights.
pub(super) enum Mixer {
    Attention(Box<Attention>),
    Mamba(Box<Mamba>),
    Mamba2(Box<Mamba2>),
    Rwkv7(Box<Rwkv7>),
    Span(Box<Span>),
}

impl Mixer {
    pub(super) fn upload(mixer: &packed::Mixer, device: &Device) -> Result<Self> {
        Ok(match mixer {
            packed::Mixer::Attention(of) => Self::Attention(Box::new(Attention::upload(of, device)?)),
            packed::Mixer::Mamba(of) => Self::Mamba(Box::new(Mamba::upload(of, device)?)),
            packed::Mixer::Mamba2(of) => Self::Mamba2(Box::new(Mamba2::upload(of, device)?)),
            packed::Mixer::Rwkv7(of) => Self::Rwkv7(Box::new(Rwkv7::upload(of, device)?)),
            packed::Mixer::Span(of) => Self::Span(Box::new(Span::upload(of, device)?)),
        })
    }

    /// What its tokens see, if they attend.
    pub(super) fn visible(&self) -> Option<Visible> {
        match self {
            Self::Attention(attention) => Some(attention.visible()),
            Self::Span(mixer) => Some(mixer.attention.visible()),
            _ => None,
        }
    }

    /// What the mixer makes of `x`, `(batch * length, d_model)`.
    pub(super) fn forward(&self, x: &Tensor, pass: &mut Pass<'_>) -> Result<Tensor> {
        match self {
            Self::Attention(mixer) => mixer.output.forward(&mixer.mix(x, pass)?),
            Self::Mamba(mixer) => mixer.output.forward(&mixer.mix(x, pass)?),
            Self::Mamba2(mixer) => mixer.output.forward(&mixer.mix(x, pass)?),
            Self::Rwkv7(mixer) => mixer.output.forward(&mixer.mix(x, pass)?),
            Self::Span(mixer) => mixer.attention.output.forward(&mixer.mix(x, pass)?),
        }
    }
}
