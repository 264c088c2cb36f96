//! Cross-validation by stimuli: trained on pairs within the training stimuli, scored on pairs within the held-out ones.

use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;

use super::error::{Error, Result};
use super::importance::{Effect, Held, Plan, TermImportance};
use super::moments::{Design, MIN_STIMULI, check_memory};
use super::pairs::{Coverage, Layout, Neural, Scales, Task, Term, matrix, n_pairs, terms};
use super::params::MlemParams;
use super::score::{Evaluation, GridModel, PairSet, Scored, streamed};
use super::solve::{Solved, Systems, TrainingStep};
use super::trained::TrainingSamples;
use super::warning::Warning;
use crate::numeric::rank::Scratch;
use crate::stimuli::{FeatureTable, Values};

/// A held-out fold needs this many stimuli for its distances to be ranked.
const MIN_FOLD: usize = 3;
/// A training set that is given needs this many.
const MIN_TRAINING: usize = 5;

/// Features split into folds, and everything that depends on the features alone, computed once for all layers.
#[derive(Debug, Clone)]
pub struct CrossValidation {
    pub(super) design: Design,
    pub(super) systems: Systems,
    pub(super) plan: Plan,
    /// Which pairs of a fold are held in memory: all that it is scored on, or a sample for its importances where these are too many.
    pub(super) coverage: Coverage,
    /// Per fold, the pairs that are held in memory.
    pub(super) sets: Vec<PairSet>,
    trained_on: TrainingSamples,
    warnings: Vec<Warning>,
}

/// The model of one fold at one layer, and how it did.
#[derive(Debug, Clone, PartialEq)]
pub struct FoldFit {
    /// The fold, from 0.
    pub fold: usize,
    /// `W` at unit Frobenius norm, `(n_features, n_features)`.
    pub weights: Array2<f64>,
    /// Pearson's correlation of the modelled and the target distance over the training pairs.
    pub objective: f64,
    /// A bound on how far the fit is from the optimum, relative to its value; infinite from the stochastic solver.
    pub gap: f64,
    /// The steps of the stochastic solver; empty from the exact one.
    pub training: Vec<TrainingStep>,
    /// The score over the held-out pairs (over all pairs, where there is one fold).
    pub scored: Scored,
    /// The score over the training pairs, or a uniform sample of at most 2¹⁸ of them; `None` where there is one fold.
    pub trained: Option<Scored>,
    /// Importance of every term and group over the same pairs; empty with no permutations.
    pub importances: Vec<TermImportance>,
    /// The warnings of this fit.
    pub warnings: Vec<Warning>,
}

impl MlemParams {
    /// Splits the stimuli of `features` into `folds` at random under the seed, and computes everything that all layers share.
    /// With one fold, models are fitted to all pairs and scored on them.
    ///
    /// # Errors
    ///
    /// An option out of range; fewer than 8 stimuli; folds of fewer than 3; a constant feature.
    pub fn cross_validation(&self, features: &FeatureTable, folds: usize) -> Result<CrossValidation> {
        self.validation(features, folds, streamed::HELD)
    }

    /// As [`MlemParams::cross_validation`], with at most `most` pairs held in memory.
    pub(super) fn validation(
        &self,
        features: &FeatureTable,
        folds: usize,
        most: u64,
    ) -> Result<CrossValidation> {
        self.check_features(features, folds)?;
        let mut design = Design::new(self, features, Layout::of(features, folds, self.seed))?;
        let within: u64 = design.layout.held().iter().map(|fold| n_pairs(fold.len())).sum();
        let held = design.coverage.at_most(most, within);
        let sets = (0..folds)
            .into_par_iter()
            .map(|fold| PairSet::new(&design.columns, &design.layout.tasks_within(fold), held))
            .collect::<Vec<PairSet>>();
        let holds_out = design.layout.holds_out();
        let trained_on = TrainingSamples::new(&design);
        let mut warnings = design.warnings();
        if held != design.coverage && self.permutations > 0 {
            let scored = (within as f64 * design.coverage.fraction) as u64;
            warnings.push(Warning::SampledImportances { pairs: scored, used: most });
        }
        if holds_out {
            warnings.extend(unseen_levels(features, &features.folds(folds, self.seed), folds));
            warnings.extend(unvarying(&design, &sets));
        }
        let plan = Plan::new(self, features, &design.layout.order, &design.terms, &design.columns)?;
        warnings.extend(plan.warnings(design.scales.names(), design.layout.held()));
        let systems = Systems::new(&design);
        design.forget_products();
        Ok(CrossValidation { design, systems, plan, coverage: held, sets, trained_on, warnings })
    }
}

