//! Moments per pair of folds, and the ridge that they give for any training set.

use ndarray::ArrayView1;
use rayon::prelude::*;

use crate::mlem::moments::{Design, FeatureSums, Groups, Monomial, TargetAccumulator, TargetSums};
use crate::mlem::pairs::{Neural, Task};
use crate::numeric::comoments::Line;
use crate::numeric::linalg::dot;
use crate::numeric::ridge::Ridge;

/// Strips whose sums are held at once.
const WAVE: usize = 32;

/// Sums of the products of terms over the pairs between each two folds, and within each.
#[derive(Debug, Clone)]
pub(super) struct Moments {
    n_folds: usize,
    monomials: Vec<Monomial>,
    tasks: Vec<Task>,
    features: Vec<FeatureSums>,
}

/// Moments with a target and without, over the same pairs.
#[derive(Debug, Clone)]
pub(super) struct Sums {
    features: FeatureSums,
    target: TargetSums,
}

impl Moments {
    pub(super) fn new(design: &Design) -> Self {
        let columns = &design.columns;
        let monomials: Vec<Monomial> =
            design.terms.iter().map(|&term| Monomial::new(term, columns.slots())).collect();
        let groups = Groups::of_products(columns, &monomials);
        let tasks = design.layout.tasks();
        let n_folds = design.n_parts();
        let of_task =
            |task: &Task| FeatureSums::of(task, columns, design.coverage, &monomials, groups.as_ref());
        let zeros = || FeatureSums::zeros(monomials.len());
        let features = by_folds(&tasks, n_folds, zeros, of_task, |sum, other| sum.add(other, 1.0));
        Self { n_folds, monomials, tasks, features }
    }

    /// The sums with the squared neural distances, per pair of folds.
    pub(super) fn targets(&self, design: &Design, neural: &Neural) -> Vec<TargetSums> {
        let groups = Groups::of_terms(&design.columns, &self.monomials);
        let of_task = |task: &Task| {
            let mut sums = TargetAccumulator::new(groups.as_ref(), &self.monomials);
            task.stream(Some(&design.columns), Some(neural), design.coverage, |chunk| {
                sums.add(chunk, &chunk.squared);
            });
            sums.finish()
        };
        let zeros = || TargetSums::zeros(self.monomials.len());
        by_folds(&self.tasks, self.n_folds, zeros, of_task, |sum, other| sum.add(other, 1.0))
    }

    /// The moments over all pairs of stimuli in folds that `keep` keeps.
    pub(super) fn over(&self, targets: &[TargetSums], keep: impl Fn(usize) -> bool) -> Sums {
        let n = self.monomials.len();
        let mut sums = Sums { features: FeatureSums::zeros(n), target: TargetSums::zeros(n) };
        for k in (0..self.n_folds).filter(|&k| keep(k)) {
            for l in (k..self.n_folds).filter(|&l| keep(l)) {
                sums.features.add(&self.features[k * self.n_folds + l], 1.0);
                sums.target.add(&targets[k * self.n_folds + l], 1.0);
            }
        }
        sums
    }

    /// The fraction, as a place in `fractions`, that is best on average over the folds in `folds`, each held out in turn of
    /// them: the first of equals.
    pub(super) fn choose(&self, targets: &[TargetSums], folds: &[usize], fractions: &[f64]) -> usize {
        let scores: Vec<Vec<f64>> = folds
            .par_iter()
            .map(|&held_out| {
                let training = self.over(targets, |fold| fold != held_out && folds.contains(&fold));
                let validation = self.over(targets, |fold| fold == held_out);
                training.ridge(fractions).iter().map(|w| validation.pearson(w)).collect()
            })
            .collect();
        let mean = |place: usize| scores.iter().map(|fold| fold[place]).sum::<f64>();
        (0..fractions.len())
            .reduce(|best, place| if mean(place) > mean(best) { place } else { best })
            .unwrap_or(0)
    }
}

impl Sums {
    /// The weights at each of `fractions`, for terms as they are.
    pub(super) fn ridge(&self, fractions: &[f64]) -> Vec<Vec<f64>> {
        let c = self.features.covariance();
        let b = self.target.covariance(&self.features);
        let largest = c.diag().iter().fold(0.0, |most: f64, &x| most.max(x));
        // A term that does not vary has no weight.
        let scale: Vec<f64> =
            c.diag().iter().map(|&x| if x > 1e-14 * largest { 1.0 / x.sqrt() } else { 0.0 }).collect();
        let mut correlations = c;
        for ((i, j), x) in correlations.indexed_iter_mut() {
            *x *= scale[i] * scale[j];
        }
        let zeros = || vec![vec![0.0; b.len()]; fractions.len()];
        let Some(ridge) = Ridge::new(correlations.view()) else { return zeros() };
        let rotated = ridge.rotate(&b.iter().zip(&scale).map(|(b, s)| b * s).collect::<Vec<_>>());
        let unscaled = |w: Vec<f64>| w.iter().zip(&scale).map(|(w, s)| w * s).collect();
        fractions.iter().map(|&fraction| unscaled(ridge.at_fraction(&rotated, fraction).0)).collect()
    }

    /// The line by which the target is predicted from the distances that `w` models.
    pub(super) fn line(&self, w: &[f64]) -> Line {
        let b = self.target.covariance(&self.features);
        let cw = self.features.covariance().dot(&ArrayView1::from(w)).to_vec();
        let means = [dot(&self.features.sums, w) / self.features.pairs, self.target.sum / self.target.pairs];
        Line::rising(dot(&b, w), dot(&cw, w).max(0.0), means)
    }

    /// Pearson's correlation of the distances that `w` models and the target; 0 where either is constant.
    pub(super) fn pearson(&self, w: &[f64]) -> f64 {
        let c = self.features.covariance();
        let b = self.target.covariance(&self.features);
        let cw = c.dot(&ArrayView1::from(w)).to_vec();
        let spread = (dot(&cw, w).max(0.0) * self.target.variance()).sqrt();
        if spread > 0.0 { (dot(&b, w) / spread).clamp(-1.0, 1.0) } else { 0.0 }
    }
}

/// The sums of `of_task` over the tasks of each pair of folds, at `k · n_folds + l`; in the order of the tasks, whatever the
/// number of threads.
fn by_folds<S: Send>(
    tasks: &[Task],
    n_folds: usize,
    zeros: impl Fn() -> S,
    of_task: impl Fn(&Task) -> S + Sync,
    add: impl Fn(&mut S, &S),
) -> Vec<S> {
    let mut sums: Vec<S> = (0..n_folds * n_folds).map(|_| zeros()).collect();
    for wave in tasks.chunks(WAVE) {
        let parts: Vec<S> = wave.par_iter().map(&of_task).collect();
        for (task, part) in wave.iter().zip(&parts) {
            let (k, l) = task.folds;
            add(&mut sums[k * n_folds + l], part);
        }
    }
    sums
}
