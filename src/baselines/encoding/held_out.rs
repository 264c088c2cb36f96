//! Scores and importances of a model on stimuli that it is evaluated on.

use std::ops::Range;

use ndarray::{Array2, ArrayView2, Axis, s};
use rayon::prelude::*;

use super::coding::Standard;
use super::model::Model;
use super::score::{EncodingScore, Squares, UnitScore};
use crate::mlem::TermImportance;
use crate::mlem::importance::{Effect, Order, Orders, Plan, subtract_mains};
use crate::numeric::correlation::mean_sd;

/// The columns of the stimuli that a model is evaluated on.
#[derive(Debug, Clone)]
pub(super) struct HeldOut {
    /// What the evaluation is called: others draw other permutations.
    name: String,
    /// Rows of the activations.
    pub(super) rows: Vec<usize>,
    /// Where they are in the plan of permutations.
    positions: Range<usize>,
    /// Columns of the features, `(n_stimuli, n_main_columns)`.
    mains: Array2<f64>,
    /// Columns of all terms, `(n_stimuli, n_columns)`.
    x: Array2<f64>,
    /// Whether each feature varies among them.
    varies: Vec<bool>,
}

/// A model evaluated on some stimuli.
#[derive(Debug)]
pub(super) struct Evaluated {
    pub(super) score: EncodingScore,
    pub(super) units: Vec<UnitScore>,
    pub(super) importances: Vec<TermImportance>,
}

impl HeldOut {
    /// The stimuli at `rows`, with `columns` those of the features of all stimuli.
    pub(super) fn new(
        name: String,
        (rows, positions): (Vec<usize>, Range<usize>),
        columns: &Array2<f64>,
        standard: &Standard,
        n_features: usize,
    ) -> Self {
        let own = columns.select(Axis(0), &rows);
        let varies = |feature: usize| {
            let differs = |x: f64, y: f64| x != y && !(x.is_nan() && y.is_nan());
            standard.of_feature(feature).any(|k| own.column(k).iter().any(|&x| differs(x, own[[0, k]])))
        };
        let mains = standard.mains(&own);
        Self {
            name,
            rows,
            positions,
            x: standard.design(&mains),
            mains,
            varies: (0..n_features).map(varies).collect(),
        }
    }

    /// Whether `feature` varies among them.
    pub(super) fn varies(&self, feature: usize) -> bool {
        self.varies[feature]
    }

    /// The score of `model` on the activations of all stimuli, and the importances of the effects of `plan`; `each_unit`: those of every
    /// unit too.
    pub(super) fn evaluate(
        &self,
        model: &Model,
        standard: &Standard,
        plan: &Plan,
        activations: ArrayView2<'_, f32>,
        each_unit: bool,
    ) -> Evaluated {
        let truly = activations.select(Axis(0), &self.rows).mapv(f64::from);
        let predicted = model.predict(&self.x);
        let squares = Squares::of(predicted.view(), truly.view());
        let mut units = squares.of_units();
        let mut importances = Vec::new();
        if plan.permutations > 0 {
            let total = squares.total();
            let coefficients = model.coefficients(|unit| squares.varies(unit));
            let residuals = truly - predicted;
            // All that the sum over units of squared errors takes, whatever is permuted.
            let across = residuals.dot(&coefficients.t());
            let along = coefficients.dot(&coefficients.t());
            let drops: Vec<Vec<f64>> = self.each_permutation(plan, standard, &|columns, change| {
                if total > 0.0 { growth(&across, &along, columns, change) / total } else { f64::NAN }
            });
            importances = named(plan, &drops);
            if each_unit {
                let of_unit: Vec<Vec<Vec<f64>>> =
                    self.each_permutation(plan, standard, &|columns, change| {
                        let moved = change.dot(&coefficients.select(Axis(0), columns));
                        (0..model.n_units())
                            .map(|unit| {
                                let pairs = moved.column(unit).into_iter().zip(residuals.column(unit));
                                let grown: f64 =
                                    pairs.map(|(moved, rest)| moved * (moved - 2.0 * rest)).sum();
                                if squares.varies(unit) { grown / squares.deviations[unit] } else { f64::NAN }
                            })
                            .collect()
                    });
                for (unit, score) in units.iter_mut().enumerate() {
                    let of = |drops: &Vec<Vec<f64>>| {
                        drops.iter().map(|of| of.get(unit).copied().unwrap_or(f64::NAN)).collect()
                    };
                    let drops: Vec<Vec<f64>> = of_unit.iter().map(of).collect();
                    score.importances = named(plan, &drops).into_iter().map(|of| of.importance).collect();
                }
            }
        }
        Evaluated { score: squares.pooled(), units, importances }
    }

