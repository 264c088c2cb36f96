//! Functions of one variable on vectors: the exponential, and the activations made from it.

use super::simd::{self, Kernel, Simd};
use crate::models::declarations::activation::Activation;

/// Taylor's series of `(e^r - 1) / r`: the first term left out is below 6e-9 where it is used.
const TERMS: [f32; 7] = [1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0];

/// `r` and a whole `n` such that `e^a = 2^n · e^r` and `|r| ≤ ln(2) / 2`, for `a` in `-87..=88`; beyond it, those of the nearer
/// end. NaN stays NaN.
#[inline(always)]
fn reduced<S: Simd>(simd: S, a: S::V) -> (S::V, S::V) {
    // ln(2) is taken off in two parts, the first of which has few digits, so that the product with n is exact.
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let a = simd.min(simd.splat(88.0), simd.max(simd.splat(-87.0), a));
    let n = simd.round(simd.mul(a, simd.splat(std::f32::consts::LOG2_E)));
    let r = simd.mul_add(n, simd.splat(-LN_2_HIGH), a);
    (simd.mul_add(n, simd.splat(-LN_2_LOW), r), n)
}

/// `e^a`, within 2 ulp on `-87..=88`; beyond it, the value at the nearer end. NaN stays NaN.
#[inline(always)]
pub(super) fn exp<S: Simd>(simd: S, a: S::V) -> S::V {
    let (r, n) = reduced(simd, a);
    simd.scale(simd.mul_add(polynomial(simd, r, &TERMS), r, simd.splat(1.0)), n)
}

/// The hyperbolic tangent, to a few ulp: attention that is capped far above its scores lives on the digits near 0.
#[inline(always)]
fn tanh<S: Simd>(simd: S, x: S::V) -> S::V {
    // With m = e^2x - 1 it is m / (m + 2). m = 2^n (e^r - 1) + (2^n - 1) loses nothing where x, and so n, is 0 or nearly so.
    let (r, n) = reduced(simd, simd.add(x, x));
    let one = simd.splat(1.0);
    let less_one = simd.mul(polynomial(simd, r, &TERMS), r);
    let m = simd.add(simd.scale(less_one, n), simd.sub(simd.scale(one, n), one));
    simd.div(m, simd.add(m, simd.splat(2.0)))
}

/// A polynomial from its coefficients, the highest power first (Horner).
#[inline(always)]
fn polynomial<S: Simd>(simd: S, x: S::V, coefficients: &[f32]) -> S::V {
    let mut sum = simd.splat(coefficients[0]);
    for &coefficient in &coefficients[1..] {
        sum = simd.mul_add(sum, x, simd.splat(coefficient));
    }
    sum
}

/// `1 / (1 + e^-a)`, times `x`.
#[inline(always)]
fn times_sigmoid<S: Simd>(simd: S, x: S::V, a: S::V) -> S::V {
    let exp = exp(simd, simd.sub(simd.splat(0.0), a));
    simd.div(x, simd.add(simd.splat(1.0), exp))
}

/// `x · Φ(x)` with the normal distribution function, to rounding.
///
/// Below 0, `Φ(x) = e^(-x²/2) · q(t)` with `t = 1 / (1 - x/4)`; above, `Φ(x) = 1 - Φ(-x)`. `q` was fitted to
/// `erfcx(-x/√2) / 2` on `-14..=0` by least squares with weights that level the relative error, which is 1.5e-8.
#[inline(always)]
fn gelu<S: Simd>(simd: S, x: S::V) -> S::V {
    const Q: [f32; 10] = [
        0.033_946_898,
        -0.196_178_21,
        0.395_003_38,
        -0.333_471_7,
        0.304_488_75,
        -0.020_384_992,
        0.121_568_24,
        0.094_820_194,
        0.100_229,
        -2.160_041e-5,
    ];
    let zero = simd.splat(0.0);
    let size = simd.max(x, simd.sub(zero, x));
    let t = simd.div(simd.splat(1.0), simd.mul_add(size, simd.splat(0.25), simd.splat(1.0)));
    let exponent = simd.mul(simd.mul(size, size), simd.splat(-0.5));
    let tail = simd.mul(exp(simd, exponent), polynomial(simd, t, &Q));
    // x Φ(x) = max(x, 0) - |x| Φ(-|x|) on both sides of 0.
    simd.mul_add(simd.sub(zero, size), tail, simd.max(x, zero))
}

