//! Least-squares concept erasure (LEACE; Belrose et al. 2023): the affine map that changes vectors least and leaves nothing of a concept
//! that a linear function of them could tell.
//!
//! ```text
//! x ↦ x − W⁺ U Uᵀ W (x − μ),    W = Σₓₓ^−½,    U an orthonormal basis of the columns of W Σₓz
//! ```
//!
//! After it, no vector of the sample covaries with the concept `z`: of a one-hot `z` all classes have the same mean. The map is closed form;
//! whichever `W` that has an inverse is taken, nothing covaries any more, and `Σₓₓ^−½` is the one that moves vectors least.

use ndarray::{Array1, Array2, ArrayView2, Axis};

use super::linalg::symmetric_eigen;
use super::rng::Stream;

/// Singular values of less than this share of the largest are rounding.
const LEAST: f64 = 1e-9;

/// How far the covariance is shrunk towards a multiple of the identity, before its root is taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shrinkage {
    /// As far as Ledoit and Wolf (2004) have it, between 0 and 1.
    LedoitWolf,
    /// By this share, from 0 (not at all) to 1.
    By(f64),
}

/// An eraser: `x ↦ x − left (right (x − mean))`.
#[derive(Debug, Clone)]
pub struct Eraser {
    /// `(d,)`.
    pub mean: Array1<f64>,
    /// `(d, rank)`.
    pub left: Array2<f64>,
    /// `(rank, d)`.
    pub right: Array2<f64>,
    /// The singular values of `W Σₓz` that were kept, the largest first.
    pub singular: Vec<f64>,
    /// By how much the covariance was shrunk.
    pub shrinkage: f64,
}

/// A sample's mean, and the roots of its covariance.
#[derive(Debug, Clone)]
pub struct Whitener {
    mean: Array1<f64>,
    /// `(n, d)`, of mean 0.
    centred: Array2<f64>,
    /// `Σ^−½` and `Σ^½`, `(d, d)`.
    roots: [Array2<f64>; 2],
    shrinkage: f64,
}

impl Whitener {
    /// That of `x`, `(n, d)`; `None` where nothing varies, or a number is not finite.
    #[must_use]
    pub fn new(x: ArrayView2<'_, f64>, shrinkage: Shrinkage) -> Option<Self> {
        let (n, d) = x.dim();
        let mean = x.mean_axis(Axis(0))?;
        let centred = &x - &mean;
        let mut covariance = centred.t().dot(&centred) / n as f64;
        let average = covariance.diag().sum() / d as f64;
        if !(average > 0.0 && average.is_finite()) {
            return None;
        }
        let shrinkage = match shrinkage {
            Shrinkage::By(share) => share.clamp(0.0, 1.0),
            Shrinkage::LedoitWolf => ledoit_wolf(&centred, &covariance, average),
        };
        covariance *= 1.0 - shrinkage;
        covariance.diag_mut().iter_mut().for_each(|x| *x += shrinkage * average);
        let (values, vectors) = symmetric_eigen(covariance.view())?;
        // As NumPy's and PyTorch's pseudo-inverse has it.
        let least = values.last()? * d as f64 * f64::EPSILON;
        let root = |power: f64| {
            let factors = values.iter().map(|&value| if value > least { value.powf(power) } else { 0.0 });
            let scaled = &vectors * &factors.collect::<Array1<f64>>();
            scaled.dot(&vectors.t())
        };
        let roots = [root(-0.5), root(0.5)];
        Some(Self { mean, centred, roots, shrinkage })
    }

    /// What erases `z`, `(n, k)`, from the sample; of rank 0 where nothing covaries.
    #[must_use]
    pub fn eraser(&self, z: ArrayView2<'_, f64>) -> Option<Eraser> {
        let n = self.centred.nrows() as f64;
        let z = &z - &z.mean_axis(Axis(0))?;
        // (d, k)
        let whitened = self.roots[0].dot(&(self.centred.t().dot(&z) / n));
        let (values, vectors) = symmetric_eigen(whitened.t().dot(&whitened).view())?;
        let largest = values.last().copied().unwrap_or(0.0).max(0.0).sqrt();
        // Of white noise nothing is left to erase: what covaries by rounding alone.
        let smallest = LEAST.max(f64::EPSILON * n);
        let kept: Vec<usize> = (0..values.len())
            .rev()
            .filter(|&k| largest > smallest && values[k].max(0.0).sqrt() > LEAST.sqrt() * largest)
            .collect();
        let singular: Vec<f64> = kept.iter().map(|&k| values[k].sqrt()).collect();
        let mut basis = whitened.dot(&vectors.select(Axis(1), &kept));
        orthonormal(&mut basis);
        Some(self.along(&basis, singular))
    }

