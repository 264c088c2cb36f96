//! The vectors of x86-64.
#![expect(unsafe_code, reason = "vector intrinsics: calling them, and the pointers of loads and stores")]

#[allow(clippy::wildcard_imports, reason = "the names are the processor's; tests may import all")]
use std::arch::x86_64::*;

use crate::models::packed::kernels::lanes::{Kernel, Simd};

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

/// By itself, wherever it is called from.
#[inline(never)]
pub(super) fn run_avx512(kernel: impl Kernel, simd: Avx512) {
    #[target_feature(enable = "avx512f")]
    fn inner(kernel: impl Kernel, simd: Avx512) {
        kernel.run(simd);
    }
    // SAFETY: an `Avx512` exists only where the processor has the feature.
    unsafe { inner(kernel, simd) }
}

/// As [`run_avx512`].
#[inline(never)]
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
fn fetch_second(from: &[f32]) {
    // SAFETY: as above.
    unsafe { _mm_prefetch::<_MM_HINT_T1>(from.as_ptr().cast()) };
}

#[inline(always)]
fn turn([a, b, c, d]: [&[f32]; 4], to: &mut [f32], stride: usize) {
    let (a, b, c, d) = (&a[..4], &b[..4], &c[..4], &d[..4]);
    let to = &mut to[..3 * stride + 4];
    // SAFETY: every processor of this kind has the instructions; four values stand at each place that is read, and there is
    // room for four at each that is written.
    unsafe {
        let (a, b) = (_mm_loadu_ps(a.as_ptr()), _mm_loadu_ps(b.as_ptr()));
        let (c, d) = (_mm_loadu_ps(c.as_ptr()), _mm_loadu_ps(d.as_ptr()));
        let (low_ac, high_ac) = (_mm_unpacklo_ps(a, c), _mm_unpackhi_ps(a, c));
        let (low_bd, high_bd) = (_mm_unpacklo_ps(b, d), _mm_unpackhi_ps(b, d));
        let to = to.as_mut_ptr();
        _mm_storeu_ps(to, _mm_unpacklo_ps(low_ac, low_bd));
        _mm_storeu_ps(to.add(stride), _mm_unpackhi_ps(low_ac, low_bd));
        _mm_storeu_ps(to.add(2 * stride), _mm_unpacklo_ps(high_ac, high_bd));
        _mm_storeu_ps(to.add(3 * stride), _mm_unpackhi_ps(high_ac, high_bd));
    }
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
    fn prefetch_second(self, from: &[f32]) {
        fetch_second(from);
    }
    #[inline(always)]
    fn claim(self, places: &mut [f32]) {
        claim(places);
    }
    #[inline(always)]
    fn turn(self, rows: [&[f32]; 4], to: &mut [f32], stride: usize) {
        turn(rows, to, stride);
    }
    #[inline(always)]
    fn apart(self, kernel: impl Kernel) {
        run_avx512(kernel, self);
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
    fn prefetch_second(self, from: &[f32]) {
        fetch_second(from);
    }
    #[inline(always)]
    fn claim(self, places: &mut [f32]) {
        claim(places);
    }
    #[inline(always)]
    fn turn(self, rows: [&[f32]; 4], to: &mut [f32], stride: usize) {
        turn(rows, to, stride);
    }
    #[inline(always)]
    fn apart(self, kernel: impl Kernel) {
        run_avx2(kernel, self);
    }
}
