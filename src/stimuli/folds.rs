//! Folds of stimuli: drawn at random, with rare values in as many folds as they can be in.
//!
//! A value that no held-out stimulus has cannot be scored there, and one that all training stimuli lack cannot be learnt. Common values
//! are in every fold by chance, and nothing is done about them: with them alone, folds are those of the plain draw.

use std::collections::BTreeMap;

use super::error::{Error, Result};
use super::feature::{Feature, Values};
use super::table::{FeatureTable, HeldOut};
use crate::numeric::rng::Stream;
use crate::numeric::split;
use crate::text;

/// A value with more stimuli than this for each fold is no rare one: a fold is without it once in 3,000 draws.
const RARE: usize = 8;

/// Where a test set is given, the training stimuli are in so many parts, for those who choose something within them.
pub const TRAINING_PARTS: usize = 4;

impl FeatureTable {
    /// Which of `n_folds` folds each stimulus is in: sizes differ by one at most, membership is random under `seed`, and rare values of a
    /// feature are spread over as many folds as they can be in. The same for all estimators. Units that are kept together
    /// ([`FeatureTable::keep_together`]) are in one fold, and folds as even as that allows; given folds
    /// ([`FeatureTable::hold_out_by`]) are as they are. Where a test set is given, it is fold 0, the only one that is held out, and the
    /// training stimuli are in the [`TRAINING_PARTS`] that follow.
    #[must_use]
    pub fn folds(&self, n_folds: usize, seed: u64) -> Vec<usize> {
        if let HeldOut::Apart(held_out) = &self.held_out {
            let n_training = held_out.iter().filter(|held_out| !**held_out).count();
            let parts = split::folds(n_training, TRAINING_PARTS, &mut Stream::new(seed, "folds"));
            let mut parts = parts.into_iter();
            let fold = |held_out: &bool| if *held_out { 0 } else { 1 + parts.next().unwrap_or(0) };
            return held_out.iter().map(fold).collect();
        }
        if n_folds > 1 {
            match &self.held_out {
                HeldOut::Given(fold_of) => return fold_of.clone(),
                HeldOut::Together(unit_of) => {
                    return split::folds_of_units(unit_of, n_folds, &mut Stream::new(seed, "folds"));
                }
                HeldOut::Random | HeldOut::Apart(_) => {}
            }
        }
        let mut fold_of = split::folds(self.n_stimuli(), n_folds, &mut Stream::new(seed, "folds"));
        if n_folds > 1 {
            let rare =
                self.iter().flat_map(|feature| rare_values(feature, RARE * n_folds)).collect::<Vec<_>>();
            split::spread(&mut fold_of, n_folds, &rare, &mut Stream::new(seed, "folds spread"));
        }
        fold_of
    }

    /// From now on, stimuli that have one value in the column `name` are in one fold: repetitions of a stimulus, sentences of a text.
    /// A stimulus without a value is a unit of its own. Returns how many units there are.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownFeature`]; [`Error::NoValues`] where the column is given as its distances.
    pub fn keep_together(&mut self, name: &str) -> Result<usize> {
        let keys = self.keys_of(name)?;
        let mut units: BTreeMap<u64, usize> = BTreeMap::new();
        let mut n_units = 0;
        let mut next = || {
            n_units += 1;
            n_units - 1
        };
        let of: Vec<usize> = keys
            .iter()
            .map(|key| match key {
                Some(key) => *units.entry(*key).or_insert_with(&mut next),
                None => next(),
            })
            .collect();
        self.held_out = HeldOut::Together(of);
        Ok(n_units)
    }

    /// From now on, the folds are those that the column `name` names, in the order of their names. Returns how many there are. Where it
    /// names `train` and `test`, models are fitted to the first and scored on the second, which is one fold.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownFeature`]; [`Error::NoValues`] where the column is given as its distances; [`Error::NoFold`] where a stimulus
    /// is in none; [`Error::OneFold`] where all are in one; [`Error::OtherSets`] where it names `train` beside others than `test`.
    pub fn hold_out_by(&mut self, name: &str) -> Result<usize> {
        let values = self.values_of(name)?;
        let without: Vec<usize> = (0..values.len()).filter(|&row| values[row].is_none()).collect();
        if !without.is_empty() {
            return Err(Error::NoFold { column: name.to_owned(), rows: without });
        }
        let mut names: Vec<&String> = values.iter().flatten().collect();
        names.sort_by(|a, b| text::naturally(a, b));
        names.dedup();
        if names.len() < 2 {
            return Err(Error::OneFold { column: name.to_owned() });
        }
        let is = |value: &String, what: &str| value.trim().eq_ignore_ascii_case(what);
        if names.iter().any(|name| is(name, "train") || is(name, "training")) {
            if !names.iter().all(|name| is(name, "train") || is(name, "test")) {
                let names = names.into_iter().cloned().collect();
                return Err(Error::OtherSets { column: name.to_owned(), names });
            }
            self.held_out = HeldOut::Apart(values.iter().flatten().map(|value| is(value, "test")).collect());
            return Ok(1);
        }
        let place = |value: &String| names.iter().position(|name| *name == value).unwrap_or(0);
        let (fold_of, n_folds) = (values.iter().flatten().map(place).collect(), names.len());
        self.held_out = HeldOut::Given(fold_of);
        Ok(n_folds)
    }

