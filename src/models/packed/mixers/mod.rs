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
//! | `attention`, `mamba`, `mamba2`, `rwkv7`, `delta`, `short`, `recurrent`, `mobile` | mixers |
//! | `both`, `latent`, `shared`, `span` | mixers that are made of others |

pub(in crate::models) mod attention;
pub(in crate::models) mod both;
pub(in crate::models) mod delta;
pub(in crate::models) mod disentangled;
pub(in crate::models) mod latent;
pub(in crate::models) mod mamba;
pub(in crate::models) mod mamba2;
pub(in crate::models) mod mobile;
pub(in crate::models) mod recurrent;
pub(in crate::models) mod rwkv7;
pub(in crate::models) mod shared;
pub(in crate::models) mod short;
pub(in crate::models) mod span;

use attention::Attention;
use both::Both;
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

use crate::models::declarations::spec::Mixer as Spec;
use crate::models::error::Result;
use crate::models::packed::kernels::linear::PackedLinear;
use crate::models::packed::parts::Parts;
use crate::models::packed::pass::Pass;

/// A mixer with its weights.
pub(in crate::models) enum Mixer {
    Attention(Box<Attention>),
    Mamba(Box<Mamba>),
    /// With its last layer.
    Mamba2(Box<(Mamba2, PackedLinear)>),
    Rwkv7(Box<Rwkv7>),
    Span(Box<Span>),
    Delta(Box<Delta>),
    Short(Box<Short>),
    Shared(Box<Shared>),
    Latent(Box<Latent>),
    Recurrent(Box<Recurrent>),
    Both(Box<Both>),
    Mobile(Box<Mobile>),
    /// There is none.
    None,
}

impl Mixer {
    pub(in crate::models) fn load(parts: Parts<'_>) -> Result<Self> {
        Ok(match &parts.block().mixer {
            Spec::Attention => Self::Attention(Box::new(Attention::load(parts)?)),
            Spec::Mamba(of) => Self::Mamba(Box::new(Mamba::load(of, parts)?)),
            Spec::Mamba2(of) => {
                Self::Mamba2(Box::new((Mamba2::load(of, parts)?, Mamba2::output(of, parts)?.pack())))
            }
            Spec::Rwkv7(of) => Self::Rwkv7(Box::new(Rwkv7::load(of, parts)?)),
            Spec::Delta(of) => Self::Delta(Box::new(Delta::load(of, parts)?)),
            Spec::Short(of) => Self::Short(Box::new(Short::load(of, parts)?)),
            Spec::Recurrent(of) => Self::Recurrent(Box::new(Recurrent::load(of, parts)?)),
            Spec::Latent(of) => Self::Latent(Box::new(Latent::load(of, parts)?)),
            Spec::Shared(of) => Self::Shared(Box::new(Shared::load(of, parts)?)),
            Spec::Both(of) => Self::Both(Box::new(Both::load(of, parts)?)),
            Spec::Mobile(of) => Self::Mobile(Box::new(Mobile::load(of, parts)?)),
            Spec::None => Self::None,
            Spec::Span(of) => Self::Span(Box::new(Span::load(*of, parts)?)),
        })
    }

    /// What the mixer makes of `x`, `(n_tokens, d_model)`, for its last layer, to `mixed`.
    pub(in crate::models) fn mix(&self, x: &[f32], pass: &mut Pass<'_>, mixed: &mut Vec<f32>) {
        match self {
            Self::Attention(mixer) => mixer.mix(x, pass, mixed),
            Self::Mamba(mixer) => *mixed = mixer.mix(x, pass),
            Self::Mamba2(mixer) => *mixed = mixer.0.mix(x, pass),
            Self::Rwkv7(mixer) => *mixed = mixer.mix(x, pass),
            Self::Span(mixer) => *mixed = mixer.mix(x, pass),
            Self::Delta(mixer) => *mixed = mixer.mix(x, pass),
            Self::Recurrent(mixer) => *mixed = mixer.mix(x, pass),
            Self::Latent(mixer) => mixer.mix(x, pass, mixed),
            Self::Shared(mixer) => *mixed = mixer.mix(x, pass),
            Self::Short(mixer) => *mixed = mixer.mix(x, pass),
            Self::Both(mixer) => *mixed = mixer.mix(x, pass),
            Self::Mobile(mixer) => *mixed = mixer.mix(x, pass),
            Self::None => (),
        }
    }

    /// Its last layer, which writes to the residual stream, if there is a mixer.
    pub(in crate::models) fn output(&self) -> Option<&PackedLinear> {
        Some(match self {
            Self::Attention(mixer) => &mixer.output,
            Self::Mamba(mixer) => &mixer.output,
            Self::Mamba2(mixer) => &mixer.1,
            Self::Rwkv7(mixer) => &mixer.output,
            Self::Span(mixer) => &mixer.attention.output,
            Self::Delta(mixer) => &mixer.output,
            Self::Short(mixer) => &mixer.output,
            Self::Shared(mixer) => &mixer.output,
            Self::Latent(mixer) => &mixer.attention.output,
            Self::Recurrent(mixer) => &mixer.output,
            Self::Both(mixer) => &mixer.attention.output,
            Self::Mobile(mixer) => &mixer.output,
            Self::None => return None,
        })
    }

    /// What each head takes, of `mixed`: `(n_tokens, n_heads d)` without what stands beside it there; nothing where there are no heads
    /// that write to the residual stream.
    pub(in crate::models) fn heads(&self, mixed: &[f32]) -> Vec<f32> {
        // Of a value that is widened only the first units have something.
        let (attention, kept) = match self {
            Self::Attention(mixer) => (&**mixer, mixer.spec.d_head),
            Self::Span(mixer) => (&mixer.attention, mixer.attention.spec.d_head),
            Self::Both(mixer) => (&mixer.attention, mixer.attention.spec.d_head),
            Self::Latent(mixer) => (&mixer.attention, mixer.spec.d_value),
            _ => return Vec::new(),
        };
        let (n_heads, d_head) = (attention.spec.n_heads, attention.spec.d_head);
        let rows = mixed.chunks_exact(attention.output.inputs());
        let heads = rows.flat_map(|row| row[..n_heads * d_head].chunks_exact(d_head));
        heads.flat_map(|head| &head[..kept]).copied().collect()
    }
}
