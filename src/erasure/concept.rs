//! A feature as the columns that are erased.

use ndarray::{Array2, Axis};

use crate::stimuli::{Feature, Values};

/// The stimuli among `rows` that have a value of `feature`, and these values as columns: one for each level, or a number. Of a feature that
/// some stimuli have and others lack, with one value, it is having it. `None` where it has distances in place of values.
pub(super) fn concept(feature: &Feature, rows: &[usize]) -> Option<(Vec<usize>, Array2<f64>)> {
    if let Some(has) = feature.presence() {
        let column = Array2::from_shape_fn((rows.len(), 1), |(at, _)| f64::from(u8::from(has[rows[at]])));
        return Some((rows.to_vec(), column));
    }
    match feature.values() {
        Values::Categorical { levels, codes } => {
            let known: Vec<usize> = rows.iter().copied().filter(|&row| codes[row].is_some()).collect();
            let is = |at: usize, level: usize| codes[known[at]] == Some(level as u32);
            let columns = Array2::from_shape_fn((known.len(), levels.len()), |(at, level)| {
                f64::from(u8::from(is(at, level)))
            });
            Some((known, columns))
        }
        Values::Numeric(values) => {
            let known: Vec<usize> = rows.iter().copied().filter(|&row| values[row].is_some()).collect();
            let number = |(at, _): (usize, usize)| values[known[at]].unwrap_or_default();
            let mut column = Array2::from_shape_fn((known.len(), 1), number);
            // Whatever the unit: what is erased is a direction.
            let scale = column.iter().fold(0.0f64, |most, x| most.max(x.abs()));
            if scale > 0.0 {
                column /= scale;
            }
            Some((known, column))
        }
        Values::Distances(_) => None,
    }
}

/// The covariances of units of `x`, `(n, d)`, with the columns of `z`, `(n, k)`: `(d, k)`.
pub(super) fn covariances(x: &Array2<f64>, z: &Array2<f64>) -> Array2<f64> {
    let (Some(mean_x), Some(mean_z)) = (x.mean_axis(Axis(0)), z.mean_axis(Axis(0))) else {
        return Array2::zeros((x.ncols(), z.ncols()));
    };
    (x - &mean_x).t().dot(&(z - &mean_z)) / x.nrows() as f64
}

/// The largest of some numbers, whatever their signs.
pub(super) fn largest(numbers: &Array2<f64>) -> f64 {
    numbers.iter().fold(0.0, |largest, number| number.abs().max(largest))
}

/// The sum over units of their variances.
pub(super) fn variance(x: &Array2<f64>) -> f64 {
    x.var_axis(Axis(0), 0.0).sum()
}
