//! The choice of a penalty: what leaving out each training stimulus, or each unit of them, gives at every penalty.

use ndarray::{Array2, ArrayView1, ArrayView2};

use super::axes::Axes;
use crate::numeric::linalg::{Cholesky, dot};

/// Training stimuli, by their axes, and which of them are left out together.
#[derive(Debug, Clone)]
pub(super) struct Training {
    pub(super) axes: Axes,
    /// Places among the training stimuli; every one is in one group.
    groups: Vec<Vec<usize>>,
}

/// Sums over units of what the penalty is chosen by; `y` are activations less their training mean.
#[derive(Debug, Clone)]
pub(super) struct Sums {
    /// `ZZ'` with `Z = U'y`, `(n_directions, n_directions)`.
    along: Array2<f64>,
    /// `y⊥ Z'` with `y⊥ = y − UZ`, `(n_stimuli, n_directions)`.
    across: Array2<f64>,
    /// Of each group, `y⊥ y⊥'`.
    beyond: Vec<Array2<f64>>,
    /// `Σ y²`.
    pub(super) total: f64,
}

impl Training {
    /// The training stimuli whose columns are `x`; `units` says which go together.
    pub(super) fn new(x: ArrayView2<'_, f64>, units: Option<&[usize]>) -> Self {
        let n = x.nrows();
        let groups = match units {
            None => (0..n).map(|place| vec![place]).collect(),
            Some(units) => {
                let mut places: Vec<usize> = (0..n).collect();
                places.sort_by_key(|&place| units[place]);
                places.chunk_by(|&a, &b| units[a] == units[b]).map(<[usize]>::to_vec).collect()
            }
        };
        Self { axes: Axes::of(x), groups }
    }

    pub(super) fn sums(&self) -> Sums {
        let (n, k) = self.axes.left.dim();
        let of_group = |group: &Vec<usize>| Array2::zeros((group.len(), group.len()));
        Sums {
            along: Array2::zeros((k, k)),
            across: Array2::zeros((n, k)),
            beyond: self.groups.iter().map(of_group).collect(),
            total: 0.0,
        }
    }

    /// Adds the units whose centred activations are `y` `(n_stimuli, n_units)`, and gives their `Z`.
    pub(super) fn add(&self, sums: &mut Sums, y: &Array2<f64>) -> Array2<f64> {
        let left = &self.axes.left;
        let z = left.t().dot(y);
        let beyond = y - &left.dot(&z);
        sums.along += &z.dot(&z.t());
        sums.across += &beyond.dot(&z.t());
        let row = |place: usize| beyond.row(place).to_vec();
        for (group, sum) in self.groups.iter().zip(&mut sums.beyond) {
            let rows: Vec<Vec<f64>> = group.iter().map(|&place| row(place)).collect();
            for ((i, j), sum) in sum.indexed_iter_mut() {
                *sum += dot(&rows[i], &rows[j]);
            }
        }
        sums.total += y.iter().map(|y| y * y).sum::<f64>();
        z
    }

    /// The squared errors at `penalty`, summed over stimuli and units: of the training stimuli themselves, and of each when its
    /// group is left out.
    pub(super) fn errors(&self, sums: &Sums, penalty: f64) -> (f64, f64) {
        let left = &self.axes.left;
        let n = left.nrows() as f64;
        // What a direction loses. Errors are sums of what it loses and of what no direction has, so that small ones keep
        // their digits.
        let lost: Vec<f64> = self.axes.squared.iter().map(|squared| penalty / (squared + penalty)).collect();
        let shrunk = left * &ArrayView1::from(&lost);
        let along = shrunk.dot(&sums.along);
        let (mut own, mut left_out) = (0.0, 0.0);
        let row = |of: &Array2<f64>, place: usize| of.row(place).to_vec();
        for (group, beyond) in self.groups.iter().zip(&sums.beyond) {
            let rows: Vec<[Vec<f64>; 4]> = group
                .iter()
                .map(|&place| {
                    [row(left, place), row(&shrunk, place), row(&sums.across, place), row(&along, place)]
                })
                .collect();
            let m = group.len();
            // Products of errors summed over units, and I − H of the group.
            let error = |i: usize, j: usize| {
                let ([_, shrunk_i, across_i, along_i], [_, shrunk_j, across_j, _]) = (&rows[i], &rows[j]);
                beyond[[i, j]] + dot(shrunk_i, across_j) + dot(shrunk_j, across_i) + dot(along_i, shrunk_j)
            };
            let free = |i: usize, j: usize| {
                let none = if i == j { 1.0 } else { 0.0 } - 1.0 / n - dot(&rows[i][0], &rows[j][0]);
                // What is left of nothing is rounding.
                let none = if none.abs() < 1e-12 { 0.0 } else { none };
                none + dot(&rows[i][1], &rows[j][0])
            };
            if m == 1 {
                let error = error(0, 0).max(0.0);
                own += error;
                let free = free(0, 0);
                left_out += if free > 0.0 { error / (free * free) } else { f64::INFINITY };
                continue;
            }
            let errors = Array2::from_shape_fn((m, m), |(i, j)| error(i, j));
            own += errors.diag().sum().max(0.0);
            let free = Array2::from_shape_fn((m, m), |(i, j)| free(i, j));
            left_out += Cholesky::new(free.view()).map_or(f64::INFINITY, |factor| {
                let inverse = factor.inverse();
                let squared = inverse.dot(&inverse);
                (&squared * &errors).sum().max(0.0)
            });
        }
        (own, left_out)
    }

    /// Which of `penalties` has the least error when training stimuli are left out: the first of equals.
    pub(super) fn choose(&self, sums: &Sums, penalties: &[f64]) -> usize {
        let mut best = (f64::INFINITY, 0);
        for (place, &penalty) in penalties.iter().enumerate() {
            let (_, error) = self.errors(sums, penalty);
            if error < best.0 {
                best = (error, place);
            }
        }
        best.1
    }
}
