//! The first half of a block, on a device: what [`crate::models::packed::mixers`] computes on the processor. One file each.
//!
//! # Rooms, from the ground up
//!
//! | room | what it is |
//! | --- | --- |
//! | `disentangled` | what distances add to the scores of one layer |
//! | `attention`, `mamba`, `mamba2`, `rwkv7`, `delta`, `short`, `recurrent`, `mobile` | mixers |
//! | `both`, `latent`, `shared`, `span` | mixers that are made of others |

mod attention;
mod both;
mod delta;
mod disentangled;
mod latent;
mod mamba;
mod mamba2;
mod mobile;
mod recurrent;
mod rwkv7;
mod shared;
mod short;
mod span;

use attention::Attention;
use both::Both;
use candle_core::{Device, Result, Tensor};
use delta::Delta;
use latent::Latent;
use mamba::Mamba;
use mamba2::Mamba2;
use mobile::Mobile;
use recurrent::Recurrent;
use rwkv7::Rwkv7;
use shared::Shared;
use short::Short;
use span::Span;

use super::layers::Linear;
use super::pass::{Pass, Visible};
use crate::models::packed::mixers as packed;

/// A mixer with its weights.
pub(super) enum Mixer {
    Attention(Box<Attention>),
    Mamba(Box<Mamba>),
    /// With its last layer.
    Mamba2(Box<(Mamba2, Linear)>),
    Rwkv7(Box<Rwkv7>),
    Span(Box<Span>),
    Delta(Box<Delta>),
    Short(Box<Short>),
    Shared(Box<Shared>),
    Latent(Box<Latent>),
    Recurrent(Box<Recurrent>),
    Both(Box<Both>),
    Mobile(Box<Mobile>),
    None,
}

impl Mixer {
    pub(super) fn upload(mixer: &packed::Mixer, device: &Device) -> Result<Self> {
        Ok(match mixer {
            packed::Mixer::Attention(of) => Self::Attention(Box::new(Attention::upload(of, device)?)),
            packed::Mixer::Mamba(of) => Self::Mamba(Box::new(Mamba::upload(of, device)?)),
            packed::Mixer::Mamba2(of) => {
                Self::Mamba2(Box::new((Mamba2::upload(&of.0, device)?, Linear::upload(&of.1, device)?)))
            }
            packed::Mixer::Rwkv7(of) => Self::Rwkv7(Box::new(Rwkv7::upload(of, device)?)),
            packed::Mixer::Delta(of) => Self::Delta(Box::new(Delta::upload(of, device)?)),
            packed::Mixer::Short(of) => Self::Short(Box::new(Short::upload(of, device)?)),
            packed::Mixer::Recurrent(of) => Self::Recurrent(Box::new(Recurrent::upload(of, device)?)),
            packed::Mixer::Latent(of) => Self::Latent(Box::new(Latent::upload(of, device)?)),
            packed::Mixer::Shared(of) => Self::Shared(Box::new(Shared::upload(of, device)?)),
            packed::Mixer::Both(of) => Self::Both(Box::new(Both::upload(of, device)?)),
            packed::Mixer::Mobile(of) => Self::Mobile(Box::new(Mobile::upload(of, device)?)),
            packed::Mixer::None => Self::None,
            packed::Mixer::Span(of) => Self::Span(Box::new(Span::upload(of, device)?)),
        })
    }

    /// What its tokens see, if they attend.
    pub(super) fn visible(&self) -> Option<Visible> {
        match self {
            Self::Attention(attention) => Some(attention.visible()),
            Self::Span(mixer) => Some(mixer.attention.visible()),
            Self::Both(mixer) => Some(mixer.attention.visible()),
            Self::Shared(mixer) => Some(mixer.attention.visible()),
            Self::Latent(mixer) => Some(mixer.attention.visible()),
            Self::Mobile(_) => Some(Mobile::VISIBLE),
            _ => None,
        }
    }

    /// What the mixer makes of `x`, `(batch * length, d_model)`, for its last layer, if there is a mixer.
    pub(super) fn mix(&self, x: &Tensor, pass: &mut Pass<'_>) -> Result<Option<Tensor>> {
        match self {
            Self::Attention(mixer) => mixer.mix(x, pass),
            Self::Mamba(mixer) => mixer.mix(x, pass),
            Self::Mamba2(mixer) => mixer.0.mix(x, pass),
            Self::Rwkv7(mixer) => mixer.mix(x, pass),
            Self::Span(mixer) => mixer.mix(x, pass),
            Self::Delta(mixer) => mixer.mix(x, pass),
            Self::Short(mixer) => mixer.mix(x, pass),
            Self::Shared(mixer) => mixer.mix(x, pass),
            Self::Recurrent(mixer) => mixer.mix(x, pass),
            Self::Both(mixer) => mixer.mix(x, pass),
            Self::Mobile(mixer) => mixer.mix(x, pass),
            Self::Latent(mixer) => mixer.mix(x, pass),
            Self::None => return Ok(None),
        }
        .map(Some)
    }

    /// Its last layer, which writes to the residual stream, if there is a mixer.
    pub(super) fn output(&self) -> Option<&Linear> {
        Some(match self {
            Self::Attention(mixer) => &mixer.output,
            Self::Mamba(mixer) => &mixer.output,
            Self::Mamba2(mixer) => &mixer.1,
            Self::Rwkv7(mixer) => &mixer.output,
            Self::Span(mixer) => &mixer.attention.output,
            Self::Delta(mixer) => &mixer.output,
            Self::Short(mixer) => &mixer.output,
            Self::Shared(mixer) => &mixer.output,
            Self::Recurrent(mixer) => &mixer.output,
            Self::Both(mixer) => &mixer.attention.output,
            Self::Mobile(mixer) => &mixer.output,
            Self::Latent(mixer) => &mixer.attention.output,
            Self::None => return None,
        })
    }

    /// What each head takes, of `mixed`: `(batch * length, n_heads d)`, as [`packed::Mixer::heads`].
    pub(super) fn heads(&self, mixed: &Tensor) -> Result<Option<Tensor>> {
        let (attention, kept) = match self {
            Self::Attention(mixer) => (&**mixer, mixer.spec.d_head),
            Self::Span(mixer) => (&mixer.attention, mixer.attention.spec.d_head),
            Self::Both(mixer) => (&mixer.attention, mixer.attention.spec.d_head),
            Self::Latent(mixer) => (&mixer.attention, mixer.spec.d_value),
            _ => return Ok(None),
        };
        let (n_heads, d_head, rows) = (attention.spec.n_heads, attention.spec.d_head, mixed.dim(0)?);
        let heads = mixed.narrow(1, 0, n_heads * d_head)?.contiguous()?.reshape((rows, n_heads, d_head))?;
        heads.narrow(2, 0, kept)?.contiguous()?.reshape((rows, n_heads * kept)).map(Some)
    }
}
