//! Cross-validation by stimuli: fitted to some, scored on the others.

use ndarray::{ArrayView2, Axis};
use rayon::prelude::*;

use super::super::Result;
use super::super::rows::check;
use super::coding::{Coding, Standard};
use super::held_out::HeldOut;
use super::model::Model;
use super::params::EncodingParams;
use super::penalty::Training;
use super::score::{EncodingScore, UnitScore};
use super::warning::Warning;
use crate::mlem::importance::Plan;
use crate::mlem::pairs::{Layout, Scales, terms};
use crate::mlem::{self, Missing, TermImportance};
use crate::stimuli::FeatureTable;
use crate::stimuli::confounds::Confounds;

/// Features split into folds, with everything about the fits that they decide computed once for all layers.
#[derive(Debug, Clone)]
pub struct CrossValidation {
    penalties: Vec<f64>,
    n_stimuli: usize,
    /// Whether what is scored is not trained on.
    holds_out: bool,
    plan: Plan,
    folds: Vec<Fold>,
    warnings: Vec<Warning>,
}

/// What is trained on and what is held out.
#[derive(Debug, Clone)]
struct Fold {
    rows: Vec<usize>,
    standard: Standard,
    training: Training,
    held_out: HeldOut,
}

/// The model of one fold at one layer, and how it did.
#[derive(Debug, Clone, PartialEq)]
pub struct FoldFit {
    /// The fold, from 0.
    pub fold: usize,
    /// On the held-out stimuli (on all, where there is one fold).
    pub scored: EncodingScore,
    /// R² on the training stimuli, pooled over units; NaN where none varies, `None` where there is one fold.
    pub trained: Option<f64>,
    /// How many stimuli it was trained on.
    pub training_stimuli: usize,
    /// The penalty that was chosen.
    pub penalty: f64,
    /// How many columns the features have.
    pub columns: usize,
    /// Every unit.
    pub units: Vec<UnitScore>,
    /// Importance of every feature, interaction and group; empty with no permutations.
    pub importances: Vec<TermImportance>,
    /// What a user should know.
    pub warnings: Vec<Warning>,
}

impl EncodingParams {
    /// Splits the stimuli of `features` into `folds` at random under the seed, the same ones as MLEM's. With one fold, models are
    /// fitted to all stimuli and scored on them.
    ///
    /// # Errors
    ///
    /// As the module docs have it.
    pub fn cross_validation(&self, features: &FeatureTable, folds: usize) -> Result<CrossValidation> {
        self.check_features(features, folds)?;
        let layout = Layout::of(features, folds, self.options.seed);
        let plan = self.plan(features, &layout)?;
        let coding = Coding::new(features)?;
        let columns = coding.columns(features);
        let terms = terms(features.n_features(), self.options.interactions);
        let prepare = |fold: usize| {
            let positions = layout.folds[fold].clone();
            let held_out = layout.order[positions.clone()].to_vec();
            let rows = layout.training(fold);
            let standard = Standard::new(&coding, &terms, &columns, &rows);
            let units: Option<Vec<usize>> =
                features.units().map(|units| rows.iter().map(|&row| units[row]).collect());
            let x = columns.select(Axis(0), &rows);
            let x = standard.design(&standard.mains(&x));
            Fold {
                training: Training::new(x.view(), units.as_deref()),
                held_out: HeldOut::new(
                    format!("fold {fold}"),
                    (held_out, positions),
                    &columns,
                    &standard,
                    features.n_features(),
                ),
                standard,
                rows,
            }
        };
        let prepared: Vec<Fold> = (0..folds).into_par_iter().map(prepare).collect();
        let mut told: Vec<mlem::Warning> = Vec::new();
        let flagged = Confounds::of(features).flagged().into_iter();
        told.extend(flagged.map(|pair| mlem::Warning::Correlated { a: pair.a, b: pair.b, r: pair.r }));
        if layout.holds_out() {
            told.extend(mlem::unseen_levels(features, &features.folds(folds, self.options.seed), folds));
            told.extend(unvarying(features, &prepared));
        }
        let names: Vec<String> = features.names().into_iter().map(str::to_owned).collect();
        told.extend(plan.warnings(&names, layout.held()));
        Ok(CrossValidation {
            penalties: self.penalties.clone(),
            n_stimuli: features.n_stimuli(),
            holds_out: layout.holds_out(),
            plan,
            folds: prepared,
            warnings: told.into_iter().map(Warning::Features).collect(),
        })
    }

