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
    fn most(self, vectors: Self::V) -> f32 {
        let mut most = f32::NEG_INFINITY;
        for vector in vectors {
            most = most.max(self.0.most(vector));
        }
        most
    }
    #[inline(always)]
    fn apart(self, kernel: impl Kernel) {
        self.0.apart(kernel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::declarations::activation::Activation;
    use crate::models::packed::kernels::math::activate;
    use crate::models::packed::kernels::simd::{Level, run_at};

    struct Both<'a>(Activation, &'a [f32], [&'a mut Vec<f32>; 2]);

    impl Kernel for Both<'_> {
        #[inline(always)]
        fn run<S: Simd>(self, simd: S) {
            let (Self(activation, values, [one, four]), several) = (self, Several::<S, 4>(simd));
            for values in values.chunks_exact(4 * S::LANES) {
                for values in values.chunks_exact(S::LANES) {
                    let mut made = vec![0.0; S::LANES];
                    simd.store(&mut made, activate(simd, activation, simd.load(values)));
                    one.extend(made);
                }
                let mut made = vec![0.0; 4 * S::LANES];
                several.store(&mut made, activate(several, activation, several.load(values)));
                four.extend(made);
            }
        }
    }

    #[test]
    fn several_are_each_by_itself_to_the_last_bit() {
        let values: Vec<f32> = (-320..320).map(|i| i as f32 / 31.0).collect();
        for name in Activation::names() {
            let activation = Activation::parse(name).unwrap();
            for level in Level::here() {
                let (mut one, mut four) = (Vec::new(), Vec::new());
                run_at(level, Both(activation, &values, [&mut one, &mut four]));
                assert_eq!(one.len(), values.len());
                assert_eq!(one, four, "{name}, {level:?}");
            }
        }
    }
}