    /// What erases `rank` random directions of the whitened sample: a control.
    #[must_use]
    pub fn control(&self, rank: usize, stream: &mut Stream) -> Eraser {
        let d = self.mean.len();
        let drawn = Array2::from_shape_simple_fn((d, rank.min(d)), || stream.normal());
        // Within the space in which the sample varies.
        let mut basis = self.roots[1].dot(&self.roots[0].dot(&drawn));
        orthonormal(&mut basis);
        self.along(&basis, Vec::new())
    }

    fn along(&self, basis: &Array2<f64>, singular: Vec<f64>) -> Eraser {
        Eraser {
            mean: self.mean.clone(),
            left: self.roots[1].dot(basis),
            right: basis.t().dot(&self.roots[0]),
            singular,
            shrinkage: self.shrinkage,
        }
    }
}

/// Makes the columns orthonormal, one after another, twice over so that rounding does not part them.
fn orthonormal(basis: &mut Array2<f64>) {
    for at in 0..basis.ncols() {
        for _ in 0..2 {
            for before in 0..at {
                let other = basis.column(before).to_owned();
                let along = other.dot(&basis.column(at));
                basis.column_mut(at).scaled_add(-along, &other);
            }
        }
        let length = basis.column(at).dot(&basis.column(at)).sqrt();
        if length > 0.0 {
            basis.column_mut(at).mapv_inplace(|x| x / length);
        }
    }
}

/// Ledoit and Wolf's intensity, of rows of mean 0 whose covariance has `average` on its diagonal.
fn ledoit_wolf(centred: &Array2<f64>, covariance: &Array2<f64>, average: f64) -> f64 {
    let (n, d) = (centred.nrows() as f64, centred.ncols() as f64);
    let squared = covariance.iter().map(|x| x * x).sum::<f64>();
    let spread = squared - d * average * average;
    let fourth: f64 = centred.rows().into_iter().map(|row| row.dot(&row).powi(2)).sum();
    let error = (fourth / n - squared) / n;
    if spread <= 0.0 || error <= 0.0 { 0.0 } else { (error / spread).min(1.0) }
}

impl Eraser {
    /// How many directions it erases.
    #[must_use]
    pub fn rank(&self) -> usize {
        self.right.nrows()
    }

    /// Erases from each row of `rows`, `(n, d)` flat, where it stands.
    pub fn apply(&self, rows: &mut [f32]) {
        let d = self.mean.len();
        let mut along = vec![0.0; self.rank()];
        for row in rows.chunks_exact_mut(d) {
            for (along, right) in along.iter_mut().zip(self.right.rows()) {
                *along = right
                    .iter()
                    .zip(row.iter())
                    .zip(&self.mean)
                    .map(|((r, &x), m)| r * (f64::from(x) - m))
                    .sum();
            }
            for (x, left) in row.iter_mut().zip(self.left.rows()) {
                let erased: f64 = left.iter().zip(&along).map(|(left, along)| left * along).sum();
                *x = (f64::from(*x) - erased) as f32;
            }
        }
    }

