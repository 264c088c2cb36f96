//! What kernels are written over: vectors, however many values they hold.

/// The vector operations that the kernels need. A value of such a type is proof that the processor has them.
pub(super) trait Simd: Copy {
    /// A vector.
    type V: Copy;
    /// How many values it holds; divides [`super::PANEL`], unless it is several in one.
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
