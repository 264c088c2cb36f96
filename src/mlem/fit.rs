//! One fit on all stimuli, and what the fitted model can tell.

use ndarray::{Array2, ArrayView2};

use super::error::{Error, Result};
use super::importance::{Held, Plan, TermImportance};
use super::moments::Design;
use super::pairs::{Columns, Coverage, Layout, Neural, Scales, Task, Term, matrix, n_pairs};
use super::params::MlemParams;
use super::score::{Evaluation, GridModel, PairSet, ScoreTarget, Scored, neural_distances, streamed};
use super::solve::{Solved, Systems, TrainingStep, batch_sizes};
use super::warning::Warning;
use crate::numeric::rank::Scratch;
use crate::stimuli::FeatureTable;

impl MlemParams {
    /// Fits `W` to the distances of `activations` `(n_stimuli, d_model)` on all pairs of the stimuli of `features`.
    ///
    /// # Errors
    ///
    /// An option out of range; fewer than 8 stimuli; a constant feature; another number of rows; activations that are
    /// not finite.
    pub fn fit(&self, features: &FeatureTable, activations: ArrayView2<'_, f32>) -> Result<FittedMlem> {
        let design = Design::new(self, features, Layout::whole(features.n_stimuli()))?;
        let neural = design.neural(activations)?;
        let solved = Systems::new(&design).solve(&design, &neural).remove(0);
        Ok(FittedMlem::of(design, solved))
    }

    /// Pairs per batch of the stochastic solver on the stimuli of `features`: those of [`Training::batch_size`](super::Training), or the
    /// fewest with which the correlations between feature distances are stable.
    ///
    /// # Errors
    ///
    /// An option out of range; fewer than 8 stimuli; a constant feature.
    pub fn batch_size(&self, features: &FeatureTable) -> Result<usize> {
        let design = Design::new(self, features, Layout::whole(features.n_stimuli()))?;
        Ok(batch_sizes(&design)[0])
    }
}

impl FittedMlem {
    /// The model of `design`, whose stimuli are all in training, with the weights of `solved`.
    pub(crate) fn of(design: Design, solved: Solved) -> Self {
        let mut warnings = design.warnings();
        warnings.extend(solved.warnings(0));
        let weights = matrix(design.n_features(), &design.terms, &solved.w);
        Self {
            pairs: design.training_pairs(0),
            params: design.params,
            scales: design.scales,
            terms: design.terms,
            weights,
            solved,
            warnings,
        }
    }
}

/// A fitted model: `W`, with the names and scales of its features.
#[derive(Debug, Clone)]
pub struct FittedMlem {
    params: MlemParams,
    scales: Scales,
    terms: Vec<Term>,
    weights: Array2<f64>,
    solved: Solved,
    pairs: u64,
    warnings: Vec<Warning>,
}

