//! What the processor spends its time on: linear layers, norms, activations and attention on packed f32 slices.
//!
//! No tensors and no models here, but for [`ops`], which is where candle calls the rest. Each kernel is written once over
//! [`simd::Simd`] and compiled for each kind of vector. Nothing is summed in an order that depends on the batch.
#![expect(
    clippy::inline_always,
    reason = "a kernel takes on the vector width of the function it is inlined into"
)]

pub(in crate::models) mod attention;
mod columns;
pub(in crate::models) mod cross;
pub(in crate::models) mod delta;
pub(in crate::models) mod distances;
mod lanes;
pub(in crate::models) mod linear;
pub(in crate::models) mod math;
mod means;
pub(in crate::models) mod mlp;
mod multiply;
pub(in crate::models) mod norm;
pub(in crate::models) mod ops;
mod pages;
mod parts;
mod places;
mod room;
pub(in crate::models) mod rotate;
pub(in crate::models) mod route;
pub(in crate::models) mod scan;
mod scores;
mod several;
mod simd;
pub(in crate::models) mod tiles;
mod vectors;
mod weights;

/// How many outputs of a linear layer are computed side by side; a multiple of every vector's width.
const PANEL: usize = 32;

#[cfg(test)]
mod tests {
    /// Says, past the test harness that keeps what tests print to itself, that a test had nothing to run on.
    pub(super) fn could_not_run(what: &str) {
        use std::io::Write;

        let name = std::thread::current().name().unwrap_or_default().to_owned();
        let line = format!("\nNOT RUN: {name}: this processor has no {what}\n");
        std::io::stderr().write_all(line.as_bytes()).unwrap();
    }
}
