//! Which terms can be told apart: whether `C` is singular, and which terms are linear functions of others.

use ndarray::Array2;

use crate::numeric::linalg::Cholesky;

/// Correlations of terms that are closer to singular than this are taken as singular.
const SINGULAR: f64 = 1e-9;

/// Whether the correlations of `c` are at least [`SINGULAR`] away from singular.
pub(crate) fn is_definite(c: &Array2<f64>) -> bool {
    let largest = c.diag().iter().fold(0.0f64, |max, &x| max.max(x));
    if c.diag().iter().any(|&x| x <= 1e-14 * largest) {
        return false;
    }
    let mut shifted = correlations(c);
    shifted.diag_mut().iter_mut().for_each(|x| *x -= SINGULAR);
    Cholesky::new(shifted.view()).is_some()
}

/// The correlations of covariances `c`; those with a constant are 0.
fn correlations(c: &Array2<f64>) -> Array2<f64> {
    let sd: Vec<f64> = c.diag().iter().map(|x| x.max(0.0).sqrt()).collect();
    Array2::from_shape_fn(c.dim(), |(i, j)| {
        let scale = sd[i] * sd[j];
        if i == j {
            1.0
        } else if scale > 0.0 {
            (c[[i, j]] / scale).clamp(-1.0, 1.0)
        } else {
            0.0
        }
    })
}

/// A term that others determine: its index and theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dependence {
    pub(crate) term: usize,
    pub(crate) others: Vec<usize>,
}

/// The terms of covariances `c` that are linear functions of earlier ones.
pub(crate) fn dependences(c: &Array2<f64>) -> Vec<Dependence> {
    let largest = c.diag().iter().fold(0.0f64, |max, &x| max.max(x));
    let r = correlations(c);
    if is_definite(c) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut independent: Vec<usize> = Vec::new();
    // Rows of the Cholesky factor of the independent terms, grown one at a time.
    let mut factor: Vec<Vec<f64>> = Vec::new();
    for k in 0..c.nrows() {
        if c[[k, k]] <= 1e-14 * largest {
            found.push(Dependence { term: k, others: Vec::new() });
            continue;
        }
        let mut row: Vec<f64> = Vec::with_capacity(independent.len() + 1);
        for (i, &earlier) in independent.iter().enumerate() {
            let known: f64 = row.iter().zip(&factor[i]).map(|(x, y)| x * y).sum();
            row.push((r[[k, earlier]] - known) / factor[i][i]);
        }
        let rest = 1.0 - row.iter().map(|x| x * x).sum::<f64>();
        if rest > 10.0 * SINGULAR {
            row.push(rest.sqrt());
            factor.push(row);
            independent.push(k);
            continue;
        }
        // Back substitution gives the coefficients of the earlier terms.
        let mut coefficients = row;
        for i in (0..coefficients.len()).rev() {
            let later: f64 = (i + 1..coefficients.len()).map(|j| factor[j][i] * coefficients[j]).sum();
            coefficients[i] = (coefficients[i] - later) / factor[i][i];
        }
        let others = independent.iter().zip(&coefficients).filter(|(_, x)| x.abs() > 1e-3).map(|(&i, _)| i);
        found.push(Dependence { term: k, others: others.collect() });
    }
    found
}
