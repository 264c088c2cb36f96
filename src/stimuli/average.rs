//! Stimuli that stand for one: repetitions of a stimulus, sentences of a concept.

use std::collections::BTreeMap;

use super::Stimuli;
use super::error::Result;
use super::feature::{Feature, Values};

/// Stimuli that were averaged.
#[derive(Debug, Clone, PartialEq)]
pub struct Averaged {
    /// One for each value, with the sentence of its first stimulus, in the order of these; their features are those that are one in
    /// each group.
    pub stimuli: Stimuli,
    /// The stimuli that each stands for, counted from 0, ascending.
    pub groups: Vec<Vec<usize>>,
    /// The features that differ within a group, and are left out.
    pub differing: Vec<String>,
}

impl Stimuli {
    /// These stimuli with one in the place of all that have one value in `column`; a stimulus without a value stays alone.
    ///
    /// # Errors
    ///
    /// [`super::Error::UnknownFeature`]; [`super::Error::NoValues`] where the column is given as its distances.
    pub fn averaged(&self, column: &str) -> Result<Averaged> {
        let keys = self.features.keys_of(column)?;
        let mut groups: Vec<Vec<usize>> = Vec::new();
        let mut of_key: BTreeMap<u64, usize> = BTreeMap::new();
        for (row, key) in keys.into_iter().enumerate() {
            let next = groups.len();
            let group = key.map_or(next, |key| *of_key.entry(key).or_insert(next));
            match groups.get_mut(group) {
                Some(group) => group.push(row),
                None => groups.push(vec![row]),
            }
        }
        let firsts: Vec<usize> = groups.iter().map(|group| group[0]).collect();
        let mut stimuli = self.select(&firsts);
        let differs = |feature: &Feature| groups.iter().any(|group| !is_one(feature, group));
        let differing: Vec<String> = self
            .features
            .iter()
            .filter(|feature| differs(feature))
            .map(|feature| feature.name().to_owned())
            .collect();
        stimuli.features_mut().retain(|feature| !differing.iter().any(|name| name == feature.name()));
        Ok(Averaged { stimuli, groups, differing })
    }
}

/// Whether all of `rows` have one value of `feature`.
fn is_one(feature: &Feature, rows: &[usize]) -> bool {
    let first = rows[0];
    match feature.values() {
        Values::Categorical { codes, .. } => rows.iter().all(|&row| codes[row] == codes[first]),
        Values::Numeric(values) => rows.iter().all(|&row| values[row] == values[first]),
        // The distances of a mean to others are not those of one of its members.
        Values::Distances(_) => rows.len() == 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stimuli::FeatureTable;

    #[test]
    fn one_stimulus_stands_for_all_of_a_value() {
        let column = |name: &str, values: [Option<&str>; 5]| Feature::categorical(name, &values);
        let features = vec![
            column("concept", [Some("cat"), Some("dog"), Some("cat"), None, None]),
            column("animate", [Some("yes"); 5]),
            column("number", [Some("sg"), Some("sg"), Some("pl"), Some("sg"), Some("pl")]),
            Feature::numeric("zipf", vec![Some(4.0), Some(5.0), Some(4.0), None, Some(1.0)]).unwrap(),
        ];
        let sentences = ["a cat", "a dog", "the cats", "x", "y"].map(str::to_owned).to_vec();
        let stimuli = Stimuli::new(sentences, FeatureTable::new(5, features).unwrap()).unwrap();
        let Averaged { stimuli, groups, differing } = stimuli.averaged("concept").unwrap();
        assert_eq!(groups, [vec![0, 2], vec![1], vec![3], vec![4]]);
        assert_eq!(stimuli.sentences().unwrap(), ["a cat", "a dog", "x", "y"]);
        assert_eq!(stimuli.features().names(), ["concept", "animate", "zipf"]);
        assert_eq!(differing, ["number"]);
        assert!(stimuli.averaged("nothing").is_err());
    }
}
