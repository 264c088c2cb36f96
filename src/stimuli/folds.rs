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

impl FeatureTable {
    /// Which of `n_folds` folds each stimulus is in: sizes differ by one at most, membership is random under `seed`, and rare values of a
    /// feature are spread over as many folds as they can be in. The same for all estimators. Units that are kept together
    /// ([`FeatureTable::keep_together`]) are in one fold, and folds as even as that allows; given folds
    /// ([`FeatureTable::hold_out_by`]) are as they are.
    #[must_use]
    pub fn folds(&self, n_folds: usize, seed: u64) -> Vec<usize> {
        if n_folds > 1 {
            match &self.held_out {
                HeldOut::Given(fold_of) => return fold_of.clone(),
                HeldOut::Together(unit_of) => {
                    return split::folds_of_units(unit_of, n_folds, &mut Stream::new(seed, "folds"));
                }
                HeldOut::Random => {}
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

    /// From now on, the folds are those that the column `name` names, in the order of their names. Returns how many there are.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownFeature`]; [`Error::NoValues`] where the column is given as its distances; [`Error::NoFold`] where a stimulus
    /// is in none; [`Error::OneFold`] where all are in one.
    pub fn hold_out_by(&mut self, name: &str) -> Result<usize> {
        let values: Vec<Option<String>> = match self.feature(self.position(name)?).values() {
            Values::Categorical { levels, codes } => {
                codes.iter().map(|code| code.map(|code| levels[code as usize].clone())).collect()
            }
            Values::Numeric(values) => {
                values.iter().map(|value| value.map(|x| (x + 0.0).to_string())).collect()
            }
            Values::Distances(_) => return Err(Error::NoValues { feature: name.to_owned() }),
        };
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
            _ => None,
        }
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
