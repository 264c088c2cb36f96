//! The regression of every unit on the columns of some stimuli.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, s};

use super::penalty::Training;

/// Units that are worked on at once, so that activations in f64 take little memory.
const BLOCK: usize = 256;

/// Coefficients of every unit at the penalty that was chosen.
#[derive(Debug, Clone)]
pub(super) struct Model {
    /// What a stimulus of mean columns has, one per unit.
    mean: Array1<f64>,
    /// `B`, `(n_columns, n_units)`.
    coefficients: Array2<f64>,
    pub(super) penalty: f64,
    /// Place of the penalty in the grid.
    pub(super) place: usize,
    /// R² of the training stimuli, pooled over units; NaN where none varies.
    pub(super) trained: f64,
}

impl Model {
    /// The model of the stimuli at `rows` of `activations`, of which `training` has the columns.
    pub(super) fn fit(
        training: &Training,
        activations: ArrayView2<'_, f32>,
        rows: &[usize],
        penalties: &[f64],
    ) -> Self {
        let n_units = activations.ncols();
        let mut mean = Array1::zeros(n_units);
        let mut along = Array2::zeros((training.axes.squared.len(), n_units));
        let mut sums = training.sums();
        for start in (0..n_units).step_by(BLOCK) {
            let units = start..(start + BLOCK).min(n_units);
            let mut y = activations.slice(s![.., units.clone()]).select(Axis(0), rows).mapv(f64::from);
            for (mut column, mean) in y.columns_mut().into_iter().zip(mean.slice_mut(s![units.clone()])) {
                *mean = column.sum() / rows.len() as f64;
                // A unit that does not vary has a mean that is its value, to the last digit.
                if column.iter().all(|&x| x == column[0]) {
                    *mean = column[0];
                }
                column -= *mean;
            }
            along.slice_mut(s![.., units]).assign(&training.add(&mut sums, &y));
        }
        let place = training.choose(&sums, penalties);
        let penalty = penalties[place];
        let (own, _) = training.errors(&sums, penalty);
        let shrunk = &training.axes.right * &ArrayView1::from(&training.axes.kept(penalty));
        Self {
            mean,
            coefficients: shrunk.dot(&along),
            penalty,
            place,
            trained: if sums.total > 0.0 { 1.0 - own / sums.total } else { f64::NAN },
        }
    }

    pub(super) fn n_units(&self) -> usize {
        self.mean.len()
    }

    /// The coefficients of the units that `keep` keeps; those of the others are 0.
    pub(super) fn coefficients(&self, keep: impl Fn(usize) -> bool) -> Array2<f64> {
        let mut coefficients = self.coefficients.clone();
        for (unit, mut column) in coefficients.columns_mut().into_iter().enumerate() {
            if !keep(unit) {
                column.fill(0.0);
            }
        }
        coefficients
    }

    /// Whether the penalty is an end of `penalties`, of which there are others.
    pub(super) fn is_at_an_end(&self, penalties: &[f64]) -> bool {
        penalties.len() > 1 && (self.place == 0 || self.place + 1 == penalties.len())
    }

    /// What it predicts of stimuli with columns `x` `(n_stimuli, n_columns)`.
    pub(super) fn predict(&self, x: &Array2<f64>) -> Array2<f64> {
        x.dot(&self.coefficients) + &self.mean
    }
}
