//! Covariances of few observations, shrunk towards a multiple of the identity, and what whitens by them.

use ndarray::{Array2, ArrayView1, ArrayView2, Axis};

use super::linalg::symmetric_eigen;

/// Directions with less than this share of the largest variance carry rounding alone.
const SINGULAR: f64 = 1e-12;

/// A covariance `Σ = (1 − δ) S + δ μ I`, by the axes of `S`.
#[derive(Debug, Clone)]
pub struct Shrunk {
    /// `δ`, from 0 (none) to 1 (a multiple of the identity).
    pub shrinkage: f64,
    /// `δ μ`: the variance of what has none in the observations.
    floor: f64,
    /// `(1 − δ)` times the variances of `S`, those that are not rounding.
    variances: Vec<f64>,
    /// The axes of `S`, `(n_units, n_axes)`.
    axes: Array2<f64>,
}

impl Shrunk {
    /// The covariance of `residuals` `(n_observations, n_units)`, of mean 0, with sums of squares divided by `degrees`, shrunk as far as
    /// Ledoit and Wolf have it (A well-conditioned estimator for large-dimensional covariance matrices, Journal of Multivariate Analysis
    /// 88, 2004; scikit-learn's `ledoit_wolf` with `assume_centered`). `None` where nothing varies, or a number is not finite.
    #[must_use]
    pub fn ledoit_wolf(residuals: ArrayView2<'_, f64>, degrees: f64) -> Option<Self> {
        let (n_rows, d) = residuals.dim();
        let (n, p) = (n_rows as f64, d as f64);
        let wide = d > n_rows;
        // The smaller of the two products has the same variances.
        let products = if wide { residuals.dot(&residuals.t()) } else { residuals.t().dot(&residuals) };
        let total: f64 = residuals.iter().map(|x| x * x).sum();
        if !(total > 0.0 && total.is_finite() && degrees > 0.0) {
            return None;
        }
        let mean = total / n / p;
        let squared = products.iter().map(|x| x * x).sum::<f64>() / (n * n);
        let fourth: f64 = residuals.rows().into_iter().map(|row| row.dot(&row).powi(2)).sum();
        let spread = (squared - p * mean * mean) / p;
        let error = ((fourth / n - squared) / (p * n)).min(spread);
        let shrinkage = if error <= 0.0 || spread <= 0.0 { 0.0 } else { error / spread };
        let (values, vectors) = symmetric_eigen(products.view())?;
        let largest = values.last().copied().unwrap_or(0.0);
        let kept: Vec<usize> = (0..values.len()).filter(|&k| values[k] > SINGULAR * largest).collect();
        let mut axes = vectors.select(Axis(1), &kept);
        if wide {
            axes = residuals.t().dot(&axes);
            for (mut axis, &k) in axes.columns_mut().into_iter().zip(&kept) {
                axis /= values[k].sqrt();
            }
        }
        // A unit that does not vary is on no axis, to the last digit: it may be very large.
        for (mut loadings, unit) in axes.rows_mut().into_iter().zip(residuals.columns()) {
            if unit.iter().all(|&x| x == 0.0) {
                loadings.fill(0.0);
            }
        }
        Some(Self {
            shrinkage,
            floor: shrinkage * mean * n / degrees,
            variances: kept.iter().map(|&k| (1.0 - shrinkage) * values[k] / degrees).collect(),
            axes,
        })
    }

    /// Whether it has an inverse.
    #[must_use]
    pub fn is_definite(&self) -> bool {
        let largest = self.variances.last().copied().unwrap_or(0.0) + self.floor;
        self.floor > SINGULAR * largest || self.variances.len() == self.axes.nrows()
    }

    /// The covariance itself, `(n_units, n_units)`.
    #[must_use]
    pub fn matrix(&self) -> Array2<f64> {
        let scaled = &self.axes * &ArrayView1::from(&self.variances);
        let mut matrix = scaled.dot(&self.axes.t());
        matrix.diag_mut().iter_mut().for_each(|x| *x += self.floor);
        matrix
    }

