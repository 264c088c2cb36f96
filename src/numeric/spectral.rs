//! Bases of column spaces, and the leading eigenvectors of symmetric matrices.

use ndarray::{Array1, Array2, ArrayView2, Axis};

use super::linalg::{symmetric_eigen, symmetrise};
use super::rng::Stream;

/// Up to this size a matrix is decomposed whole.
const WHOLE: usize = 1024;
/// How often the leading space of a larger one is multiplied.
const ROUNDS: usize = 12;
/// Relative to its own length: less than this of a column is rounding.
const NOTHING: f64 = 1e-8;

/// An orthonormal basis `(n, rank)` of the columns of `x` `(n, k)`, by Gram and Schmidt, each step twice. What the columns before it leave
/// nothing of is left out.
#[must_use]
pub fn orthonormal(x: ArrayView2<'_, f64>) -> Array2<f64> {
    let mut basis: Vec<Array1<f64>> = Vec::new();
    for column in x.columns() {
        let length = column.dot(&column).sqrt();
        let mut left = column.to_owned();
        for _ in 0..2 {
            for other in &basis {
                let overlap = other.dot(&left);
                left.scaled_add(-overlap, other);
            }
        }
        let remains = left.dot(&left).sqrt();
        if remains > NOTHING * length {
            basis.push(left / remains);
        }
    }
    let mut all = Array2::zeros((x.nrows(), basis.len()));
    all.columns_mut().into_iter().zip(&basis).for_each(|(mut to, from)| to.assign(from));
    all
}

/// At most `most` eigenvalues of symmetric `a` `(n, n)`, those of the largest magnitude, and their eigenvectors in the columns. What is zero
/// but for rounding is left out. `None` where `a` is not finite.
#[must_use]
pub fn leading(a: ArrayView2<'_, f64>, most: usize) -> Option<(Vec<f64>, Array2<f64>)> {
    let n = a.nrows();
    let (values, vectors) = if n <= WHOLE.max(2 * most) {
        symmetric_eigen(a)?
    } else {
        let mut stream = Stream::new(0, "leading");
        let mut space = Array2::from_shape_simple_fn((n, most + 8), || stream.normal());
        for _ in 0..ROUNDS {
            space = orthonormal(a.dot(&space).view());
        }
        let mut within = space.t().dot(&a.dot(&space));
        symmetrise(&mut within);
        let (values, vectors) = symmetric_eigen(within.view())?;
        (values, space.dot(&vectors))
    };
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&i, &j| values[j].abs().total_cmp(&values[i].abs()));
    let largest = order.first().map_or(0.0, |&first| values[first].abs());
    order.retain(|&k| values[k].abs() > 1e-10 * largest);
    order.truncate(most);
    Some((order.iter().map(|&k| values[k]).collect(), vectors.select(Axis(1), &order)))
}

/// The symmetric matrix that eigenvalues and eigenvectors make, for tests.
#[cfg(test)]
fn product(values: &[f64], vectors: &Array2<f64>) -> Array2<f64> {
    let mut scaled = vectors.clone();
    scaled.columns_mut().into_iter().zip(values).for_each(|(mut column, value)| column *= *value);
    scaled.dot(&vectors.t())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn random(n: usize, k: usize, name: &str) -> Array2<f64> {
        let mut stream = Stream::new(1, name);
        Array2::from_shape_simple_fn((n, k), || stream.normal())
    }

    #[test]
    fn a_basis_spans_the_columns_and_is_as_large_as_their_rank() {
        let x = random(40, 3, "columns");
        let both = ndarray::concatenate![Axis(1), x, x.dot(&random(3, 2, "mixed")), Array2::zeros((40, 1))];
        let basis = orthonormal(both.view());
        assert_eq!(basis.dim(), (40, 3));
        let apart = basis.t().dot(&basis) - Array2::<f64>::eye(3);
        assert!(apart.iter().all(|x| x.abs() < 1e-12));
        let left = &both - &basis.dot(&basis.t().dot(&both));
        assert!(left.iter().all(|x| x.abs() < 1e-10));
    }

    #[test]
    fn leading_eigenvectors_of_large_and_small_matrices_make_what_they_are_of() {
        for n in [50, 1200] {
            let vectors = orthonormal(random(n, 4, "vectors").view());
            let values = [9.0, -5.0, 2.0, 0.5];
            let a = product(&values, &vectors);
            let (found, space) = leading(a.view(), 6).unwrap();
            assert_eq!(found.len(), 4);
            assert!(found.iter().zip(values).all(|(a, b)| (a - b).abs() < 1e-9), "{found:?}");
            let apart = (&product(&found, &space) - &a).iter().fold(0.0_f64, |most, x| most.max(x.abs()));
            assert!(apart < 1e-9, "{apart}");
        }
    }
}
