//! Non-negative least squares in its normal equations: `min ½ x'Cx − b'x` over `x ≥ 0`.
//!
//! The active-set method of Lawson and Hanson (Solving Least Squares Problems, 1974, ch. 23): finitely many steps to the
//! exact optimum.

use ndarray::{Array2, ArrayView2};

use super::linalg::{Cholesky, dot};

/// The minimiser of `½ x'Cx − b'x` over `x ≥ 0`, for positive definite `c` `(n, n)`; `None` where `c` is not.
#[must_use]
pub fn solve(c: ArrayView2<'_, f64>, b: &[f64]) -> Option<Vec<f64>> {
    let n = b.len();
    let c = c.as_standard_layout();
    let gradient_at = |x: &[f64], k: usize| b[k] - c.row(k).as_slice().map_or(0.0, |row| dot(row, x));
    let tolerance = 1e-14 * b.iter().fold(0.0f64, |max, x| max.max(x.abs()));
    let mut x = vec![0.0; n];
    let mut free: Vec<usize> = Vec::new();
    // Each round frees one variable; a round that gains nothing cannot recur in exact arithmetic, the bound is for
    // rounding.
    for _ in 0..10 * n + 10 {
        let entering = (0..n)
            .filter(|k| !free.contains(k))
            .map(|k| (gradient_at(&x, k), k))
            .max_by(|a, b| a.0.total_cmp(&b.0));
        let Some((gradient, k)) = entering else { break };
        if gradient <= tolerance {
            break;
        }
        free.push(k);
        free.sort_unstable();
        loop {
            let target = solve_free(&c.view(), b, &free)?;
            // How far towards `target` before a variable would turn negative.
            let blocked = free
                .iter()
                .zip(&target)
                .filter(|&(_, &to)| to <= 0.0)
                .map(|(&k, &to)| (x[k] / (x[k] - to), k))
                .min_by(|a, b| a.0.total_cmp(&b.0));
            let step = blocked.map_or(1.0, |(step, _)| if step.is_finite() { step } else { 0.0 });
            for (&k, &to) in free.iter().zip(&target) {
                x[k] += step * (to - x[k]);
            }
            let Some((_, first)) = blocked else { break };
            x[first] = 0.0;
            free.retain(|&k| x[k] > 0.0);
            for (k, x) in x.iter_mut().enumerate() {
                if !free.contains(&k) {
                    *x = 0.0;
                }
            }
        }
    }
    Some(x)
}

/// The unconstrained minimiser over the variables in `free`.
fn solve_free(c: &ArrayView2<'_, f64>, b: &[f64], free: &[usize]) -> Option<Vec<f64>> {
    let part = Array2::from_shape_fn((free.len(), free.len()), |(i, j)| c[[free[i], free[j]]]);
    let mut x: Vec<f64> = free.iter().map(|&k| b[k]).collect();
    Cholesky::new(part.view())?.solve(&mut x);
    Some(x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::rng::Stream;

    #[test]
    fn meets_the_optimality_conditions() {
        for seed in 0..30 {
            let mut stream = Stream::new(seed, "nnls");
            let n = 1 + stream.index(12);
            let a = Array2::from_shape_fn((n + 3, n), |_| stream.normal());
            let c = a.t().dot(&a);
            let b: Vec<f64> = (0..n).map(|_| 3.0 * stream.normal()).collect();
            let x = solve(c.view(), &b).unwrap();
            let gradient = c.dot(&ndarray::ArrayView1::from(&x)) - ndarray::ArrayView1::from(&b);
            for (x, g) in x.iter().zip(&gradient) {
                assert!(*x >= 0.0 && *g >= -1e-9 && (x * g).abs() < 1e-9, "seed {seed}: x {x}, gradient {g}");
            }
        }
    }

    #[test]
    fn a_matrix_that_is_not_definite_has_no_answer() {
        assert!(solve(ndarray::array![[0.0]].view(), &[1.0]).is_none());
    }
}
