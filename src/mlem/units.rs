//! Every unit of a layer on its own: the same fit, to the distances `|x_i − x_j|` of one unit.
//!
//! A layer has hundreds of units, and streaming all pairs for each would take hours. But for a feature distance `φ`
//!
//! ```text
//! Σ over pairs of φ_ij (x_i − x_j)²  =  Σ_i deg_i x_i² − x'Φx,     deg_i = Σ_j φ_ij
//! ```
//!
//! and `φ` depends only on the values of one or two features. Stimuli of equal values are summed first, so that a term costs one
//! matrix product over groups of stimuli, for all units at once. The sums of a fold's training stimuli are those of all stimuli
//! less those of its own.

use std::collections::BTreeMap;

use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;

use super::crossval::CrossValidation;
use super::error::{Error, Result};
use super::importance::Order;
use super::moments::{Monomial, TargetSums};
use super::pairs::{Neural, PairChunk, Partners, Term};
use super::params::{Distance, MlemParams, PairBudget, Solver, Target};
use super::solve::Solved;
use crate::progress::Progress;
use crate::stimuli::FeatureTable;

/// The most held-out pairs of a fold that one unit is scored on.
const HELD: u64 = 1 << 16;
/// Groups whose distances to all others are computed at once.
const ROWS: usize = 256;

/// Folds and pairs for fits of single units.
#[derive(Debug, Clone)]
pub struct UnitValidation(CrossValidation);

/// One unit on one fold.
#[derive(Debug, Clone, PartialEq)]
pub struct UnitFit {
    /// One per term; `W` has unit Frobenius norm.
    pub weights: Vec<f64>,
    /// The score over held-out pairs; NaN where the unit does not vary.
    pub score: f64,
    /// One per effect; empty with no permutations.
    pub importances: Vec<f64>,
}

impl MlemParams {
    /// As [`MlemParams::cross_validation`], for fits of single units: models are trained on all pairs, whatever the budget, and
    /// scored on a uniform sample of at most 2¹⁶ pairs of each fold.
    ///
    /// # Errors
    ///
    /// As [`MlemParams::cross_validation`] and [`MlemParams::check_units`].
    pub fn unit_validation(&self, features: &FeatureTable, folds: usize) -> Result<UnitValidation> {
        self.check_units()?;
        let params = self.clone().pairs(PairBudget::All);
        Ok(UnitValidation(params.validation(features, folds, HELD * folds as u64)?))
    }

    /// Whether single units can be fitted with these options.
    ///
    /// # Errors
    ///
    /// [`Error::Units`] with another distance than Euclidean, Manhattan (which are one for a single unit) or the difference of
    /// norms, with a rank target, and with the stochastic solver.
    pub fn check_units(&self) -> Result<()> {
        let refused = |option: &'static str, value: &'static str| Err(Error::Units { option, value });
        match (self.distance, self.target, self.solver) {
            (Distance::Cosine, ..) => refused("distance", "cosine"),
            (Distance::Correlation, ..) => refused("distance", "correlation"),
            (Distance::Mahalanobis, ..) => refused("distance", "mahalanobis"),
            (Distance::Crossnobis, ..) => refused("distance", "crossnobis"),
            (Distance::Precomputed, ..) => refused("distance", "precomputed"),
            (_, Target::Rank, _) => refused("target", "rank"),
            (.., Solver::Stochastic) => refused("solver", "stochastic"),
            _ => Ok(()),
        }
    }
}

impl UnitValidation {
    /// The effects that have an importance, in the order of the importances: the terms, then the groups.
    pub fn effects(&self) -> impl Iterator<Item = (&str, Order)> {
        self.0.plan.effects.iter().map(|effect| (effect.name.as_str(), effect.order))
    }

    /// The entries of `W` that are fitted.
    #[must_use]
    pub fn terms(&self) -> &[Term] {
        self.0.terms()
    }

