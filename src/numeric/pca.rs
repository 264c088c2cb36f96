//! Principal components.

use ndarray::{Array2, ArrayView2};

use super::linalg::{add_gram, multiply_transposed, symmetric_eigen};

/// How many rows are worked on at once; bounds memory, and fixes the order of sums.
const BLOCK: usize = 256;

/// The scores of the rows of `x`, `(n, d)`, on its first `k` principal components, `(n, k)`, by the eigenvectors of its exact
/// covariance (or of the rows' inner products, whichever is smaller). Of the two signs that a component may have, it is given
/// the one in which its largest loading is positive, so that the same numbers give the same scores. Components without
/// variance score 0. `None` where a number is not finite, or `k` is larger than `n` or `d`.
#[must_use]
pub fn principal_scores(x: ArrayView2<'_, f32>, k: usize) -> Option<Array2<f32>> {
    let (n, d) = x.dim();
    if k > n.min(d) {
        return None;
    }
    let means = means(x);
    let loadings = if d <= n { by_units(x, &means, k)? } else { by_rows(x, &means, k)? };
    let mut scores = Array2::zeros((n, k));
    let mut block_scores = vec![0.0; BLOCK * k];
    for start in (0..n).step_by(BLOCK) {
        let block = centred(x, &means, start);
        let rows = block.len() / d;
        multiply_transposed(&mut block_scores[..rows * k], &block, &loadings, d);
        for (row, values) in block_scores[..rows * k].chunks_exact(k).enumerate() {
            for (component, &value) in values.iter().enumerate() {
                scores[[start + row, component]] = value as f32;
            }
        }
    }
    Some(scores)
}

/// The mean of each column.
fn means(x: ArrayView2<'_, f32>) -> Vec<f64> {
    let mut means = vec![0.0; x.ncols()];
    for row in x.rows() {
        for (mean, &value) in means.iter_mut().zip(row) {
            *mean += f64::from(value);
        }
    }
    for mean in &mut means {
        *mean /= x.nrows() as f64;
    }
    means
}

/// At most [`BLOCK`] rows from `start`, less the means, row-major.
fn centred(x: ArrayView2<'_, f32>, means: &[f64], start: usize) -> Vec<f64> {
    let rows = x.rows().into_iter().skip(start).take(BLOCK);
    rows.flat_map(|row| row.into_iter().zip(means).map(|(&value, mean)| f64::from(value) - mean)).collect()
}

/// Loadings `(k, d)` from the covariance of the units, `(d, d)`.
fn by_units(x: ArrayView2<'_, f32>, means: &[f64], k: usize) -> Option<Vec<f64>> {
    let (n, d) = x.dim();
    let mut scatter = vec![0.0; d * d];
    for start in (0..n).step_by(BLOCK) {
        let block = transposed(&centred(x, means, start), d);
        add_gram(&mut scatter, &block, block.len() / d);
    }
    let (values, vectors) = symmetric_eigen(ArrayView2::from_shape((d, d), &scatter).ok()?)?;
    let mut loadings = Vec::with_capacity(k * d);
    for component in (d - k..d).rev() {
        loadings.extend(vectors.column(component));
    }
    finish(&mut loadings, d, &values);
    Some(loadings)
}

/// Loadings `(k, d)` from the inner products of the rows, `(n, n)`: with `u` an eigenvector of these, a component is `xᵀu`.
fn by_rows(x: ArrayView2<'_, f32>, means: &[f64], k: usize) -> Option<Vec<f64>> {
    let (n, d) = x.dim();
    let rows: Vec<f64> = (0..n).step_by(BLOCK).flat_map(|start| centred(x, means, start)).collect();
    let mut products = vec![0.0; n * n];
    add_gram(&mut products, &rows, d);
    let (values, vectors) = symmetric_eigen(ArrayView2::from_shape((n, n), &products).ok()?)?;
    let chosen: Vec<f64> =
        (n - k..n).rev().flat_map(|component| vectors.column(component).to_vec()).collect();
    let mut loadings = vec![0.0; k * d];
    multiply_transposed(&mut loadings, &chosen, &transposed(&rows, d), n);
    finish(&mut loadings, d, &values);
    Some(loadings)
}

