//! How far the profiles of models are from each other.

use ndarray::{Array2, ArrayView1};
use rayon::prelude::*;

use super::trajectories::{Trajectories, defined};
use super::{ModelMap, Params};
use crate::numeric::dtw::dtw;
use crate::numeric::linkage::{Merge, average};
use crate::numeric::mds::{Stop, smacof};
use crate::numeric::rng::Stream;
use crate::numeric::significance::percentile_interval;
use crate::profile::Spread;

/// How two trajectories are held against each other. The local distance is Euclidean over effects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Dynamic time warping, per step: divided by the sum of the numbers of layers.
    Warped,
    /// Dynamic time warping, summed along the path.
    WarpedTotal,
    /// The mean over relative depth of the distance there; between layers by linear interpolation.
    Matched,
}

/// What is held against each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// The importances as they are.
    Importance,
    /// Each model's importances divided by the mean length of its vectors of importances: their shape.
    Shape,
}

impl Measure {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Warped, Self::WarpedTotal, Self::Matched];

    /// Its name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Warped => "dtw",
            Self::WarpedTotal => "dtw_total",
            Self::Matched => "matched_depth",
        }
    }
}

impl Scale {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Importance, Self::Shape];

    /// Its name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Importance => "importance",
            Self::Shape => "shape",
        }
    }
}

/// The distances between all runs by one measure.
#[derive(Debug, Clone, PartialEq)]
pub struct DistanceTable {
    /// The measure.
    pub measure: Measure,
    /// What it was taken of.
    pub scale: Scale,
    /// `(n_runs, n_runs)`, symmetric; NaN where it is not defined.
    pub distance: Array2<f64>,
    /// Standard deviation over resampled folds, `(n_runs, n_runs)`; NaN with fewer than two folds.
    pub sd: Array2<f64>,
    /// Ends of the 95% interval over resampled folds.
    pub interval: Array2<(f64, f64)>,
}

/// The distances by every measure; the first is [`Measure::Warped`] of [`Scale::Importance`].
pub(super) fn tables(runs: &[Trajectories], paired: bool, params: Params) -> Vec<DistanceTable> {
    let effects = defined(runs);
    let kinds: Vec<(Scale, Measure)> =
        Scale::ALL.into_iter().flat_map(|scale| Measure::ALL.map(|measure| (scale, measure))).collect();
    let all = |folds: &[Vec<usize>]| -> Vec<Array2<f64>> {
        let plain: Vec<Array2<f64>> =
            runs.iter().zip(folds).map(|(run, folds)| run.mean(folds, &effects)).collect();
        let shapes: Vec<Array2<f64>> = plain.iter().map(shape).collect();
        let of = |&(scale, measure): &(Scale, Measure)| {
            let values = if scale == Scale::Importance { &plain } else { &shapes };
            matrix(runs.len(), |i, j| between(measure, (runs, i, j), values))
        };
        kinds.iter().map(of).collect()
    };
    let whole: Vec<Vec<usize>> = runs.iter().map(|run| (0..run.n_folds()).collect()).collect();
    let measured = all(&whole);
    let resampled: Vec<Vec<Array2<f64>>> = if runs.iter().any(|run| run.n_folds() < 2) {
        Vec::new()
    } else {
        resamples(runs, paired, params).par_iter().map(|folds| all(folds)).collect()
    };
    let table = |(k, distance): (usize, Array2<f64>)| {
        let draws = |i: usize, j: usize| resampled.iter().map(|draw| draw[k][[i, j]]).collect::<Vec<f64>>();
        DistanceTable {
            measure: kinds[k].1,
            scale: kinds[k].0,
            sd: Array2::from_shape_fn(distance.dim(), |(i, j)| Spread::of(&draws(i, j)).sd),
            interval: Array2::from_shape_fn(distance.dim(), |(i, j)| percentile_interval(&draws(i, j))),
            distance,
        }
    };
    measured.into_iter().enumerate().map(table).collect()
}

/// Folds drawn with replacement, as many as there are, for each draw and run: the same for all runs where they are paired.
pub(super) fn resamples(runs: &[Trajectories], paired: bool, params: Params) -> Vec<Vec<Vec<usize>>> {
    let mut stream = Stream::new(params.seed, "comparison folds");
    (0..params.draws)
        .map(|_| {
            let mut draw = |n: usize| -> Vec<usize> { (0..n).map(|_| stream.index(n)).collect() };
            let first = runs.first().map(|run| draw(run.n_folds())).unwrap_or_default();
            let rest = runs.iter().skip(1);
            let rest: Vec<_> =
                rest.map(|run| if paired { first.clone() } else { draw(run.n_folds()) }).collect();
            std::iter::once(first).chain(rest).collect()
        })
        .collect()
}

