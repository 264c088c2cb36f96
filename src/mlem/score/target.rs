//! What modelled distances are scored against: ranks, or values.

use super::grid::GridModel;
use crate::mlem::params::{MlemParams, Scoring, Target};
use crate::mlem::warning::Undefined;
use crate::numeric::comoments::{Comoments, Line};
use crate::numeric::rank::{RankTarget, Scratch};

/// The neural distances of some pairs, as a score takes them.
#[derive(Debug, Clone)]
pub(crate) enum ScoreTarget {
    /// Spearman's correlation takes their ranks.
    Ranks(RankTarget),
    /// Pearson's correlation and squared error take what the fit tracks.
    Values(Values),
}

/// What the fit tracks, and what its score is.
#[derive(Debug, Clone)]
pub(crate) struct Values {
    /// One per pair.
    pub(crate) values: Vec<f32>,
    pub(crate) gauge: Gauge,
}

/// A score of modelled distances on the grid that takes no ranks of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Gauge {
    /// Pearson's correlation.
    Pearson,
    /// One less the squared error of predictions by a line from distances on the grid, as a share of the variance.
    Error(Line),
}

impl Gauge {
    /// That of `model` where `scoring` is no matter of ranks; `line` predicts from distances as they are.
    pub(crate) fn of(scoring: Scoring, model: &GridModel, line: Line) -> Option<Self> {
        match scoring {
            Scoring::Spearman => None,
            Scoring::Pearson => Some(Self::Pearson),
            Scoring::SquaredError => Some(Self::Error(model.on_grid(line))),
        }
    }

    /// The score of what `sums` are of, or why there is none.
    pub(crate) fn defined(self, sums: &Comoments) -> Result<f64, Undefined> {
        if sums.is_constant_y() {
            return Err(Undefined::NeuralDistances);
        }
        // A line predicts something of distances that are all equal too, and yet nothing is scored there.
        let varies = (!sums.is_constant_x()).then_some(()).ok_or(Undefined::ModelledDistances);
        varies.and_then(|()| self.score(sums).ok_or(Undefined::ModelledDistances))
    }

    /// The score of what `sums` are of; `None` where it is not defined.
    pub(crate) fn score(self, sums: &Comoments) -> Option<f64> {
        match self {
            Self::Pearson => sums.pearson(),
            Self::Error(line) => sums.r_squared(line),
        }
    }
}

impl ScoreTarget {
    /// Squared neural distances, as the scores of `model` under `params` take them. `line` predicts the target of the fit from modelled
    /// distances.
    pub(crate) fn new(
        squared: Vec<f32>,
        params: &MlemParams,
        (model, line): (&GridModel, Line),
        scratch: &mut Scratch,
    ) -> Self {
        match Gauge::of(params.scoring, model, line) {
            None => Self::Ranks(RankTarget::new(&squared, scratch)),
            Some(gauge) => Self::Values(Values { values: tracked(squared, params.target, scratch), gauge }),
        }
    }

    /// How many pairs.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Ranks(ranks) => ranks.len(),
            Self::Values(Values { values, .. }) => values.len(),
        }
    }
}

/// What the fit tracks of squared distances: themselves, or their mid-ranks as a share of all.
fn tracked(squared: Vec<f32>, target: Target, scratch: &mut Scratch) -> Vec<f32> {
    match target {
        Target::Squared => squared,
        Target::Rank => {
            let ranks = RankTarget::new(&squared, scratch);
            let whole = 2.0 * ranks.len() as f64;
            ranks.shifted().iter().map(|&rank| ((f64::from(rank) + 1.0) / whole) as f32).collect()
        }
    }
}