/// Brings loadings, largest component first, to length 1 and to their sign; without variance, to 0. `eigenvalues` ascend.
fn finish(loadings: &mut [f64], d: usize, eigenvalues: &[f64]) {
    let largest = eigenvalues.last().copied().unwrap_or(0.0);
    let negligible = largest * eigenvalues.len().max(d) as f64 * f64::EPSILON;
    for (loading, &eigenvalue) in loadings.chunks_exact_mut(d).zip(eigenvalues.iter().rev()) {
        let length = loading.iter().map(|x| x * x).sum::<f64>().sqrt();
        let mut foremost = 0.0_f64;
        for &value in loading.iter() {
            if value.abs() > foremost.abs() {
                foremost = value;
            }
        }
        let scale = if eigenvalue <= negligible || length == 0.0 { 0.0 } else { foremost.signum() / length };
        for value in loading {
            *value *= scale;
        }
    }
}

/// `a`, `(rows, columns)` row-major, as `(columns, rows)`.
fn transposed(a: &[f64], columns: usize) -> Vec<f64> {
    (0..columns).flat_map(|column| a.iter().skip(column).step_by(columns).copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::rng::Stream;

    fn random(n: usize, d: usize) -> Array2<f32> {
        let mut stream = Stream::new(5, "pca");
        // Units of different spread, and correlated.
        let base = Array2::from_shape_simple_fn((n, d), || stream.normal() as f32);
        Array2::from_shape_fn((n, d), |(i, j)| base[[i, j]] * (j + 1) as f32 + base[[i, 0]] + 3.0)
    }

    #[test]
    fn scores_are_uncorrelated_by_falling_variance_and_keep_all_of_it() {
        for (n, d) in [(700, 6), (6, 40), (9, 9)] {
            let x = random(n, d);
            let k = n.min(d);
            let scores = principal_scores(x.view(), k).unwrap();
            let product = |a: usize, b: usize| {
                scores.rows().into_iter().map(|row| f64::from(row[a]) * f64::from(row[b])).sum::<f64>()
            };
            let scale = product(0, 0);
            for a in 0..k {
                for b in 0..a {
                    assert!(product(a, b).abs() < 1e-5 * scale, "{n} {d}: {a} {b}");
                    assert!(product(a, a) <= product(b, b) * (1.0 + 1e-6));
                }
            }
            let means = means(x.view());
            let total: f64 =
                (0..n).step_by(BLOCK).flat_map(|at| centred(x.view(), &means, at)).map(|v| v * v).sum();
            let kept: f64 = (0..k).map(|a| product(a, a)).sum();
            assert!((kept / total - 1.0).abs() < 1e-5, "{n} {d}: {kept} {total}");
        }
    }

    #[test]
    fn distances_are_kept_and_signs_are_fixed() {
        let x = random(12, 30);
        let scores = principal_scores(x.view(), 12).unwrap();
        let distance = |x: &Array2<f32>, a: usize, b: usize| {
            let difference = &x.row(a) - &x.row(b);
            difference.dot(&difference).sqrt()
        };
        assert!((distance(&x, 0, 7) / distance(&scores, 0, 7) - 1.0).abs() < 1e-4);
        // The same stimuli with all units mirrored have the same components: their largest loadings are positive.
        let mirrored = principal_scores(x.mapv(|v| -v).view(), 3).unwrap();
        for (a, b) in scores.rows().into_iter().zip(mirrored.rows()) {
            assert!((a[0] + b[0]).abs() < 1e-3, "{a} {b}");
        }
        assert!(principal_scores(x.view(), 13).is_none());
    }

    #[test]
    fn what_does_not_vary_scores_zero() {
        let scores = principal_scores(Array2::from_elem((20, 4), 2.5).view(), 2).unwrap();
        assert!(scores.iter().all(|&score| score == 0.0));
    }
}