    /// Fits every unit of one layer, of which `activations` are `(n_stimuli, d_model)`: `(d_model, n_folds)` fits. Each unit
    /// is a step of `progress`.
    ///
    /// # Errors
    ///
    /// Another number of rows than the features have; activations that are not finite.
    pub fn fit(
        &self,
        activations: ArrayView2<'_, f32>,
        progress: &dyn Progress,
    ) -> Result<Vec<Vec<UnitFit>>> {
        let design = &self.0.design;
        let neural = |unit: usize| {
            let unit = activations.slice(ndarray::s![.., unit..=unit]);
            let distance = match design.params.distance {
                Distance::NormDiff => Distance::NormDiff,
                _ => Distance::Manhattan,
            };
            Neural::new(unit, &design.layout.order, distance)
        };
        // Activations that a fit of the layer refuses are refused here, with the same error.
        design.neural(activations)?;
        let sums = self.target_sums(activations);
        let units: Vec<usize> = (0..activations.ncols()).collect();
        let mut fits = Vec::with_capacity(units.len());
        for units in units.chunks(UNITS) {
            let neurals: Vec<Neural> = units.iter().map(|&unit| neural(unit)).collect::<Result<_>>()?;
            let solved: Vec<Vec<Solved>> = units
                .par_iter()
                .map(|&unit| {
                    (0..self.0.n_folds())
                        .map(|fold| self.0.systems.solve_exactly(design, fold, &sums[fold][unit]))
                        .collect()
                })
                .collect();
            let mut of_units: Vec<Vec<UnitFit>> = vec![Vec::new(); units.len()];
            for fold in 0..self.0.n_folds() {
                let evaluated = self.0.evaluate(fold, &neurals, &solved);
                for ((fits, solved), (score, importances)) in of_units.iter_mut().zip(&solved).zip(evaluated)
                {
                    fits.push(UnitFit { weights: solved[fold].w.clone(), score, importances });
                }
            }
            fits.extend(of_units);
            progress.advance(units.len() as u64);
        }
        Ok(fits)
    }

    /// For every fold and unit, the sums over training pairs of the unit's squared distance: `(n_folds, d_model)`.
    fn target_sums(&self, activations: ArrayView2<'_, f32>) -> Vec<Vec<TargetSums>> {
        let design = &self.0.design;
        // (n_stimuli, d_model), in the order of the folds.
        let mut x = activations.select(Axis(0), &design.layout.order).mapv(f64::from);
        if design.params.distance == Distance::NormDiff {
            x.mapv_inplace(f64::abs);
        }
        if let Some(mean) = x.mean_axis(Axis(0)) {
            x -= &mean;
        }
        let products: Vec<Vec<Vec<f64>>> = design
            .monomials
            .par_iter()
            .zip(&design.terms)
            .map(|(monomial, &term)| self.products(&x, monomial, term))
            .collect();
        let powers = Powers::new(x.view());
        let own: Vec<Powers> = self
            .0
            .design
            .layout
            .folds
            .iter()
            .map(|fold| Powers::new(x.slice(ndarray::s![fold.clone(), ..])))
            .collect();
        (0..self.0.n_folds())
            .map(|fold| {
                (0..x.ncols())
                    .map(|unit| {
                        let without = design.layout.holds_out().then(|| &own[fold]);
                        let products = products.iter().map(|term| term[fold][unit]).collect();
                        powers.target_sums(without, unit, products)
                    })
                    .collect()
            })
            .collect()
    }

