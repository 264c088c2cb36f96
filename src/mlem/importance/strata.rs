//! Conditional permutation: a feature is permuted only among stimuli that agree in the features it correlates with.
//!
//! Permuting a feature freely breaks its ties to the other features too: the model is asked about combinations of values that no
//! stimulus has, and a feature that only correlates with others looks important. Within a stratum of the other features the
//! combinations stay real (Strobl et al. 2008, Conditional variable importance for random forests). A feature `f` is conditioned
//! on every feature `g` with `|r(d_f, d_g)|` above a threshold, where `r` is Pearson's correlation over pairs of stimuli. A
//! stratum is a combination of levels of those features. Numeric features with many values are cut into [`BINS`] bins of equal
//! counts, a feature that is given as its distances into as many clusters, and a missing value is a level of its own.

use std::collections::BTreeMap;
use std::ops::Range;

use rayon::prelude::*;

use super::effects::{Effect, Order};
use crate::numeric::rng::Stream;
use crate::stimuli::confounds::Confounds;
use crate::stimuli::{Distances, Feature, FeatureTable, Values};

/// Bins of a numeric feature that others are conditioned on; with at most this many values, each value is a bin.
const BINS: usize = 5;
/// At most so many times the medoids of a feature that is given as its distances move.
const ROUNDS: usize = 10;

/// The strata that each effect is permuted within.
#[derive(Debug, Clone)]
pub(crate) struct Strata {
    /// One per feature.
    features: Vec<Stratum>,
    /// One per group, in the order of the effects.
    groups: Vec<Stratum>,
}

/// The strata of one feature, or of the features of one group.
#[derive(Debug, Clone)]
pub(crate) struct Stratum {
    /// The features that it is conditioned on.
    pub(crate) given: Vec<usize>,
    /// Per position, the joint level of these features, as a code.
    level: Vec<u32>,
    /// Per position, the value of the permuted feature or group, as a code.
    value: Vec<u32>,
}

impl Strata {
    /// The strata of `effects` for the stimuli of `features` at `order`, conditioned above `threshold`.
    pub(crate) fn new(features: &FeatureTable, order: &[usize], effects: &[Effect], threshold: f64) -> Self {
        let confounds = Confounds::of(features);
        let all: Vec<&Feature> = features.iter().collect();
        let values: Vec<Vec<u32>> = all.iter().map(|feature| codes(feature, order, usize::MAX)).collect();
        let bins: Vec<Vec<u32>> = all.iter().map(|feature| codes(feature, order, BINS)).collect();
        let correlate = |a: usize, b: usize| confounds.correlation(a, b).is_some_and(|r| r.abs() > threshold);
        let of = |members: &[usize]| {
            let outside = (0..all.len()).filter(|k| !members.contains(k));
            let given: Vec<usize> = outside.filter(|&g| members.iter().any(|&f| correlate(f, g))).collect();
            Stratum {
                level: joint(&bins, &given, order.len()),
                value: joint(&values, members, order.len()),
                given,
            }
        };
        let groups = effects.iter().filter(|effect| effect.order == Order::Group);
        Self {
            features: (0..all.len()).map(|feature| of(&[feature])).collect(),
            groups: groups.map(|group| of(&group.features)).collect(),
        }
    }

    pub(crate) fn of_feature(&self, feature: usize) -> &Stratum {
        &self.features[feature]
    }

    pub(crate) fn of_groups(&self) -> &[Stratum] {
        &self.groups
    }

    /// The strata that `effect` is permuted within: two for an interaction. If it is a group, it is group number `group`.
    pub(crate) fn of_effect<'a>(&'a self, effect: &'a Effect, group: usize) -> Vec<&'a Stratum> {
        match effect.order {
            Order::Group => vec![&self.groups[group]],
            _ => effect.features.iter().map(|&feature| &self.features[feature]).collect(),
        }
    }
}

impl Stratum {
    /// The positions of `stimuli`, stratum by stratum.
    fn members(&self, stimuli: Range<usize>) -> BTreeMap<u32, Vec<usize>> {
        let mut members: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for position in stimuli {
            members.entry(self.level[position]).or_default().push(position);
        }
        members
    }

    /// How many of `stimuli` are in a stratum with more than one value: the others can only be exchanged for an equal.
    pub(crate) fn free(&self, stimuli: Range<usize>) -> usize {
        let differ = |members: &Vec<usize>| members.iter().any(|&i| self.value[i] != self.value[members[0]]);
        self.members(stimuli).values().filter(|members| differ(members)).map(Vec::len).sum()
    }

    /// Shuffles `order`, which lists `stimuli` in their order, within each stratum.
    pub(crate) fn shuffle(&self, stimuli: Range<usize>, stream: &mut Stream, order: &mut [usize]) {
        let first = stimuli.start;
        for members in self.members(stimuli).into_values() {
            let mut shuffled = members.clone();
            stream.shuffle(&mut shuffled);
            for (to, from) in members.into_iter().zip(shuffled) {
                order[to - first] = from;
            }
        }
    }
}

/// The joint level of `columns` at each of `n` positions.
fn joint(codes: &[Vec<u32>], columns: &[usize], n: usize) -> Vec<u32> {
    let mut levels: BTreeMap<Vec<u32>, u32> = BTreeMap::new();
    (0..n)
        .map(|i| {
            let next = levels.len() as u32;
            *levels.entry(columns.iter().map(|&column| codes[column][i]).collect()).or_insert(next)
        })
        .collect()
}

