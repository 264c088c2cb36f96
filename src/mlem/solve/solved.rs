//! What a solver gives: weights, how good they are, and how they were reached.

use crate::mlem::warning::Warning;
use crate::numeric::comoments::Line;

/// A larger gap than this is worth a warning.
const ACCEPTABLE_GAP: f64 = 1e-7;

/// A step of the stochastic solver.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrainingStep {
    /// Which, from 0.
    pub step: usize,
    /// The soft Spearman correlation on the step's batch, before it: the loss is its negative.
    pub soft_spearman: f64,
    /// Pairs in the batch.
    pub batch: usize,
}

/// Weights at unit Frobenius norm, and how good they are.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Solved {
    pub(crate) w: Vec<f64>,
    /// Pearson's correlation of the modelled and the target distance over the training pairs: the objective.
    pub(crate) pearson: f64,
    /// How the target is predicted from the modelled distance, over the training pairs; the slope is not negative.
    pub(crate) line: Line,
    /// Bound on the objective's distance from the optimum, relative; infinite where there is none.
    pub(crate) gap: f64,
    /// Whether any allowed weights correlate positively.
    pub(crate) associated: bool,
    /// The steps of the stochastic solver.
    pub(crate) training: Vec<TrainingStep>,
}

impl Solved {
    /// The weights `w` and the line of what was fitted before, or not at all.
    pub(crate) fn given(w: Vec<f64>, line: Line) -> Self {
        Self { w, pearson: f64::NAN, line, gap: f64::INFINITY, associated: true, training: Vec::new() }
    }

    /// What the solution of `fold` gives cause to warn of.
    pub(crate) fn warnings(&self, fold: usize) -> Vec<Warning> {
        let mut warnings = Vec::new();
        if !self.associated {
            warnings.push(Warning::NoAssociation { layer: None, folds: vec![fold] });
        }
        if self.gap.is_finite() && self.gap > ACCEPTABLE_GAP {
            warnings.push(Warning::Inexact { layer: None, folds: vec![fold], gap: self.gap });
        }
        warnings
    }
}
