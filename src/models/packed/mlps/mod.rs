//! The second half of a block: what is made of each token by itself. One file each.

pub(in crate::models) mod mlp;
pub(in crate::models) mod rwkv7;

use candle_core::Tensor;
use mlp::Mlp;
use rwkv7::Rwkv7;

use crate::models::declarations::spec::FeedForward as Spec;
use crate::models::error::Result;
use crate::models::packed::kernels::ops;
use crate::models::packed::parts::Parts;
use crate::models::packed::pass::Pass;

/// The second half of a block, with its weights.
pub(in crate::models) enum FeedForward {
    Mlp(Box<Mlp>),
    Rwkv7(Box<Rwkv7>),
}

impl FeedForward {
    /// None where the block is its mixer.
    pub(in crate::models) fn load(parts: Parts<'_>) -> Result<Option<Self>> {
        Ok(match parts.block().feed_forward {
            Spec::Mlp => Some(Self::Mlp(Box::new(Mlp::load(parts)?))),
            Spec::None => None,
            Spec::Rwkv7 { d } => Some(Self::Rwkv7(Box::new(Rwkv7::load(d, parts)?))),
        })
    }

    /// What is made of `x`, `(n_tokens, d_model)`, added to `residual` if there is one.
    pub(in crate::models) fn forward(
        &self,
        x: &Tensor,
        residual: Option<&Tensor>,
        pass: &Pass<'_>,
    ) -> candle_core::Result<Tensor> {
        match self {
            Self::Mlp(mlp) => ops::write(&mlp.hidden(x)?, &mlp.down, residual),
            Self::Rwkv7(mlp) => {
                let hidden = ops::map_values(x, |x| mlp.hidden(x, pass.sequences))?;
                ops::write(&hidden, &mlp.value, residual)
            }
        }
    }
}
