//! What one effect adds to the others, against its own null: its part of the feature distances that the others do not share is
//! shuffled over the stimuli, and everything else is left as it is.
//!
//! For an effect with the terms `G` and the remaining terms `R`, the own part of the effect's distances is the residual
//! `ρ_g = φ_g − Σ_r B_rg φ_r` of their regression on those of `R` over the training pairs. A draw moves the stimuli of `ρ` by a
//! permutation `π` within folds, rows and columns together; `t`, and the terms of `R`, stay. This is the double semi-partialing of
//! Dekker, Krackhardt and Snijders (2007), which keeps its level where the terms correlate, and where the others matter much. The
//! model of `R` alone is fitted once. On what it leaves of `t`, the weights of `ρ^π` are fitted for every draw, and the statistic is
//! the Spearman that they add on the held-out pairs, a mean over folds. The unshuffled effect is one more draw.
//!
//! A shuffle within folds leaves `C`, so that a draw costs one vector of sums with the target, which all effects and the null of
//! the scores share, and the covariances of the terms with the shuffled ones.
//!
//! What this is not: the statistic is not the importance. An importance permutes a whole term in the fitted model, this adds the
//! own part of a term to the model of the others; where features are independent, they are much the same.

use ndarray::Array2;
use rayon::prelude::*;

use crate::mlem::crossval::CrossValidation;
use crate::mlem::importance::{Effect, Order, Ranker};
use crate::mlem::moments::{Crossing, Monomial, TargetSums};
use crate::mlem::pairs::{Neural, Term};
use crate::mlem::params::Constraint;
use crate::mlem::score::{PairSet, add_combination, neural_distances, on_grid};
use crate::numeric::linalg::{Cholesky, dot};
use crate::numeric::nnls;
use crate::numeric::rank::{RankTarget, Scratch};

/// Relative to the mean variance of the terms: a ridge for terms that others determine.
const RIDGE: f64 = 1e-8;
/// Less than this of a term's variance is rounding: nothing is the term's own.
const NOTHING: f64 = 1e-6;

/// A shuffle of the stimuli within folds.
#[derive(Debug, Clone)]
pub(super) struct Shuffle {
    /// Position `i` has the neural distances of position `from[i]`.
    pub(super) from: Vec<u32>,
    /// Its inverse: position `i` has the features of position `to[i]`.
    pub(super) to: Vec<usize>,
}

impl Shuffle {
    pub(super) fn new(from: Vec<u32>) -> Self {
        let mut to = vec![0; from.len()];
        for (i, &j) in from.iter().enumerate() {
            to[j as usize] = i;
        }
        Self { from, to }
    }
}

/// One effect in one fold: what the other terms explain, and what is the effect's own.
struct Part {
    own: Vec<usize>,
    rest: Vec<usize>,
    /// `(n_rest, n_own)`: the regression of the effect's terms on the others.
    shared: Array2<f64>,
    /// `(n_own, n_own)`: the covariances of what is the effect's own.
    left: Array2<f64>,
    /// The model of the other terms.
    weights: Vec<f64>,
    /// Whether the weights of the own part must not be negative.
    positive: bool,
}

impl Part {
    fn new(effect: &Effect, terms: &[Term], c: &Array2<f64>, b: &[f64], constraint: Constraint) -> Self {
        let m = b.len();
        // An interaction is its product alone, whatever is permuted for its importance.
        let own: Vec<usize> = match (effect.order, effect.features.as_slice()) {
            (Order::Interaction, &[x, y]) => (0..m).filter(|&k| (terms[k].a, terms[k].b) == (x, y)).collect(),
            _ => effect.terms.clone(),
        };
        let rest: Vec<usize> = (0..m).filter(|k| !own.contains(k)).collect();
        let at = |rows: &[usize], columns: &[usize]| {
            Array2::from_shape_fn((rows.len(), columns.len()), |(i, j)| c[[rows[i], columns[j]]])
        };
        let mut of_rest = at(&rest, &rest);
        let ridge = RIDGE * c.diag().sum() / m.max(1) as f64;
        of_rest.diag_mut().iter_mut().for_each(|x| *x += ridge);
        let b_rest: Vec<f64> = rest.iter().map(|&k| b[k]).collect();
        let mains_alone = |of: &[usize]| of.iter().all(|&k| terms[k].is_main());
        let signed = constraint == Constraint::None;
        let factor = Cholesky::new(of_rest.view());
        let mut shared = at(&rest, &own);
        let mut weights = b_rest.clone();
        if let Some(factor) = &factor {
            for mut column in shared.columns_mut() {
                let mut x = column.to_vec();
                factor.solve(&mut x);
                column.iter_mut().zip(x).for_each(|(to, from)| *to = from);
            }
            factor.solve(&mut weights);
        }
        if !signed && mains_alone(&rest) && !rest.is_empty() {
            weights = nnls::solve(of_rest.view(), &b_rest).unwrap_or(weights);
        }
        let left = at(&own, &own) - at(&own, &rest).dot(&shared);
        let positive = !signed && mains_alone(&own);
        Self { own, rest, shared, left, weights, positive }
    }

