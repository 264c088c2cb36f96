//! The kernels as operations on candle's tensors.

use candle_core::{
    CpuStorage, CustomOp1, CustomOp2, Device, InplaceOp1, Layout, Result, Shape, Storage, Tensor, bail,
};

use super::attention::Attend;
use super::linear::{Finish, PackedLinear};
use super::norm::Norm;
use super::rotate::Prepare;
use crate::models::declarations::activation::Activation;
use crate::models::sequences::Sequences;

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

/// Gives the values of a tensor, row after row, to `use_values`.
pub(in crate::models) fn with_values<T, E: From<candle_core::Error>>(
    x: &Tensor,
    use_values: impl FnOnce(&[f32]) -> std::result::Result<T, E>,
) -> std::result::Result<T, E> {
    let (storage, layout) = x.storage_and_layout();
    match &*storage {
        Storage::Cpu(storage) => use_values(values(storage, layout)?),
        _ => use_values(&x.flatten_all()?.to_vec1::<f32>()?),
    }
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

/// A function of two tensors, `(rows, columns)` and `(rows, _)`, that gives `(rows, columns)`.
struct Binary<F>(F);

impl<F: Fn(&[f32], &[f32]) -> Vec<f32>> CustomOp2 for Binary<F> {
    fn name(&self) -> &'static str {
        "kernel"
    }

    fn cpu_fwd(
        &self,
        a: &CpuStorage,
        a_layout: &Layout,
        b: &CpuStorage,
        b_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let y = (self.0)(values(a, a_layout)?, values(b, b_layout)?);
        Ok((CpuStorage::F32(y), a_layout.shape().clone()))
    }
}

/// A change of one tensor where it stands.
struct Change<F>(F);

impl<F: Fn(&mut [f32])> InplaceOp1 for Change<F> {
    fn name(&self) -> &'static str {
        "kernel"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let CpuStorage::F32(values) = storage else { bail!("the tensor is not f32") };
        (self.0)(&mut values[contiguous(layout)?]);
        Ok(())
    }
}

/// A linear layer, and the activation that follows it, if one does: `(rows, inputs)` to `(rows, outputs)`.
pub(in crate::models) fn linear(
    x: &Tensor,
    layer: &PackedLinear,
    activation: Option<Activation>,
) -> Result<Tensor> {
    let finish = activation.map_or(Finish::Plain, Finish::Activate);
    x.apply_op1_no_bwd(&Unary { columns: layer.outputs(), op: |x: &[f32]| layer.forward(x, finish) })
}

/// The residual stream, `(rows, outputs)`, plus a linear layer of `x`, `(rows, inputs)`.
pub(in crate::models) fn add_linear(residual: &Tensor, x: &Tensor, layer: &PackedLinear) -> Result<Tensor> {
    residual
        .apply_op2_no_bwd(x, &Binary(|residual: &[f32], x: &[f32]| layer.forward(x, Finish::Add(residual))))
}

/// A layer that writes to the residual stream: of `x`, `(rows, inputs)`, added to `residual` if there is one.
pub(in crate::models) fn write(
    x: &Tensor,
    layer: &PackedLinear,
    residual: Option<&Tensor>,
) -> Result<Tensor> {
    match residual {
        Some(residual) => add_linear(residual, x, layer),
        None => linear(x, layer, None),
    }
}

/// A function of the values of a tensor, row after row, which keeps the number of rows.
pub(in crate::models) fn map_values(x: &Tensor, map: impl FnOnce(&[f32]) -> Vec<f32>) -> Result<Tensor> {
    let rows = x.dim(0)?;
    let values = with_values(x, |values| Ok::<_, candle_core::Error>(map(values)))?;
    let columns = values.len() / rows.max(1);
    Tensor::from_vec(values, (rows, columns), &Device::Cpu)
}

/// A gate, `(rows, outputs)`, times a linear layer of `x`, `(rows, inputs)`.
pub(in crate::models) fn gate_linear(gate: &Tensor, x: &Tensor, layer: &PackedLinear) -> Result<Tensor> {
    gate.apply_op2_no_bwd(x, &Binary(|gate: &[f32], x: &[f32]| layer.forward(x, Finish::Multiply(gate))))
}

/// The norm of each row of `(rows, d)`.
pub(in crate::models) fn normalize(x: &Tensor, norm: &Norm) -> Result<Tensor> {
    x.apply_op1_no_bwd(&Unary { columns: norm.weight.len(), op: |x: &[f32]| norm.forward(x) })
}

/// Prepares queries and keys for attention, where they stand.
pub(in crate::models) fn prepare(qkv: &Tensor, prepare: Prepare<'_>, positions: &[u32]) -> Result<()> {
    qkv.inplace_op1(&Change(|qkv: &mut [f32]| prepare.forward(qkv, positions)))
}

/// Attention within each sequence: `(n_tokens, (n_heads + 2 n_kv_heads) d_head)` to `(n_tokens, n_heads d_head)`.
pub(in crate::models) fn attend(qkv: &Tensor, attend: Attend<'_>, sequences: &Sequences) -> Result<Tensor> {
    let columns = attend.spec.n_heads * attend.spec.d_head;
    qkv.apply_op1_no_bwd(&Unary { columns, op: |qkv: &[f32]| attend.forward(qkv, sequences) })
}
