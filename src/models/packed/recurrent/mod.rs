//! Blocks whose mixer is a recurrence: Mamba, Mamba-2 and RWKV-7. The rest of the trunk is the transformers'.
//!
//! A token's state depends on the tokens before it alone, as in causal attention, so sequences may share prefixes.

pub(in crate::models) mod mamba;
pub(in crate::models) mod mamba2;
pub(in crate::models) mod rwkv7;
pub(in crate::models) mod steps;

use steps::Carried;

use crate::models::checkpoint::weights::Weights;
use crate::models::declarations::spec::{Recurrence, Spec};
use crate::models::error;
use crate::models::sequences::Sequences;

/// A recurrent block with its weights.
pub(in crate::models) enum Recurrent {
    Mamba(Box<mamba::Mamba>),
    Mamba2(Box<mamba2::Mamba2>),
    Rwkv7(Box<rwkv7::Rwkv7>),
}

impl Recurrent {
    pub(in crate::models) fn load(
        spec: &Spec,
        recurrence: &Recurrence,
        layer: usize,
        weights: &Weights,
    ) -> error::Result<Self> {
        Ok(match recurrence {
            Recurrence::Mamba(of) => Self::Mamba(Box::new(mamba::Mamba::load(spec, of, layer, weights)?)),
            Recurrence::Mamba2(of) => Self::Mamba2(Box::new(mamba2::Mamba2::load(spec, of, layer, weights)?)),
            Recurrence::Rwkv7(of) => Self::Rwkv7(Box::new(rwkv7::Rwkv7::load(spec, of, layer, weights)?)),
        })
    }

    /// The residual stream `x`, `(n_tokens, d_model)`, after the block.
    pub(in crate::models) fn forward(
        &self,
        x: &[f32],
        sequences: &Sequences,
        carried: &mut Carried,
    ) -> Vec<f32> {
        match self {
            Self::Mamba(block) => block.forward(x, sequences),
            Self::Mamba2(block) => block.forward(x, sequences),
            Self::Rwkv7(block) => block.forward(x, sequences, carried),
        }
    }
}
