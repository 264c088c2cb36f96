//! The arithmetic of the transforms, on one layer.

use ndarray::{Array2, ArrayView2, Axis, s};

use crate::numeric::rng::Stream;
use crate::numeric::shrinkage::Shrunk;

/// Subtracts from the units `units` of `rows` their mean over these rows.
pub(super) fn subtract_mean(matrix: &mut Array2<f32>, rows: &[usize], units: std::ops::Range<usize>) {
    let mut mean = vec![0.0f64; units.len()];
    for &row in rows {
        for (mean, unit) in mean.iter_mut().zip(units.clone()) {
            *mean += f64::from(matrix[[row, unit]]);
        }
    }
    for &row in rows {
        for (mean, unit) in mean.iter().zip(units.clone()) {
            let value = &mut matrix[[row, unit]];
            *value =
                if rows.len() == 1 { 0.0 } else { (f64::from(*value) - mean / rows.len() as f64) as f32 };
        }
    }
}

/// The mean and the standard deviation (over all stimuli, not a sample of more) of each unit; 0 exactly where it is constant.
fn moments(matrix: ArrayView2<'_, f32>) -> Vec<(f64, f64)> {
    let n = matrix.nrows() as f64;
    let first = matrix.row(0).to_vec();
    let mut mean = vec![0.0f64; matrix.ncols()];
    let mut varies = vec![false; matrix.ncols()];
    for row in matrix.rows() {
        for (unit, &value) in row.iter().enumerate() {
            mean[unit] += f64::from(value);
            varies[unit] |= value != first[unit];
        }
    }
    for mean in &mut mean {
        *mean /= n;
    }
    let mut squares = vec![0.0f64; matrix.ncols()];
    for row in matrix.rows() {
        for (unit, &value) in row.iter().enumerate() {
            squares[unit] += (f64::from(value) - mean[unit]).powi(2);
        }
    }
    let sd = |unit: usize| if varies[unit] { (squares[unit] / n).sqrt() } else { 0.0 };
    mean.iter().enumerate().map(|(unit, &mean)| (mean, sd(unit))).collect()
}

/// Brings every unit to mean 0 and standard deviation 1, constant ones to 0, and says how many of these there are.
pub(super) fn standardize(matrix: &mut Array2<f32>) -> usize {
    let moments = moments(matrix.view());
    for mut row in matrix.rows_mut() {
        for (value, &(mean, sd)) in row.iter_mut().zip(&moments) {
            *value = if sd > 0.0 { ((f64::from(*value) - mean) / sd) as f32 } else { 0.0 };
        }
    }
    moments.iter().filter(|(_, sd)| *sd == 0.0).count()
}

/// Leaves of every unit what is not in `space`, an orthonormal basis `(n_stimuli, rank)`.
pub(super) fn subtract_explained(matrix: &mut Array2<f32>, space: &Array2<f64>) {
    let exact = matrix.mapv(f64::from);
    let left = &exact - &space.dot(&space.t().dot(&exact));
    // What is explained to the last digit is nothing, not rounding that a z-score would make large.
    for ((mut to, left), whole) in matrix.columns_mut().into_iter().zip(left.columns()).zip(exact.columns()) {
        let is_nothing = left.dot(&left) <= 1e-20 * whole.dot(&whole);
        to.zip_mut_with(&left, |to, &left| *to = if is_nothing { 0.0 } else { left as f32 });
    }
}

/// Whitens by the noise: what differs among the stimuli of one of `groups`, their sums of squares divided by how many there are less how
/// many groups. Stimuli that are alone in theirs say nothing of it. `None` where it has no inverse.
pub(super) fn whiten(matrix: &Array2<f32>, groups: &[Vec<usize>]) -> Option<Array2<f32>> {
    let repeated: Vec<&Vec<usize>> = groups.iter().filter(|group| group.len() > 1).collect();
    let rows: Vec<usize> = repeated.iter().flat_map(|group| group.iter().copied()).collect();
    let mut residuals = matrix.select(Axis(0), &rows).mapv(f64::from);
    let mut start = 0;
    for group in &repeated {
        let mut own = residuals.slice_mut(s![start..start + group.len(), ..]);
        let mean = own.mean_axis(Axis(0))?;
        own -= &mean;
        start += group.len();
    }
    let noise = Shrunk::ledoit_wolf(residuals.view(), (rows.len() - repeated.len()) as f64)?;
    noise.is_definite().then(|| noise.whiten(matrix.mapv(f64::from).view()).mapv(|x| x as f32))
}

/// Adds noise of `level` standard deviations of each unit, drawn for `layer` under `seed`.
pub(super) fn add_noise(matrix: &mut Array2<f32>, level: f64, seed: u64, layer: usize) {
    let moments = moments(matrix.view());
    let mut stream = Stream::new(seed, &format!("noise on layer {layer}"));
    for mut row in matrix.rows_mut() {
        for (value, (_, sd)) in row.iter_mut().zip(&moments) {
            *value = (f64::from(*value) + level * sd * stream.normal()) as f32;
        }
    }
}
