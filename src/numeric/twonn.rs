//! The intrinsic dimension of points by their two nearest neighbours (`TwoNN`; Facco, d'Errico, Rodriguez and Laio 2017, Estimating the
//! intrinsic dimension of datasets by a minimal neighborhood information, Scientific Reports 7, 12140).
//!
//! Of points whose density hardly changes within the reach of two neighbours, the ratio `μ = r₂/r₁` of the distances to the second and the first
//! neighbour has the distribution `P(μ ≤ x) = 1 − x^(−d)` whatever the density is, so that `−log(1 − P(μ)) = d log μ`: a line
//! through the origin whose slope is the dimension.
//!
//! The largest tenth of the ratios is left out, as in the paper: there the density changes within their reach. Points that are there
//! more than once count once, since a neighbour at distance 0 has no ratio. Distances are taken from differences, in f64.

use ndarray::ArrayView2;
use rayon::prelude::*;

use super::differences::add_squares;

/// The least points, each once, of which there is a dimension.
pub const LEAST: usize = 8;

/// An intrinsic dimension.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TwoNn {
    /// The slope of the line through the origin: `Σ log μ · y / Σ log² μ` with `y = −log(1 − i/N)` of the `i`th smallest of `N` ratios.
    pub dimension: f64,
    /// By maximum likelihood, where the largest tenth is known to be at least as large as the rest:
    /// `(k − 1) / (Σ log μ + (N − k) log μₖ)` with the `k` smallest of `N` ratios.
    pub likelihood: f64,
}

/// What was found of some points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    /// The dimension; `None` of fewer than [`LEAST`] different points, and where every point has its two neighbours at one distance.
    pub two_nn: Option<TwoNn>,
    /// How many points there are, each once.
    pub points: usize,
    /// How many copies of them were left out.
    pub copies: usize,
}

/// The intrinsic dimension of `points`, `(n, d)`.
#[must_use]
pub fn two_nn(points: ArrayView2<'_, f32>) -> Found {
    let all: Vec<Vec<f32>> = points.rows().into_iter().map(|row| row.to_vec()).collect();
    let mut order: Vec<usize> = (0..all.len()).collect();
    let by_value =
        |a: &usize, b: &usize| all[*a].iter().copied().map(key).cmp(all[*b].iter().copied().map(key));
    order.sort_unstable_by(|a, b| by_value(a, b).then(a.cmp(b)));
    order.dedup_by(|a, b| by_value(a, b).is_eq());
    order.sort_unstable();
    let found = Found { two_nn: None, points: order.len(), copies: all.len() - order.len() };
    if order.len() < LEAST {
        return found;
    }
    let rows: Vec<Vec<f64>> =
        order.iter().map(|&row| all[row].iter().map(|&x| f64::from(x)).collect()).collect();
    let mut logs: Vec<f64> = nearest_two(&rows).into_iter().map(Two::log_ratio).collect();
    logs.sort_unstable_by(f64::total_cmp);
    Found { two_nn: of_log_ratios(&logs), ..found }
}

/// A number by which equal values are equal, and 0 of either sign is 0.
fn key(value: f32) -> u32 {
    if value == 0.0 { 0 } else { value.to_bits() }
}

/// The squared distances of a point to its nearest two.
#[derive(Debug, Clone, Copy)]
struct Two([f64; 2]);

impl Two {
    const NONE: Self = Self([f64::INFINITY; 2]);

    fn add(&mut self, square: f64) {
        let Self([first, second]) = *self;
        if square < first {
            *self = Self([square, first]);
        } else if square < second {
            *self = Self([first, square]);
        }
    }

    /// `log r₂/r₁`: half of that of the squares. Two points that differ are never at distance 0 in f64.
    fn log_ratio(self) -> f64 {
        let Self([first, second]) = self;
        0.5 * (second / first).ln()
    }
}

/// The nearest two of each of `rows`. Each pair is measured once; which two are the least does not depend on their order.
fn nearest_two(rows: &[Vec<f64>]) -> Vec<Two> {
    let none = || vec![Two::NONE; rows.len()];
    let measured = (0..rows.len()).into_par_iter().fold(none, |mut found, at| {
        for other in at + 1..rows.len() {
            let mut square = 0.0;
            add_squares(&mut square, &rows[at], &rows[other]);
            found[at].add(square);
            found[other].add(square);
        }
        found
    });
    measured.reduce(none, |mut a, b| {
        for (a, Two(squares)) in a.iter_mut().zip(b) {
            for square in squares {
                a.add(square);
            }
        }
        a
    })
}

