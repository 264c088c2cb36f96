//! A feature: a typed column, missing as missing.

use ndarray::ArrayView2;

use super::distances::Distances;
use super::error::{Error, Result};

/// The values of one feature, one per stimulus.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Unordered levels.
    Categorical {
        /// The levels that occur, sorted.
        levels: Vec<String>,
        /// For each stimulus the index of its level; `None` is missing.
        codes: Vec<Option<u32>>,
    },
    /// Finite numbers; `None` is missing.
    Numeric(Vec<Option<f64>>),
    /// No values, but how far apart each two stimuli are.
    Distances(Distances),
}

/// One theoretical property, with a value per stimulus.
#[derive(Debug, Clone, PartialEq)]
pub struct Feature {
    pub(super) name: String,
    pub(super) values: Values,
}

impl Feature {
    /// A categorical feature from the level of each stimulus; `None` is missing.
    #[must_use]
    pub fn categorical<S: AsRef<str>>(name: &str, values: &[Option<S>]) -> Self {
        let mut levels: Vec<&str> = values.iter().flatten().map(AsRef::as_ref).collect();
        levels.sort_unstable();
        levels.dedup();
        let codes = values
            .iter()
            .map(|value| {
                let level = value.as_ref()?.as_ref();
                // Found always: the levels were collected from these values.
                levels.binary_search(&level).ok().map(|code| code as u32)
            })
            .collect();
        let levels = levels.into_iter().map(str::to_owned).collect();
        Self { name: name.to_owned(), values: Values::Categorical { levels, codes } }
    }

    /// A categorical feature from `levels` in any order and, for each stimulus, the index of its level; `None` is missing.
    /// Levels that do not occur are dropped; an index that is no level is missing.
    #[must_use]
    pub fn from_codes(name: &str, levels: &[impl AsRef<str>], codes: &[Option<u32>]) -> Self {
        let mut occurs = vec![false; levels.len()];
        for &code in codes.iter().flatten() {
            if let Some(occurs) = occurs.get_mut(code as usize) {
                *occurs = true;
            }
        }
        let mut sorted: Vec<&str> = levels
            .iter()
            .zip(&occurs)
            .filter(|(_, occurs)| **occurs)
            .map(|(level, _)| level.as_ref())
            .collect();
        sorted.sort_unstable();
        sorted.dedup();
        let new: Vec<Option<u32>> = levels
            .iter()
            .map(|level| sorted.binary_search(&level.as_ref()).ok().map(|index| index as u32))
            .collect();
        let codes = codes
            .iter()
            .map(|code| code.and_then(|code| new.get(code as usize).copied().flatten()))
            .collect();
        let levels = sorted.into_iter().map(str::to_owned).collect();
        Self { name: name.to_owned(), values: Values::Categorical { levels, codes } }
    }

    /// A numeric feature; `None` is missing.
    ///
    /// # Errors
    ///
    /// [`Error::NotANumber`] when a value is NaN or infinite.
    pub fn numeric(name: &str, values: Vec<Option<f64>>) -> Result<Self> {
        if let Some(row) = values.iter().position(|value| value.is_some_and(|x| !x.is_finite())) {
            return Err(Error::NotANumber {
                feature: name.to_owned(),
                row,
                value: values[row].map(|x| x.to_string()).unwrap_or_default(),
            });
        }
        Ok(Self { name: name.to_owned(), values: Values::Numeric(values) })
    }