impl MlemParams {
    /// Whether `features` can be fitted in `folds` folds with these options. Quick, so that it can be asked before activations
    /// are extracted.
    ///
    /// # Errors
    ///
    /// As [`MlemParams::cross_validation`].
    pub fn check_features(&self, features: &FeatureTable, folds: usize) -> Result<()> {
        self.check()?;
        let n = features.n_stimuli();
        if folds == 0 {
            return Err(Error::Option { option: "folds", value: folds.to_string(), range: "at least 1" });
        }
        if n < MIN_STIMULI {
            return Err(Error::TooFewStimuli { found: n, least: MIN_STIMULI });
        }
        if let Some((train, test)) = features.train_and_test() {
            for (set, stimuli, least) in [("train", train, MIN_TRAINING), ("test", test, MIN_FOLD)] {
                if stimuli < least {
                    return Err(Error::SmallSet { set, stimuli, least });
                }
            }
        }
        if let Some(given) = features.given_folds().filter(|&given| folds > 1 && given != folds) {
            let value = format!("{folds} where {given} are given");
            return Err(Error::Option { option: "folds", value, range: "as many as are given, or 1" });
        }
        if folds > 1 && (features.given_folds().is_some() || features.n_units().is_some()) {
            let fold_of = features.folds(folds, self.seed);
            let size = |fold: usize| fold_of.iter().filter(|&&of| of == fold).count();
            if let Some((fold, stimuli)) =
                (0..folds).map(|fold| (fold, size(fold))).find(|(_, size)| *size < MIN_FOLD)
            {
                return Err(Error::SmallFold { fold, stimuli, least: MIN_FOLD });
            }
        }
        if folds > 1 && n / folds < MIN_FOLD {
            return Err(Error::TooManyFolds { folds, stimuli: n, least: MIN_FOLD });
        }
        let scales = Scales::new(features)?;
        check_memory(terms(features.n_features(), self.interactions).len(), folds)?;
        self.groups.iter().try_for_each(|group| group.columns(scales.names()).map(drop))
    }
}

impl CrossValidation {
    /// The features, in the order of the rows of `W`.
    #[must_use]
    pub fn features(&self) -> &[String] {
        self.design.scales.names()
    }

    /// The entries of `W` that are fitted.
    #[must_use]
    pub fn terms(&self) -> &[Term] {
        &self.design.terms
    }

    /// The options.
    #[must_use]
    pub fn params(&self) -> &MlemParams {
        &self.design.params
    }

    /// Whether what is scored is not trained on.
    #[must_use]
    pub fn holds_out(&self) -> bool {
        self.design.layout.holds_out()
    }

    /// How many folds.
    #[must_use]
    pub fn n_folds(&self) -> usize {
        self.design.n_folds()
    }

    /// The effects that have an importance, in the order of the importances.
    pub(crate) fn effects(&self) -> &[Effect] {
        &self.plan.effects
    }

    /// Pairs, terms, and everything else that depends on the features alone.
    pub(crate) fn design(&self) -> &Design {
        &self.design
    }

    /// The pairs of `fold` that are held in memory: all that it is scored on, or a sample where these are too many.
    pub(crate) fn held_pairs(&self, fold: usize) -> &PairSet {
        &self.sets[fold]
    }

    /// The warnings about the features and the folds.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Fits, scores and takes the importances of every fold at one layer, of which `activations` are
    /// `(n_stimuli, d_model)`.
    ///
    /// # Errors
    ///
    /// Another number of rows than the features have; activations that are not finite.
    pub fn fit(&self, activations: ArrayView2<'_, f32>) -> Result<Vec<FoldFit>> {
        self.fit_with(activations, |design, neural| self.systems.solve(design, neural))
    }

