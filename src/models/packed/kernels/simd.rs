//! Vectors of f32 at the width of the processor at hand, chosen at run time; no build flag is asked of anyone.
//!
//! A [`Kernel`] is written once over [`Simd`] and compiled for AVX-512, for AVX2 with FMA, and for any processor. All three
//! round alike (one fused multiply-add at a time, in the order that is written) except that the last has no fused
//! multiply-add.

#[cfg(target_arch = "x86_64")]
mod x86;

use std::sync::LazyLock;

pub(super) use super::lanes::{Kernel, Simd};

/// Runs a kernel with the widest vectors that the processor has.
pub(super) fn run(kernel: impl Kernel) {
    run_at(*LEVEL, kernel);
}

/// Runs a kernel at a given level.
pub(super) fn run_at(level: Level, kernel: impl Kernel) {
    match level {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512(simd) => x86::run_avx512(kernel, simd),
        #[cfg(target_arch = "x86_64")]
        Level::Avx2(simd) => x86::run_avx2(kernel, simd),
        Level::Portable(simd) => kernel.run(simd),
    }
}

static LEVEL: LazyLock<Level> = LazyLock::new(|| {
    // `Portable` is always among them, and last.
    Level::here().next().unwrap_or(Level::Portable(Portable))
});

/// The kinds of vectors.
#[derive(Debug, Clone, Copy)]
pub(super) enum Level {
    #[cfg(target_arch = "x86_64")]
    Avx512(x86::Avx512),
    #[cfg(target_arch = "x86_64")]
    Avx2(x86::Avx2),
    Portable(Portable),
}

impl Level {
    /// Every level that this processor has, the widest first.
    pub(super) fn here() -> impl Iterator<Item = Self> {
        #[cfg(target_arch = "x86_64")]
        let wide = [x86::Avx512::detect().map(Self::Avx512), x86::Avx2::detect().map(Self::Avx2)];
        #[cfg(not(target_arch = "x86_64"))]
        let wide: [Option<Self>; 0] = [];
        wide.into_iter().flatten().chain([Self::Portable(Portable)])
    }
}

/// Any processor: arrays that the compiler may turn into its vectors.
#[derive(Debug, Clone, Copy)]
pub(super) struct Portable;

#[inline(always)]
fn zip(a: [f32; 8], b: [f32; 8], op: impl Fn(f32, f32) -> f32) -> [f32; 8] {
    std::array::from_fn(|lane| op(a[lane], b[lane]))
}

impl Simd for Portable {
    type V = [f32; 8];
    const LANES: usize = 8;

    #[inline(always)]
    fn splat(self, value: f32) -> Self::V {
        [value; 8]
    }
    #[inline(always)]
    fn load(self, from: &[f32]) -> Self::V {
        let from = &from[..8];
        std::array::from_fn(|lane| from[lane])
    }
    #[inline(always)]
    fn store(self, to: &mut [f32], vector: Self::V) {
        to[..8].copy_from_slice(&vector);
    }
    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        zip(a, b, |a, b| a + b)
    }
    #[inline(always)]
    fn sub(self, a: Self::V, b: Self::V) -> Self::V {
        zip(a, b, |a, b| a - b)
    }
    #[inline(always)]
    fn mul(self, a: Self::V, b: Self::V) -> Self::V {
        zip(a, b, |a, b| a * b)
    }
    #[inline(always)]
    fn div(self, a: Self::V, b: Self::V) -> Self::V {
        zip(a, b, |a, b| a / b)
    }
    #[inline(always)]
    fn min(self, a: Self::V, b: Self::V) -> Self::V {
        zip(a, b, |a, b| if a < b { a } else { b })
    }
    #[inline(always)]
    fn max(self, a: Self::V, b: Self::V) -> Self::V {
        zip(a, b, |a, b| if a > b { a } else { b })
    }
    #[inline(always)]
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        self.add(self.mul(a, b), c)
    }
    #[inline(always)]
    fn round(self, a: Self::V) -> Self::V {
        a.map(f32::round_ties_even)
    }
    #[inline(always)]
    fn scale(self, a: Self::V, n: Self::V) -> Self::V {
        zip(a, n, |a, n| a * f32::from_bits(((n as i32 + 127) as u32) << 23))
    }
    #[inline(always)]
    fn sum(self, a: Self::V) -> f32 {
        a.iter().sum()
    }
    fn apart(self, kernel: impl Kernel) {
        kernel.run(self);
    }
}