    /// What `of` says of each permutation and effect: of the columns that an effect moves, and of how much they change. An effect that
    /// nothing can be permuted of has the default.
    fn each_permutation<T: Send + Absent>(
        &self,
        plan: &Plan,
        standard: &Standard,
        of: &(impl Fn(&[usize], &Array2<f64>) -> T + Sync),
    ) -> Vec<Vec<T>> {
        (0..plan.permutations)
            .map(|permutation| {
                let orders = plan.orders(&self.name, &self.positions, permutation);
                let of_effect = |k: usize| {
                    if !self.is_permutable(plan, k) {
                        return T::absent();
                    }
                    let (columns, change) = self.change(plan, k, standard, &orders);
                    of(&columns, &change)
                };
                (0..plan.effects.len()).into_par_iter().map(of_effect).collect()
            })
            .collect()
    }

    fn is_permutable(&self, plan: &Plan, k: usize) -> bool {
        let Effect { order, features, .. } = &plan.effects[k];
        let varies = match order {
            Order::Group => features.iter().any(|&feature| self.varies[feature]),
            _ => features.iter().all(|&feature| self.varies[feature]),
        };
        varies && plan.moves(k, &self.positions)
    }

    /// The columns that effect number `k` moves, and how much each stimulus's change, `(n_stimuli, n_columns)`.
    fn change(
        &self,
        plan: &Plan,
        k: usize,
        standard: &Standard,
        orders: &Orders,
    ) -> (Vec<usize>, Array2<f64>) {
        let effect = &plan.effects[k];
        let group = k.saturating_sub(plan.first_group());
        let mut mains = self.mains.clone();
        for &feature in &effect.features {
            let order = orders.of(effect, group, feature);
            for column in standard.of_feature(feature) {
                for (to, from) in order.iter().enumerate() {
                    mains[[to, column]] = self.mains[[from - self.positions.start, column]];
                }
            }
        }
        let columns: Vec<usize> = effect.terms.iter().flat_map(|&term| standard.of_term(term)).collect();
        let mut change = Array2::zeros((self.rows.len(), columns.len()));
        let mut start = 0;
        for &term in &effect.terms {
            let own = standard.of_term(term);
            let end = start + own.len();
            let mut out = change.slice_mut(s![.., start..end]);
            standard.fill(term, &mains, out.view_mut());
            out -= &self.x.slice(s![.., own]);
            start = end;
        }
        (columns, change)
    }
}

/// A value where there is none.
trait Absent {
    fn absent() -> Self;
}

impl Absent for f64 {
    fn absent() -> Self {
        f64::NAN
    }
}

impl Absent for Vec<f64> {
    fn absent() -> Self {
        Vec::new()
    }
}

/// By how much squared errors grow when `columns` change by `change`: `Σ (r − ΔB)² − Σ r² = ⟨Δ'Δ, BB'⟩ − 2 ⟨Δ, rB'⟩`, with `across` = rB'
/// and `along` = BB'.
fn growth(across: &Array2<f64>, along: &Array2<f64>, columns: &[usize], change: &Array2<f64>) -> f64 {
    let along = along.select(Axis(0), columns).select(Axis(1), columns);
    let squared = (&change.t().dot(change) * &along).sum();
    squared - 2.0 * (change * &across.select(Axis(1), columns)).sum()
}

/// The importances of the effects of `plan`, of which `drops` has those of each permutation.
fn named(plan: &Plan, drops: &[Vec<f64>]) -> Vec<TermImportance> {
    let mut drops = drops.to_vec();
    for drops in &mut drops {
        subtract_mains(drops, &plan.effects);
    }
    let of = |(k, effect): (usize, &Effect)| {
        let all: Vec<f64> = drops.iter().map(|drops| drops[k]).collect();
        let (importance, sd) = mean_sd(&all).unwrap_or((f64::NAN, f64::NAN));
        TermImportance { name: effect.name.clone(), order: effect.order, importance, sd }
    };
    plan.effects.iter().enumerate().map(of).collect()
}