    /// As [`CrossValidation::fit`], with weights that `solve` finds: one solution per fold.
    pub(crate) fn fit_with(
        &self,
        activations: ArrayView2<'_, f32>,
        solve: impl FnOnce(&Design, &Neural) -> Vec<Solved>,
    ) -> Result<Vec<FoldFit>> {
        let design = &self.design;
        let neural = design.neural(activations)?;
        let solved = solve(design, &neural);
        let measured = self.trained_on.measure(&neural);
        let scored: Vec<_> = solved
            .into_par_iter()
            .enumerate()
            .map(|(fold, solved)| {
                let (model, line) = (GridModel::new(&design.terms, &solved.w, &design.columns), solved.line);
                let trained =
                    || self.trained_on.score(fold, (&model, line), &neural, &measured, &design.params);
                let ((evaluation, held, scored), trained) =
                    rayon::join(|| self.scored(fold, &neural, &solved), trained);
                let mut warnings = solved.warnings(fold);
                if let Err(reason) = scored.value {
                    // A score that is undefined says more than that nothing is associated.
                    warnings = vec![Warning::UndefinedScore { layer: None, folds: vec![fold], reason }];
                }
                let fit = FoldFit {
                    fold,
                    weights: matrix(design.n_features(), &design.terms, &solved.w),
                    objective: solved.pearson,
                    gap: solved.gap,
                    training: solved.training,
                    scored,
                    trained,
                    importances: Vec::new(),
                    warnings,
                };
                (fit, evaluation, held.value)
            })
            .collect();
        // Importances need the ranks of the distances, and no more of the activations.
        drop((neural, measured));
        let with_importances = |(mut fit, evaluation, held): (FoldFit, Evaluation<&PairSet>, _)| {
            if self.plan.permutations > 0 {
                let tasks = design.layout.tasks_within(fit.fold);
                fit.importances = evaluation.importance(held, &self.plan, &self.held(fit.fold, &tasks));
            }
            fit
        };
        Ok(scored.into_par_iter().map(with_importances).collect())
    }
}

impl CrossValidation {
    /// The model of `fold` on the pairs that are held of it, its score on these, and on all that it is scored on.
    fn scored(
        &self,
        fold: usize,
        neural: &Neural,
        solved: &Solved,
    ) -> (Evaluation<&PairSet>, Scored, Scored) {
        let design = &self.design;
        let tasks = design.layout.tasks_within(fold);
        let evaluation = self.evaluation((fold, &tasks), neural, solved, &mut Scratch::default());
        let streamed = (self.coverage != design.coverage).then(|| {
            let scored = (design.coverage, &design.params);
            streamed::score((&evaluation.model, solved.line), &design.columns, neural, &tasks, scored)
        });
        let held = evaluation.score();
        (evaluation, held, streamed.unwrap_or(held))
    }

    /// The stimuli and pairs that `fold` is scored on; `tasks` are its pairs.
    pub(super) fn held<'a>(&'a self, fold: usize, tasks: &'a [Task]) -> Held<'a> {
        Held {
            name: format!("fold {fold}"),
            columns: &self.design.columns,
            stimuli: self.design.layout.folds[fold].clone(),
            tasks,
            coverage: self.coverage,
        }
    }
}

/// The features whose distances do not differ over the held-out pairs of some fold.
fn unvarying(design: &Design, sets: &[PairSet]) -> Vec<Warning> {
    let slots = design.columns.slots();
    let of_feature = |feature: usize| {
        let folds: Vec<usize> =
            (0..sets.len()).filter(|&fold| !sets[fold].varies(&[slots[feature]])).collect();
        let feature = design.scales.names()[feature].clone();
        (!folds.is_empty()).then_some(Warning::Unvarying { feature, folds, of: sets.len() })
    };
    (0..design.n_features()).filter_map(of_feature).collect()
}

/// The levels of each feature that do not occur in the training stimuli of some fold.
pub(crate) fn unseen_levels(features: &FeatureTable, fold_of: &[usize], n_folds: usize) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for feature in features {
        let Values::Categorical { levels, codes } = feature.values() else { continue };
        // The only fold of each level, if there is only one.
        let mut only_fold: Vec<Option<Option<usize>>> = vec![None; levels.len()];
        for (code, &fold) in codes.iter().zip(fold_of) {
            if let Some(code) = code {
                let seen = &mut only_fold[*code as usize];
                *seen = match *seen {
                    None => Some(Some(fold)),
                    Some(Some(other)) if other == fold => Some(Some(fold)),
                    Some(_) => Some(None),
                };
            }
        }
        let unseen: Vec<(usize, usize)> = only_fold
            .iter()
            .enumerate()
            .filter_map(|(level, fold)| fold.flatten().map(|fold| (level, fold)))
            .filter(|&(_, fold)| fold < n_folds)
            .collect();
        if !unseen.is_empty() {
            warnings.push(Warning::UnseenLevels {
                feature: feature.name().to_owned(),
                levels: unseen.iter().map(|&(level, _)| levels[level].clone()).collect(),
                folds: (0..n_folds).filter(|fold| unseen.iter().any(|(_, f)| f == fold)).collect(),
            });
        }
    }
    warnings
}
