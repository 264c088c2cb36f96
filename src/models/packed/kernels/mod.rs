//! What the processor spends its time on: linear layers, norms, activations and attention on packed f32 slices.
//!
//! No tensors and no models here, but for [`ops`], which is where candle calls the rest. Each kernel is written once over
//! [`simd::Simd`] and compiled for each kind of vector. Nothing is summed in an order that depends on the batch.
#![expect(
    clippy::inline_always,
    reason = "a kernel takes on the vector width of the function it is inlined into"
)]

pub(in crate::models) mod attention;
pub(in crate::models) mod distances;
pub(in crate::models) mod linear;
mod math;
pub(in crate::models) mod norm;
pub(in crate::models) mod ops;
pub(in crate::models) mod rotate;
pub(in crate::models) mod scan;
mod simd;

/// How many outputs of a linear layer are computed side by side; a multiple of every vector's width.
const PANEL: usize = 32;
