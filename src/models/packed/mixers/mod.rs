//! The first half of a block: attention, or what takes its place. One file each.
//!
//! A mixer reads what a norm left of the residual stream, and gives what is to be added to it. What it does for a token depends
//! on the tokens before it alone (but for what looks both ways), so sequences may share prefixes.
//!
//! # Rooms, from the ground up
//!
//! | room | what it is |
//! | --- | --- |
//! | `disentangled` | what distances add to the scores of one layer |
//! | `attention`, `mamba`, `mamba2`, `rwkv7`, `span` | the mixers |

pub(in crate::models) mod attention;
pub(in crate::models) mod disentangled;
pub(in crate::models) mod mamba;
pub(in crate::models) mod mamba2;
pub(in crate::models) mod rwkv7;
pub(in crate::models) mod span;

use attention::Attention;
use mamba::Mamba;
use mamba2::Mamba2;
use rwkv7::Rwkv7;
use span::Span;

use crate::models::declarations::spec::Mixer as Spec;
use crate::models::error::Result;
use crate::models::packed::kernels::linear::PackedLinear;
use crate::models::packed::parts::Parts;
use crate::models::packed::pass::Pass;

/// A mixer with its weights.
pub(in crate::models) enum Mixer {
    Attention(Box<Attention>),
    Mamba(Box<Mamba>),
    Mamba2(Box<Mamba2>),
    Rwkv7(Box<Rwkv7>),
    Span(Box<Span>),
}

impl Mixer {
    pub(in crate::models) fn load(parts: Parts<'_>) -> Result<Self> {
        Ok(match &parts.block().mixer {
            Spec::Attention => Self::Attention(Box::new(Attention::load(parts)?)),
            Spec::Mamba(of) => Self::Mamba(Box::new(Mamba::load(of, parts)?)),
            Spec::Mamba2(of) => Self::Mamba2(Box::new(Mamba2::load(of, parts)?)),
            Spec::Rwkv7(of) => Self::Rwkv7(Box::new(Rwkv7::load(of, parts)?)),
            Spec::Span(of) => Self::Span(Box::new(Span::load(*of, parts)?)),
        })
    }

    /// What the mixer makes of `x`, `(n_tokens, d_model)`, for its last layer, to `mixed`.
    pub(in crate::models) fn mix(&self, x: &[f32], pass: &mut Pass<'_>, mixed: &mut Vec<f32>) {
        match self {
            Self::Attention(mixer) => mixer.mix(x, pass, mixed),
            Self::Mamba(mixer) => *mixed = mixer.mix(x, pass),
            Self::Mamba2(mixer) => *mixed = mixer.mix(x, pass),
            Self::Rwkv7(mixer) => *mixed = mixer.mix(x, pass),
            Self::Span(mixer) => *mixed = mixer.mix(x, pass),
        }
    }

    /// Its last layer, which writes to the residual stream.
    pub(in crate::models) fn output(&self) -> &PackedLinear {
        match self {
            Self::Attention(mixer) => &mixer.output,
            Self::Mamba(mixer) => &mixer.output,
            Self::Mamba2(mixer) => &mixer.output,
            Self::Rwkv7(mixer) => &mixer.output,
            Self::Span(mixer) => &mixer.attention.output,
        }
    }
}