    /// The same of an array, in double precision.
    #[must_use]
    pub fn erased(&self, x: ArrayView2<'_, f64>) -> Array2<f64> {
        let along = (&x - &self.mean).dot(&self.right.t());
        &x - &along.dot(&self.left.t())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// X of case G: `numpy.random.default_rng(0).normal(size=(30, 4)) * [1, 2, 3, 4]` with (1, 0, 2, 0) added in class 1 and (0, −1, 0, 3) in
    /// class 2, where a row's class is its number modulo 3; nine decimals.
    const X: &str = include_str!("leace_x.txt");

    fn sample() -> (Array2<f64>, Array2<f64>) {
        let values: Vec<f64> = X.split_whitespace().map(|value| value.parse().unwrap()).collect();
        let x = Array2::from_shape_vec((30, 4), values).unwrap();
        let z = Array2::from_shape_fn((30, 3), |(row, class)| f64::from(u8::from(row % 3 == class)));
        (x, z)
    }

    fn near(found: impl IntoIterator<Item = f64>, expected: &[f64], bound: f64) {
        for (found, expected) in found.into_iter().zip(expected) {
            assert!((found - expected).abs() < bound * expected.abs().max(1.0), "{found} {expected}");
        }
    }

    /// The rows of `I − left right`.
    fn projection(eraser: &Eraser) -> Array2<f64> {
        Array2::<f64>::eye(4) - eraser.left.dot(&eraser.right)
    }

    #[test]
    fn erasers_are_those_of_concept_erasure() {
        // concept-erasure 0.2.4, in float64: LeaceFitter without shrinkage, with its own (.8339702354 of the covariance kept), and with none of it,
        // which is the orthogonal one.
        let (x, z) = sample();
        let of = |share| Whitener::new(x.view(), Shrinkage::By(share)).unwrap().eraser(z.view()).unwrap();
        for (share, first, moved) in [
            (0.0, [0.566_648_592_3, -0.136_588_771_6, -0.019_460_260_97, -0.087_790_079_71], 560.252_938_6),
            (
                1.0 - 0.833_970_235_4,
                [0.774_489_629_5, -0.141_498_075_6, -0.063_798_555_31, -0.113_573_018_9],
                632.192_387,
            ),
            (1.0, [0.951_637_385, -0.097_795_296_18, -0.141_009_752_2, -0.128_747_824_6], 838.123_873),
        ] {
            let eraser = of(share);
            assert_eq!(eraser.rank(), 2);
            near(projection(&eraser).row(0).to_vec(), &first, 1e-6);
            let after = eraser.erased(x.view());
            near([(&after - &x).mapv(|x| x * x).sum()], &[moved], 1e-6);
            // No class has a mean of its own.
            let covariance = (&after - &after.mean_axis(Axis(0)).unwrap()).t().dot(&z);
            assert!(covariance.iter().all(|x| x.abs() < 1e-10), "{covariance}");
        }
        let eraser = of(0.0);
        near(
            projection(&eraser).row(3).to_vec(),
            &[-2.318_060_084, 0.195_617_603_3, 0.378_547_790_8, 0.307_562_756_4],
            1e-6,
        );
        near(
            eraser.erased(x.view()).row(0).to_vec(),
            &[0.291_330_288_2, -0.568_243_947_9, 1.821_742_513, 1.983_575_546],
            1e-6,
        );
        // It divides the covariance by n − 1, not n.
        let scale = (30f64 / 29.0).sqrt();
        near(eraser.singular.iter().map(|s| s * scale), &[0.451_010_581, 0.356_379_153_8], 1e-6);
        near([projection(&eraser).diag().sum()], &[2.0], 1e-9);
        let mut rows: Vec<f32> = x.iter().map(|&x| x as f32).collect();
        eraser.apply(&mut rows);
        near(
            rows[..4].iter().map(|&x| f64::from(x)),
            &[0.291_330_288_2, -0.568_243_947_9, 1.821_742_513, 1.983_575_546],
            1e-5,
        );
    }

    #[test]
    fn erasing_twice_is_erasing_once_and_a_control_leaves_the_concept() {
        let (x, z) = sample();
        let whitener = Whitener::new(x.view(), Shrinkage::LedoitWolf).unwrap();
        let eraser = whitener.eraser(z.view()).unwrap();
        assert!((0.0..=1.0).contains(&eraser.shrinkage));
        let once = eraser.erased(x.view());
        let twice = eraser.erased(once.view());
        assert!((&once - &twice).iter().all(|x| x.abs() < 1e-10));
        let control = whitener.control(eraser.rank(), &mut Stream::new(1, "control"));
        let after = control.erased(x.view());
        let left = (&after - &after.mean_axis(Axis(0)).unwrap()).t().dot(&z);
        assert!(control.rank() == 2 && left.iter().any(|x| x.abs() > 1.0), "{left}");
    }

    #[test]
    fn what_does_not_vary_or_covary_is_left_as_it_is() {
        let constant = Array2::<f64>::ones((10, 3));
        assert!(Whitener::new(constant.view(), Shrinkage::LedoitWolf).is_none());
        let (x, _) = sample();
        let whitener = Whitener::new(x.view(), Shrinkage::By(0.0)).unwrap();
        let eraser = whitener.eraser(Array2::ones((30, 1)).view()).unwrap();
        assert_eq!(eraser.rank(), 0);
        assert_eq!(eraser.erased(x.view()), x);
        // More units than vectors: none of them covaries afterwards either.
        let wide = Array2::from_shape_fn((6, 20), |(i, j)| ((i * 37 + j * 11) % 17) as f64);
        let z = Array2::from_shape_fn((6, 1), |(i, _)| (i % 2) as f64);
        for shrinkage in [Shrinkage::LedoitWolf, Shrinkage::By(0.0)] {
            let after =
                Whitener::new(wide.view(), shrinkage).unwrap().eraser(z.view()).unwrap().erased(wide.view());
            let left = (&after - &after.mean_axis(Axis(0)).unwrap()).t().dot(&z);
            assert!(left.iter().all(|x| x.abs() < 1e-8), "{shrinkage:?} {left}");
        }
    }
}