    /// A feature that is given as its distances `(n_stimuli, n_stimuli)`; NaN is missing.
    ///
    /// # Errors
    ///
    /// [`Error::NoDistances`] when the matrix is not square or not symmetric, has a diagonal that is not zero, or a distance
    /// below zero or infinite.
    pub fn distances(name: &str, matrix: ArrayView2<'_, f32>) -> Result<Self> {
        let distances = Distances::new(matrix)
            .map_err(|reason| Error::NoDistances { feature: name.to_owned(), reason })?;
        Ok(Self { name: name.to_owned(), values: Values::Distances(distances) })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same feature under another name.
    #[must_use]
    pub fn renamed(&self, name: &str) -> Self {
        Self { name: name.to_owned(), values: self.values.clone() }
    }

    /// A key for each stimulus, the same for the same value; `None` where it is given as its distances, which are no values.
    #[must_use]
    pub fn keys(&self) -> Option<Vec<Option<u64>>> {
        match &self.values {
            Values::Categorical { codes, .. } => Some(codes.iter().map(|code| code.map(u64::from)).collect()),
            // Zero has two signs.
            Values::Numeric(values) => {
                Some(values.iter().map(|value| value.map(|x| (x + 0.0).to_bits())).collect())
            }
            Values::Distances(_) => None,
        }
    }

    /// Its values, one per stimulus.
    #[must_use]
    pub fn values(&self) -> &Values {
        &self.values
    }

    /// Whether it is numeric.
    #[must_use]
    pub fn is_numeric(&self) -> bool {
        matches!(self.values, Values::Numeric(_))
    }

    /// How many stimuli it has a value or a gap for.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.values {
            Values::Categorical { codes, .. } => codes.len(),
            Values::Numeric(values) => values.len(),
            Values::Distances(distances) => distances.n_stimuli(),
        }
    }

    /// Whether there are no stimuli.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether its distances differ among the pairs of stimuli: it has two values, or one that some stimuli lack. Levels that
    /// differ for every stimulus, as those of a name or a number of the stimulus do, tell no pair from another.
    #[must_use]
    pub fn varies(&self) -> bool {
        match &self.values {
            Values::Distances(distances) => distances.vary(),
            _ => (self.n_distinct() > 1 && !self.names_stimuli()) || self.presence().is_some(),
        }
    }

    /// What all stimuli have in common in a feature that does not vary, in words.
    pub(crate) fn in_common(&self) -> String {
        if let Values::Distances(distances) = &self.values {
            return distances.first().map_or_else(
                || "every distance is missing".to_owned(),
                |distance| format!("every two stimuli are {} apart", distance as f32),
            );
        }
        let value = (0..self.len()).map(|row| self.display(row)).find(|text| !text.is_empty());
        value.map_or_else(
            || "every value is missing".to_owned(),
            |value| format!("every stimulus has `{value}`"),
        )
    }

    /// Whether it has another level for every stimulus.
    #[must_use]
    pub fn names_stimuli(&self) -> bool {
        matches!(&self.values, Values::Categorical { levels, codes } if levels.len() > 2 && levels.len() == codes.len())
    }

    /// For each stimulus whether it has a value, where there is one value that some stimuli have and others lack (`+PL` or
    /// nothing). Such a feature is about having it: what lacks it is its other side, not unknown.
    #[must_use]
    pub fn presence(&self) -> Option<Vec<bool>> {
        if matches!(self.values, Values::Distances(_)) || self.n_missing() == 0 || self.n_distinct() != 1 {
            return None;
        }
        Some(match &self.values {
            Values::Categorical { codes, .. } => codes.iter().map(Option::is_some).collect(),
            Values::Numeric(values) => values.iter().map(Option::is_some).collect(),
            Values::Distances(_) => return None,
        })
    }

    /// How many stimuli lack a value.
    #[must_use]
    pub fn n_missing(&self) -> usize {
        match &self.values {
            Values::Categorical { codes, .. } => codes.iter().filter(|code| code.is_none()).count(),
            Values::Numeric(values) => values.iter().filter(|value| value.is_none()).count(),
            Values::Distances(_) => 0,
        }
    }

    /// How many different values occur (missing not counted); 0 where distances are given.
    #[must_use]
    pub fn n_distinct(&self) -> usize {
        match &self.values {
            Values::Categorical { levels, .. } => levels.len(),
            Values::Numeric(values) => {
                let mut distinct: Vec<f64> = values.iter().flatten().copied().collect();
                distinct.sort_by(f64::total_cmp);
                distinct.dedup();
                distinct.len()
            }
            Values::Distances(_) => 0,
        }
    }

    /// The value of stimulus `row` as a table has it; empty when missing, and where distances are given.
    #[must_use]
    pub fn display(&self, row: usize) -> String {
        match &self.values {
            Values::Categorical { levels, codes } => {
                codes[row].map(|code| levels[code as usize].clone()).unwrap_or_default()
            }
            Values::Numeric(values) => values[row].map(|x| x.to_string()).unwrap_or_default(),
            Values::Distances(_) => String::new(),
        }
    }

    /// The same feature with its values read as levels, whatever they were.
    #[must_use]
    pub fn to_categorical(&self) -> Self {
        let values: Vec<Option<String>> =
            (0..self.len()).map(|row| Some(self.display(row)).filter(|value| !value.is_empty())).collect();
        Self::categorical(&self.name, &values)
    }

    /// The values at `rows`, in that order; levels that no longer occur are gone.
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        match &self.values {
            Values::Categorical { levels, codes } => {
                let codes: Vec<Option<u32>> = rows.iter().map(|&row| codes[row]).collect();
                Self::from_codes(&self.name, levels, &codes)
            }
            Values::Numeric(values) => Self {
                name: self.name.clone(),
                values: Values::Numeric(rows.iter().map(|&row| values[row]).collect()),
            },
            Values::Distances(distances) => {
                Self { name: self.name.clone(), values: Values::Distances(distances.select(rows)) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_sorted_and_only_those_that_occur() {
        let feature = Feature::categorical("number", &[Some("sg"), None, Some("pl"), Some("sg")]);
        let Values::Categorical { levels, codes } = feature.values() else { panic!() };
        assert_eq!(levels, &["pl", "sg"]);
        assert_eq!(codes, &[Some(1), None, Some(0), Some(1)]);
        assert_eq!(feature.select(&[0, 1]).n_distinct(), 1);
        assert_eq!(feature.n_missing(), 1);
    }

    #[test]
    fn a_numeric_feature_refuses_what_is_not_finite() {
        assert!(Feature::numeric("zipf", vec![Some(1.0), Some(f64::NAN)]).is_err());
    }
}
