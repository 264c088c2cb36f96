//! What predictions of held-out activations are worth.

use ndarray::ArrayView2;

use crate::numeric::correlation::pearson;

/// How well the units of a layer are predicted, all together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EncodingScore {
    /// R² pooled over units by their variance: `1 − Σ squared errors / Σ squared deviations`; NaN where no unit varies.
    pub r_squared: f64,
    /// Mean over units of Pearson's correlation; NaN where no unit has one.
    pub pearson: f64,
    /// Units that vary among the stimuli, which are those that count.
    pub units: usize,
    /// Stimuli.
    pub stimuli: usize,
}

/// How well one unit is predicted.
#[derive(Debug, Clone, PartialEq)]
pub struct UnitScore {
    /// R²; NaN where the unit does not vary among the stimuli.
    pub r_squared: f64,
    /// Pearson's correlation of predicted and true activations; NaN where either does not vary.
    pub pearson: f64,
    /// What is lost of the unit's R² when each effect is permuted, means over permutations, in the order of the importances; empty
    /// where they were not asked for.
    pub importances: Vec<f64>,
}

/// Sums of squares of every unit.
#[derive(Debug, Clone)]
pub(super) struct Squares {
    /// Of its deviations from its mean.
    pub(super) deviations: Vec<f64>,
    /// Of its errors.
    pub(super) errors: Vec<f64>,
    pearson: Vec<f64>,
    stimuli: usize,
}

impl Squares {
    /// Of `predicted` activations where they are `truly`, both `(n_stimuli, n_units)`.
    pub(super) fn of(predicted: ArrayView2<'_, f64>, truly: ArrayView2<'_, f64>) -> Self {
        let (stimuli, units) = truly.dim();
        let mut squares = Self { deviations: Vec::new(), errors: Vec::new(), pearson: Vec::new(), stimuli };
        for unit in 0..units {
            let (y, p) = (truly.column(unit).to_vec(), predicted.column(unit).to_vec());
            let mean = y.iter().sum::<f64>() / stimuli as f64;
            let varies = y.iter().any(|&x| x != y[0]);
            squares.deviations.push(if varies { y.iter().map(|y| (y - mean).powi(2)).sum() } else { 0.0 });
            squares.errors.push(y.iter().zip(&p).map(|(y, p)| (y - p).powi(2)).sum());
            // Predictions that differ by rounding alone do not vary.
            let (low, high) = p
                .iter()
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &p| (low.min(p), high.max(p)));
            let flat = high - low <= 1e-12 * low.abs().max(high.abs());
            let correlation = if varies && !flat { pearson(&y, &p) } else { None };
            squares.pearson.push(correlation.unwrap_or(f64::NAN));
        }
        squares
    }

    /// Whether a unit varies.
    pub(super) fn varies(&self, unit: usize) -> bool {
        self.deviations[unit] > 0.0
    }

    /// Squared deviations of all units.
    pub(super) fn total(&self) -> f64 {
        self.deviations.iter().sum()
    }

    pub(super) fn pooled(&self) -> EncodingScore {
        let varying: Vec<usize> = (0..self.errors.len()).filter(|&unit| self.varies(unit)).collect();
        let errors: f64 = varying.iter().map(|&unit| self.errors[unit]).sum();
        let known: Vec<f64> = self.pearson.iter().copied().filter(|r| r.is_finite()).collect();
        EncodingScore {
            r_squared: if varying.is_empty() { f64::NAN } else { 1.0 - errors / self.total() },
            pearson: if known.is_empty() { f64::NAN } else { known.iter().sum::<f64>() / known.len() as f64 },
            units: varying.len(),
            stimuli: self.stimuli,
        }
    }

    /// The score of each unit, without importances.
    pub(super) fn of_units(&self) -> Vec<UnitScore> {
        let of_unit = |unit: usize| UnitScore {
            r_squared: if self.varies(unit) {
                1.0 - self.errors[unit] / self.deviations[unit]
            } else {
                f64::NAN
            },
            pearson: self.pearson[unit],
            importances: Vec::new(),
        };
        (0..self.errors.len()).map(of_unit).collect()
    }
}
