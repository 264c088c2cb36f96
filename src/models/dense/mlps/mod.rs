//! The second half of a block, on a device: what [`crate::models::packed::mlps`] computes on the processor. One file each.

mod beside;
mod experts;
pub(super) mod mlp;
mod rwkv7;
mod sparse;
mod xielu;

use beside::Beside;
use candle_core::{Device, Result, Tensor};
use experts::Experts;
use mlp::Mlp;
use rwkv7::Rwkv7;
use sparse::Sparse;
use xielu::Xielu;

use super::pass::Pass;
use crate::models::packed::mlps as packed;

/// The second half of a block, with its weights.
pub(super) enum FeedForward {
    Mlp(Box<Mlp>),
    Experts(Box<Experts>),
    Beside(Box<Beside>),
    Sparse(Box<Sparse>),
    Xielu(Box<Xielu>),
    Rwkv7(Box<Rwkv7>),
}

impl FeedForward {
    pub(super) fn upload(mlp: &packed::FeedForward, device: &Device) -> Result<Self> {
        Ok(match mlp {
            packed::FeedForward::Mlp(of) => Self::Mlp(Box::new(Mlp::upload(of, device)?)),
            packed::FeedForward::Experts(of) => Self::Experts(Box::new(Experts::upload(of, device)?)),
            packed::FeedForward::Beside(of) => Self::Beside(Box::new(Beside::upload(of, device)?)),
            packed::FeedForward::Sparse(of) => Self::Sparse(Box::new(Sparse::upload(of, device)?)),
            packed::FeedForward::Xielu(of) => Self::Xielu(Box::new(Xielu::upload(of, device)?)),
            packed::FeedForward::Rwkv7(of) => Self::Rwkv7(Box::new(Rwkv7::upload(of, device)?)),
        })
    }

    /// What is made of `x`, `(batch * length, d_model)`.
    pub(super) fn forward(&self, x: &Tensor, pass: &Pass<'_>) -> Result<Tensor> {
        match self {
            Self::Mlp(mlp) => mlp.forward(x),
            Self::Experts(experts) => experts.forward(x, x),
            Self::Beside(both) => both.forward(x),
            Self::Sparse(mlp) => mlp.forward(x),
            Self::Xielu(mlp) => mlp.forward(x),
            Self::Rwkv7(mlp) => mlp.forward(x, pass),
        }
    }

    /// The probabilities of experts for `x`, `(batch * length, experts)`, if there are experts.
    pub(super) fn probabilities(&self, x: &Tensor) -> Result<Option<Tensor>> {
        match self {
            Self::Experts(experts) => experts.probabilities(x).map(Some),
            Self::Beside(both) => both.probabilities(x).map(Some),
            _ => Ok(None),
        }
    }
}
