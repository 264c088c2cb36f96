//! The weights of every fold: what depends on its features alone is prepared once, for the targets of all layers.

use rayon::prelude::*;

use super::exact::System;
use super::solved::Solved;
use super::stochastic;
use crate::mlem::moments::{Design, TargetSums};
use crate::mlem::pairs::Neural;
use crate::mlem::params::Solver;
use crate::numeric::comoments::Line;
use crate::numeric::linalg::dot;

/// What is solved for each fold of a design.
#[derive(Debug, Clone)]
pub(crate) struct Systems {
    /// `C` of each fold's training pairs.
    systems: Vec<System>,
    /// Pairs per batch of each fold, where the solver is the stochastic one.
    batch_sizes: Vec<usize>,
}

impl Systems {
    /// The systems of the folds of `design`.
    pub(crate) fn new(design: &Design) -> Self {
        let system = |fold| System::new(design.training_sums(fold).covariance());
        let systems = (0..design.n_folds()).into_par_iter().map(system).collect();
        let batch_sizes = match design.params.solver {
            Solver::Exact => Vec::new(),
            Solver::Stochastic => stochastic::sizes(design),
        };
        Self { systems, batch_sizes }
    }

    /// The weights of every fold: the best ones, or those that the stochastic solver reaches.
    pub(crate) fn solve(&self, design: &Design, neural: &Neural) -> Vec<Solved> {
        let sums = design.target_sums(neural);
        // The exact solver needs no more of the pairs than their sums; the stochastic one draws some of them at every step.
        let table = if design.params.solver == Solver::Stochastic { neural.looked_up() } else { None };
        let neural = table.as_ref().unwrap_or(neural);
        let solve = |fold: usize| self.solve_fold(design, fold, &sums[fold], neural);
        (0..design.n_folds()).into_par_iter().map(solve).collect()
    }

    fn solve_fold(&self, design: &Design, fold: usize, target: &TargetSums, neural: &Neural) -> Solved {
        match design.params.solver {
            Solver::Exact => self.solve_exactly(design, fold, target),
            Solver::Stochastic => {
                let b = target.covariance(design.training_sums(fold));
                let (w, training) = stochastic::climb(design, neural, fold, self.batch_sizes[fold]);
                let solved = self.systems[fold].judge(w, training, &b, target.variance());
                Solved { line: self.line(design, fold, &solved.w, target), ..solved }
            }
        }
    }

    /// The best weights of one fold, where `target` are the sums of its training targets.
    pub(crate) fn solve_exactly(&self, design: &Design, fold: usize, target: &TargetSums) -> Solved {
        let b = target.covariance(design.training_sums(fold));
        let (variance, constraint) = (target.variance(), design.params.constraint);
        let solved = self.systems[fold].solve(&b, variance, &design.terms, design.n_features(), constraint);
        Solved { line: self.line(design, fold, &solved.w, target), ..solved }
    }

    /// The line by which the training targets of `fold`, whose sums are `target`, are predicted from the distances that `w` models.
    pub(crate) fn line(&self, design: &Design, fold: usize, w: &[f64], target: &TargetSums) -> Line {
        let features = design.training_sums(fold);
        let means = [dot(&features.sums, w) / features.pairs, target.sum / target.pairs];
        self.systems[fold].line(w, &target.covariance(features), means)
    }
}
