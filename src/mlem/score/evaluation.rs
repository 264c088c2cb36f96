//! The score of a model on pairs that are held in memory.

use std::borrow::Borrow;

use super::grid::GridModel;
use super::pair_set::PairSet;
use super::target::{ScoreTarget, Values};
use crate::mlem::warning::Undefined;
use crate::numeric::comoments::Comoments;
use crate::numeric::rank::Scratch;

/// How well modelled distances go with neural ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored {
    /// The score, whose kind [`MlemParams::scoring`](crate::mlem::MlemParams::scoring) says; `Err` says why there is none.
    pub value: Result<f64, Undefined>,
    /// Over how many pairs of stimuli.
    pub pairs: u64,
}

/// A model on a set of pairs.
#[derive(Debug)]
pub(crate) struct Evaluation<S = PairSet, T = ScoreTarget> {
    pub(crate) model: GridModel,
    pub(crate) set: S,
    pub(crate) target: T,
    /// The modelled distance of every pair.
    pub(crate) distances: Vec<i32>,
}

impl<S: Borrow<PairSet>> Evaluation<S> {
    /// `model` on the pairs of `set`, whose neural distances are `target`.
    pub(crate) fn new(model: GridModel, set: S, target: ScoreTarget) -> Self {
        let distances = model.distances(set.borrow());
        Self { model, set, target, distances }
    }

    pub(crate) fn score(&self) -> Scored {
        Scored::of(&self.target, &self.distances)
    }
}

impl Scored {
    /// The score of `modelled` distances where the neural ones are `target`.
    pub(crate) fn of(target: &ScoreTarget, modelled: &[i32]) -> Self {
        let value = match target {
            ScoreTarget::Ranks(ranks) if ranks.is_constant() => Err(Undefined::NeuralDistances),
            ScoreTarget::Ranks(ranks) => {
                ranks.spearman(modelled, &mut Scratch::default()).ok_or(Undefined::ModelledDistances)
            }
            ScoreTarget::Values(Values { values, gauge }) => {
                let mut sums = Comoments::default();
                sums.add(modelled, values);
                gauge.defined(&sums)
            }
        };
        Self { value, pairs: target.len() as u64 }
    }
}
