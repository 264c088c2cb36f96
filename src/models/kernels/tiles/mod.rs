//! Products of bf16 parts, in the tiles of a processor that multiplies matrices (Intel's AMX).
//!
//! An f32 is nearly the sum of two bf16 numbers: the first is the number rounded, the second what is left, rounded. A product
//! of two of them is exact in f32, so that three products of parts, added in f32, come within a few 2⁻¹⁷ of the product of the
//! two f32 (Henry, Tang and Heinecke 2019, "Leveraging the bfloat16 artificial intelligence datatype for higher-precision
//! computations"); that of the two second parts is below what the others are rounded to. One product of first parts is what
//! others call bf16.
//!
//! What a tile instruction adds, and in which order, is written out in [`Portable`], which runs on any processor;
//! [`Amx`] gives the same bits.

mod portable;

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod amx;
#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
mod absent;

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
pub(super) use absent::Amx;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
pub(super) use amx::Amx;
pub(super) use portable::Portable;