    /// What the weights of the terms are, `(n_terms)`, where `own` are those of the own part.
    fn spread(&self, own: &[f64], m: usize) -> Vec<f64> {
        let mut u = vec![0.0; m];
        for (&k, w) in self.own.iter().zip(own) {
            u[k] += w;
        }
        for (i, &k) in self.rest.iter().enumerate() {
            u[k] -= own.iter().enumerate().map(|(j, w)| self.shared[[i, j]] * w).sum::<f64>();
        }
        u
    }

    /// The weights of the own part, shuffled: `b` are the covariances of the shuffled terms with the target, and `crossed` those of
    /// the terms with the shuffled terms.
    fn fit(&self, b: &[f64], crossed: &Array2<f64>, c: &Array2<f64>) -> Vec<f64> {
        // What the others leave of the target, with every shuffled term.
        let unexplained = |l: usize| {
            b[l] - self.rest.iter().zip(&self.weights).map(|(&k, w)| crossed[[k, l]] * w).sum::<f64>()
        };
        let of_rest: Vec<f64> = self.rest.iter().map(|&l| unexplained(l)).collect();
        let e: Vec<f64> = self
            .own
            .iter()
            .enumerate()
            .map(|(j, &l)| unexplained(l) - dot(&self.shared.column(j).to_vec(), &of_rest))
            .collect();
        let real = |j: usize| self.left[[j, j]] > NOTHING * c[[self.own[j], self.own[j]]];
        if let [e] = e[..] {
            let w = if real(0) { e / self.left[[0, 0]] } else { 0.0 };
            return vec![if self.positive { w.max(0.0) } else { w }];
        }
        let mut left = self.left.clone();
        for j in 0..e.len() {
            let variance = c[[self.own[j], self.own[j]]];
            left[[j, j]] += if real(j) { RIDGE * variance } else { variance };
        }
        let solved = if self.positive {
            nnls::solve(left.view(), &e)
        } else {
            Cholesky::new(left.view()).map(|factor| {
                let mut w = e.clone();
                factor.solve(&mut w);
                w
            })
        };
        solved.unwrap_or_else(|| vec![0.0; e.len()])
    }
}

