//! The key of a cell: a hash of everything that decides its numbers.
//!
//! | part | what of it |
//! | --- | --- |
//! | program | its version |
//! | stimuli | the text of the grammar and of the lexicons that it names, or the bytes of a CSV and of the file beside it |
//! | model | the content of a folder's files; the id of any other, and the revision that the plan names |
//! | options | every option that decides a number, by its long name, those that hold by default too |
//!
//! Where the files lie, which machine runs the cell, on how many threads and in what batches is not part of it. Nor is the commit
//! that a branch of the Hub stands at: it is not known before the model is there. It is in the cell's `run.json`, and
//! collecting says where cells of one model were run at different ones.

use std::collections::BTreeMap;
use std::path::Path;

use super::error::Result;
use super::program::Settings;
use crate::files::Parts;
use crate::grammar::{DEPTH, Grammar, bundled};
use crate::stimuli::is_table;
use crate::{files, hub};

/// What a key is a hash of.
#[derive(Debug, Clone)]
pub(super) struct Identity<'a> {
    pub version: &'a str,
    pub stimuli: String,
    pub model: String,
    pub revision: Option<&'a str>,
    pub settings: &'a Settings,
}

impl Identity<'_> {
    /// The key (BLAKE3, hex).
    pub(super) fn key(&self) -> String {
        let mut parts = Parts::default();
        parts.add("a cell of a sweep");
        parts.add(self.version);
        parts.add(&self.stimuli);
        parts.add(&self.model);
        parts.add(if self.revision.is_some() { "at" } else { "" });
        parts.add(self.revision.unwrap_or_default());
        for (name, values) in self.settings {
            parts.add(name);
            parts.add(values.len().to_string());
            for value in values {
                parts.add(value);
            }
        }
        parts.hash()
    }
}

/// What the sources and models of a plan hold, each read once.
#[derive(Debug, Default)]
pub(super) struct Contents {
    stimuli: BTreeMap<(String, Option<usize>), String>,
    models: BTreeMap<(String, Option<String>, bool), String>,
}

impl Contents {
    /// The content of a bundled grammar, a grammar file or a table, whose trees may be `depth` deep.
    pub(super) fn stimuli(&mut self, name: &str, depth: Option<usize>) -> Result<String> {
        let known = (name.to_owned(), depth);
        if let Some(found) = self.stimuli.get(&known) {
            return Ok(found.clone());
        }
        let path = Path::new(name);
        let is_bundled = bundled().iter().any(|bundled| bundled.name == name) && !path.is_file();
        let content = if !is_bundled && is_table(path) {
            let mut parts = Parts::default();
            parts.add(files::read(path)?);
            let types = path.with_extension("json");
            parts.add(if types.is_file() { files::read(&types)? } else { Vec::new() });
            parts.hash()
        } else {
            Grammar::named(name, depth.unwrap_or(DEPTH))?.hash()
        };
        self.stimuli.insert(known, content.clone());
        Ok(content)
    }

    /// The content of a model's folder, with its weights or without, or the id of any other model, which has `revision` as far as
    /// can be told.
    pub(super) fn model(&mut self, name: &str, revision: Option<&str>, weights: bool) -> Result<String> {
        let known = (name.to_owned(), revision.map(str::to_owned), weights);
        if let Some(found) = self.models.get(&known) {
            return Ok(found.clone());
        }
        let content = hub::identity(name, revision, weights)?;
        self.models.insert(known, content.clone());
        Ok(content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(revision: Option<&str>, settings: &[(&str, &[&str])]) -> String {
        let settings: Settings = settings
            .iter()
            .map(|(name, values)| {
                ((*name).to_owned(), values.iter().map(|&value| value.to_owned()).collect())
            })
            .collect();
        let (stimuli, model) = ("s".to_owned(), "m".to_owned());
        Identity { version: "1", stimuli, model, revision, settings: &settings }.key()
    }

    #[test]
    fn whatever_decides_a_number_is_part_of_the_key() {
        let base = key(None, &[("folds", &["5"])]);
        assert_eq!(base, key(None, &[("folds", &["5"])]));
        let others = [
            key(Some(""), &[("folds", &["5"])]),
            key(Some("main"), &[("folds", &["5"])]),
            key(None, &[("folds", &["4"])]),
            key(None, &[("fold", &["s5"])]),
            key(None, &[("folds", &["5"]), ("interactions", &["true"])]),
            key(None, &[("folds", &["5", ""])]),
            key(None, &[]),
        ];
        for (i, other) in others.iter().enumerate() {
            assert!(*other != base && !others[..i].contains(other), "{i}");
        }
    }

    #[test]
    fn a_table_of_stimuli_is_known_by_its_bytes_and_those_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a.csv"), folder.path().join("elsewhere/b.csv"));
        let of = |path: &Path| Contents::default().stimuli(path.to_str().unwrap(), None).unwrap();
        files::write(&a, b"sentence,x\na,1\n").unwrap();
        files::write(&b, b"sentence,x\na,1\n").unwrap();
        assert_eq!(of(&a), of(&b));
        files::write(&folder.path().join("a.json"), b"{}").unwrap();
        assert_ne!(of(&a), of(&b));
        assert!(Contents::default().stimuli("nowhere.csv", None).is_err());
    }

    #[test]
    fn a_grammar_is_known_by_its_text() {
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("copy.toml");
        let text = |name: &str| std::fs::read_to_string(format!("grammars/{name}")).unwrap();
        files::write(&copy, text("short_sentence.toml").as_bytes()).unwrap();
        let of = |name: &str| Contents::default().stimuli(name, None).unwrap();
        assert_eq!(of(copy.to_str().unwrap()), of("short_sentence"));
        files::write(&copy, format!("{}\n# changed\n", text("short_sentence.toml")).as_bytes()).unwrap();
        assert_ne!(of(copy.to_str().unwrap()), of("short_sentence"));
    }
}
