//! Norms: each row to mean 0 and variance 1 (or to mean square 1), then scaled and shifted unit by unit.

use super::simd::{self, Kernel, Simd};

/// What a norm does to a row of `d` values.
#[derive(Debug, Clone)]
pub(in crate::models) struct Norm {
    /// Whether the mean is taken off first.
    pub(in crate::models) centre: bool,
    /// Whether nothing is done but scaling and shifting.
    pub(in crate::models) scaled: bool,
    /// Added to the variance (or mean square).
    pub(in crate::models) eps: f32,
    /// `(d,)`.
    pub(in crate::models) weight: Vec<f32>,
    /// `(d,)`.
    pub(in crate::models) bias: Vec<f32>,
}

impl Norm {
    /// The norm of each row of `x`, `(rows, d)`.
    pub(in crate::models) fn forward(&self, x: &[f32]) -> Vec<f32> {
        let mut y = x.to_vec();
        self.apply_to_rows(&mut y);
        y
    }

    /// Normalizes each row of `(rows, d)` where it stands.
    pub(in crate::models) fn apply_to_rows(&self, rows: &mut [f32]) {
        simd::run(Rows { norm: self, rows });
    }

    /// Normalizes a row of `d` values where it stands.
    #[inline(always)]
    pub(super) fn apply<S: Simd>(&self, simd: S, row: &mut [f32]) {
        let d = self.weight.len();
        let row = &mut row[..d];
        if self.scaled {
            for ((value, weight), bias) in row.iter_mut().zip(&self.weight).zip(&self.bias) {
                *value = value.mul_add(*weight, *bias);
            }
            return;
        }
        let mean = if self.centre { sum(simd, row, 0.0, |_, x| x) / d as f32 } else { 0.0 };
        let variance = sum(simd, row, mean, |simd, x| simd.mul(x, x)) / d as f32;
        let scale = 1.0 / (variance + self.eps).sqrt();
        let (mean_all, scale_all) = (simd.splat(mean), simd.splat(scale));
        let whole = d - d % S::LANES;
        for start in (0..whole).step_by(S::LANES) {
            let centred = simd.sub(simd.load(&row[start..]), mean_all);
            let weight = simd.load(&self.weight[start..]);
            let bias = simd.load(&self.bias[start..]);
            simd.store(&mut row[start..], simd.mul_add(simd.mul(centred, scale_all), weight, bias));
        }
        for ((value, weight), bias) in row.iter_mut().zip(&self.weight).zip(&self.bias).skip(whole) {
            *value = (*value - mean) * scale * weight + bias;
        }
    }
}

struct Rows<'a> {
    norm: &'a Norm,
    rows: &'a mut [f32],
}

impl Kernel for Rows<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for row in self.rows.chunks_exact_mut(self.norm.weight.len()) {
            self.norm.apply(simd, row);
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
    use crate::models::packed::kernels::simd::{Level, run_at};

    #[test]
    fn rows_are_those_of_the_formula_at_any_size() {
        for (d, centre) in [(1, true), (2, true), (15, false), (16, true), (31, true), (40, false)] {
            let x: Vec<f32> = (0..3 * d).map(|i| ((i * 37 % 11) as f32).mul_add(0.3, 100.0)).collect();
            let norm = Norm {
                centre,
                scaled: false,
                eps: 1e-3,
                weight: (0..d).map(|i| 1.0 + i as f32 * 0.1).collect(),
                bias: (0..d).map(|i| i as f32 - 2.0).collect(),
            };
            for level in Level::here() {
                let mut y = x.clone();
                run_at(level, Rows { norm: &norm, rows: &mut y });
                for (x, y) in x.chunks_exact(d).zip(y.chunks_exact(d)) {
                    let mean =
                        if centre { x.iter().map(|&x| f64::from(x)).sum::<f64>() / d as f64 } else { 0.0 };
                    let variance = x.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / d as f64;
                    for unit in 0..d {
                        let expected = (f64::from(x[unit]) - mean) / (variance + 1e-3).sqrt()
                            * f64::from(norm.weight[unit])
                            + f64::from(norm.bias[unit]);
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
