//! Vectors of f32 at the width of the processor at hand, chosen at run time; no build flag is asked of anyone.
//!
//! A [`Kernel`] is written once over [`Simd`] and compiled for AVX-512, for AVX2 with FMA, and for any processor. All three
//! round alike (one fused multiply-add at a time, in the order that is written) except that the last has no fused
//! multiply-add.

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
    /// Fetches places that are written soon into the first cache, if the processor can.
    #[inline(always)]
    fn claim(self, _places: &mut [f32]) {}
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
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    #![expect(unsafe_code, reason = "vector intrinsics: calling them, and the pointers of loads and stores")]

    #[allow(clippy::wildcard_imports, reason = "the names are the processor's; tests may import all")]
    use std::arch::x86_64::*;

    use super::{Kernel, Simd};

    /// Vectors of 16.
    #[derive(Debug, Clone, Copy)]
    pub(in super::super) struct Avx512(());

    /// Vectors of 8, with fused multiply-add.
    #[derive(Debug, Clone, Copy)]
    pub(in super::super) struct Avx2(());

    impl Avx512 {
        pub(in super::super) fn detect() -> Option<Self> {
            is_x86_feature_detected!("avx512f").then_some(Self(()))
        }
    }

    impl Avx2 {
        pub(in super::super) fn detect() -> Option<Self> {
            (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")).then_some(Self(()))
        }
    }

    pub(super) fn run_avx512(kernel: impl Kernel, simd: Avx512) {
        #[target_feature(enable = "avx512f")]
        fn inner(kernel: impl Kernel, simd: Avx512) {
            kernel.run(simd);
        }
        // SAFETY: an `Avx512` exists only where the processor has the feature.
        unsafe { inner(kernel, simd) }
    }

    pub(super) fn run_avx2(kernel: impl Kernel, simd: Avx2) {
        #[target_feature(enable = "avx2,fma")]
        fn inner(kernel: impl Kernel, simd: Avx2) {
            kernel.run(simd);
        }
        // SAFETY: an `Avx2` exists only where the processor has the features.
        unsafe { inner(kernel, simd) }
    }

    /// Methods that are one intrinsic each.
    macro_rules! intrinsics {
        ($($method:ident($($arg:ident),*) = $intrinsic:ident;)*) => {
            $(#[inline(always)]
            fn $method(self, $($arg: Self::V),*) -> Self::V {
                // SAFETY: `self` exists only where the processor has the feature.
                unsafe { $intrinsic($($arg),*) }
            })*
        };
    }

    #[inline(always)]
    fn fetch(from: &[f32], ahead: usize) {
        // SAFETY: every processor of this kind has the instruction, which reads nothing, wherever it points.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(from.as_ptr().wrapping_add(ahead).cast()) };
    }

    #[inline(always)]
    fn claim(places: &mut [f32]) {
        /// How many values a cache line has.
        const LINE: usize = 16;
        let end = places.len().saturating_sub(1);
        for place in (0..places.len()).step_by(LINE).chain([end]) {
            // SAFETY: as above; a processor that has no such instruction takes it for none.
            unsafe { _mm_prefetch::<_MM_HINT_ET0>(places.as_ptr().wrapping_add(place).cast()) };
        }
    }

    impl Simd for Avx512 {
        type V = __m512;
        const LANES: usize = 16;

        intrinsics! {
            add(a, b) = _mm512_add_ps;
            sub(a, b) = _mm512_sub_ps;
            mul(a, b) = _mm512_mul_ps;
            div(a, b) = _mm512_div_ps;
            min(a, b) = _mm512_min_ps;
            max(a, b) = _mm512_max_ps;
            mul_add(a, b, c) = _mm512_fmadd_ps;
            scale(a, n) = _mm512_scalef_ps;
        }
        #[inline(always)]
        fn splat(self, value: f32) -> Self::V {
            // SAFETY: `self` exists only where the processor has the feature.
            unsafe { _mm512_set1_ps(value) }
        }
        #[inline(always)]
        fn load(self, from: &[f32]) -> Self::V {
            let from = &from[..Self::LANES];
            // SAFETY: as above; the slice holds 16 values, and the load needs no alignment.
            unsafe { _mm512_loadu_ps(from.as_ptr()) }
        }
        #[inline(always)]
        fn store(self, to: &mut [f32], vector: Self::V) {
            let to = &mut to[..Self::LANES];
            // SAFETY: as above; the slice has 16 places, and the store needs no alignment.
            unsafe { _mm512_storeu_ps(to.as_mut_ptr(), vector) }
        }
        #[inline(always)]
        fn round(self, a: Self::V) -> Self::V {
            // SAFETY: as above.
            unsafe { _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT }>(a) }
        }
        #[inline(always)]
        fn sum(self, a: Self::V) -> f32 {
            // SAFETY: as above.
            unsafe { _mm512_reduce_add_ps(a) }
        }
        #[inline(always)]
        fn most(self, a: Self::V) -> f32 {
            // SAFETY: as above.
            unsafe { _mm512_reduce_max_ps(a) }
        }
        #[inline(always)]
        fn prefetch(self, from: &[f32], ahead: usize) {
            fetch(from, ahead);
        }
        #[inline(always)]
        fn claim(self, places: &mut [f32]) {
            claim(places);
        }
    }

    impl Simd for Avx2 {
        type V = __m256;
        const LANES: usize = 8;

        intrinsics! {
            add(a, b) = _mm256_add_ps;
            sub(a, b) = _mm256_sub_ps;
            mul(a, b) = _mm256_mul_ps;
            div(a, b) = _mm256_div_ps;
            min(a, b) = _mm256_min_ps;
            max(a, b) = _mm256_max_ps;
            mul_add(a, b, c) = _mm256_fmadd_ps;
        }
        #[inline(always)]
        fn splat(self, value: f32) -> Self::V {
            // SAFETY: `self` exists only where the processor has the features.
            unsafe { _mm256_set1_ps(value) }
        }
        #[inline(always)]
        fn load(self, from: &[f32]) -> Self::V {
            let from = &from[..Self::LANES];
            // SAFETY: as above; the slice holds 8 values, and the load needs no alignment.
            unsafe { _mm256_loadu_ps(from.as_ptr()) }
        }
        #[inline(always)]
        fn store(self, to: &mut [f32], vector: Self::V) {
            let to = &mut to[..Self::LANES];
            // SAFETY: as above; the slice has 8 places, and the store needs no alignment.
            unsafe { _mm256_storeu_ps(to.as_mut_ptr(), vector) }
        }
        #[inline(always)]
        fn round(self, a: Self::V) -> Self::V {
            // SAFETY: as above.
            unsafe { _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(a) }
        }
        #[inline(always)]
        fn scale(self, a: Self::V, n: Self::V) -> Self::V {
            // SAFETY: as above. `n + 127` is put where a float has its exponent.
            unsafe {
                let exponent = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
                _mm256_mul_ps(a, _mm256_castsi256_ps(_mm256_slli_epi32::<23>(exponent)))
            }
        }
        #[inline(always)]
        fn sum(self, a: Self::V) -> f32 {
            let mut lanes = [0.0; 8];
            self.store(&mut lanes, a);
            lanes.iter().sum()
        }
        #[inline(always)]
        fn prefetch(self, from: &[f32], ahead: usize) {
            fetch(from, ahead);
        }
        #[inline(always)]
        fn claim(self, places: &mut [f32]) {
            claim(places);
        }
    }
}
