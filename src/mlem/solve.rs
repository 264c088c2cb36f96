//! From moments to weights: the convex problem of the module docs, for each constraint.

use ndarray::{Array2, ArrayView1};

use super::params::Constraint;
use super::stochastic::TrainingStep;
use super::terms::{Term, normalise};
use crate::numeric::linalg::{Cholesky, dot};
use crate::numeric::{nnls, psd};

/// Correlations of terms that are closer to singular than this are taken as singular.
const SINGULAR: f64 = 1e-9;
/// Relative to the mean variance of the terms: what picks the smallest of equally good weights where `C` is singular.
const RIDGE: f64 = 1e-8;
/// The relative optimality gap that is asked for, and the one where the ridge must be told from nothing.
const TOLERANCE: f64 = 1e-12;
const TOLERANCE_WITH_RIDGE: f64 = 1e-13;
/// A larger gap than this is worth a warning.
pub(crate) const ACCEPTABLE_GAP: f64 = 1e-7;

/// `C` of some training pairs, ready to be solved with many `b`.
#[derive(Debug, Clone)]
pub(crate) struct System {
    /// `(n_terms, n_terms)`, with the ridge on its diagonal.
    c: Array2<f64>,
    ridge: f64,
}

/// Weights at unit Frobenius norm, and how good they are.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Solved {
    pub(crate) w: Vec<f64>,
    /// Pearson's correlation of the modelled and the target distance over the training pairs: the objective.
    pub(crate) pearson: f64,
    /// Bound on the objective's distance from the optimum, relative; infinite where there is none.
    pub(crate) gap: f64,
    /// Whether any allowed weights correlate positively.
    pub(crate) associated: bool,
    /// The steps of the stochastic solver.
    pub(crate) training: Vec<TrainingStep>,
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
        Solved { w, pearson, gap, associated, training: Vec::new() }
    }

    /// Weights `w` (at unit Frobenius norm) of the stochastic solver, by the objective over all training pairs.
    pub(crate) fn judge(&self, w: Vec<f64>, training: Vec<TrainingStep>, b: &[f64], variance: f64) -> Solved {
        let pearson = self.pearson(&w, b, variance);
        Solved { w, pearson, gap: f64::INFINITY, associated: pearson > 0.0, training }
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

/// Whether the correlations of `c` are at least [`SINGULAR`] away from singular.
fn is_definite(c: &Array2<f64>) -> bool {
    let largest = c.diag().iter().fold(0.0f64, |max, &x| max.max(x));
    if c.diag().iter().any(|&x| x <= 1e-14 * largest) {
        return false;
    }
    let mut shifted = correlations(c);
    shifted.diag_mut().iter_mut().for_each(|x| *x -= SINGULAR);
    Cholesky::new(shifted.view()).is_some()
}

/// The correlations of covariances `c`; those with a constant are 0.
fn correlations(c: &Array2<f64>) -> Array2<f64> {
    let sd: Vec<f64> = c.diag().iter().map(|x| x.max(0.0).sqrt()).collect();
    Array2::from_shape_fn(c.dim(), |(i, j)| {
        let scale = sd[i] * sd[j];
        if i == j {
            1.0
        } else if scale > 0.0 {
            (c[[i, j]] / scale).clamp(-1.0, 1.0)
        } else {
            0.0
        }
    })
}

/// A term that others determine: its index and theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dependence {
    pub(crate) term: usize,
    pub(crate) others: Vec<usize>,
}

/// The terms of covariances `c` that are linear functions of earlier ones.
pub(crate) fn dependences(c: &Array2<f64>) -> Vec<Dependence> {
    let largest = c.diag().iter().fold(0.0f64, |max, &x| max.max(x));
    let r = correlations(c);
    if is_definite(c) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut independent: Vec<usize> = Vec::new();
    // Rows of the Cholesky factor of the independent terms, grown one at a time.
    let mut factor: Vec<Vec<f64>> = Vec::new();
    for k in 0..c.nrows() {
        if c[[k, k]] <= 1e-14 * largest {
            found.push(Dependence { term: k, others: Vec::new() });
            continue;
        }
        let mut row: Vec<f64> = Vec::with_capacity(independent.len() + 1);
        for (i, &earlier) in independent.iter().enumerate() {
            let known: f64 = row.iter().zip(&factor[i]).map(|(x, y)| x * y).sum();
            row.push((r[[k, earlier]] - known) / factor[i][i]);
        }
        let rest = 1.0 - row.iter().map(|x| x * x).sum::<f64>();
        if rest > 10.0 * SINGULAR {
            row.push(rest.sqrt());
            factor.push(row);
            independent.push(k);
            continue;
        }
        // Back substitution gives the coefficients of the earlier terms.
        let mut coefficients = row;
        for i in (0..coefficients.len()).rev() {
            let later: f64 = (i + 1..coefficients.len()).map(|j| factor[j][i] * coefficients[j]).sum();
            coefficients[i] = (coefficients[i] - later) / factor[i][i];
        }
        let others = independent.iter().zip(&coefficients).filter(|(_, x)| x.abs() > 1e-3).map(|(&i, _)| i);
        found.push(Dependence { term: k, others: others.collect() });
    }
    found
}