/// The dimension of ascending log ratios.
fn of_log_ratios(logs: &[f64]) -> Option<TwoNn> {
    let n = logs.len();
    // The largest tenth is left out, and at least the largest: its 1 − i/N is 0.
    let k = (n * 9 / 10).min(n - 1);
    let (mut products, mut squares, mut sum) = (0.0, 0.0, 0.0);
    for (i, log) in logs[..k].iter().enumerate() {
        let y = -(1.0 - (i + 1) as f64 / n as f64).ln();
        products += log * y;
        squares += log * log;
        sum += log;
    }
    let likelihood = (k - 1) as f64 / (sum + (n - k) as f64 * logs[k - 1]);
    let dimension = products / squares;
    (dimension.is_finite() && likelihood.is_finite()).then_some(TwoNn { dimension, likelihood })
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::numeric::rng::Stream;

    fn normals(n: usize, d: usize, in_dimensions: usize) -> Array2<f32> {
        let mut stream = Stream::new(3, "normals");
        let turn = Array2::from_shape_fn((d, in_dimensions), |_| stream.normal() as f32);
        Array2::from_shape_fn((n, d), |_| stream.normal() as f32).dot(&turn)
    }

    /// Numbers in [0, 1) with 24 bits of a linear congruential generator, which any language has.
    fn congruential(n: usize, d: usize) -> Array2<f32> {
        let mut state = 1_u64;
        Array2::from_shape_fn((n, d), |_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / 16_777_216.0
        })
    }

    #[test]
    fn the_line_is_that_of_scikit_dimension() {
        // scikit-dimension 0.5.0, TwoNN(discard_fraction=0.1); likelihoods by NumPy 2.4.
        for (n, d, dimension, likelihood) in [
            (200, 3, 3.064_679_327_040_611, 2.996_321_582_815_473_5),
            (60, 10, 9.246_497_462_906_738, 8.623_938_421_688_095),
            (8, 2, 1.920_297_277_468_107_3, 1.496_780_897_890_242),
        ] {
            let found = two_nn(congruential(n, d).view()).two_nn.unwrap();
            assert!((found.dimension - dimension).abs() < 1e-10, "{n}: {found:?}");
            assert!((found.likelihood - likelihood).abs() < 1e-10, "{n}: {found:?}");
        }
    }

    #[test]
    fn points_of_a_flat_have_its_dimension_wherever_it_lies() {
        for d in [1, 2, 5] {
            let found = two_nn(normals(2000, d, 40).view());
            let TwoNn { dimension, likelihood } = found.two_nn.unwrap();
            assert!((dimension / d as f64 - 1.0).abs() < 0.1, "{d}: {dimension}");
            assert!((likelihood / d as f64 - 1.0).abs() < 0.1, "{d}: {likelihood}");
        }
    }

    #[test]
    fn copies_count_once_and_are_counted() {
        let points = normals(60, 3, 11);
        let plain = two_nn(points.view());
        let rows: Vec<usize> = (0..60).chain([3, 3, 59]).collect();
        let mut copied = points.select(ndarray::Axis(0), &rows);
        let found = two_nn(copied.view());
        assert_eq!((found.two_nn, found.points, found.copies), (plain.two_nn, 60, 3));
        // 0 and −0 are one value.
        copied.column_mut(0).fill(0.0);
        let before = two_nn(copied.view());
        copied[[60, 0]] = -0.0;
        assert_eq!(two_nn(copied.view()), before);
    }

    #[test]
    fn what_has_no_dimension_has_none() {
        assert_eq!(two_nn(normals(7, 2, 2).view()).two_nn, None, "too few");
        // Every two points are at one distance.
        let corners = Array2::<f32>::eye(20);
        assert_eq!(two_nn(corners.view()), Found { two_nn: None, points: 20, copies: 0 });
        assert_eq!(two_nn(Array2::zeros((30, 2)).view()), Found { two_nn: None, points: 1, copies: 29 });
        assert_eq!(two_nn(Array2::zeros((0, 2)).view()).points, 0);
    }
}