    /// What is permuted for importances, the same as MLEM's.
    pub(super) fn plan(&self, features: &FeatureTable, layout: &Layout) -> Result<Plan> {
        let terms = terms(features.n_features(), self.options.interactions);
        let columns = Scales::new(features)?.columns(features, &layout.order, Missing::Zero);
        Ok(Plan::new(&self.options, features, &layout.order, &terms, &columns)?)
    }
}

impl CrossValidation {
    /// Whether what is scored is not trained on.
    #[must_use]
    pub fn holds_out(&self) -> bool {
        self.holds_out
    }

    /// How many folds.
    #[must_use]
    pub fn n_folds(&self) -> usize {
        self.folds.len()
    }

    /// The names of the effects that have an importance, and their kinds, in the order of the importances.
    pub fn effects(&self) -> impl Iterator<Item = (&str, mlem::Order)> {
        self.plan.effects.iter().map(|effect| (effect.name.as_str(), effect.order))
    }

    /// What a user should know about the features and the folds.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Fits, scores and takes the importances of every fold at one layer, of which `activations` are `(n_stimuli, d_model)`.
    ///
    /// # Errors
    ///
    /// Another number of rows than the features have; activations that are not finite.
    pub fn fit(&self, activations: ArrayView2<'_, f32>) -> Result<Vec<FoldFit>> {
        self.fit_each(activations, false)
    }

    /// As [`CrossValidation::fit`], with the importances of every unit.
    ///
    /// # Errors
    ///
    /// As [`CrossValidation::fit`].
    pub fn fit_units(&self, activations: ArrayView2<'_, f32>) -> Result<Vec<FoldFit>> {
        self.fit_each(activations, true)
    }

    fn fit_each(&self, activations: ArrayView2<'_, f32>, each_unit: bool) -> Result<Vec<FoldFit>> {
        check(self.n_stimuli, activations)?;
        let of_fold = |(fold, of): (usize, &Fold)| {
            let model = Model::fit(&of.training, activations, &of.rows, &self.penalties);
            let found = of.held_out.evaluate(&model, &of.standard, &self.plan, activations, each_unit);
            let mut warnings = Vec::new();
            if found.score.r_squared.is_nan() {
                warnings.push(Warning::Undefined { folds: vec![fold] });
            } else if model.is_at_an_end(&self.penalties) {
                let (penalty, largest) = (model.penalty, model.place == 0);
                warnings.push(Warning::EndOfGrid { folds: vec![fold], penalty, largest });
            }
            FoldFit {
                fold,
                scored: found.score,
                trained: self.holds_out.then_some(model.trained),
                training_stimuli: of.rows.len(),
                penalty: model.penalty,
                columns: of.standard.n_columns(),
                units: found.units,
                importances: found.importances,
                warnings,
            }
        };
        Ok(self.folds.par_iter().enumerate().map(of_fold).collect())
    }
}

/// The features that do not vary among the held-out stimuli of some fold.
fn unvarying(features: &FeatureTable, folds: &[Fold]) -> Vec<mlem::Warning> {
    let of_feature = |(k, name): (usize, &str)| {
        let without: Vec<usize> = (0..folds.len()).filter(|&fold| !folds[fold].held_out.varies(k)).collect();
        let warning =
            mlem::Warning::Unvarying { feature: name.to_owned(), folds: without.clone(), of: folds.len() };
        (!without.is_empty()).then_some(warning)
    };
    features.names().into_iter().enumerate().filter_map(of_feature).collect()
}
