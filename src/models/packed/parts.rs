//! What a part of a block is loaded from.

use crate::models::checkpoint::matrix::Matrix;
use crate::models::checkpoint::weights::Weights;
use crate::models::declarations::spec::{self, Spec};
use crate::models::declarations::{names, spec::Norm as NormSpec};
use crate::models::error::Result;
use crate::models::packed::kernels::linear::PackedLinear;
use crate::models::packed::kernels::norm::Norm;

/// Where the parts of a block come from: the declaration, the block's number, and the weights.
#[derive(Clone, Copy)]
pub(in crate::models) struct Parts<'a> {
    pub(in crate::models) spec: &'a Spec,
    pub(in crate::models) names: &'a names::Block,
    pub(in crate::models) layer: usize,
    /// Which of the trunk's rotations the block has.
    pub(in crate::models) rotary: Option<usize>,
    pub(in crate::models) weights: &'a Weights,
}

impl<'a> Parts<'a> {
    /// What differs from block to block.
    pub(in crate::models) fn block(&self) -> &'a spec::Block {
        &self.spec.blocks[self.layer]
    }

    /// Attention in this block.
    pub(in crate::models) fn attention(&self) -> spec::Attention {
        let (block, attention) = (self.block(), &self.spec.attention);
        let (n_kv_heads, d_head) = block.heads.unwrap_or((attention.n_kv_heads, attention.d_head));
        let scale = block.scale.unwrap_or(attention.scale);
        spec::Attention { n_kv_heads, d_head, scale, ..attention.clone() }
    }

    /// A norm of the residual stream, if it has a name.
    pub(in crate::models) fn norm(&self, name: Option<&str>) -> Result<Option<Norm>> {
        name.map(|name| self.norm_of(name, self.spec.d_model, self.spec.norm)).transpose()
    }

    /// A norm of `size` values.
    pub(in crate::models) fn norm_of(&self, name: &str, size: usize, spec: NormSpec) -> Result<Norm> {
        self.weights.norm(name, self.layer, size, spec)
    }

    /// A linear layer that a family has no choice of names for.
    pub(in crate::models) fn linear(
        &self,
        name: &str,
        bias: bool,
        outputs: usize,
        inputs: usize,
    ) -> Result<PackedLinear> {
        Ok(self.weights.layer(name, (bias, false), self.layer, outputs, inputs)?.pack())
    }

    /// A linear layer of a weight, `(outputs, inputs)`, and a bias that are read already.
    pub(in crate::models) fn matrix(
        &self,
        weight: Vec<f32>,
        bias: Vec<f32>,
        outputs: usize,
        inputs: usize,
    ) -> PackedLinear {
        let form = self.weights.form();
        Matrix { form, ..Matrix::new(weight, Some(bias), outputs, inputs) }.pack()
    }

    /// A layer that writes to the residual stream, as it is stored.
    pub(in crate::models) fn written(&self, layer: Matrix) -> PackedLinear {
        self.as_written(layer).pack()
    }

    /// The same, not yet laid out.
    pub(in crate::models) fn as_written(&self, layer: Matrix) -> Matrix {
        layer.scaled(self.spec.residual_scale)
    }

    /// The same, by its name, of `inputs`.
    pub(in crate::models) fn output(&self, name: &str, bias: bool, inputs: usize) -> Result<PackedLinear> {
        let (layer, d) = (self.layer, self.spec.d_model);
        Ok(self.written(self.weights.layer(name, (bias, false), layer, d, inputs)?))
    }

    /// A tensor by its whole name.
    pub(in crate::models) fn values(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        self.weights.values(name, self.layer, shape)
    }
}
