//! The channel mixing of RWKV-7 (Peng et al. 2025).

use crate::models::declarations::activation::Activation;
use crate::models::error::Result;
use crate::models::packed::kernels::linear::{Finish, PackedLinear};
use crate::models::packed::parts::Parts;
use crate::models::packed::steps::{before, mix};
use crate::models::sequences::Sequences;

/// The channel mixing, with its weights.
pub(in crate::models) struct Rwkv7 {
    /// How much of the token before goes into what the key is made from, `(d_model,)`.
    pub(in crate::models) shift: Vec<f32>,
    pub(in crate::models) key: PackedLinear,
    pub(in crate::models) value: PackedLinear,
}

impl Rwkv7 {
    pub(super) fn load(d_mlp: usize, parts: Parts<'_>) -> Result<Self> {
        let name = |part: &str| format!("{}.{part}", parts.names.feed_forward);
        Ok(Self {
            shift: parts.values(&name("x_k"), &[parts.spec.d_model])?,
            key: parts.linear(&name("key"), false, d_mlp, parts.spec.d_model)?,
            value: parts.output(&name("value"), false, d_mlp)?,
        })
    }

    /// The hidden layer, `(n_tokens, d_mlp)`.
    pub(super) fn hidden(&self, x: &[f32], sequences: &Sequences) -> Vec<f32> {
        let shifted = mix(x, &before(x, self.shift.len(), sequences), &self.shift);
        self.key.forward(&shifted, Finish::Activate(Activation::ReluSquared))
    }
}
