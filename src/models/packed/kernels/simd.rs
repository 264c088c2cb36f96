//! Vectors of f32 at the width of the processor at hand, chosen at run time; no build flag is asked of anyone.
//!
//! A [`Kernel`] is written once over [`Simd`] and compiled for AVX-512, for AVX2 with FMA, and for any processor. All three
//! round alike (one fused multiply-add at a time, in the order that is written) except that the last has no fused
//! multiply-add.

#[cfg(target_arch = "x86_64")]
mod x86;

use std::sync::LazyLock;

/// The vector operations that the kernels need. A value of such a type is proof that the processor has them.
pub(super) trait Simd: Copy {
    /// A vector.
    type V: Copy;
    /// How many values it holds; divides [`super::PANEL`].
    const LANES: usize;

    fn splat(self, value: f32) -> Self::V;
    /// The first `LANES` values.
    fn load(self, from: &[f32]) -> Self::V;
    /// Into the first `LANES` places.
    fn store(self, to: &mut [f32], vector: Self::V);
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;
    fn div(self, a: Self::V, b: Self::V) -> Self::V;
    /// The smaller; `b` where either is NaN.
    fn min(self, a: Self::V, b: Self::V) -> Self::V;
    /// The larger; `b` where either is NaN.
    fn max(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a * b + c`.
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// To the nearest whole number.
    fn round(self, a: Self::V) -> Self::V;
    /// `a * 2^n` for whole `n` in `-126..=127`.
    fn scale(self, a: Self::V, n: Self::V) -> Self::V;
    fn sum(self, a: Self::V) -> f32;
    /// The largest of all values.
    #[inline(always)]
    fn most(self, a: Self::V) -> f32 {
        let mut lanes = [f32::NEG_INFINITY; super::PANEL];
        self.store(&mut lanes, a);
        lanes[..Self::LANES]
            .iter()
            .fold(f32::NEG_INFINITY, |most, &value| if value > most { value } else { most })
    }
    /// Fetches what stands `ahead` places after the first of `from` into the first cache, if the processor can.
    #[inline(always)]
    fn prefetch(self, _from: &[f32], _ahead: usize) {}
    /// The same into the second cache.
    #[inline(always)]
    fn prefetch_second(self, _from: &[f32]) {}
    /// Fetches places that are written soon into the first cache, if the processor can.
    #[inline(always)]
    fn claim(self, _places: &mut [f32]) {}
    /// The first four values of four rows, value by value: four of one value, and those of the next `stride` places on.
    #[inline(always)]
    fn turn(self, rows: [&[f32]; 4], to: &mut [f32], stride: usize) {
        for (row, values) in rows.into_iter().enumerate() {
            for (value, &number) in values[..4].iter().enumerate() {
                to[value * stride + row] = number;
            }
        }
    }
    /// Runs a kernel by itself: what is called from several places is compiled once.
    fn apart(self, kernel: impl Kernel);
}

/// A computation that is compiled for every [`Simd`].
pub(super) trait Kernel {
    /// Must be `#[inline(always)]`, and so must all that it calls with `simd`.
    fn run<S: Simd>(self, simd: S);
}

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
