//! Metric multidimensional scaling to any number of dimensions.
//!
//! As [`super::mds`], by Guttman transforms (de Leeuw, 1977), but into many dimensions and from a random start, where every
//! dimension ends up with a share of the variance. The plane has its own loops.

use ndarray::{Array2, ArrayView2};

use super::mds::Stop;
use super::rng::Stream;

/// Points and how well they fit.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedding {
    /// `(n, n_dimensions)`, centred.
    pub points: Array2<f64>,
    /// Kruskal's stress-1, `√(Σ (δ − d)² / Σ δ²)`: 0 is perfect.
    pub stress: f64,
    /// How many Guttman transforms it took.
    pub iterations: usize,
}

/// Points in `dimensions` dimensions for symmetric `dissimilarities` `(n, n)` with zeros on the diagonal, from normal
/// deviates of `stream`.
#[must_use]
pub fn smacof(
    dissimilarities: ArrayView2<'_, f64>,
    dimensions: usize,
    stream: &mut Stream,
    stop: Stop,
) -> Embedding {
    let n = dissimilarities.nrows();
    let total: f64 = dissimilarities.iter().map(|d| d * d).sum();
    let mut points = Array2::from_shape_fn((n, dimensions), |_| stream.normal());
    let mut raw = f64::INFINITY;
    for iteration in 1..=stop.iterations.max(1) {
        let distances = euclidean(&points);
        let now = (&distances - &dissimilarities).mapv(|x| x * x).sum();
        if total == 0.0 || raw - now < stop.tolerance * now {
            return Embedding {
                points,
                stress: (now / total.max(f64::MIN_POSITIVE)).sqrt(),
                iterations: iteration,
            };
        }
        raw = now;
        // x ← Bx / n with b_ij = −δ_ij / d_ij and rows that sum to 0.
        let mut b = Array2::zeros((n, n));
        for i in 0..n {
            let mut sum = 0.0;
            for j in (0..n).filter(|&j| j != i) {
                let distance = distances[[i, j]];
                let ratio = if distance > 0.0 { dissimilarities[[i, j]] / distance } else { 0.0 };
                b[[i, j]] = -ratio;
                sum += ratio;
            }
            b[[i, i]] = sum;
        }
        points = b.dot(&points) / n as f64;
    }
    let now: f64 = (&euclidean(&points) - &dissimilarities).mapv(|x| x * x).sum();
    Embedding { points, stress: (now / total).sqrt(), iterations: stop.iterations }
}

/// Distances between the rows of `points`, `(n, n)`.
fn euclidean(points: &Array2<f64>) -> Array2<f64> {
    let gram = points.dot(&points.t());
    Array2::from_shape_fn(gram.dim(), |(i, j)| {
        if i == j { 0.0 } else { (gram[[i, i]] + gram[[j, j]] - 2.0 * gram[[i, j]]).max(0.0).sqrt() }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_of_points_are_found_again() {
        let mut stream = Stream::new(1, "points");
        let cloud = Array2::from_shape_fn((30, 4), |_| stream.normal());
        let delta = euclidean(&cloud);
        let stop = Stop { iterations: 2000, tolerance: 1e-9 };
        let found = smacof(delta.view(), 20, &mut stream, stop);
        assert!(found.stress < 1e-3, "{}", found.stress);
        assert!((euclidean(&found.points) - &delta).iter().all(|d| d.abs() < 0.02));
    }
}