    /// `x Σ^−½` for the rows of `x` `(n, n_units)`: their squared Euclidean distances are `(x − y)' Σ⁻¹ (x − y)`.
    #[must_use]
    pub fn whiten(&self, x: ArrayView2<'_, f64>) -> Array2<f64> {
        let along = x.dot(&self.axes);
        // Beyond the axes there is the floor alone; where they are all there is, there is nothing beyond.
        let whole = self.variances.len() == self.axes.nrows();
        let rest = if whole { 0.0 } else { 1.0 / self.floor.sqrt() };
        let factors: Vec<f64> =
            self.variances.iter().map(|variance| 1.0 / (variance + self.floor).sqrt() - rest).collect();
        (&along * &ArrayView1::from(&factors)).dot(&self.axes.t()) + x.mapv(|x| x * rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `numpy.random.default_rng(0).normal(size=(12, 5)) * [1, 2, 3, 4, 5] + 3`, nine decimals.
    const Y: &str = "3.125730221 2.735790273 4.921267951 3.419600469 0.321653134 \
         3.361595055 5.608000090 5.841242889 0.185059057 -3.327107355 \
         2.376725537 3.082651959 -3.975092324 2.124833344 -3.229554736 \
         2.267732645 1.911482034 2.051099531 4.646522145 8.212566847 \
         2.871465337 5.732926941 1.004415980 4.406040280 7.517350908 \
         3.094012298 1.513001501 0.234823871 1.169096697 4.100975617 \
         1.990381816 2.581648850 2.522324970 5.163382339 4.073295613 \
         3.355372709 1.692342781 2.611159099 6.135901880 10.467155726 \
         1.740934468 6.027847549 7.037626271 6.125245603 4.322278152 \
         2.686077185 5.916041367 8.880774949 10.206539479 9.575518824 \
         3.357380411 0.583362735 2.986637601 5.625899740 -3.441807319 \
         3.395122060 3.859727390 5.088128172 -1.736471867 -0.308512860";
    /// `numpy.random.default_rng(0).normal(size=(6, 10))`, nine decimals.
    const WIDE: &str = "0.125730221 -0.132104863 0.640422650 0.104900117 -0.535669373 0.361595055 1.304000045 0.947080963 -0.703735236 -1.265421471 \
         -0.623274463 0.041325979 -2.325030775 -0.218791664 -1.245910947 -0.732267355 -0.544258983 -0.316300156 0.411630536 1.042513369 \
         -0.128534663 1.366463471 -0.665194673 0.351510070 0.903470182 0.094012298 -0.743499249 -0.921725376 -0.457725826 0.220195123 \
         -1.009618184 -0.209175575 -0.159225010 0.540845585 0.214659123 0.355372709 -0.653828609 -0.129613634 0.783975470 1.493431145 \
         -1.259065532 1.513923775 1.345875424 0.781311401 0.264455630 -0.313922815 1.458020684 1.960258316 1.801634870 1.315103765 \
         0.357380411 -1.208318632 -0.004454133 0.656474935 -1.288361464 0.395122060 0.429863695 0.696042724 -1.184117967 -0.661702572";

    fn centred(numbers: &str, d: usize) -> Array2<f64> {
        let numbers: Vec<f64> = numbers.split_whitespace().map(|number| number.parse().unwrap()).collect();
        let x = Array2::from_shape_vec((numbers.len() / d, d), numbers).unwrap();
        &x - &x.mean_axis(Axis(0)).unwrap()
    }

    #[test]
    fn it_is_shrunk_as_scikit_learn_has_it() {
        // scikit-learn 1.9.1, of the numbers with all their digits.
        let y = Shrunk::ledoit_wolf(centred(Y, 5).view(), 12.0).unwrap();
        assert!((y.shrinkage - 0.346_533_058_7).abs() < 1e-6, "{}", y.shrinkage);
        let matrix = y.matrix();
        let first = [3.514_330_059, -0.168_296_324_1, 0.064_106_404_22, -0.430_493_113_8, -0.454_813_211_7];
        for (found, expected) in matrix.row(0).iter().zip(first) {
            assert!((found - expected).abs() < 1e-5, "{found} {expected}");
        }
        assert!((matrix[[4, 4]] - 19.032_457_1).abs() < 1e-4);
        let wide = Shrunk::ledoit_wolf(centred(WIDE, 10).view(), 6.0).unwrap();
        assert!((wide.shrinkage - 0.591_427_409_1).abs() < 1e-6, "{}", wide.shrinkage);
        assert!((wide.matrix()[[0, 0]] - 0.573_796_788_1).abs() < 1e-6);
    }

    #[test]
    fn whitened_distances_are_those_of_the_inverse() {
        let (tall, wide) = (centred(Y, 5), centred(WIDE, 10));
        for (x, degrees) in [(&tall, 11.0), (&wide, 5.0)] {
            let shrunk = Shrunk::ledoit_wolf(x.view(), degrees).unwrap();
            assert!(shrunk.is_definite());
            let white = shrunk.whiten(x.view());
            let sigma = shrunk.matrix();
            let factor = crate::numeric::linalg::Cholesky::new(sigma.view()).unwrap();
            for i in 0..x.nrows() {
                for j in 0..i {
                    let difference = (&x.row(i) - &x.row(j)).to_vec();
                    let mut solved = difference.clone();
                    factor.solve(&mut solved);
                    let expected: f64 = difference.iter().zip(&solved).map(|(a, b)| a * b).sum();
                    let found = (&white.row(i) - &white.row(j)).mapv(|x| x * x).sum();
                    assert!((found - expected).abs() < 1e-9 * expected, "{found} {expected}");
                }
            }
        }
        // Twice the degrees of freedom are half the variance, and as much shrinkage.
        let (one, two) = (Shrunk::ledoit_wolf(tall.view(), 6.0), Shrunk::ledoit_wolf(tall.view(), 12.0));
        let (one, two) = (one.unwrap(), two.unwrap());
        assert!((one.matrix() - 2.0 * two.matrix()).iter().all(|x| x.abs() < 1e-9));
        assert!((one.shrinkage - two.shrinkage).abs() < 1e-15);
    }

    #[test]
    fn what_does_not_vary_has_no_covariance() {
        assert!(Shrunk::ledoit_wolf(Array2::zeros((4, 3)).view(), 3.0).is_none());
        let one = Array2::from_shape_fn((4, 1), |(i, _)| [1.0, -1.0, 2.0, -2.0][i]);
        let shrunk = Shrunk::ledoit_wolf(one.view(), 4.0).unwrap();
        assert!((shrunk.matrix()[[0, 0]] - 2.5).abs() < 1e-12 && shrunk.is_definite());
    }
}
