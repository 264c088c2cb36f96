//! Texts for a decoder: a column of the table that is no feature.

use super::error::{Error, Result};
use super::feature::{Feature, Values};
use super::texts::Target;
use super::{FeatureTable, Stimuli};

/// The column of a table that holds the texts that the decoder of an encoder–decoder reads, unless another is named.
pub const TARGET: &str = "target";

impl Stimuli {
    /// Takes the column called `name` out of the features: its texts are what a decoder reads.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownFeature`]; [`Error::NoTexts`] where it holds numbers or distances; [`Error::EmptyText`] where a stimulus has none.
    pub fn take_target(&mut self, name: &str) -> Result<()> {
        let place = self.features.position(name)?;
        let column = self.features.feature(place).clone();
        if !matches!(column.values(), Values::Categorical { .. }) {
            return Err(Error::NoTexts { column: name.to_owned(), distances: !column.is_numeric() });
        }
        if let Some(row) = (0..column.len()).find(|&row| column.display(row).trim().is_empty()) {
            return Err(Error::EmptyText { column: name.to_owned(), row });
        }
        self.give_target_back()?;
        let place = self.features.position(name).unwrap_or(place);
        self.features.retain(|feature| feature.name() != name);
        self.target = Some(Target { column, place });
        Ok(())
    }

    /// Puts a column that was taken out back among the features.
    fn give_target_back(&mut self) -> Result<()> {
        if self.target.is_some() {
            let columns: Vec<Feature> = self.columns().into_iter().cloned().collect();
            let held_out = self.features.held_out.clone();
            self.features = FeatureTable::new(self.len(), columns)?;
            self.features.held_out = held_out;
            self.target = None;
        }
        Ok(())
    }

    /// The column that the texts for a decoder were taken from, if any was.
    #[must_use]
    pub fn target(&self) -> Option<&str> {
        self.target.as_ref().map(|target| target.column.name())
    }

    /// The texts for a decoder, `n_stimuli` of them, if a column of them was taken.
    #[must_use]
    pub fn targets(&self) -> Option<Vec<String>> {
        let column = &self.target.as_ref()?.column;
        Some((0..column.len()).map(|row| column.display(row)).collect())
    }

    /// The features, and the column that was taken out of them, in the order of the table.
    pub(super) fn columns(&self) -> Vec<&Feature> {
        let mut columns: Vec<&Feature> = self.features.iter().collect();
        if let Some(target) = &self.target {
            columns.insert(target.place.min(columns.len()), &target.column);
        }
        columns
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stimuli::Feature;

    fn stimuli() -> Stimuli {
        let features = vec![
            Feature::categorical("number", &[Some("sg"), Some("pl"), Some("sg")]),
            Feature::categorical("target", &[Some("der Hund"), Some("die Hunde"), Some("der Hund")]),
            Feature::numeric("zipf", vec![Some(1.0), None, Some(2.0)]).unwrap(),
            Feature::categorical("gaps", &[Some("a"), None, Some("b")]),
        ];
        let sentences = ["the dog", "the dogs", "a dog"].map(str::to_owned).to_vec();
        Stimuli::new(sentences, FeatureTable::new(3, features).unwrap()).unwrap()
    }

    #[test]
    fn a_column_of_texts_is_no_feature_and_stays_in_the_table() {
        let whole = stimuli();
        let mut taken = whole.clone();
        taken.take_target("target").unwrap();
        assert_eq!(taken.features().names(), ["number", "zipf", "gaps"]);
        assert_eq!(taken.targets().unwrap(), ["der Hund", "die Hunde", "der Hund"]);
        assert_eq!((taken.to_csv(), taken.hash()), (whole.to_csv(), whole.hash()));
        assert_eq!(taken.select(&[1]).targets().unwrap(), ["die Hunde"]);
        // What a decoder reads besides tells stimuli of one sentence apart.
        let twice = whole.select(&[0, 0, 1]);
        let mut pairs = Stimuli::new(
            vec!["a".to_owned(); 3],
            FeatureTable::new(3, twice.features().iter().cloned().collect()).unwrap(),
        )
        .unwrap();
        assert_eq!(pairs.repeats().1, [vec![0, 1, 2]]);
        pairs.take_target("target").unwrap();
        assert_eq!(pairs.repeats(), (vec![vec![0, 1]], vec![]));
        // Another in its place.
        taken.take_target("number").unwrap();
        assert_eq!(
            (taken.features().names(), taken.target()),
            (vec!["target", "zipf", "gaps"], Some("number"))
        );
        assert_eq!(taken.hash(), whole.hash());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.csv");
        taken.write(&path).unwrap();
        assert_eq!(Stimuli::read(&path).unwrap(), taken);
    }

    #[test]
    fn what_holds_no_texts_is_refused_and_changes_nothing() {
        let mut taken = stimuli();
        for (name, message) in [
            ("zipf", "column `zipf` holds numbers, and a decoder reads texts"),
            ("gaps", "stimulus 1 has no text in column `gaps`"),
            ("tarket", "no feature is called `tarket`"),
        ] {
            let error = taken.take_target(name).unwrap_err();
            assert!(error.to_string().contains(message) && error.hint().is_some(), "{error}");
        }
        assert_eq!(taken, stimuli());
    }
}