/// The activation of every lane.
#[inline(always)]
pub(super) fn activate<S: Simd>(simd: S, activation: Activation, x: S::V) -> S::V {
    match activation {
        Activation::Gelu => gelu(simd, x),
        // (1 + tanh u) / 2 is the sigmoid of 2u, with u = √(2/π) (x + 0.044715 x³).
        Activation::GeluTanh => {
            const TWICE_SQRT_2_BY_PI: f32 = std::f32::consts::SQRT_2 * std::f32::consts::FRAC_2_SQRT_PI;
            let (linear, cubic) = (TWICE_SQRT_2_BY_PI, 0.044_715 * TWICE_SQRT_2_BY_PI);
            let factor = simd.mul_add(simd.mul(x, x), simd.splat(cubic), simd.splat(linear));
            times_sigmoid(simd, x, simd.mul(x, factor))
        }
        Activation::GeluSigmoid => times_sigmoid(simd, x, simd.mul(x, simd.splat(1.702))),
        Activation::Silu => times_sigmoid(simd, x, x),
        Activation::Relu => simd.max(simd.splat(0.0), x),
        Activation::ReluSquared => {
            let positive = simd.max(simd.splat(0.0), x);
            simd.mul(positive, positive)
        }
        Activation::Tanh => tanh(simd, x),
    }
}

/// Applies `op` to every value of a slice; the last few go through a vector that is filled up.
#[inline(always)]
pub(super) fn for_each<S: Simd>(simd: S, values: &mut [f32], op: impl Fn(S, S::V) -> S::V) {
    let mut vectors = values.chunks_exact_mut(S::LANES);
    for vector in &mut vectors {
        let result = op(simd, simd.load(vector));
        simd.store(vector, result);
    }
    let rest = vectors.into_remainder();
    if !rest.is_empty() {
        let mut full = [0.0; super::PANEL];
        full[..rest.len()].copy_from_slice(rest);
        let result = op(simd, simd.load(&full));
        simd.store(&mut full, result);
        rest.copy_from_slice(&full[..rest.len()]);
    }
}

/// The activation of every value of a slice.
pub(in crate::models) fn activate_all(activation: Activation, values: &mut [f32]) {
    simd::run(All { activation, values });
}

struct All<'a> {
    activation: Activation,
    values: &'a mut [f32],
}

impl Kernel for All<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for_each(simd, self.values, |simd, value| activate(simd, self.activation, value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::packed::kernels::simd::{Kernel, Level, run_at};

    struct Exp<'a>(&'a mut [f32]);

    impl Kernel for Exp<'_> {
        #[inline(always)]
        fn run<S: Simd>(self, simd: S) {
            for_each(simd, self.0, exp);
        }
    }

    struct Activate<'a>(Activation, &'a mut [f32]);

    impl Kernel for Activate<'_> {
        #[inline(always)]
        fn run<S: Simd>(self, simd: S) {
            for_each(simd, self.1, |simd, x| activate(simd, self.0, x));
        }
    }

    fn grid() -> Vec<f32> {
        (-20_000..=20_001).map(|i| i as f32 / 1_700.0).chain([0.0, -0.0, 1e-30, 40.0, -40.0]).collect()
    }

    #[test]
    fn the_exponential_is_within_two_ulp() {
        for level in Level::here() {
            let inputs: Vec<f32> =
                grid().into_iter().map(|x| x * 7.0).filter(|x| (-87.0..=88.0).contains(x)).collect();
            let mut values = inputs.clone();
            run_at(level, Exp(&mut values));
            for (&x, &value) in inputs.iter().zip(&values) {
                let exact = f64::from(x).exp();
                let relative = ((f64::from(value) - exact) / exact).abs();
                assert!(relative <= 2.4e-7, "{level:?}: e^{x} = {value}, not {exact}");
            }
        }
    }

    #[test]
    fn activations_are_those_of_their_formulas() {
        // The normal distribution function in f64, by its series near 0 and its continued fraction in the tail.
        fn phi(x: f64) -> f64 {
            let density = (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
            let z = x.abs();
            if z < 4.0 {
                let (mut term, mut sum, mut k) = (z, z, 1.0);
                while term > 1e-18 * sum {
                    k += 2.0;
                    term *= z * z / k;
                    sum += term;
                }
                0.5 + (density * sum).copysign(x)
            } else {
                let fraction = (1..100).rev().fold(z, |below, k| z + f64::from(k) / below);
                if x > 0.0 { 1.0 - density / fraction } else { density / fraction }
            }
        }
        let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
        let exact = |activation, x: f64| match activation {
            Activation::Gelu => x * phi(x),
            Activation::GeluTanh => {
                0.5 * x * (1.0 + ((2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3))).tanh())
            }
            Activation::GeluSigmoid => x * sigmoid(1.702 * x),
            Activation::Silu => x * sigmoid(x),
            Activation::Relu => x.max(0.0),
            Activation::ReluSquared => x.max(0.0).powi(2),
            Activation::Tanh => x.tanh(),
        };
        for name in Activation::names() {
            let activation = Activation::parse(name).unwrap();
            for level in Level::here() {
                let mut values = grid();
                run_at(level, Activate(activation, &mut values));
                for (x, value) in grid().into_iter().zip(values) {
                    let exact = exact(activation, f64::from(x));
                    let difference = (f64::from(value) - exact).abs();
                    // What follows a cap grows with the cap, however small it is.
                    let floor = if activation == Activation::Tanh { 0.0 } else { 1.0 };
                    assert!(
                        difference <= 3e-7 * exact.abs().max(floor),
                        "{name}, {level:?}: {x} gives {value}, not {exact}"
                    );
                }
            }
        }
    }
}
