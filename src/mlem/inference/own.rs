//! What one effect adds to the others, against its own null: the activations keep all that the other features explain of them, and the
//! rest is shuffled over the stimuli.
//!
//! After Freedman and Lane (1983), as Winkler et al. (2014, Permutation inference for the general linear model, `NeuroImage` 92) recommend
//! it for regressions. The reduced model is a linear one of the activations, `X = Z Γ + ε`, with the levels and values of all features
//! but those of the effect in `Z` (of an interaction: of all features, each for itself). A draw is `X* = Z Γ̂ + π(ε̂)`: the other features
//! keep their effect and whatever noise goes with it, correlations among features stay as they are, and the effect is none. From its
//! squared distances `t*` the weights are fitted, `w* = C⁻¹ Cov(φ, t*)` over all pairs of stimuli, without constraint. The statistic is
//! the weight of the effect, as a share of the mean squared distance; of an effect of several terms the length of their weights in the
//! metric of what they do not share with the others. Effects whose weight has no sign that is expected are held against the mean of
//! the draws, either side.
//!
//! Shuffling the feature itself, or what others leave of its distances, is not enough: distances vary more between stimuli that a strong
//! feature separates, and so does all that goes with it.
//!
//! No pair is visited. With the terms as inner products ([`Embedding`]), `w` is a quadratic form of the activations, and a draw costs
//! products of a few columns with them.
//!
//! What this is not: the statistic is not the importance, which is measured on held-out pairs, with constraints, and by ranks.

mod forms;
mod layer;
mod terms;

use ndarray::{Array1, Array2};
use rayon::prelude::*;

pub(crate) use self::forms::{Forms, FormsAt};
use self::layer::{Fitted, Layer, Reduced, reduced_models};
use self::terms::Terms;
use crate::mlem::crossval::CrossValidation;
use crate::mlem::importance::{Effect, Order};
use crate::mlem::pairs::{Embedding, Neural, Term};
use crate::mlem::params::Constraint;
use crate::numeric::linalg::Cholesky;
use crate::numeric::rng::Stream;

/// So many stimuli at most where matrices of all pairs are needed: distances that are given, and other than Euclidean ones.
const MOST_STIMULI: usize = 4096;

/// The features that the reduced model of `effect` is without.
fn without(effect: &Effect) -> Vec<usize> {
    // An interaction is tested against all features, each for itself.
    if effect.order == Order::Interaction { Vec::new() } else { effect.features.clone() }
}

/// The terms of `effect` whose weights are tested.
fn tested(effect: &Effect, terms: &[Term]) -> Vec<usize> {
    match (effect.order, effect.features.as_slice()) {
        // An interaction is its product alone, whatever is permuted for its importance.
        (Order::Interaction, &[a, b]) => {
            (0..terms.len()).filter(|&k| (terms[k].a, terms[k].b) == (a, b)).collect()
        }
        _ => effect.terms.clone(),
    }
}

