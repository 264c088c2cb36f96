//! Importances over depth, fold by fold.

use ndarray::{Array2, Array3};

use super::{Order, Run, Warning};
use crate::profile::{Of, Profile, Sample};

/// The importances of one run over its blocks.
#[derive(Debug, Clone)]
pub(super) struct Trajectories {
    /// Relative depth of each block, ascending.
    pub depths: Vec<f64>,
    /// `(n_folds, n_blocks, n_effects)`; NaN where there is no number.
    values: Array3<f64>,
}

/// Where each of the ascending `layers` stands: `(layer, depth)`. Of a model, layer 0 is left out unless it is the only one: it is
/// the embeddings, before any block. Of anything else nothing is left out, and the first stands at 0.
#[must_use]
pub fn depths(layers: &[usize], of_model: bool) -> Vec<(usize, f64)> {
    if !of_model {
        let range = layers.first().zip(layers.last()).map_or(0, |(first, last)| last - first);
        let of = |layer: usize| if range == 0 { 0.0 } else { (layer - layers[0]) as f64 / range as f64 };
        return layers.iter().map(|&layer| (layer, of(layer))).collect();
    }
    let last = layers.last().copied().unwrap_or(0);
    if last == 0 {
        return layers.iter().map(|&layer| (layer, 0.0)).collect();
    }
    let of = |layer: usize| if last == 1 { 0.0 } else { (layer - 1) as f64 / (last - 1) as f64 };
    layers.iter().filter(|&&layer| layer > 0).map(|&layer| (layer, of(layer))).collect()
}

impl Trajectories {
    pub(super) fn of(profile: &Profile, order: Order, effects: &[String], of_model: bool) -> Self {
        let rows = profile.importances.iter().filter(|row| row.order == order);
        Self::new(
            rows.map(|row| (row.fold, row.layer, row.feature.as_str(), row.importance)),
            effects,
            of_model,
        )
    }

    /// Of the draws of a bootstrap over stimuli, in the place of folds; `None` where there are none.
    pub(super) fn of_samples(
        samples: &[Sample],
        order: Order,
        effects: &[String],
        of_model: bool,
    ) -> Option<Self> {
        let rows = samples.iter().filter_map(|row| match &row.of {
            Of::Effect(of, effect) if *of == order => Some((row.draw, row.layer, effect.as_str(), row.value)),
            Of::Effect(..) | Of::Score => None,
        });
        let drawn = Self::new(rows, effects, of_model);
        (drawn.n_folds() > 0).then_some(drawn)
    }

    /// From `(fold, layer, effect, importance)`; of what is not among `effects`, nothing is kept.
    fn new<'a>(
        rows: impl Iterator<Item = (usize, usize, &'a str, f64)> + Clone,
        effects: &[String],
        of_model: bool,
    ) -> Self {
        let distinct = |mut all: Vec<usize>| {
            all.sort_unstable();
            all.dedup();
            all
        };
        let blocks = depths(&distinct(rows.clone().map(|(_, layer, ..)| layer).collect()), of_model);
        let folds = distinct(rows.clone().map(|(fold, ..)| fold).collect());
        let mut values = Array3::from_elem((folds.len(), blocks.len(), effects.len()), f64::NAN);
        for (fold, layer, effect, value) in rows {
            let block = blocks.iter().position(|&(other, _)| other == layer);
            let effect = effects.iter().position(|name| *name == effect);
            if let (Some(block), Some(effect), Ok(fold)) = (block, effect, folds.binary_search(&fold)) {
                values[[fold, block, effect]] = value;
            }
        }
        Self { depths: blocks.into_iter().map(|(_, depth)| depth).collect(), values }
    }

    pub(super) fn n_folds(&self) -> usize {
        self.values.dim().0
    }

    pub(super) fn n_effects(&self) -> usize {
        self.values.dim().2
    }

    /// The importances of `effect` over the blocks in one fold.
    pub(super) fn fold(&self, fold: usize, effect: usize) -> Vec<f64> {
        self.values.slice(ndarray::s![fold, .., effect]).to_vec()
    }

    /// Means over `folds` (which may repeat) of what are numbers: `(n_blocks, effects.len())`.
    pub(super) fn mean(&self, folds: &[usize], effects: &[usize]) -> Array2<f64> {
        Array2::from_shape_fn((self.depths.len(), effects.len()), |(block, effect)| {
            let values = folds.iter().map(|&fold| self.values[[fold, block, effects[effect]]]);
            let (sum, n) = values.filter(|x| x.is_finite()).fold((0.0, 0), |(sum, n), x| (sum + x, n + 1));
            sum / f64::from(n)
        })
    }

    /// Whether `effect` has a number at every block in every fold.
    fn is_defined(&self, effect: usize) -> bool {
        (0..self.n_folds()).all(|fold| self.fold(fold, effect).iter().all(|x| x.is_finite()))
    }
}

/// The effects that are numbers throughout, as positions.
pub(super) fn defined(all: &[Trajectories]) -> Vec<usize> {
    let n = all.first().map_or(0, Trajectories::n_effects);
    (0..n).filter(|&effect| all.iter().all(|run| run.is_defined(effect))).collect()
}

/// A warning for each of the effects that are not.
pub(super) fn undefined(all: &[Trajectories], effects: &[String], runs: &[Run]) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for (k, effect) in effects.iter().enumerate() {
        let in_runs = all.iter().zip(runs).filter(|(run, _)| !run.is_defined(k));
        let runs: Vec<String> = in_runs.map(|(_, run)| run.label.clone()).collect();
        if !runs.is_empty() {
            warnings.push(Warning::Undefined { effect: effect.clone(), runs });
        }
    }
    warnings
}

/// Where the largest of `values` is; the first of equals. `None` when none is a number.
pub(super) fn peak(values: &[f64]) -> Option<usize> {
    let known = (0..values.len()).filter(|&i| values[i].is_finite());
    known.reduce(|best, i| if values[i] > values[best] { i } else { best })
}

/// The mean of `values` over relative depth (trapezoids); the value itself where there is one. NaN where one is no number.
pub(super) fn area(depths: &[f64], values: &[f64]) -> f64 {
    let span = depths.last().copied().unwrap_or(0.0) - depths.first().copied().unwrap_or(0.0);
    if values.len() < 2 || span == 0.0 {
        return values.first().copied().unwrap_or(f64::NAN);
    }
    let pieces = depths.windows(2).zip(values.windows(2));
    pieces.map(|(t, v)| (t[1] - t[0]) * f64::midpoint(v[0], v[1])).sum::<f64>() / span
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_block_is_at_depth_zero_and_the_last_at_one() {
        assert_eq!(depths(&[0, 1, 2, 3], true), [(1, 0.0), (2, 0.5), (3, 1.0)]);
        assert_eq!(depths(&[2, 5], true), [(2, 0.25), (5, 1.0)]);
        assert_eq!(depths(&[0], true), [(0, 0.0)]);
        assert_eq!(depths(&[0, 1], true), [(1, 0.0)]);
        assert_eq!(depths(&[], true), []);
        assert_eq!(depths(&[0, 1, 2], false), [(0, 0.0), (1, 0.5), (2, 1.0)], "regions: none is left out");
        assert_eq!(depths(&[3], false), [(3, 0.0)]);
    }

    #[test]
    fn an_area_is_a_mean_over_depth() {
        assert_eq!(area(&[0.0, 0.5, 1.0], &[0.0, 1.0, 0.0]), 0.5);
        assert_eq!(area(&[0.0], &[0.3]), 0.3);
        assert!(area(&[0.0, 1.0], &[0.3, f64::NAN]).is_nan());
    }
}
