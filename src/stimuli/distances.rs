//! A feature that is given as its distances: what has no value per stimulus, such as how far two trees are apart.

use std::sync::Arc;

use ndarray::ArrayView2;

/// Relative to the largest distance: what programs that work in f32 leave where it should be zero.
const ROUNDING: f32 = 1e-5;
/// The same of distances that are square roots: what was 10⁻⁶ of the largest square is 10⁻³ of the largest distance.
const ROOT: f32 = 1e-3;

/// Symmetric distances between stimuli, `(n_stimuli, n_stimuli)`, zero on the diagonal; a gap is missing.
#[derive(Debug, Clone, PartialEq)]
pub struct Distances {
    n: usize,
    /// Row-major; NaN where missing.
    values: Arc<[f32]>,
    largest: f32,
}

impl Distances {
    /// Takes `matrix` `(n_stimuli, n_stimuli)`, where NaN is missing; `Err` says why it is none of distances.
    pub(super) fn new(matrix: ArrayView2<'_, f32>) -> Result<Self, String> {
        let (values, largest) = Self::clean(matrix)?;
        Ok(Self { n: matrix.nrows(), values: values.into(), largest })
    }

    /// The distances of `matrix` `(n_stimuli, n_stimuli)` row by row, where NaN is missing, and the largest of them. What is of the
    /// size of rounding on the diagonal or below zero is zero, and both halves are the upper one. `Err` says why it is none of
    /// distances.
    pub(crate) fn clean(matrix: ArrayView2<'_, f32>) -> Result<(Vec<f32>, f32), String> {
        let n = matrix.nrows();
        if matrix.ncols() != n {
            return Err(format!("{n} rows and {} columns", matrix.ncols()));
        }
        // `max` passes over what is missing.
        let largest = matrix.iter().copied().filter(|x| x.is_finite()).fold(0.0, f32::max);
        let mut values: Vec<f32> = matrix.iter().copied().collect();
        let squared = |x: f32| f64::from(x).powi(2);
        for i in 0..n {
            let own = matrix[[i, i]];
            if own.is_nan() {
                return Err(format!("the diagonal is NaN at stimulus {i}, where a distance to itself is 0"));
            }
            if own.abs() > ROOT * largest {
                return Err(format!("stimulus {i} is {own} from itself"));
            }
            values[i * n + i] = 0.0;
            for j in 0..i {
                let (here, there) = (matrix[[i, j]], matrix[[j, i]]);
                if here < -ROUNDING * largest || here.is_infinite() {
                    return Err(format!("stimuli {j} and {i} are {here} apart"));
                }
                let near = (here - there).abs() <= ROUNDING * here.max(there)
                    || (squared(here) - squared(there)).abs() <= squared(ROOT * largest);
                let missing = here.is_nan() && there.is_nan();
                if !(near || missing) {
                    return Err(format!("stimulus {j} is {there} from {i}, but {here} the other way"));
                }
                let distance = if there < 0.0 { 0.0 } else { there };
                (values[i * n + j], values[j * n + i]) = (distance, distance);
            }
        }
        Ok((values, largest))
    }

    /// How many stimuli they are between.
    #[must_use]
    pub fn n_stimuli(&self) -> usize {
        self.n
    }

    /// The distance of stimuli `i` and `j`; `None` where it is missing.
    #[must_use]
    pub fn get(&self, i: usize, j: usize) -> Option<f64> {
        Some(f64::from(self.row(i)[j])).filter(|distance| !distance.is_nan())
    }

    /// The distances of stimulus `i` to all; NaN where missing.
    #[must_use]
    pub fn row(&self, i: usize) -> &[f32] {
        &self.values[i * self.n..(i + 1) * self.n]
    }

    /// The largest of them: their unit, as the range is that of a number.
    #[must_use]
    pub fn largest(&self) -> f64 {
        f64::from(self.largest)
    }

    /// Every distance as bytes.
    pub(super) fn bytes(&self) -> impl Iterator<Item = [u8; 4]> + '_ {
        self.values.iter().map(|distance| distance.to_le_bytes())
    }

    /// Those of all pairs of two stimuli that are not missing.
    fn present(&self) -> impl Iterator<Item = f64> + '_ {
        (0..self.n).flat_map(move |i| (0..i).filter_map(move |j| self.get(i, j)))
    }

    /// The first of them.
    pub(super) fn first(&self) -> Option<f64> {
        self.present().next()
    }

    /// Whether two pairs of stimuli are differently far apart.
    pub(super) fn vary(&self) -> bool {
        let mut all = self.present();
        all.next().is_some_and(|first| all.any(|distance| distance != first))
    }

    /// Between the stimuli at `rows`, in that order.
    pub(super) fn select(&self, rows: &[usize]) -> Self {
        let values: Arc<[f32]> =
            rows.iter().flat_map(|&i| rows.iter().map(move |&j| self.row(i)[j])).collect();
        // `max` passes over what is missing.
        let largest = values.iter().copied().fold(0.0, f32::max);
        Self { n: rows.len(), values, largest }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    /// Distances of points on a line, the largest 4.
    fn matrix() -> Array2<f32> {
        Array2::from_shape_fn((5, 5), |(i, j)| i.abs_diff(j) as f32)
    }

    #[test]
    fn what_is_of_the_size_of_rounding_is_zero() {
        for scale in [1e-20_f32, 1.0, 1e15] {
            let mut given = matrix() * scale;
            given[[2, 2]] = 1e-7 * scale;
            given[[3, 3]] = -2e-16 * scale;
            given[[4, 4]] = 2e-3 * scale;
            (given[[0, 1]], given[[1, 0]]) = (-1e-6 * scale, -1e-6 * scale);
            (given[[0, 2]], given[[2, 0]]) = (1e-4 * scale, 0.0);
            given[[1, 3]] *= 1.0 + 2e-6;
            let (clean, largest) = Distances::clean(given.view()).unwrap();
            assert_eq!(largest, 4.0 * scale);
            assert!(
                (0..5)
                    .all(|i| clean[i * 5 + i] == 0.0 && (0..5).all(|j| clean[i * 5 + j] == clean[j * 5 + i]))
            );
            assert_eq!((clean[1], clean[2], clean[8]), (0.0, 1e-4 * scale, given[[1, 3]]));
        }
    }

    #[test]
    fn what_is_no_distance_is_named() {
        let reason = |i: usize, j: usize, value: f32| {
            let mut given = matrix();
            given[[i, j]] = value;
            Distances::clean(given.view()).unwrap_err()
        };
        assert_eq!(
            reason(1, 1, f32::NAN),
            "the diagonal is NaN at stimulus 1, where a distance to itself is 0"
        );
        assert_eq!(reason(3, 3, 1.0), "stimulus 3 is 1 from itself");
        assert_eq!(reason(2, 0, -0.5), "stimuli 0 and 2 are -0.5 apart");
        assert_eq!(reason(2, 0, f32::INFINITY), "stimuli 0 and 2 are inf apart");
        assert_eq!(reason(2, 0, 2.1), "stimulus 0 is 2 from 2, but 2.1 the other way");
        assert!(reason(2, 0, f32::NAN).contains("is 2 from 2, but NaN the other way"));
        // Similarities: the diagonal is the largest.
        assert!(Distances::clean(Array2::<f32>::eye(5).view()).unwrap_err().contains("from itself"));
    }
}