    /// For every fold and unit, the sum over training pairs of one term times the unit's squared distance.
    fn products(&self, x: &Array2<f64>, monomial: &Monomial, term: Term) -> Vec<Vec<f64>> {
        let design = &self.0.design;
        let (columns, folds, d) = (&design.columns, &design.layout.folds, x.ncols());
        // Groups of stimuli of equal values; the first stimulus stands for its group.
        let mut index: BTreeMap<[u64; 2], usize> = BTreeMap::new();
        let mut first: Vec<u32> = Vec::new();
        let group_of: Vec<usize> = (0..x.nrows())
            .map(|i| {
                let value = |feature: usize| columns.value(columns.slots()[feature], i);
                *index.entry([value(term.a), value(term.b)]).or_insert_with(|| {
                    first.push(i as u32);
                    first.len() - 1
                })
            })
            .collect();
        let all = Grouped::new(x, &group_of, 0..x.nrows());
        let own: Vec<Grouped> = folds.iter().map(|fold| Grouped::new(x, &group_of, fold.clone())).collect();
        // `Σ deg x² − x'Φx` over all stimuli, and what is subtracted from it for each fold.
        let mut total = vec![0.0; d];
        let mut taken = vec![vec![0.0; d]; folds.len()];
        let mut chunk = PairChunk { dense: vec![Vec::new(); columns.n_dense()], ..PairChunk::default() };
        let mut distances = vec![0.0; first.len()];
        for start in (0..all.groups.len()).step_by(ROWS) {
            let rows = start..(start + ROWS).min(all.groups.len());
            let mut block = Array2::<f64>::zeros((rows.len(), first.len()));
            for (r, mut line) in rows.clone().zip(block.rows_mut()) {
                chunk.clear();
                let PairChunk { bits, dense, .. } = &mut chunk;
                columns.append(first[r] as usize, &Partners::List(&first), bits, dense);
                monomial.evaluate(&chunk, &mut distances);
                line.assign(&ndarray::ArrayView1::from(&distances));
            }
            let to_all = block.dot(&all.sums);
            let degrees = block.dot(&all.counts);
            for (k, g) in rows.clone().enumerate() {
                let (sums, squares) = (all.sums.row(g), all.squares.row(g));
                for u in 0..d {
                    total[u] += degrees[k] * squares[u] - sums[u] * to_all[[k, u]];
                }
            }
            for (own, taken) in own.iter().zip(&mut taken) {
                // The fold's groups that are rows of this block.
                let from = own.groups.partition_point(|&g| g < rows.start);
                let to = own.groups.partition_point(|&g| g < rows.end);
                let here: Vec<usize> = own.groups[from..to].iter().map(|g| g - rows.start).collect();
                let among = block.select(Axis(0), &here).select(Axis(1), &own.groups);
                let (to_own, own_degrees) = (among.dot(&own.sums), among.dot(&own.counts));
                for (k, &r) in here.iter().enumerate() {
                    let (sums, squares) = (own.sums.row(from + k), own.squares.row(from + k));
                    // Pairs of the fold with all stimuli; those within the fold were counted from both ends.
                    let all_squares = all.squares.row(rows.start + r);
                    for u in 0..d {
                        taken[u] += degrees[r] * squares[u] - 2.0 * sums[u] * to_all[[r, u]]
                            + own_degrees[k] * (all_squares[u] - squares[u])
                            + sums[u] * to_own[[k, u]];
                    }
                }
                // The stimuli of all other groups are paired with the fold's too: their degrees lose the fold's share.
                let others: Vec<usize> =
                    rows.clone().filter(|g| own.groups.binary_search(g).is_err()).collect();
                let local: Vec<usize> = others.iter().map(|g| g - rows.start).collect();
                let lost = block.select(Axis(0), &local).select(Axis(1), &own.groups).dot(&own.counts);
                for (&g, lost) in others.iter().zip(&lost) {
                    for (taken, square) in taken.iter_mut().zip(all.squares.row(g)) {
                        *taken += lost * square;
                    }
                }
            }
        }
        if folds.len() == 1 {
            return vec![total];
        }
        let training =
            |taken: Vec<f64>| total.iter().zip(taken).map(|(total, taken)| total - taken).collect();
        taken.into_iter().map(training).collect()
    }
}

/// Units whose distances are held at once.
const UNITS: usize = 64;

/// Sums over the groups of some stimuli.
struct Grouped {
    /// The groups that occur, ascending.
    groups: Vec<usize>,
    /// How many stimuli each has.
    counts: ndarray::Array1<f64>,
    /// `(n_groups, d_model)`: sums of activations, and of their squares.
    sums: Array2<f64>,
    squares: Array2<f64>,
}

impl Grouped {
    fn new(x: &Array2<f64>, group_of: &[usize], stimuli: std::ops::Range<usize>) -> Self {
        let mut groups: Vec<usize> = group_of[stimuli.clone()].to_vec();
        groups.sort_unstable();
        groups.dedup();
        let mut counts = ndarray::Array1::zeros(groups.len());
        let mut sums = Array2::zeros((groups.len(), x.ncols()));
        let mut squares = Array2::zeros((groups.len(), x.ncols()));
        for i in stimuli {
            let Ok(group) = groups.binary_search(&group_of[i]) else { continue };
            counts[group] += 1.0;
            let cells = sums.row_mut(group).into_iter().zip(squares.row_mut(group)).zip(x.row(i));
            for ((sum, square), x) in cells {
                *sum += x;
                *square += x * x;
            }
        }
        Self { groups, counts, sums, squares }
    }
}