/// A symmetric matrix from its upper half, with zeros on the diagonal.
fn matrix(n: usize, of: impl Fn(usize, usize) -> f64) -> Array2<f64> {
    let mut all = Array2::zeros((n, n));
    for i in 0..n {
        for j in i + 1..n {
            let value = of(i, j);
            (all[[i, j]], all[[j, i]]) = (value, value);
        }
    }
    all
}

/// `values` divided by the mean length of its rows; NaN where that is 0.
fn shape(values: &Array2<f64>) -> Array2<f64> {
    let lengths: f64 = values.rows().into_iter().map(|row| row.dot(&row).sqrt()).sum();
    let mean = lengths / values.nrows() as f64;
    values.mapv(|x| x / if mean > 0.0 { mean } else { f64::NAN })
}

fn euclidean(a: ArrayView1<'_, f64>, b: ArrayView1<'_, f64>) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

fn between(measure: Measure, (runs, i, j): (&[Trajectories], usize, usize), values: &[Array2<f64>]) -> f64 {
    let (a, b) = (&values[i], &values[j]);
    if a.ncols() == 0 {
        return f64::NAN;
    }
    let warped = || dtw(a.nrows(), b.nrows(), |i, j| euclidean(a.row(i), b.row(j))).unwrap_or(f64::NAN);
    match measure {
        Measure::WarpedTotal => warped(),
        Measure::Warped => warped() / (a.nrows() + b.nrows()) as f64,
        Measure::Matched => matched((&runs[i].depths, a), (&runs[j].depths, b)),
    }
}

/// The mean of the distance over depth, by trapezoids between the depths that either has.
fn matched(a: (&[f64], &Array2<f64>), b: (&[f64], &Array2<f64>)) -> f64 {
    let mut grid: Vec<f64> = a.0.iter().chain(b.0).copied().collect();
    grid.sort_unstable_by(f64::total_cmp);
    grid.dedup();
    let at = |(depths, values): (&[f64], &Array2<f64>), t: f64| -> ndarray::Array1<f64> {
        let above = depths.partition_point(|&depth| depth < t).min(depths.len() - 1);
        let below = if depths[above] > t { above.saturating_sub(1) } else { above };
        let step = depths[above] - depths[below];
        let share = if step > 0.0 { (t - depths[below]) / step } else { 0.0 };
        &values.row(below) * (1.0 - share) + &values.row(above) * share
    };
    let apart: Vec<f64> = grid.iter().map(|&t| euclidean(at(a, t).view(), at(b, t).view())).collect();
    super::trajectories::area(&grid, &apart)
}

/// The tree of a table of distances.
pub(super) fn tree(table: &DistanceTable) -> Option<Vec<Merge>> {
    average(table.distance.nrows(), |i, j| table.distance[[i, j]])
}

/// The map of a table of distances.
pub(super) fn map(table: &DistanceTable) -> Option<ModelMap> {
    let distance = table.distance.mapv(|x| x as f32);
    let mds = smacof(distance.view(), Stop { iterations: 3000, tolerance: 1e-9 })?;
    Some(ModelMap { points: mds.points, stress: mds.stress })
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn a_line_sampled_at_other_depths_is_at_no_matched_distance() {
        let a = ([0.0, 0.5, 1.0].as_slice(), &array![[0.0], [0.5], [1.0]]);
        let b = ([0.0, 0.25, 1.0].as_slice(), &array![[0.0], [0.25], [1.0]]);
        assert!(matched(a, b) < 1e-12);
        let up = ([0.0, 1.0].as_slice(), &array![[1.0], [1.0]]);
        // |1 − t| over depth is 1/2 on average.
        assert!((matched(a, up) - 0.5).abs() < 1e-12);
        let one = ([0.0].as_slice(), &array![[1.0]]);
        assert!((matched(a, one) - 0.5).abs() < 1e-12, "a single layer stands for all depths");
    }

    #[test]
    fn a_shape_has_mean_length_one_and_nothing_has_none() {
        let s = shape(&array![[3.0, 4.0], [0.0, 0.0], [0.0, 10.0]]);
        assert!((s[[0, 1]] - 0.8).abs() < 1e-12);
        assert!(shape(&Array2::zeros((2, 2)))[[0, 0]].is_nan());
    }
}
