//! Conditional permutation: a feature is permuted only among stimuli that agree in the features it correlates with.
//!
//! Permuting a feature freely breaks its ties to the other features too: the model is asked about combinations of values that no
//! stimulus has, and a feature that only correlates with others looks important. Within a stratum of the other features the
//! combinations stay real (Strobl et al. 2008, Conditional variable importance for random forests). A feature `f` is conditioned
//! on every feature `g` with `|r(d_f, d_g)|` above a threshold, where `r` is Pearson's correlation over pairs of stimuli. A
//! stratum is a combination of levels of those features. Numeric features with many values are cut into [`BINS`] bins of equal
//! counts, and a missing value is a level of its own.

use std::collections::BTreeMap;
use std::ops::Range;

use super::effects::{Effect, Order};
use crate::numeric::rng::Stream;
use crate::stimuli::confounds::Confounds;
use crate::stimuli::{Feature, FeatureTable, Values};

/// Bins of a numeric feature that others are conditioned on; with at most this many values, each value is a bin.
const BINS: usize = 5;

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
/// values. A feature that is given as distances has one level, so that conditioning on it changes nothing.
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
        Values::Distances(_) => vec![0; order.len()],
    }
}