impl CrossValidation {
    /// What every effect adds to the others, a mean over folds, for each of `shuffles`: `(n_shuffles, n_effects)`; `sums` are the sums
    /// over the training pairs of each fold with the target shuffled, `neural` the unshuffled distances. A fold in which an effect does
    /// not vary is left out; NaN where there is no other, and where a fold has no score.
    pub(super) fn own_effects(
        &self,
        neural: &Neural,
        shuffles: &[Shuffle],
        sums: &[Vec<TargetSums>],
    ) -> Vec<Vec<f64>> {
        let (design, n_folds) = (&self.design, self.n_folds());
        let effects = &self.plan.effects;
        let shuffled: Vec<_> = shuffles
            .par_iter()
            .map(|shuffle| {
                design.columns.permuted(0..shuffle.to.len(), |_, out| out.copy_from_slice(&shuffle.to))
            })
            .collect();
        let crossing = Crossing::new(design);
        let crossed: Vec<Vec<Array2<f64>>> = shuffles
            .par_iter()
            .zip(&shuffled)
            .map(|(shuffle, columns)| crossing.covariances(&shuffle.to, columns))
            .collect();
        let mut means = vec![vec![0.0; effects.len()]; shuffles.len()];
        // In how many folds each effect varies: the others are left out.
        let mut counted = vec![0usize; effects.len()];
        for fold in 0..n_folds {
            let varies: Vec<bool> =
                effects.iter().map(|effect| self.plan.varies(effect, &self.sets[fold])).collect();
            counted.iter_mut().zip(&varies).for_each(|(count, &varies)| *count += usize::from(varies));
            let features = design.training_sums(fold);
            let c = features.covariance();
            let b: Vec<Vec<f64>> = sums.iter().map(|folds| folds[fold].covariance(features)).collect();
            let tasks = design.layout.tasks_within(fold);
            let distances = neural_distances(neural, &tasks, self.coverage);
            let target = RankTarget::new(&distances, &mut Scratch::default());
            let parts: Vec<Part> = effects
                .iter()
                .map(|effect| Part::new(effect, &design.terms, &c, &b[0], design.params.constraint))
                .collect();
            let evaluated =
                Evaluated { monomials: &design.monomials, set: &self.sets[fold], target: &target };
            let bases: Vec<(Vec<f32>, f64)> = parts
                .par_iter()
                .map(|part| {
                    let mut u = vec![0.0; b[0].len()];
                    part.rest.iter().zip(&part.weights).for_each(|(&k, w)| u[k] = *w);
                    let mut base = vec![0.0; target.len()];
                    add_combination(evaluated.set, evaluated.monomials, &u, &mut base);
                    let score = evaluated.spearman(&base, &mut Buffers::new(target.len()));
                    (base, score)
                })
                .collect();
            let of_draw = |buffers: &mut Buffers, draw: usize| -> Vec<f64> {
                let set = PairSet::new(&shuffled[draw], &tasks, self.coverage);
                let gain = |(part, (base, score)): (&Part, &(Vec<f32>, f64))| {
                    let own = part.fit(&b[draw], &crossed[draw][fold], &c);
                    if own.iter().all(|&w| w == 0.0) {
                        return if score.is_nan() { f64::NAN } else { 0.0 };
                    }
                    let u = part.spread(&own, c.nrows());
                    let mut distances = std::mem::take(&mut buffers.distances);
                    distances.clear();
                    distances.extend_from_slice(base);
                    add_combination(&set, evaluated.monomials, &u, &mut distances);
                    let with = evaluated.spearman(&distances, buffers);
                    buffers.distances = distances;
                    with - score
                };
                parts.iter().zip(&bases).map(gain).collect()
            };
            let gains: Vec<Vec<f64>> = (0..shuffles.len())
                .into_par_iter()
                .map_init(|| Buffers::new(target.len()), of_draw)
                .collect();
            for (means, gains) in means.iter_mut().zip(gains) {
                for ((mean, gain), _) in
                    means.iter_mut().zip(gains).zip(&varies).filter(|(_, varies)| **varies)
                {
                    *mean += gain;
                }
            }
        }
        for means in &mut means {
            means.iter_mut().zip(&counted).for_each(|(mean, &count)| *mean /= count as f64);
        }
        means
    }
}

/// What modelled distances of a fold are scored against.
struct Evaluated<'a> {
    monomials: &'a [Monomial],
    set: &'a PairSet,
    target: &'a RankTarget,
}

/// Room for the distances of one model.
struct Buffers {
    distances: Vec<f32>,
    grid: Vec<i32>,
    ranker: Ranker,
}

impl Buffers {
    fn new(pairs: usize) -> Self {
        Self {
            distances: Vec::with_capacity(pairs),
            grid: Vec::with_capacity(pairs),
            ranker: Ranker::quick(pairs),
        }
    }
}

impl Evaluated<'_> {
    /// Spearman of `distances`; 0 where they are constant, NaN where the neural ones are.
    fn spearman(&self, distances: &[f32], buffers: &mut Buffers) -> f64 {
        if self.target.is_constant() {
            return f64::NAN;
        }
        on_grid(distances, &mut buffers.grid);
        let grid = &buffers.grid;
        let fill = |start: usize, block: &mut [i32]| block.copy_from_slice(&grid[start..start + block.len()]);
        buffers.ranker.spearman(self.target, fill).unwrap_or(0.0)
    }
}

#[cfg(test)]
mod tests;
