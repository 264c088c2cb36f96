//! A feature that is given as its distances: what has no value per stimulus, such as how far two trees are apart.

use std::sync::Arc;

use ndarray::ArrayView2;

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
        let largest = Self::check(matrix)?;
        Ok(Self { n: matrix.nrows(), values: matrix.iter().copied().collect(), largest })
    }

    /// The largest distance of `matrix` `(n_stimuli, n_stimuli)`, where NaN is missing; `Err` says why it is none of distances.
    pub(crate) fn check(matrix: ArrayView2<'_, f32>) -> Result<f32, String> {
        let n = matrix.nrows();
        if matrix.ncols() != n {
            return Err(format!("{n} rows and {} columns", matrix.ncols()));
        }
        let mut largest = 0.0_f32;
        for i in 0..n {
            if matrix[[i, i]] != 0.0 {
                return Err(format!("stimulus {} is {} from itself", i, matrix[[i, i]]));
            }
            for j in 0..i {
                let (here, there) = (matrix[[i, j]], matrix[[j, i]]);
                if here < 0.0 || here.is_infinite() {
                    return Err(format!("stimuli {j} and {i} are {here} apart"));
                }
                // Written by any program in f32: the two halves may differ by rounding.
                let equal = (here - there).abs() <= 1e-5 * here.max(there) || here.is_nan() && there.is_nan();
                if !equal {
                    return Err(format!("stimulus {j} is {there} from {i}, but {here} the other way"));
                }
                largest = largest.max(here);
            }
        }
        Ok(largest)
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
