//! Neural distances as a matrix, for what needs all of them at once: maps, and comparisons of representations.

use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;

use super::distance::Neural;
use super::encode::Partners;
use crate::mlem::error::Result;
use crate::mlem::params::Distance;

/// Rows that are filled together.
const ROWS: usize = 64;
/// The most memory that a table of distances may take.
const MAX_TABLE: usize = 1 << 30;

/// The neural distances between the stimuli at `rows` of `activations` `(n_stimuli, d_model)`: a symmetric
/// `(rows.len(), rows.len())` matrix with zeros on its diagonal. Where a squared distance may be negative, so may the distance: it is
/// the root of its magnitude, with its sign.
///
/// # Errors
///
/// Activations that are not finite, or that the distance cannot be measured between.
pub fn dissimilarities(
    activations: ArrayView2<'_, f32>,
    rows: &[usize],
    distance: Distance,
) -> Result<Array2<f32>> {
    let neural = Neural::new(activations, rows, distance)?;
    let mut matrix = table(&neural, rows.len());
    if neural.unit() != 1.0 {
        matrix.mapv_inplace(|x| (f64::from(x) * neural.unit()) as f32);
    }
    Ok(matrix)
}

/// The distances of `n` stimuli in the unit of `neural`.
fn table(neural: &Neural, n: usize) -> Array2<f32> {
    let mut matrix = Array2::<f32>::zeros((n, n));
    if let Some(all) = matrix.as_slice_mut().filter(|all| !all.is_empty()) {
        all.par_chunks_mut(ROWS * n).enumerate().for_each(|(block, out)| {
            let first = block * ROWS;
            let height = out.len() / n;
            let mut gram = Vec::new();
            if neural.wants_gram() {
                neural.gram(first..first + height, 0..n, &mut gram);
            }
            let mut squared = Vec::with_capacity(n);
            for (k, line) in out.chunks_exact_mut(n).enumerate() {
                squared.clear();
                if neural.wants_gram() {
                    neural.append_from_gram(first + k, 0..n, &gram[k * n..(k + 1) * n], &mut squared);
                } else {
                    neural.append(first + k, &Partners::Range(0..n), &mut squared);
                }
                line.iter_mut().zip(&squared).for_each(|(out, &squared)| *out = signed_root(squared) as f32);
                line[first + k] = 0.0;
            }
        });
    }
    // The two halves may differ in the last digit; the upper one is taken for both, so that the matrix is symmetric.
    for i in 0..n {
        for j in 0..i {
            matrix[[i, j]] = matrix[[j, i]];
        }
    }
    matrix
}

/// The root of the magnitude of `squared`, with its sign.
fn signed_root(squared: f64) -> f64 {
    squared.abs().sqrt().copysign(squared)
}

impl Neural {
    /// The same as [`Neural::new`] with every distance in a table, where that takes no more than a GiB: for many orders of the
    /// same stimuli.
    pub(crate) fn tabulated(
        activations: ArrayView2<'_, f32>,
        order: &[usize],
        distance: Distance,
    ) -> Result<Self> {
        let n = order.len();
        if matches!(distance, Distance::Precomputed | Distance::Crossnobis) || 4 * n * n > MAX_TABLE {
            return Self::new(activations, order, distance);
        }
        let table = table(&Self::new(activations, order, distance)?, n);
        Ok(Self::of_table(table.into_raw_vec_and_offset().0, n))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_of_activations_does_not_count() {
        let activations = ndarray::array![[3.0_f32, 4.0], [0.0, 1.5], [-3.0, -4.25], [5.0, 0.0]];
        let order = [0, 1, 2, 3];
        for distance in [Distance::Euclidean, Distance::Manhattan, Distance::NormDiff, Distance::Precomputed]
        {
            let activations = match distance {
                Distance::Precomputed => {
                    dissimilarities(activations.view(), &order, Distance::Euclidean).unwrap()
                }
                _ => activations.clone(),
            };
            // What the ranks of a fit see: squared distances in f32, up to one factor.
            let seen = |exponent: i32| {
                let unit = 2.0_f64.powi(exponent) as f32;
                let scaled = activations.mapv(|x| x * unit);
                let neural = Neural::new(scaled.view(), &order, distance).unwrap();
                let mut squared = Vec::new();
                for i in order {
                    neural.append(i, &Partners::Range(0..4), &mut squared);
                }
                let largest = squared.iter().copied().fold(0.0, f64::max);
                assert!(largest < 1e30 && largest > 1e-30, "{distance:?} {exponent}");
                squared.into_iter().map(|x| (x / largest) as f32).collect::<Vec<_>>()
            };
            for exponent in [-110, -70, 60, 110] {
                assert_eq!(seen(exponent), seen(0), "{distance:?} {exponent}");
            }
            let scaled = activations.mapv(|x| x * 1e20);
            let far = dissimilarities(scaled.view(), &order, distance).unwrap();
            let near = dissimilarities(activations.view(), &order, distance).unwrap();
            assert!((far[[0, 2]] / near[[0, 2]] / 1e20 - 1.0).abs() < 1e-5 || near[[0, 2]] == 0.0);
        }
    }

    #[test]
    fn every_distance_is_what_its_formula_says() {
        let activations = ndarray::array![[3.0_f32, 4.0], [0.0, 1.0], [-3.0, -4.0], [5.0, 0.0]];
        let rows = [3, 0, 2];
        let of = |distance| dissimilarities(activations.view(), &rows, distance).unwrap();
        let near = |a: f32, b: f32| assert!((a - b).abs() < 1e-6, "{a} {b}");
        near(of(Distance::Euclidean)[[1, 2]], 10.0);
        near(of(Distance::Manhattan)[[0, 1]], 6.0);
        near(of(Distance::Cosine)[[1, 2]], 2.0);
        near(of(Distance::NormDiff)[[0, 1]], 0.0);
        let wide = ndarray::array![[1.0_f32, 2.0, 4.0], [2.0, 4.0, 8.0], [4.0, 2.0, 1.0]];
        let correlation = dissimilarities(wide.view(), &[0, 1, 2], Distance::Correlation).unwrap();
        near(correlation[[0, 1]], 0.0);
        // r = −13 / 14.
        near(correlation[[1, 2]], 1.0 + 13.0 / 14.0);
        let refused = dissimilarities(
            ndarray::array![[1.0_f32, 2.0], [0.3, 0.3]].view(),
            &[0, 1],
            Distance::Correlation,
        );
        assert!(refused.unwrap_err().to_string().contains("stimulus 1 is 2 times the same number"));
        for distance in [Distance::Euclidean, Distance::Manhattan, Distance::Cosine] {
            let matrix = of(distance);
            assert_eq!(matrix, matrix.t());
            assert!((0..3).all(|i| matrix[[i, i]] == 0.0));
        }
        let precomputed =
            dissimilarities(of(Distance::Manhattan).view(), &[2, 0], Distance::Precomputed).unwrap();
        near(precomputed[[0, 1]], of(Distance::Manhattan)[[0, 2]]);
    }
}
