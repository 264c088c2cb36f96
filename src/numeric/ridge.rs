//! Ridge regression from second moments, by the penalty or by the length of its coefficients.

use ndarray::{Array2, ArrayView1, ArrayView2};

use super::linalg::symmetric_eigen;

/// Directions with less than this share of the largest variance carry rounding alone, and no coefficient.
const SINGULAR: f64 = 1e-10;

/// Second moments `C = X'X` in the axes where they are diagonal: the squared singular values of `X`, ready for any right side
/// and any penalty.
#[derive(Debug, Clone)]
pub struct Ridge {
    /// Squared singular values, ascending.
    values: Vec<f64>,
    /// Right singular vectors in the columns, `(n, n)`.
    vectors: Array2<f64>,
}

impl Ridge {
    /// The axes of symmetric `moments` `(n, n)`; `None` where one is not finite.
    #[must_use]
    pub fn new(moments: ArrayView2<'_, f64>) -> Option<Self> {
        let (values, vectors) = symmetric_eigen(moments)?;
        Some(Self { values, vectors })
    }

    /// `V'b`, for [`Ridge::at_penalty`] and [`Ridge::at_fraction`].
    #[must_use]
    pub fn rotate(&self, b: &[f64]) -> Vec<f64> {
        self.vectors.t().dot(&ArrayView1::from(b)).to_vec()
    }

    /// The minimiser of `½ x'Cx − b'x + ½ penalty ‖x‖²`, for the `b` that was rotated.
    #[must_use]
    pub fn at_penalty(&self, rotated: &[f64], penalty: f64) -> Vec<f64> {
        self.vectors.dot(&ArrayView1::from(&self.shrunk(rotated, penalty))).to_vec()
    }

    /// The minimiser whose length is `fraction` (0 to 1) of the unpenalised one's (the shortest of those, where `C` is
    /// singular), and its penalty: Rokem and Kay, Fractional ridge regression (GigaScience 2020), eq. 6–9. There the penalty is
    /// interpolated on a grid; here it is found by bisection, to rounding.
    #[must_use]
    pub fn at_fraction(&self, rotated: &[f64], fraction: f64) -> (Vec<f64>, f64) {
        let length = |penalty: f64| self.shrunk(rotated, penalty).iter().map(|x| x * x).sum::<f64>().sqrt();
        let wanted = fraction * length(0.0);
        let mut penalty = 0.0;
        if fraction < 1.0 && wanted > 0.0 {
            let largest = self.values.last().copied().unwrap_or(0.0);
            let (mut low, mut high) = (largest * 1e-14, largest);
            while length(high) > wanted {
                high *= 4.0;
            }
            for _ in 0..200 {
                penalty = (low * high).sqrt();
                if length(penalty) > wanted {
                    low = penalty;
                } else {
                    high = penalty;
                }
            }
        }
        if fraction <= 0.0 {
            return (vec![0.0; rotated.len()], f64::INFINITY);
        }
        (self.at_penalty(rotated, penalty), penalty)
    }

    /// The coefficients along the axes.
    fn shrunk(&self, rotated: &[f64], penalty: f64) -> Vec<f64> {
        let least = SINGULAR * self.values.last().copied().unwrap_or(0.0);
        let of = |(&value, &b): (&f64, &f64)| if value > least { b / (value + penalty) } else { 0.0 };
        self.values.iter().zip(rotated).map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::linalg::{Cholesky, dot};
    use crate::numeric::rng::Stream;

    #[test]
    fn penalties_solve_their_equations_and_fractions_have_their_length() {
        let mut stream = Stream::new(2, "ridge");
        let x = Array2::from_shape_fn((30, 6), |_| stream.normal());
        let moments = x.t().dot(&x);
        let b: Vec<f64> = (0..6).map(|_| stream.normal()).collect();
        let ridge = Ridge::new(moments.view()).unwrap();
        let rotated = ridge.rotate(&b);
        let mut expected = b.clone();
        let mut penalised = moments.clone();
        penalised.diag_mut().iter_mut().for_each(|x| *x += 3.5);
        Cholesky::new(penalised.view()).unwrap().solve(&mut expected);
        for (x, y) in ridge.at_penalty(&rotated, 3.5).iter().zip(&expected) {
            assert!((x - y).abs() < 1e-12);
        }
        let norm = |x: &[f64]| dot(x, x).sqrt();
        let whole = ridge.at_fraction(&rotated, 1.0).0;
        let mut last = f64::INFINITY;
        for fraction in [0.05, 0.3, 0.8, 0.999] {
            let (x, penalty) = ridge.at_fraction(&rotated, fraction);
            assert!((norm(&x) / norm(&whole) - fraction).abs() < 1e-9);
            assert!(penalty < last);
            last = penalty;
        }
        assert_eq!(ridge.at_fraction(&rotated, 0.0).0, [0.0; 6]);
    }

    #[test]
    fn singular_moments_give_the_shortest_coefficients() {
        let ridge = Ridge::new(ndarray::array![[2.0, 2.0], [2.0, 2.0]].view()).unwrap();
        let (x, _) = ridge.at_fraction(&ridge.rotate(&[1.0, 1.0]), 1.0);
        assert!((x[0] - 0.25).abs() < 1e-12 && (x[1] - 0.25).abs() < 1e-12, "{x:?}");
    }
}
