//! Linear centred kernel alignment: how alike two sets of vectors of the same objects are, whatever their dimensions.

use ndarray::{ArrayView2, Axis};

/// A centred linear kernel, `K = H X Xᵀ H` with `H` the centring matrix, at unit Frobenius norm.
#[derive(Debug, Clone, PartialEq)]
pub struct Kernel {
    n: usize,
    /// The lower triangle by rows; entries off the diagonal times √2, so that a dot product is that of whole matrices.
    packed: Vec<f32>,
}

impl Kernel {
    /// The kernel of `vectors`, `(n_objects, d)`; `None` where all vectors are the same.
    #[must_use]
    pub fn of(vectors: ArrayView2<'_, f32>) -> Option<Self> {
        let n = vectors.nrows();
        let mut x = vectors.mapv(f64::from);
        let mean = x.mean_axis(Axis(0))?;
        x -= &mean;
        let k = x.dot(&x.t());
        let norm = k.iter().map(|k| k * k).sum::<f64>().sqrt();
        // What centring leaves of equal vectors is rounding.
        let scale = vectors.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>();
        if norm.is_nan() || norm <= 1e-14 * scale {
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
    /// from 0 to 1. `None` where the other is of another number of objects.
    #[must_use]
    pub fn alignment(&self, other: &Self) -> Option<f64> {
        let products = self.packed.iter().zip(&other.packed).map(|(&a, &b)| f64::from(a) * f64::from(b));
        (self.n == other.n).then(|| products.sum::<f64>().clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;
    use crate::numeric::rng::Stream;

    #[test]
    fn turning_scaling_and_shifting_change_nothing() {
        let mut stream = Stream::new(0, "cka");
        let x = Array2::from_shape_fn((20, 2), |_| stream.normal() as f32);
        let y = x.dot(&array![[0.6, 0.8], [-0.8, 0.6]]) * 3.0 + 5.0;
        let aligned = Kernel::of(x.view()).unwrap().alignment(&Kernel::of(y.view()).unwrap()).unwrap();
        assert!((aligned - 1.0).abs() < 1e-6, "{aligned}");
    }

    #[test]
    fn equal_vectors_have_no_kernel_and_sizes_must_agree() {
        assert_eq!(Kernel::of(Array2::from_elem((4, 3), 0.1).view()), None);
        let kernel = |n: usize| Kernel::of(Array2::from_shape_fn((n, 1), |(i, _)| i as f32).view()).unwrap();
        assert_eq!(kernel(3).alignment(&kernel(4)), None);
    }
}
