//! The singular value decomposition of the columns of some stimuli: one for all penalties, units and layers.

use ndarray::{Array2, ArrayView2, Axis};

use crate::numeric::linalg::symmetric_eigen;

/// Directions with less than this share of the largest variance carry rounding alone, and no coefficient.
const SINGULAR: f64 = 1e-10;

/// `X = U diag(s) V'`, without directions in which `X` does not vary.
#[derive(Debug, Clone)]
pub(super) struct Axes {
    /// `s²`.
    pub(super) squared: Vec<f64>,
    /// `U`, `(n_stimuli, n_directions)`.
    pub(super) left: Array2<f64>,
    /// `V diag(1 / s)`, `(n_columns, n_directions)`.
    pub(super) right: Array2<f64>,
}

impl Axes {
    /// Those of `x` `(n_stimuli, n_columns)`, from the smaller of `X'X` and `XX'`.
    pub(super) fn of(x: ArrayView2<'_, f64>) -> Self {
        let (n, columns) = x.dim();
        let wide = columns > n;
        let moments = if wide { x.dot(&x.t()) } else { x.t().dot(&x) };
        // Columns are finite, and so are their moments.
        let (values, vectors) = symmetric_eigen(moments.view())
            .unwrap_or_else(|| (Vec::new(), Array2::zeros((moments.nrows(), 0))));
        let largest = values.last().copied().unwrap_or(0.0);
        let kept: Vec<usize> = (0..values.len()).filter(|&k| values[k] > SINGULAR * largest).collect();
        let squared: Vec<f64> = kept.iter().map(|&k| values[k]).collect();
        let vectors = vectors.select(Axis(1), &kept);
        let over = |mut axes: Array2<f64>, divisor: fn(f64) -> f64| {
            for (mut axis, &squared) in axes.columns_mut().into_iter().zip(&squared) {
                axis /= divisor(squared);
            }
            axes
        };
        let (left, right) = if wide {
            let right = over(x.t().dot(&vectors), |squared| squared);
            (vectors, right)
        } else {
            let right = over(vectors, f64::sqrt);
            (x.dot(&right), right)
        };
        Self { squared, left, right }
    }

    /// What is left of each direction at `penalty`: `s² / (s² + λ)`.
    pub(super) fn kept(&self, penalty: f64) -> Vec<f64> {
        self.squared.iter().map(|squared| squared / (squared + penalty)).collect()
    }
}
