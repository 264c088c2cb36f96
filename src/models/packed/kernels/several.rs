//! Several vectors as one: what is computed of each by itself goes side by side, so that none waits for its own last step.

use super::simd::{Kernel, Simd};

/// `N` vectors of another kind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Several<S, const N: usize>(pub(super) S);

/// Methods that do the same for each vector. Loops and not closures: one that the compiler does not inline has no vectors.
macro_rules! each {
    ($($method:ident($first:ident $(, $other:ident)*);)*) => {
        $(#[inline(always)]
        fn $method(self, mut $first: Self::V $(, $other: Self::V)*) -> Self::V {
            for place in 0..N {
                $first[place] = self.0.$method($first[place] $(, $other[place])*);
            }
            $first
        })*
    };
}

impl<S: Simd, const N: usize> Simd for Several<S, N> {
    type V = [S::V; N];
    const LANES: usize = N * S::LANES;

    each! {
        add(a, b);
        sub(a, b);
        mul(a, b);
        div(a, b);
        min(a, b);
        max(a, b);
        mul_add(a, b, c);
        round(a);
        scale(a, n);
    }
    #[inline(always)]
    fn splat(self, value: f32) -> Self::V {
        [self.0.splat(value); N]
    }
    #[inline(always)]
    fn load(self, from: &[f32]) -> Self::V {
        let mut vectors = self.splat(0.0);
        for (place, vector) in vectors.iter_mut().enumerate() {
            *vector = self.0.load(&from[place * S::LANES..]);
        }
        vectors
    }
    #[inline(always)]
    fn store(self, to: &mut [f32], vectors: Self::V) {
        for (place, vector) in vectors.into_iter().enumerate() {
            self.0.store(&mut to[place * S::LANES..], vector);
        }
    }
    #[inline(always)]
    fn sum(self, vectors: Self::V) -> f32 {
        let mut total = 0.0;
        for vector in vectors {
            total += self.0.sum(vector);
        }
        total
    }
    #[inline(always)]
    fn apart(self, kernel: impl Kernel) {
        self.0.apart(kernel);
    }
}
