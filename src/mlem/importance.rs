//! Importance: how much Spearman drops when a feature, or an interaction, is permuted.

use std::borrow::Borrow;

use rayon::prelude::*;

use super::score::{Evaluation, PairSet};
use super::terms::Term;
use crate::numeric::correlation::mean_sd;
use crate::numeric::rank::Scratch;
use crate::numeric::rng::Stream;

/// How much one term matters.
#[derive(Debug, Clone, PartialEq)]
pub struct TermImportance {
    /// The feature, or `a x b`.
    pub name: String,
    /// Whether it is one feature's own, not an interaction.
    pub is_main: bool,
    /// Mean drop in Spearman over permutations; NaN where the score is not defined.
    pub importance: f64,
    /// Standard deviation of the drop over permutations (`n − 1`).
    pub sd: f64,
}

impl<S: Borrow<PairSet> + Sync> Evaluation<S> {
    /// The importance of every one of `terms`; NaN where the score is not defined.
    pub(crate) fn importance(
        &self,
        terms: &[Term],
        features: &[String],
        permutations: usize,
        stream: impl Fn(usize) -> Stream,
    ) -> Vec<TermImportance> {
        let spreads = match self.scored.spearman {
            Ok(score) => self.over_pairs(score, terms.len(), permutations, stream),
            Err(_) => vec![(f64::NAN, f64::NAN); terms.len()],
        };
        let named = terms.iter().zip(spreads).map(|(term, (importance, sd))| TermImportance {
            name: term.name(features),
            is_main: term.is_main(),
            importance,
            sd,
        });
        named.collect()
    }

    /// Mean and deviation of the drop from `score` when each term is permuted across pairs, every other term staying.
    fn over_pairs(
        &self,
        score: f64,
        n_terms: usize,
        permutations: usize,
        stream: impl Fn(usize) -> Stream,
    ) -> Vec<(f64, f64)> {
        let set = self.set.borrow();
        let mut drops = vec![Vec::with_capacity(permutations); n_terms];
        for permutation in 0..permutations {
            // One permutation serves every term: what is compared between terms is not the luck of the draw.
            let mut order: Vec<u32> = (0..set.len() as u32).collect();
            stream(permutation).shuffle(&mut order);
            let permuted = set.gather(&order);
            let of_terms: Vec<f64> = (0..n_terms)
                .into_par_iter()
                .map_init(Workspace::default, |workspace, term| {
                    let Workspace { distances, scratch } = workspace;
                    distances.clone_from(&self.distances);
                    self.model.add(term, set, 0, -1, distances);
                    self.model.add(term, &permuted, 0, 1, distances);
                    // Constant distances rank nothing.
                    score - self.target.spearman(distances, scratch).unwrap_or(0.0)
                })
                .collect();
            drops.iter_mut().zip(of_terms).for_each(|(drops, drop)| drops.push(drop));
        }
        drops.iter().map(|drops| mean_sd(drops).unwrap_or((f64::NAN, f64::NAN))).collect()
    }
}

#[derive(Default)]
struct Workspace {
    distances: Vec<i32>,
    scratch: Scratch,
}
