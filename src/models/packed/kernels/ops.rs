//! The kernels as operations on candle's tensors.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};

use super::linear::{Finish, PackedLinear};
use super::norm::Norm;

/// Where the values of a contiguous tensor stand in its storage.
fn contiguous(layout: &Layout) -> Result<std::ops::Range<usize>> {
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(start..end),
        None => bail!("the tensor is not contiguous"),
    }
}

/// The values of a contiguous f32 tensor.
fn values<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    Ok(&storage.as_slice::<f32>()?[contiguous(layout)?])
}

/// A function of one tensor, `(rows, _)`, that gives `(rows, columns)`.
struct Unary<F> {
    columns: usize,
    op: F,
}

impl<F: Fn(&[f32]) -> Vec<f32>> CustomOp1 for Unary<F> {
    fn name(&self) -> &'static str {
        "kernel"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let y = (self.op)(values(storage, layout)?);
        Ok((CpuStorage::F32(y), Shape::from((layout.dims()[0], self.columns))))
    }
}

/// A linear layer: `(rows, inputs)` to `(rows, outputs)`.
pub(in crate::models) fn linear(x: &Tensor, layer: &PackedLinear) -> Result<Tensor> {
    x.apply_op1_no_bwd(&Unary { columns: layer.outputs(), op: |x: &[f32]| layer.forward(x, Finish::Plain) })
}

/// The norm of each row of `(rows, d)`.
pub(in crate::models) fn normalize(x: &Tensor, norm: &Norm) -> Result<Tensor> {
    x.apply_op1_no_bwd(&Unary { columns: norm.weight.len(), op: |x: &[f32]| norm.forward(x) })
}