impl FittedMlem {
    /// `W` at unit Frobenius norm, `(n_features, n_features)`, symmetric.
    #[must_use]
    pub fn weights(&self) -> ArrayView2<'_, f64> {
        self.weights.view()
    }

    /// The features, in the order of the rows of `W`.
    #[must_use]
    pub fn features(&self) -> &[String] {
        self.scales.names()
    }

    /// The entries of `W` that were fitted.
    #[must_use]
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// Pearson's correlation of the modelled and the target distance over the training pairs: the objective.
    #[must_use]
    pub fn objective(&self) -> f64 {
        self.solved.pearson
    }

    /// A bound on how far the fit is from the optimum, relative to its value; infinite from the stochastic solver, which has
    /// none.
    #[must_use]
    pub fn gap(&self) -> f64 {
        self.solved.gap
    }

    /// The steps of the stochastic solver; empty from the exact one.
    #[must_use]
    pub fn training(&self) -> &[TrainingStep] {
        &self.solved.training
    }

    /// On how many pairs it was fitted.
    #[must_use]
    pub fn pairs(&self) -> u64 {
        self.pairs
    }

    /// The warnings about the fit.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The options it was fitted with.
    #[must_use]
    pub fn params(&self) -> &MlemParams {
        &self.params
    }

    /// The same model, whose importances are drawn under another seed.
    #[must_use]
    pub fn seeded(mut self, seed: u64) -> Self {
        self.params.seed = seed;
        self
    }

    /// The score over the pairs of these stimuli: Spearman's correlation, ties at their mid-rank, or what [`MlemParams::scoring`] says.
    ///
    /// # Errors
    ///
    /// Features of other names or types than it was fitted to; another number of rows; activations that are not finite.
    pub fn score(&self, features: &FeatureTable, activations: ArrayView2<'_, f32>) -> Result<Scored> {
        let pairs = self.pairs_of(features, activations)?;
        Ok(if pairs.held == pairs.coverage {
            self.evaluate(&pairs).score()
        } else {
            let (model, line) = (self.model(&pairs), self.solved.line);
            let of = (pairs.coverage, &self.params);
            streamed::score((&model, line), &pairs.columns, &pairs.neural, &pairs.tasks, of)
        })
    }

    /// The importance of every term and group over the pairs of these stimuli, or a uniform sample of 2²³ of them where there are
    /// more.
    ///
    /// # Errors
    ///
    /// As [`FittedMlem::score`].
    pub fn importance(
        &self,
        features: &FeatureTable,
        activations: ArrayView2<'_, f32>,
    ) -> Result<Vec<TermImportance>> {
        let pairs = self.pairs_of(features, activations)?;
        let order: Vec<usize> = (0..features.n_stimuli()).collect();
        let plan = Plan::new(&self.params, features, &order, &self.terms, &pairs.columns)?;
        let held = Held {
            name: "all".to_owned(),
            columns: &pairs.columns,
            stimuli: 0..features.n_stimuli(),
            tasks: &pairs.tasks,
            coverage: pairs.held,
        };
        let evaluation = self.evaluate(&pairs);
        let score = evaluation.score().value;
        Ok(evaluation.importance(score, &plan, &held))
    }

    /// The pairs of these stimuli, with their neural distances.
    fn pairs_of(&self, features: &FeatureTable, activations: ArrayView2<'_, f32>) -> Result<Pairs> {
        self.scales.check(features)?;
        let n = features.n_stimuli();
        if n != activations.nrows() {
            return Err(Error::RowCounts { features: n, activations: activations.nrows() });
        }
        if n < 3 {
            return Err(Error::TooFewStimuli { found: n, least: 3 });
        }
        let layout = Layout::whole(n);
        let coverage = Coverage { fraction: self.params.pairs.fraction(n_pairs(n)), seed: self.params.seed };
        let neural = Neural::new(activations, &layout.order, self.params.distance)?;
        Ok(Pairs {
            columns: self.scales.columns(features, &layout.order, self.params.missing),
            tasks: layout.tasks(),
            neural,
            coverage,
            held: coverage.at_most(streamed::HELD, n_pairs(n)),
        })
    }

    fn model(&self, pairs: &Pairs) -> GridModel {
        let w: Vec<f64> = self.terms.iter().map(|term| self.weights[[term.a, term.b]]).collect();
        GridModel::new(&self.terms, &w, &pairs.columns)
    }

    fn evaluate(&self, pairs: &Pairs) -> Evaluation {
        let set = PairSet::new(&pairs.columns, &pairs.tasks, pairs.held);
        let squared = neural_distances(&pairs.neural, &pairs.tasks, pairs.held);
        let model = self.model(pairs);
        let of = (&model, self.solved.line);
        let target = ScoreTarget::new(squared, &self.params, of, &mut Scratch::default());
        Evaluation::new(model, set, target)
    }
}

/// The pairs that a fitted model is evaluated on.
struct Pairs {
    columns: Columns,
    tasks: Vec<Task>,
    neural: Neural,
    /// The pairs that are scored.
    coverage: Coverage,
    /// The pairs that are held in memory for importances: the same, or a sample where these are too many.
    held: Coverage,
}