/// Per unit, the sums of the first four powers.
struct Powers {
    n: f64,
    /// `(4, d_model)`.
    sums: Array2<f64>,
}

impl Powers {
    fn new(x: ArrayView2<'_, f64>) -> Self {
        let mut sums = Array2::zeros((4, x.ncols()));
        for row in x.rows() {
            for (mut sums, &x) in sums.columns_mut().into_iter().zip(row) {
                let mut power = 1.0;
                for sum in &mut sums {
                    power *= x;
                    *sum += power;
                }
            }
        }
        Self { n: x.nrows() as f64, sums }
    }

    /// Sums over pairs of the squared distance, its square, and its `products`, among these stimuli less those of `without`.
    fn target_sums(&self, without: Option<&Self>, unit: usize, products: Vec<f64>) -> TargetSums {
        let power = |k: usize| self.sums[[k - 1, unit]] - without.map_or(0.0, |own| own.sums[[k - 1, unit]]);
        let n = self.n - without.map_or(0.0, |own| own.n);
        let (s1, s2, s3, s4) = (power(1), power(2), power(3), power(4));
        TargetSums {
            pairs: n * (n - 1.0) / 2.0,
            sum: n * s2 - s1 * s1,
            square: n * s4 - 4.0 * s3 * s1 + 3.0 * s2 * s2,
            products,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::brute_force::data;
    use super::super::{Missing, Mlem, Permute, Scoring};
    use super::*;
    use crate::progress::Silent;
    use crate::stimuli::Feature;

    #[test]
    fn a_unit_is_fitted_as_a_layer_of_one_unit_is() {
        let (mut features, x) = data(70, 4, 2, 9);
        let given = Array2::from_shape_fn((70, 70), |(i, j)| (i % 9).abs_diff(j % 9) as f32);
        features.push(Feature::distances("given", given.view()).unwrap()).unwrap();
        for (missing, distance, interactions, folds, scoring) in [
            (Missing::Zero, Distance::Euclidean, false, 3, Scoring::Spearman),
            (Missing::One, Distance::Manhattan, true, 4, Scoring::Pearson),
            (Missing::One, Distance::NormDiff, false, 1, Scoring::SquaredError),
        ] {
            let params = Mlem::params()
                .missing(missing)
                .distance(distance)
                .interactions(interactions)
                .scoring(scoring)
                .permute(Permute::Stimuli)
                .permutations(2);
            let units = params.unit_validation(&features, folds).unwrap();
            let fits = units.fit(x.view(), &Silent).unwrap();
            assert_eq!(fits.len(), x.ncols());
            let whole = params.cross_validation(&features, folds).unwrap();
            for (unit, fits) in fits.iter().enumerate() {
                let alone = whole.fit(x.slice(ndarray::s![.., unit..=unit])).unwrap();
                assert_eq!(fits.len(), folds);
                for (fit, alone) in fits.iter().zip(&alone) {
                    for (w, term) in fit.weights.iter().zip(units.terms()) {
                        let expected = alone.weights[[term.a, term.b]];
                        assert!((w - expected).abs() < 1e-6, "{w} {expected}");
                    }
                    assert!((fit.score - alone.scored.value.unwrap()).abs() < 1e-5);
                    for (a, b) in fit.importances.iter().zip(&alone.importances) {
                        assert!((a - b.importance).abs() < 1e-5, "{a} {b:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_unit_that_is_always_the_same_has_no_score() {
        let (features, mut x) = data(40, 2, 0, 9);
        x.column_mut(1).fill(3.0);
        let units = Mlem::params().unit_validation(&features, 2).unwrap();
        let fits = units.fit(x.view(), &Silent).unwrap();
        assert!(fits[0].iter().all(|fit| fit.score.is_finite()));
        assert!(fits[1].iter().all(|fit| fit.score.is_nan() && fit.weights.iter().all(|w| w.is_finite())));
        assert!(Mlem::params().distance(Distance::Cosine).unit_validation(&features, 2).is_err());
    }
}
