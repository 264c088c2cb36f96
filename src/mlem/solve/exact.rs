//! The optimum: the convex problem of the estimator's docs, for each constraint.

use ndarray::{Array2, ArrayView1};

use super::solved::{Solved, TrainingStep};
use crate::mlem::moments::is_definite;
use crate::mlem::pairs::{Term, normalise};
use crate::mlem::params::Constraint;
use crate::numeric::comoments::Line;
use crate::numeric::linalg::{Cholesky, dot};
use crate::numeric::{nnls, psd};

/// Relative to the mean variance of the terms: where `C` is singular, this ridge picks the smallest of equally good weights.
const RIDGE: f64 = 1e-8;
/// The relative optimality gap that is asked for, without a ridge, and with one, whose effect is small.
const TOLERANCE: f64 = 1e-12;
const TOLERANCE_WITH_RIDGE: f64 = 1e-13;
/// `C` of some training pairs, to be solved with many `b`.
#[derive(Debug, Clone)]
pub(crate) struct System {
    /// `(n_terms, n_terms)`, with the ridge on its diagonal.
    c: Array2<f64>,
    ridge: f64,
}

impl System {
    pub(crate) fn new(mut c: Array2<f64>) -> Self {
        let ridge = if is_definite(&c) { 0.0 } else { RIDGE * c.diag().sum() / c.nrows().max(1) as f64 };
        c.diag_mut().iter_mut().for_each(|x| *x += ridge);
        Self { c, ridge }
    }

    /// The best weights for targets of covariances `b` and of `variance`.
    pub(crate) fn solve(
        &self,
        b: &[f64],
        variance: f64,
        terms: &[Term],
        n_features: usize,
        constraint: Constraint,
    ) -> Solved {
        let has_interactions = terms.len() > n_features;
        let (w, gap) = match constraint {
            Constraint::Spd if has_interactions => {
                let places: Vec<(usize, usize)> = terms.iter().map(|term| (term.a, term.b)).collect();
                let tolerance = if self.ridge > 0.0 { TOLERANCE_WITH_RIDGE } else { TOLERANCE };
                let solution = psd::solve(self.c.view(), b, n_features, &places, tolerance);
                (solution.w, solution.gap)
            }
            Constraint::Spd => {
                let w = nnls::solve(self.c.view(), b).unwrap_or_else(|| vec![0.0; b.len()]);
                let gap = self.gap(&w, b);
                (w, gap)
            }
            Constraint::None => (self.unconstrained(b), 0.0),
        };
        self.finish(w, gap, b, variance, terms)
    }

    /// Least squares with any sign.
    fn unconstrained(&self, b: &[f64]) -> Vec<f64> {
        let mut w = b.to_vec();
        match Cholesky::new(self.c.view()) {
            Some(factor) => factor.solve(&mut w),
            None => w.fill(0.0),
        }
        w
    }

    fn finish(&self, mut w: Vec<f64>, gap: f64, b: &[f64], variance: f64, terms: &[Term]) -> Solved {
        // At the optimum b'w is the explained variance.
        let associated = dot(b, &w) > 1e-10 * variance;
        if !associated {
            w.fill(0.0);
            let rate = |k: usize| {
                let variance = self.c[[k, k]];
                if variance > self.ridge { b[k] / variance.sqrt() } else { f64::NEG_INFINITY }
            };
            let mains = (0..terms.len()).filter(|&k| terms[k].is_main());
            if let Some(best) = mains.max_by(|&a, &b| rate(a).total_cmp(&rate(b)).then(b.cmp(&a))) {
                w[best] = 1.0;
            }
        }
        normalise(terms, &mut w);
        let pearson = self.pearson(&w, b, variance);
        Solved { w, pearson, line: Line::default(), gap, associated, training: Vec::new() }
    }

    /// The solution with the weights `w` (at unit Frobenius norm) of the stochastic solver, and its objective over all training
    /// pairs.
    pub(crate) fn judge(&self, w: Vec<f64>, training: Vec<TrainingStep>, b: &[f64], variance: f64) -> Solved {
        let pearson = self.pearson(&w, b, variance);
        Solved { w, pearson, line: Line::default(), gap: f64::INFINITY, associated: pearson > 0.0, training }
    }

    /// The line by which targets of covariances `b` are predicted from the distances that `w` models; `means` are those of the
    /// modelled distances and of the targets.
    pub(crate) fn line(&self, w: &[f64], b: &[f64], means: [f64; 2]) -> Line {
        Line::rising(dot(b, w), self.variance(w), means)
    }

    /// Pearson's correlation of the distances that `w` models with targets of covariances `b` and of `variance`.
    fn pearson(&self, w: &[f64], b: &[f64], variance: f64) -> f64 {
        let spread = (self.variance(w) * variance).sqrt();
        if spread > 0.0 { (dot(b, w) / spread).clamp(-1.0, 1.0) } else { 0.0 }
    }

    /// `w'Cw`, the variance of the modelled distance.
    fn variance(&self, w: &[f64]) -> f64 {
        let cw = self.c.dot(&ArrayView1::from(w)).to_vec();
        (dot(&cw, w) - self.ridge * dot(w, w)).max(0.0)
    }

    /// `⟨w, Cw − b⟩` and what the gradient still lacks of being non-negative, relative to the objective.
    fn gap(&self, w: &[f64], b: &[f64]) -> f64 {
        let cw = self.c.dot(&ArrayView1::from(w)).to_vec();
        let value = (0.5 * dot(&cw, w) - dot(b, w)).abs();
        if value == 0.0 {
            return 0.0;
        }
        let gradient: Vec<f64> = cw.iter().zip(b).map(|(x, y)| x - y).collect();
        let lacking = gradient.iter().fold(0.0f64, |most, g| most.max(-g));
        (dot(&gradient, w).abs() + lacking * w.iter().sum::<f64>()) / value
    }
}