    /// How many folds are given, where they are.
    #[must_use]
    pub fn given_folds(&self) -> Option<usize> {
        match &self.held_out {
            HeldOut::Given(fold_of) => fold_of.iter().max().map(|last| last + 1),
            HeldOut::Apart(_) => Some(1),
            _ => None,
        }
    }

    /// How many stimuli are to train on and how many to test on, where the two sets are given.
    #[must_use]
    pub fn train_and_test(&self) -> Option<(usize, usize)> {
        let HeldOut::Apart(held_out) = &self.held_out else { return None };
        let test = held_out.iter().filter(|held_out| **held_out).count();
        Some((held_out.len() - test, test))
    }

    /// How many folds [`FeatureTable::folds`] puts stimuli in, where `n_folds` of them are held out in turn.
    #[must_use]
    pub fn n_parts(&self, n_folds: usize) -> usize {
        if self.train_and_test().is_some() { 1 + TRAINING_PARTS } else { n_folds }
    }

    /// Whether models that are fitted in `n_folds` folds are scored on stimuli that they were not fitted to.
    #[must_use]
    pub fn holds_out(&self, n_folds: usize) -> bool {
        self.n_parts(n_folds) > 1
    }

    /// How many units are kept together, where some are: no more folds than that can be had.
    #[must_use]
    pub fn n_units(&self) -> Option<usize> {
        match &self.held_out {
            HeldOut::Together(unit_of) => {
                let mut units = unit_of.clone();
                units.sort_unstable();
                units.dedup();
                Some(units.len())
            }
            _ => None,
        }
    }

    /// The unit of each stimulus, where some are kept together ([`FeatureTable::keep_together`]).
    #[must_use]
    pub fn units(&self) -> Option<&[usize]> {
        match &self.held_out {
            HeldOut::Together(unit_of) => Some(unit_of),
            _ => None,
        }
    }

    /// The values of the column `name` in words.
    pub(super) fn values_of(&self, name: &str) -> Result<Vec<Option<String>>> {
        Ok(match self.feature(self.position(name)?).values() {
            Values::Categorical { levels, codes } => {
                codes.iter().map(|code| code.map(|code| levels[code as usize].clone())).collect()
            }
            Values::Numeric(values) => {
                values.iter().map(|value| value.map(|x| (x + 0.0).to_string())).collect()
            }
            Values::Distances(_) => return Err(Error::NoValues { feature: name.to_owned() }),
        })
    }

    /// A key for each stimulus, the same for the same value of a column.
    pub(super) fn keys_of(&self, name: &str) -> Result<Vec<Option<u64>>> {
        let feature = self.feature(self.position(name)?);
        feature.keys().ok_or_else(|| Error::NoValues { feature: name.to_owned() })
    }
}

/// The stimuli of each value of `feature` that two of them have, and at most `most`; also of all values but the most frequent one, and of
/// having none.
fn rare_values(feature: &Feature, most: usize) -> Vec<Vec<usize>> {
    let n = feature.len();
    let Some(values) = feature.keys() else { return Vec::new() };
    let mut rows: Vec<usize> = (0..n).collect();
    rows.sort_by_key(|&row| values[row]);
    let mut groups: Vec<Vec<usize>> =
        rows.chunk_by(|&a, &b| values[a] == values[b]).map(<[usize]>::to_vec).collect();
    if let Some(largest) = (0..groups.len()).rev().max_by_key(|&group| groups[group].len()) {
        let others =
            (0..groups.len()).filter(|&group| group != largest).flat_map(|group| groups[group].clone());
        let others = others.collect();
        groups.push(others);
    }
    groups.retain(|group| (2..=most).contains(&group.len()));
    groups.sort();
    groups.dedup();
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_values_are_in_as_many_folds_as_they_can_be() {
        for seed in 0..20 {
            let mut stream = Stream::new(seed, "values");
            let mut rows: Vec<usize> = (0..100).collect();
            stream.shuffle(&mut rows);
            let mut levels = vec![Some("common"); 100];
            rows[..4].iter().for_each(|&row| levels[row] = Some("rare"));
            rows[4..7].iter().for_each(|&row| levels[row] = None);
            stream.shuffle(&mut rows);
            let mut numbers = vec![Some(0.0); 100];
            (0..5).for_each(|k| numbers[rows[k]] = Some(1.0 + k as f64));
            let features = vec![
                Feature::categorical("level", &levels),
                Feature::numeric("number", numbers.clone()).unwrap(),
            ];
            let table = FeatureTable::new(100, features).unwrap();
            let fold_of = table.folds(5, seed);
            let folds_with = |has: &dyn Fn(usize) -> bool| {
                (0..5).filter(|&fold| (0..100).any(|row| fold_of[row] == fold && has(row))).count()
            };
            assert_eq!(folds_with(&|row| levels[row] == Some("rare")), 4);
            assert_eq!(folds_with(&|row| levels[row].is_none()), 3);
            assert_eq!(folds_with(&|row| numbers[row] != Some(0.0)), 5);
        }
    }

    #[test]
    fn with_common_values_alone_folds_are_the_plain_draw() {
        let levels: Vec<Option<&str>> = (0..200).map(|row| Some(["a", "b"][row % 2])).collect();
        let table = FeatureTable::new(200, vec![Feature::categorical("level", &levels)]).unwrap();
        assert_eq!(table.folds(5, 3), split::folds(200, 5, &mut Stream::new(3, "folds")));
    }
}
