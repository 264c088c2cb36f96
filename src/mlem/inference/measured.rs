//! The noise ceiling of scores without ranks: Pearson's correlation, and squared error.
//!
//! What the fit tracks is taken within each repeat, standardised. With `R` the correlations of the repeats with one another:
//!
//! | score | lower bound: one repeat and the mean of the *others* | upper bound |
//! | --- | --- | --- |
//! | Pearson | their correlation, mean over repeats (rsatoolbox's `boot_noise_ceiling`) | the same with the mean of *all*: `√(ΣR)/K` |
//! | squared error | its square, 0 where it is negative: what a line explains | the largest eigenvalue of `R`, over `K` |
//!
//! No distances whatever are above an upper bound: of all, the mean of the standardised repeats has the highest mean correlation with
//! them, and their first principal component the highest mean squared correlation, which no line with a squared error can exceed. The model is
//! scored on each repeat as on their mean: squared error by the line of the repeat's own training pairs.

use ndarray::Array2;
use rayon::prelude::*;

use super::ceiling::Ceiling;
use crate::mlem::crossval::CrossValidation;
use crate::mlem::pairs::Neural;
use crate::mlem::params::Scoring;
use crate::mlem::score::{ScoreTarget, Values};
use crate::mlem::solve::Solved;
use crate::numeric::correlation::pearson;
use crate::numeric::linalg::symmetric_eigen;
use crate::numeric::rank::Scratch;

impl CrossValidation {
    /// The ceiling of every fold for the recordings `each`, as [`CrossValidation::ceiling`].
    pub(super) fn measured_ceiling(&self, each: &[Neural], weights: &[Array2<f64>]) -> Vec<Ceiling> {
        let solved: Vec<Vec<Solved>> = each.iter().map(|one| self.solved(one, weights)).collect();
        let of_fold = |fold: usize| {
            let tasks = self.design.layout.tasks_within(fold);
            let mut scratch = Scratch::default();
            let (mut repeats, mut scores, mut pairs) = (Vec::new(), Vec::new(), 0);
            for (one, solved) in each.iter().zip(&solved) {
                let evaluation = self.evaluation((fold, &tasks), one, &solved[fold], &mut scratch);
                let scored = evaluation.score();
                pairs = scored.pairs;
                scores.push(scored.value);
                if let ScoreTarget::Values(Values { values, .. }) = evaluation.target {
                    repeats.push(values);
                }
            }
            let squared = self.design.params.scoring == Scoring::SquaredError;
            let (lower, upper) = bounds(&repeats, squared).unzip();
            // A model of equal distances goes with nothing, as long as those of the repeats differ.
            let mean = || scores.iter().map(|score| score.unwrap_or(0.0)).sum::<f64>() / scores.len() as f64;
            Ceiling { fold, lower, upper, model: lower.map(|_| mean()), pairs }
        };
        (0..self.n_folds()).into_par_iter().map(of_fold).collect()
    }
}

/// The lower and the upper bound of two or more `repeats`, of the correlation or `squared`; `None` where a repeat, or the mean of the
/// others, is constant.
fn bounds(repeats: &[Vec<f32>], squared: bool) -> Option<(f64, f64)> {
    let n = repeats.len();
    let mut among = Array2::<f64>::eye(n);
    for i in 0..n {
        for j in 0..i {
            let r = pearson(&repeats[i], &repeats[j])?;
            (among[[i, j]], among[[j, i]]) = (r, r);
        }
    }
    let total = among.sum();
    let mut lower = 0.0;
    for k in 0..n {
        let with_others = among.row(k).sum() - 1.0;
        // The variance of the others' sum.
        let others = total - 2.0 * with_others - 1.0;
        if others <= 1e-12 * n as f64 {
            return None;
        }
        let r = with_others / others.sqrt();
        lower += if squared { r.max(0.0).powi(2) } else { r } / n as f64;
    }
    let upper = if squared {
        symmetric_eigen(among.view())?.0.last().copied()? / n as f64
    } else {
        total.max(0.0).sqrt() / n as f64
    };
    Some((lower.min(1.0), upper.min(1.0)))
}
