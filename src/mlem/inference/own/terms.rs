//! The weights of the terms as quadratic forms of the activations.
//!
//! `w_k = Σ_{i<j} g_ij t_ij` with `g = Σ_l C⁻¹_kl (φ_l − mean) / pairs`, and `t_ij = |x_i − x_j|²`. With `g` an inner product of coordinates
//! `F` with coefficients `c`, that is `Σ_i ρ_i |x_i|² − Σ_p c_p |F_p' X|²`, where `ρ_i = Σ_j g_ij`.

use ndarray::{Array1, Array2, ArrayView2, Axis, concatenate};

use crate::mlem::pairs::{Embedding, n_pairs};
use crate::numeric::linalg::Cholesky;

/// Relative to the mean variance of the terms: a ridge for terms that others determine.
const RIDGE: f64 = 1e-9;
/// Less than this of a term's variance is rounding: nothing is the term's own.
const NOTHING: f64 = 1e-6;

/// The terms as inner products, and what their weights are of.
pub(super) struct Terms {
    /// `(n_stimuli, dimensions)`: the coordinates of all terms side by side, and a column of ones.
    pub(super) coordinates: Array2<f64>,
    /// `(n_terms, dimensions)`: the weight of a term is the form of these coefficients.
    pub(super) forms: Array2<f64>,
    /// `(n_stimuli, n_terms)`: the sum of each form over the second stimulus.
    pub(super) sums: Array2<f64>,
    /// `(n_terms, n_terms)`: C⁻¹.
    pub(super) inverse: Array2<f64>,
    /// Whether something of a term is not determined by the others.
    pub(super) own: Vec<bool>,
}

impl Terms {
    /// The terms of `n` stimuli whose inner products are `parts`; `None` where their covariances cannot be inverted.
    pub(super) fn new(parts: &[Embedding], n: usize) -> Option<Self> {
        let mut starts = vec![0];
        for part in parts {
            starts.push(starts[starts.len() - 1] + part.signs.len());
        }
        let ones = Array2::ones((n, 1));
        let mut views: Vec<ArrayView2<'_, f64>> = parts.iter().map(|part| part.coordinates.view()).collect();
        views.push(ones.view());
        let coordinates = concatenate(Axis(1), &views).ok()?;
        let signs: Vec<f64> = parts.iter().flat_map(|part| part.signs.iter().copied()).collect();
        let (m, dimensions, pairs) = (parts.len(), signs.len(), n_pairs(n) as f64);
        // Each stimulus's distance to itself is no pair; it is not zero where missing values are at a distance.
        let own = |part: &Embedding| part.coordinates.mapv(|x| x * x).dot(&Array1::from(part.signs.clone()));
        let own: Vec<Array1<f64>> = parts.iter().map(own).collect();
        let column_sums = coordinates.sum_axis(Axis(0));
        let mean = |k: usize| {
            let all: f64 = (starts[k]..starts[k + 1]).map(|p| signs[p] * column_sums[p].powi(2)).sum();
            (all - own[k].sum()) / (2.0 * pairs)
        };
        let means: Vec<f64> = (0..m).map(mean).collect();
        let gram = coordinates.t().dot(&coordinates);
        let mut c = Array2::from_shape_fn((m, m), |(k, l)| {
            let mut all = 0.0;
            for p in starts[k]..starts[k + 1] {
                for q in starts[l]..starts[l + 1] {
                    all += signs[p] * signs[q] * gram[[p, q]].powi(2);
                }
            }
            (all - own[k].dot(&own[l])) / (2.0 * pairs) - means[k] * means[l]
        });
        let variances = c.diag().to_owned();
        let ridge = RIDGE * variances.sum() / m.max(1) as f64;
        c.diag_mut().iter_mut().for_each(|x| *x += ridge);
        let inverse = Cholesky::new(c.view())?.inverse();
        let mut forms = Array2::zeros((m, dimensions + 1));
        for k in 0..m {
            for l in 0..m {
                for p in starts[l]..starts[l + 1] {
                    forms[[k, p]] += inverse[[k, l]] * signs[p] / pairs;
                }
                forms[[k, dimensions]] -= inverse[[k, l]] * means[l] / pairs;
            }
        }
        let sums = coordinates.dot(&(&forms * &column_sums).t());
        let own = (0..m).map(|k| 1.0 / inverse[[k, k]] > NOTHING * variances[k]).collect();
        Some(Self { coordinates, forms, sums, inverse, own })
    }
}
