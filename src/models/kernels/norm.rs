//! Layer normalization: each row to mean 0 and variance 1, then scaled and shifted unit by unit.

use super::simd::{self, Kernel, Simd};

/// `(x - mean) / sqrt(variance + eps) * weight + bias` of each row; `x` is `(rows, d)`, `weight` and `bias` are `(d,)`.
pub(in crate::models) fn layer_norm(x: &[f32], weight: &[f32], bias: &[f32], eps: f32) -> Vec<f32> {
    let mut y = vec![0.0; x.len()];
    simd::run(LayerNorm { x, weight, bias, eps, y: &mut y });
    y
}

struct LayerNorm<'a> {
    x: &'a [f32],
    weight: &'a [f32],
    bias: &'a [f32],
    eps: f32,
    y: &'a mut [f32],
}

impl Kernel for LayerNorm<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let d = self.weight.len();
        for (x, y) in self.x.chunks_exact(d).zip(self.y.chunks_exact_mut(d)) {
            let mean = sum(simd, x, 0.0, |_, x| x) / d as f32;
            let variance = sum(simd, x, mean, |simd, x| simd.mul(x, x)) / d as f32;
            let scale = 1.0 / (variance + self.eps).sqrt();
            let (mean_all, scale_all) = (simd.splat(mean), simd.splat(scale));
            let whole = d - d % S::LANES;
            for start in (0..whole).step_by(S::LANES) {
                let centred = simd.sub(simd.load(&x[start..]), mean_all);
                let weight = simd.load(&self.weight[start..]);
                let bias = simd.load(&self.bias[start..]);
                simd.store(&mut y[start..], simd.mul_add(simd.mul(centred, scale_all), weight, bias));
            }
            for unit in whole..d {
                y[unit] = (x[unit] - mean) * scale * self.weight[unit] + self.bias[unit];
            }
        }
    }
}

/// The sum of `of(x - centre)` over a row.
#[inline(always)]
fn sum<S: Simd>(simd: S, row: &[f32], centre: f32, of: impl Fn(S, S::V) -> S::V) -> f32 {
    let centre_all = simd.splat(centre);
    let mut vectors = row.chunks_exact(S::LANES);
    let mut total = simd.splat(0.0);
    for vector in &mut vectors {
        total = simd.add(total, of(simd, simd.sub(simd.load(vector), centre_all)));
    }
    let rest = vectors.remainder();
    if !rest.is_empty() {
        // Filled up with the centre, whose part in the sum is 0.
        let mut full = [centre; super::PANEL];
        full[..rest.len()].copy_from_slice(rest);
        total = simd.add(total, of(simd, simd.sub(simd.load(&full), centre_all)));
    }
    simd.sum(total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::kernels::simd::{Level, run_at};

    #[test]
    fn rows_are_those_of_the_formula_at_any_size() {
        for d in [1, 2, 15, 16, 31, 40] {
            let x: Vec<f32> = (0..3 * d).map(|i| ((i * 37 % 11) as f32).mul_add(0.3, 100.0)).collect();
            let weight: Vec<f32> = (0..d).map(|i| 1.0 + i as f32 * 0.1).collect();
            let bias: Vec<f32> = (0..d).map(|i| i as f32 - 2.0).collect();
            for level in Level::here() {
                let mut y = vec![f32::NAN; x.len()];
                run_at(level, LayerNorm { x: &x, weight: &weight, bias: &bias, eps: 1e-3, y: &mut y });
                for (x, y) in x.chunks_exact(d).zip(y.chunks_exact(d)) {
                    let mean = x.iter().map(|&x| f64::from(x)).sum::<f64>() / d as f64;
                    let variance = x.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / d as f64;
                    for unit in 0..d {
                        let expected = (f64::from(x[unit]) - mean) / (variance + 1e-3).sqrt()
                            * f64::from(weight[unit])
                            + f64::from(bias[unit]);
                        assert!(
                            (f64::from(y[unit]) - expected).abs() < 1e-4,
                            "{level:?}, {d}: {} {expected}",
                            y[unit]
                        );
                    }
                }
            }
        }
    }
}
