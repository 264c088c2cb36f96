//! The feature table: typed columns.

use super::error::{Error, Result};
use super::feature::{Feature, Values};

/// Features by stimuli: `(n_stimuli, n_features)`.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureTable {
    n_stimuli: usize,
    features: Vec<Feature>,
    pub(super) held_out: HeldOut,
}

/// What decides which stimuli are held out together.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) enum HeldOut {
    /// Chance alone.
    #[default]
    Random,
    /// Stimuli of one unit are never on both sides: the unit of each, counted from 0.
    Together(Vec<usize>),
    /// The fold of each, counted from 0.
    Given(Vec<usize>),
    /// Whether each is held out, once and for all: a set to train on and one to test on.
    Apart(Vec<bool>),
}

impl FeatureTable {
    /// A table of `features`, each with a value or a gap for each of `n_stimuli`.
    ///
    /// # Errors
    ///
    /// [`Error::RowCounts`] when a feature has another number of values, [`Error::DuplicateFeature`] when two have one
    /// name.
    pub fn new(n_stimuli: usize, features: Vec<Feature>) -> Result<Self> {
        for (i, feature) in features.iter().enumerate() {
            if feature.len() != n_stimuli {
                return Err(Error::RowCounts {
                    what: "feature values",
                    found: feature.len(),
                    expected: n_stimuli,
                });
            }
            if features[..i].iter().any(|other| other.name == feature.name) {
                return Err(Error::DuplicateFeature { name: feature.name.clone() });
            }
        }
        Ok(Self { n_stimuli, features, held_out: HeldOut::Random })
    }

    /// How many stimuli (rows).
    #[must_use]
    pub fn n_stimuli(&self) -> usize {
        self.n_stimuli
    }

    /// How many features (columns).
    #[must_use]
    pub fn n_features(&self) -> usize {
        self.features.len()
    }

    /// The features in the order of the columns.
    pub fn iter(&self) -> std::slice::Iter<'_, Feature> {
        self.features.iter()
    }

    /// The feature at column `index`.
    #[must_use]
    pub fn feature(&self, index: usize) -> &Feature {
        &self.features[index]
    }

    /// The names of the features in the order of the columns.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.features.iter().map(Feature::name).collect()
    }

    /// The column of the feature called `name`.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownFeature`].
    pub fn position(&self, name: &str) -> Result<usize> {
        self.features.iter().position(|feature| feature.name == name).ok_or_else(|| Error::UnknownFeature {
            name: name.to_owned(),
            known: self.features.iter().map(|feature| feature.name.clone()).collect(),
        })
    }

    /// Declares the feature called `name` categorical, whatever its values look like.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownFeature`]; [`Error::NoValues`] where the feature is given as its distances.
    pub fn declare_categorical(&mut self, name: &str) -> Result<()> {
        let column = self.position(name)?;
        if matches!(self.features[column].values, Values::Distances(_)) {
            return Err(Error::NoValues { feature: name.to_owned() });
        }
        self.features[column] = self.features[column].to_categorical();
        Ok(())
    }

    /// Declares the feature called `name` numeric.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownFeature`]; [`Error::NoValues`] where the feature is given as its distances; [`Error::NotANumber`] for the
    /// first value that is none.
    pub fn declare_numeric(&mut self, name: &str) -> Result<()> {
        let column = self.position(name)?;
        let feature = &self.features[column];
        let Values::Categorical { levels, codes } = &feature.values else {
            return match feature.values {
                Values::Distances(_) => Err(Error::NoValues { feature: name.to_owned() }),
                _ => Ok(()),
            };
        };
        let numbers: Vec<Option<f64>> =
            levels.iter().map(|level| level.trim().parse().ok().filter(|x: &f64| x.is_finite())).collect();
        let number = |(row, code): (usize, &Option<u32>)| match code {
            None => Ok(None),
            Some(code) => numbers[*code as usize].map(Some).ok_or_else(|| Error::NotANumber {
                feature: name.to_owned(),
                row,
                value: levels[*code as usize].clone(),
            }),
        };
        let values: Result<Vec<Option<f64>>> = codes.iter().enumerate().map(number).collect();
        self.features[column] = Feature::numeric(name, values?)?;
        Ok(())
    }

    /// Adds `feature`, with a value or a gap for every stimulus.
    ///
    /// # Errors
    ///
    /// As [`FeatureTable::new`].
    pub fn push(&mut self, feature: Feature) -> Result<()> {
        let mut features = self.features.clone();
        features.push(feature);
        let held_out = std::mem::take(&mut self.held_out);
        *self = Self { held_out, ..Self::new(self.n_stimuli, features)? };
        Ok(())
    }

    /// Keeps the features for which `keep` holds.
    pub fn retain(&mut self, keep: impl FnMut(&Feature) -> bool) {
        self.features.retain(keep);
    }

    /// The rows at `rows`, in that order.
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        Self {
            n_stimuli: rows.len(),
            features: self.features.iter().map(|feature| feature.select(rows)).collect(),
            held_out: match &self.held_out {
                HeldOut::Random => HeldOut::Random,
                HeldOut::Together(of) => HeldOut::Together(rows.iter().map(|&row| of[row]).collect()),
                HeldOut::Given(of) => HeldOut::Given(rows.iter().map(|&row| of[row]).collect()),
                HeldOut::Apart(of) => HeldOut::Apart(rows.iter().map(|&row| of[row]).collect()),
            },
        }
    }
}

impl<'a> IntoIterator for &'a FeatureTable {
    type Item = &'a Feature;
    type IntoIter = std::slice::Iter<'a, Feature>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_used_once() {
        let twice = ["a", "a"].map(|name| Feature::categorical(name, &[Some("x")]));
        assert!(matches!(FeatureTable::new(1, twice.into()), Err(Error::DuplicateFeature { .. })));
    }
}
