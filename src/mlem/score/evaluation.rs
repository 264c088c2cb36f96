//! Spearman's correlation of the modelled and the neural distances of pairs that are held in memory.

use std::borrow::Borrow;

use super::grid::GridModel;
use super::pair_set::PairSet;
use crate::mlem::warning::Undefined;
use crate::numeric::rank::{RankTarget, Scratch};

/// Spearman's correlation of modelled and neural distances.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored {
    /// The correlation; `Err` says why there is none.
    pub spearman: Result<f64, Undefined>,
    /// Over how many pairs of stimuli.
    pub pairs: u64,
}

/// A model on a set of pairs.
#[derive(Debug)]
pub(crate) struct Evaluation<S = PairSet> {
    pub(crate) model: GridModel,
    pub(crate) set: S,
    pub(crate) target: RankTarget,
    /// The modelled distance of every pair.
    pub(crate) distances: Vec<i32>,
}

impl<S: Borrow<PairSet>> Evaluation<S> {
    /// `model` on the pairs of `set`, whose neural distances are `target`.
    pub(crate) fn new(model: GridModel, set: S, target: RankTarget) -> Self {
        let distances = model.distances(set.borrow());
        Self { model, set, target, distances }
    }

    pub(crate) fn score(&self) -> Scored {
        Scored::of(&self.target, &self.distances)
    }
}

impl Scored {
    /// The score of `modelled` distances where the neural ones are `target`.
    pub(crate) fn of(target: &RankTarget, modelled: &[i32]) -> Self {
        let spearman = if target.is_constant() {
            Err(Undefined::NeuralDistances)
        } else {
            target.spearman(modelled, &mut Scratch::default()).ok_or(Undefined::ModelledDistances)
        };
        Self { spearman, pairs: target.len() as u64 }
    }
}
