//! Names for display: a TOML file that says what each feature is called in tables and figures.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Error, Result};
use crate::controls::ControlRow;
use crate::files;
use crate::profile::{Of, Order, Profile};
use crate::rundir::RunRecord;
use crate::stimuli::{Feature, FeatureTable, Stimuli};

/// What features are called, by their name in the tables: `subj_number = "Number of the subject"`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FeatureNames(BTreeMap<String, String>);

impl FeatureNames {
    /// Reads the TOML file at `path` for a run whose features are `features`.
    ///
    /// # Errors
    ///
    /// [`Error::Names`] where the file is not TOML of names, names a feature that the run lacks, or gives two features one
    /// name.
    pub fn read(path: &Path, features: &[&str]) -> Result<Self> {
        let bytes = files::read(path)?;
        let failed =
            |message: String| Error::Names { path: path.to_owned(), message, features: owned(features) };
        let text = std::str::from_utf8(&bytes).map_err(|error| failed(error.to_string()))?;
        let names: BTreeMap<String, String> =
            toml::from_str(text).map_err(|error| failed(error.to_string().trim_end().to_owned()))?;
        if let Some(unknown) = names.keys().find(|name| !features.contains(&name.as_str())) {
            return Err(failed(format!("the run has no feature `{unknown}`")));
        }
        let names = Self(names);
        let mut shown: Vec<&str> = features.iter().map(|name| names.of(name)).collect();
        shown.sort_unstable();
        if let Some([twice, ..]) = shown.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(failed(format!("two features would be called `{twice}`")));
        }
        Ok(names)
    }

    /// What `feature` is called.
    #[must_use]
    pub fn of<'a>(&'a self, feature: &'a str) -> &'a str {
        self.0.get(feature).map_or(feature, String::as_str)
    }

    /// The tables of a run with its features as they are called.
    ///
    /// # Errors
    ///
    /// [`Error::Stimuli`] where `stimuli` has a feature of that name already.
    pub fn apply(
        &self,
        profile: &Profile,
        run: &RunRecord,
        stimuli: &Stimuli,
    ) -> Result<(Profile, RunRecord, Stimuli)> {
        let name = |feature: &str| self.of(feature).to_owned();
        let names = stimuli.features().names();
        let terms = self.terms(&names);
        let mut profile = profile.clone();
        let renamed = |order: Order, feature: &str| self.effect(order, feature, &terms);
        for row in &mut profile.importances {
            row.feature = renamed(row.order, &row.feature);
        }
        for row in &mut profile.tested {
            if let Of::Effect(order, feature) = &mut row.of {
                *feature = renamed(*order, feature);
            }
        }
        for row in &mut profile.weights {
            (row.feature_a, row.feature_b) = (name(&row.feature_a), name(&row.feature_b));
        }
        let mut run = run.clone();
        run.stimuli.features = run.stimuli.features.iter().map(|feature| name(feature)).collect();
        let features: Vec<Feature> =
            stimuli.features().iter().map(|feature| feature.renamed(self.of(feature.name()))).collect();
        let table = FeatureTable::new(stimuli.len(), features)?;
        let stimuli = match stimuli.sentences() {
            Ok(sentences) => Stimuli::new(sentences.to_vec(), table)?,
            Err(_) => Stimuli::without_sentences(table),
        };
        Ok((profile, run, stimuli))
    }

    /// What is left above the controls of a run with the features `names`, with these as they are called.
    #[must_use]
    pub fn of_controls(&self, rows: &[ControlRow], names: &[&str]) -> Vec<ControlRow> {
        let terms = self.terms(names);
        let mut rows = rows.to_vec();
        for row in &mut rows {
            if let Of::Effect(order, feature) = &mut row.of {
                *feature = self.effect(*order, feature, &terms);
            }
        }
        rows
    }

    /// What interactions of the features `names` are called.
    fn terms(&self, names: &[&str]) -> BTreeMap<String, String> {
        let mut terms = BTreeMap::new();
        for a in names {
            for b in names {
                terms.insert(format!("{a} x {b}"), format!("{} × {}", self.of(a), self.of(b)));
            }
        }
        terms
    }

    /// What an effect is called, where `terms` are interactions.
    fn effect(&self, order: Order, name: &str, terms: &BTreeMap<String, String>) -> String {
        match order {
            Order::Main => self.of(name).to_owned(),
            Order::Group => name.to_owned(),
            Order::Interaction => terms.get(name).map_or(name, String::as_str).to_owned(),
        }
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixtures;
    use super::*;

    fn names(text: &str) -> Result<FeatureNames> {
        let file = tempfile::NamedTempFile::new().unwrap();
        files::write(file.path(), text.as_bytes()).unwrap();
        FeatureNames::read(file.path(), &["clause", "attachment"])
    }

    #[test]
    fn features_and_their_interactions_are_renamed_everywhere() {
        let run = fixtures::realistic(2, 64, true);
        let names = names("clause = \"Clause type\"").unwrap();
        let (profile, record, stimuli) = names.apply(&run.profile, &run.record, &run.stimuli).unwrap();
        assert_eq!(stimuli.features().feature(0).name(), "Clause type");
        assert_eq!(record.stimuli.features[0], "Clause type");
        let terms: Vec<&str> = profile.importances.iter().map(|row| row.feature.as_str()).collect();
        assert!(terms.contains(&"Clause type") && terms.contains(&"Clause type × attachment"));
        assert!(!terms.iter().any(|term| term.starts_with("clause")));
        assert_eq!(profile.weights[0].feature_a, "Clause type");
    }

    #[test]
    fn a_name_that_is_no_feature_finds_the_one_that_was_meant() {
        let error = names("claus = \"Clause\"").unwrap_err();
        assert!(error.to_string().ends_with("the run has no feature `claus`"), "{error}");
        assert!(error.hint().unwrap().contains("clause"));
        assert!(names("clause = \"x\"\nattachment = \"x\"").unwrap_err().to_string().contains("called `x`"));
        assert!(names("clause = 1").is_err());
    }
}