impl CrossValidation {
    /// The statistic of every effect: unshuffled first, then of `draws` draws of its own null, `(1 + draws, n_effects)`. NaN where an effect
    /// varies in no fold, and 0 where others determine it.
    pub(super) fn own_effects(&self, neural: &Neural, draws: usize) -> Vec<Vec<f64>> {
        let (design, effects) = (&self.design, &self.plan.effects);
        let given = design.columns.slots().iter().any(|&slot| design.columns.is_given(slot));
        let mut rows: Vec<usize> = (0..design.columns.n_stimuli()).collect();
        if (given || !neural.is_euclidean()) && rows.len() > MOST_STIMULI {
            Stream::new(self.params().seed, "null stimuli").shuffle(&mut rows);
            rows.truncate(MOST_STIMULI);
            rows.sort_unstable();
        }
        let n = rows.len();
        let parts: Vec<Embedding> =
            design.terms.par_iter().map(|&term| design.columns.embedding(term, &rows)).collect();
        let undefined = || vec![vec![f64::NAN; effects.len()]; 1 + draws];
        let Some(terms) = Terms::new(&parts, n) else { return undefined() };
        let mut models: Vec<(Vec<usize>, Vec<usize>)> = Vec::new();
        for effect in effects {
            let (without, tested) = (without(effect), tested(effect, &design.terms));
            match models.iter_mut().find(|(other, _)| *other == without) {
                Some((_, terms)) => terms.extend(tested),
                None => models.push((without, tested)),
            }
        }
        // Mains come first among the terms, one for each feature.
        let (basis, reduced) = reduced_models(&parts[..design.n_features()], models, n);
        let (points, signs) = neural.points(&rows);
        let signs = Array1::from(signs);
        let mean = 2.0 * points.mapv(|x| x * x).dot(&signs).sum() / (n as f64 - 1.0);
        if mean <= 0.0 || !mean.is_finite() {
            return undefined();
        }
        let layer = Layer { terms: &terms, basis: &basis, points: &points, signs: &signs };
        let fitted: Vec<Fitted> = reduced.par_iter().map(|reduced| layer.fit(reduced)).collect();
        let models: Vec<(&Reduced, &Fitted)> = reduced.iter().zip(&fitted).collect();
        let observed = layer.weights();
        let of_draw = |draw: usize| {
            let mut from: Vec<usize> = (0..n).collect();
            Stream::new(self.params().seed, &format!("null {draw} of effects")).shuffle(&mut from);
            layer.draw(&models, &from)
        };
        let drawn: Vec<Vec<Vec<f64>>> = (1..=draws).into_par_iter().map(of_draw).collect();
        let signed = design.params.constraint == Constraint::None;
        let of_effect = |effect: &Effect| {
            if !self.sets.iter().any(|set| self.plan.varies(effect, set)) {
                return vec![f64::NAN; 1 + draws];
            }
            let without = without(effect);
            let model = reduced.iter().position(|reduced| reduced.without == without).unwrap_or_default();
            let mut tested = tested(effect, &design.terms);
            tested.retain(|&term| terms.own[term]);
            let place = |term: &usize| reduced[model].terms.iter().position(|other| other == term);
            let places: Vec<usize> = tested.iter().filter_map(place).collect();
            let mut weights = Array2::zeros((1 + draws, tested.len()));
            for (k, (&term, &place)) in tested.iter().zip(&places).enumerate() {
                weights[[0, k]] = observed[term] / mean;
                drawn
                    .iter()
                    .enumerate()
                    .for_each(|(draw, of)| weights[[1 + draw, k]] = of[model][place] / mean);
            }
            let one_sided = !signed && tested.len() == 1 && design.terms[tested[0]].is_main();
            if one_sided { weights.column(0).to_vec() } else { lengths(weights, &terms, &tested) }
        };
        let statistics: Vec<Vec<f64>> = effects.par_iter().map(of_effect).collect();
        (0..=draws).map(|draw| statistics.iter().map(|of| of[draw]).collect()).collect()
    }
}

/// How far the weights of `tested` terms `(1 + n_draws, n_terms)` are from their mean: the standard deviation over pairs of the distances
/// that make the difference, without what other terms share of them.
fn lengths(mut weights: Array2<f64>, terms: &Terms, tested: &[usize]) -> Vec<f64> {
    for mut column in weights.columns_mut() {
        let mean = column.mean().unwrap_or(0.0);
        column -= mean;
    }
    let among =
        Array2::from_shape_fn((tested.len(), tested.len()), |(i, j)| terms.inverse[[tested[i], tested[j]]]);
    let Some(factor) = Cholesky::new(among.view()) else { return vec![0.0; weights.nrows()] };
    let length = |row: ndarray::ArrayView1<'_, f64>| {
        let mut x = row.to_vec();
        factor.solve(&mut x);
        row.iter().zip(x).map(|(a, b)| a * b).sum::<f64>().max(0.0).sqrt()
    };
    weights.rows().into_iter().map(length).collect()
}

#[cfg(test)]
mod tests;