/// The level of `feature` at each of `order`. A numeric feature has a level for each value, or `bins` bins where there are more
/// values. A feature that is given as its distances has a level for each stimulus, or `bins` clusters.
fn codes(feature: &Feature, order: &[usize], bins: usize) -> Vec<u32> {
    match feature.values() {
        Values::Categorical { codes, .. } => order.iter().map(|&i| codes[i].unwrap_or(u32::MAX)).collect(),
        Values::Numeric(values) => {
            let mut sorted: Vec<f64> = values.iter().flatten().copied().collect();
            sorted.sort_by(f64::total_cmp);
            let mut distinct = sorted.clone();
            distinct.dedup();
            // The lowest value of each level.
            let begins: Vec<f64> = if distinct.len() <= bins {
                distinct
            } else {
                (0..bins).map(|bin| sorted[bin * sorted.len() / bins]).collect()
            };
            let level = |x: f64| begins.partition_point(|&begin| begin <= x) as u32;
            order.iter().map(|&i| values[i].map_or(u32::MAX, level)).collect()
        }
        Values::Distances(_) if bins >= order.len() => (0..order.len() as u32).collect(),
        Values::Distances(distances) => clusters(distances, order, bins),
    }
}

/// The cluster of each of `order`: `n` medoids that begin far from one another (Gonzalez 1985), and move to where their clusters are
/// nearest together. Distances that are missing count as 0.
fn clusters(distances: &Distances, order: &[usize], n: usize) -> Vec<u32> {
    let apart = |i: usize, j: usize| distances.get(order[i], order[j]).unwrap_or(0.0);
    let total = |medoid: usize, members: &[usize]| members.iter().map(|&i| apart(medoid, i)).sum::<f64>();
    let nearest = |medoids: &[usize]| -> Vec<u32> {
        let of = |i: usize| {
            let closer = |&a: &usize, &b: &usize| apart(medoids[a], i).total_cmp(&apart(medoids[b], i));
            (0..medoids.len()).min_by(closer).unwrap_or(0) as u32
        };
        (0..order.len()).into_par_iter().map(of).collect()
    };
    let everything: Vec<usize> = (0..order.len()).collect();
    let centre = |members: &[usize]| {
        let totals: Vec<f64> = members.par_iter().map(|&i| total(i, members)).collect();
        (0..members.len()).min_by(|&a, &b| totals[a].total_cmp(&totals[b])).map(|k| members[k])
    };
    let mut medoids: Vec<usize> = centre(&everything).into_iter().collect();
    while medoids.len() < n.min(order.len()) {
        let least = |i: usize| medoids.iter().map(|&m| apart(m, i)).fold(f64::INFINITY, f64::min);
        let farthest =
            everything.iter().copied().max_by(|&a, &b| least(a).total_cmp(&least(b)).then(b.cmp(&a)));
        match farthest {
            Some(farthest) if least(farthest) > 0.0 => medoids.push(farthest),
            _ => break,
        }
    }
    let mut cluster = nearest(&medoids);
    for _ in 0..ROUNDS {
        for (k, medoid) in medoids.iter_mut().enumerate() {
            let members: Vec<usize> =
                everything.iter().copied().filter(|&i| cluster[i] == k as u32).collect();
            *medoid = centre(&members).unwrap_or(*medoid);
        }
        let next = nearest(&medoids);
        if next == cluster {
            break;
        }
        cluster = next;
    }
    cluster
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    #[test]
    fn a_feature_of_distances_is_permuted_and_conditioned_on() {
        // Five groups on a line; a level that goes with them, and one that does not.
        let (n, group) = (60, |i: usize| i / 12);
        let mut stream = Stream::new(4, "line");
        let places: Vec<f64> = (0..n).map(|i| group(i) as f64 + 0.1 * stream.unit()).collect();
        let matrix = Array2::from_shape_fn((n, n), |(i, j)| (places[i] - places[j]).abs() as f32);
        let tied: Vec<Option<&str>> = (0..n).map(|i| Some(if group(i) < 2 { "a" } else { "b" })).collect();
        let free: Vec<Option<&str>> = (0..n).map(|i| Some(if i % 2 == 0 { "x" } else { "y" })).collect();
        let features = FeatureTable::new(
            n,
            vec![
                Feature::distances("line", matrix.view()).unwrap(),
                Feature::categorical("tied", &tied),
                Feature::categorical("free", &free),
            ],
        )
        .unwrap();
        let order: Vec<usize> = (0..n).rev().collect();
        let strata = Strata::new(&features, &order, &[], 0.3);
        // Any stimulus can be exchanged for any other of its level, and the distances then differ.
        assert_eq!((&strata.features[0].given[..], strata.features[0].free(0..n)), (&[1][..], n));
        // What the groups decide has nothing left to move within them.
        assert_eq!((&strata.features[1].given[..], strata.features[1].free(0..n)), (&[0][..], 0));
        let levels = &strata.features[1].level;
        assert!(
            (0..n).all(|i| (0..n).all(|j| (levels[i] == levels[j]) == (group(order[i]) == group(order[j]))))
        );
        assert!(strata.features[2].given.is_empty());
    }
}
