//! The kernels as operations on candle's tensors.

use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor, bail};

use super::attention::{self, Heads};
use super::linear::{Finish, PackedLinear};
use super::norm;
use crate::models::{Activation, Sequences};

/// The values of a contiguous f32 tensor.
fn values<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let Some((start, end)) = layout.contiguous_offsets() else { bail!("the tensor is not contiguous") };
    Ok(&storage.as_slice::<f32>()?[start..end])
}

/// A linear layer, and the activation that follows it, if one does: `(rows, inputs)` to `(rows, outputs)`.
pub(in crate::models) fn linear(
    x: &Tensor,
    layer: &PackedLinear,
    activation: Option<Activation>,
) -> Result<Tensor> {
    struct Linear<'a>(&'a PackedLinear, Finish<'a>);
    impl CustomOp1 for Linear<'_> {
        fn name(&self) -> &'static str {
            "linear"
        }
        fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
            let y = self.0.forward(values(storage, layout)?, self.1);
            Ok((CpuStorage::F32(y), Shape::from((layout.dims()[0], self.0.outputs()))))
        }
    }
    x.apply_op1_no_bwd(&Linear(layer, activation.map_or(Finish::Plain, Finish::Activate)))
}

/// The residual stream, `(rows, outputs)`, plus a linear layer of `x`, `(rows, inputs)`.
pub(in crate::models) fn add_linear(residual: &Tensor, x: &Tensor, layer: &PackedLinear) -> Result<Tensor> {
    struct AddLinear<'a>(&'a PackedLinear);
    impl CustomOp2 for AddLinear<'_> {
        fn name(&self) -> &'static str {
            "add-linear"
        }
        fn cpu_fwd(
            &self,
            residual: &CpuStorage,
            residual_layout: &Layout,
            x: &CpuStorage,
            x_layout: &Layout,
        ) -> Result<(CpuStorage, Shape)> {
            let residual = values(residual, residual_layout)?;
            let y = self.0.forward(values(x, x_layout)?, Finish::Add(residual));
            Ok((CpuStorage::F32(y), residual_layout.shape().clone()))
        }
    }
    residual.apply_op2_no_bwd(x, &AddLinear(layer))
}

/// Layer normalization of each row of `(rows, d)`; `weight` and `bias` are `(d,)`.
pub(in crate::models) fn layer_norm(x: &Tensor, weight: &[f32], bias: &[f32], eps: f32) -> Result<Tensor> {
    struct LayerNorm<'a>(&'a [f32], &'a [f32], f32);
    impl CustomOp1 for LayerNorm<'_> {
        fn name(&self) -> &'static str {
            "layer-norm"
        }
        fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
            let y = norm::layer_norm(values(storage, layout)?, self.0, self.1, self.2);
            Ok((CpuStorage::F32(y), layout.shape().clone()))
        }
    }
    x.apply_op1_no_bwd(&LayerNorm(weight, bias, eps))
}

/// Attention within each sequence: `(n_tokens, 3 heads d_head)` to `(n_tokens, heads d_head)`.
pub(in crate::models) fn attend(qkv: &Tensor, heads: Heads, sequences: &Sequences) -> Result<Tensor> {
    struct Attend<'a>(Heads, &'a Sequences);
    impl CustomOp1 for Attend<'_> {
        fn name(&self) -> &'static str {
            "attend"
        }
        fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
            let mixed = attention::attend(self.0, values(storage, layout)?, self.1.ranges());
            Ok((CpuStorage::F32(mixed), Shape::from((layout.dims()[0], self.0.count * self.0.d_head))))
        }
    }
    qkv.apply_op1_no_bwd(&Attend(heads, sequences))
}
