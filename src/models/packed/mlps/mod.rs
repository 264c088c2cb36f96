//! The second half of a block: what is made of each token by itself. One file each.
//!
//! # Rooms, from the ground up
//!
//! | room | what it is |
//! | --- | --- |
//! | `mlp`, `experts`, `rwkv7`, `sparse`, `xielu` | one thing each |
//! | `beside` | an MLP and experts side by side |

pub(in crate::models) mod beside;
pub(in crate::models) mod experts;
pub(in crate::models) mod mlp;
pub(in crate::models) mod rwkv7;
pub(in crate::models) mod sparse;
pub(in crate::models) mod xielu;

use beside::Beside;
use experts::Experts;
use rwkv7::Rwkv7;
use sparse::Sparse;
use xielu::Xielu;

use crate::models::declarations::spec::FeedForward as Spec;
use crate::models::error::Result;
use crate::models::packed::kernels::linear::Finish;
use crate::models::packed::kernels::mlp::PackedMlp;
use crate::models::packed::parts::Parts;
use crate::models::packed::pass::Pass;

/// The second half of a block, with its weights.
pub(in crate::models) enum FeedForward {
    Mlp(Box<PackedMlp>),
    Experts(Box<Experts>),
    Beside(Box<Beside>),
    Sparse(Box<Sparse>),
    Xielu(Box<Xielu>),
    Rwkv7(Box<Rwkv7>),
}

impl FeedForward {
    /// None where the block is its mixer.
    pub(in crate::models) fn load(parts: Parts<'_>) -> Result<Option<Self>> {
        Ok(match &parts.block().feed_forward {
            Spec::Mlp if parts.block().sparse_above.is_some() => {
                Some(Self::Sparse(Box::new(Sparse::load(parts)?)))
            }
            Spec::Beside(of) => match &parts.names.experts {
                Some(names) => Some(Self::Beside(Box::new(Beside::load(of, names, parts)?))),
                None => None,
            },
            Spec::Xielu => Some(Self::Xielu(Box::new(Xielu::load(parts)?))),
            Spec::Mlp => Some(Self::Mlp(Box::new(mlp::load(parts)?))),
            Spec::None => None,
            Spec::Experts(of) => match &parts.names.experts {
                Some(names) => Some(Self::Experts(Box::new(Experts::load(of, names, parts)?))),
                None => None,
            },
            Spec::Rwkv7 { d } => Some(Self::Rwkv7(Box::new(Rwkv7::load(*d, parts)?))),
        })
    }

    /// What is made of `x`, `(n_tokens, d_model)`, to `y`, of the same size.
    pub(in crate::models) fn forward_to(
        &self,
        x: &[f32],
        finish: Finish<'_>,
        y: &mut [f32],
        pass: &Pass<'_>,
    ) {
        match self {
            Self::Mlp(mlp) => mlp.forward_to(x, finish, y),
            Self::Experts(experts) => experts.forward_to(x, finish, y),
            Self::Beside(both) => both.forward_to(x, finish, y),
            Self::Sparse(mlp) => mlp.forward_to(x, finish, y),
            Self::Xielu(mlp) => mlp.forward_to(x, finish, y),
            Self::Rwkv7(mlp) => mlp.value.forward_to(&mlp.hidden(x, pass.sequences), finish, y),
        }
    }

    /// The probabilities of experts for `x`, `(n_tokens, experts)`; nothing where there are none.
    pub(in crate::models) fn probabilities(&self, x: &[f32]) -> Vec<f32> {
        match self {
            Self::Experts(experts) => experts.probabilities(x),
            Self::Beside(both) => both.experts.probabilities(&both.router_in.forward(x)),
            _ => Vec::new(),
        }
    }
}
