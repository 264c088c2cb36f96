//! Linear centred kernel alignment: how alike two sets of vectors of the same objects are, whatever their dimensions.

use ndarray::{Array2, ArrayView2, Axis};

/// Which estimate of the alignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Estimate {
    /// Kernels without their diagonals, centred so that `⟨K, L⟩` is the unbiased estimate of HSIC (Song et al. 2012, eq. 5; the
    /// centring of Székely and Rizzo 2014): about 0 for vectors that share nothing, whatever their dimensions.
    Debiased,
    /// `K = H X Xᵀ H` with `H` the centring matrix (Kornblith et al. 2019). With more dimensions than objects it nears 1 for
    /// vectors that share nothing.
    Biased,
}

/// A centred linear kernel at unit Frobenius norm.
#[derive(Debug, Clone, PartialEq)]
pub struct Kernel {
    n: usize,
    /// The lower triangle by rows; entries off the diagonal times √2, so that a dot product is that of whole matrices.
    packed: Vec<f32>,
}

impl Kernel {
    /// The kernel of `vectors`, `(n_objects, d)`; `None` where all vectors are the same, and for the debiased estimate where they
    /// are fewer than four.
    #[must_use]
    pub fn of(vectors: ArrayView2<'_, f32>, estimate: Estimate) -> Option<Self> {
        let n = vectors.nrows();
        let mut x = vectors.mapv(f64::from);
        let mean = x.mean_axis(Axis(0))?;
        x -= &mean;
        let mut k = x.dot(&x.t());
        // What centring leaves of equal vectors is rounding.
        let scale = vectors.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>();
        let length = |k: &Array2<f64>| k.iter().map(|k| k * k).sum::<f64>().sqrt();
        let whole = length(&k);
        if whole.is_nan() || whole <= 1e-14 * scale {
            return None;
        }
        if estimate == Estimate::Debiased {
            if n < 4 {
                return None;
            }
            k.diag_mut().fill(0.0);
            let (rows, n) = (k.sum_axis(Axis(1)), n as f64);
            let all = rows.sum() / ((n - 1.0) * (n - 2.0));
            for ((i, j), k) in k.indexed_iter_mut() {
                *k = if i == j { 0.0 } else { *k - (rows[i] + rows[j]) / (n - 2.0) + all };
            }
        }
        let norm = length(&k);
        if norm <= 1e-14 * whole {
            return None;
        }
        let mut packed = Vec::with_capacity(n * (n + 1) / 2);
        for i in 0..n {
            packed.extend((0..i).map(|j| (k[[i, j]] / norm * std::f64::consts::SQRT_2) as f32));
            packed.push((k[[i, i]] / norm) as f32);
        }
        Some(Self { n, packed })
    }

    /// `⟨K, L⟩ / (‖K‖ ‖L‖)`, which is `‖YᵀX‖² / (‖XᵀX‖ ‖YᵀY‖)` of the centred vectors (Kornblith et al. 2019, eq. 3 and section 3):
    /// from 0 to 1. The debiased estimate may be below 0. `None` where the other is of another number of objects.
    #[must_use]
    pub fn alignment(&self, other: &Self) -> Option<f64> {
        let products = self.packed.iter().zip(&other.packed).map(|(&a, &b)| f64::from(a) * f64::from(b));
        (self.n == other.n).then(|| products.sum::<f64>().clamp(-1.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::numeric::rng::Stream;

    const BOTH: [Estimate; 2] = [Estimate::Debiased, Estimate::Biased];

    #[test]
    fn turning_scaling_and_shifting_change_nothing() {
        let mut stream = Stream::new(0, "cka");
        let x = Array2::from_shape_fn((20, 2), |_| stream.normal() as f32);
        let y = x.dot(&array![[0.6, 0.8], [-0.8, 0.6]]) * 3.0 + 5.0;
        for estimate in BOTH {
            let kernel = |x: &Array2<f32>| Kernel::of(x.view(), estimate).unwrap();
            let aligned = kernel(&x).alignment(&kernel(&y)).unwrap();
            assert!((aligned - 1.0).abs() < 1e-6, "{aligned}");
        }
    }

    #[test]
    fn noise_of_many_dimensions_is_not_aligned() {
        let mut stream = Stream::new(1, "cka");
        let mut kernels = |estimate| {
            let x = Array2::from_shape_fn((60, 300), |_| stream.normal() as f32);
            Kernel::of(x.view(), estimate).unwrap()
        };
        let mut aligned = |estimate| kernels(estimate).alignment(&kernels(estimate)).unwrap();
        assert!(aligned(Estimate::Biased) > 0.7);
        assert!(aligned(Estimate::Debiased).abs() < 0.1);
    }

    #[test]
    fn equal_vectors_have_no_kernel_and_sizes_must_agree() {
        for estimate in BOTH {
            assert_eq!(Kernel::of(Array2::from_elem((4, 3), 0.1).view(), estimate), None);
        }
        let kernel = |n: usize, estimate| {
            Kernel::of(Array2::from_shape_fn((n, 1), |(i, _)| (i * i) as f32).view(), estimate)
        };
        let four = kernel(4, Estimate::Biased).unwrap();
        assert_eq!(kernel(3, Estimate::Biased).unwrap().alignment(&four), None);
        assert!(kernel(3, Estimate::Debiased).is_none());
    }
}
