//! Whether a folder is free for a run: it holds nothing, or this very run.

use serde_json::Value;

use super::dir::{PAGE, RECORD, RunDir, STIMULI};
use super::error::{Error, Result};
use super::estimators::ESTIMATORS;
use super::record::{ModelRecord, RunRecord};
use super::tables::{SCORES, TABLES};
use crate::text;

/// Options that add to a run without changing a number of it.
const ADDED: [&str; 2] = ["bootstrap", "controls"];

impl RunDir {
    /// Whether the folder is free for the run that `wanted` describes (its key aside): nothing is there that the run would write, or
    /// an earlier run of the same stimuli, model and options, which it goes on with.
    ///
    /// # Errors
    ///
    /// [`Error::OtherRun`] with what differs; [`Error::Foreign`] where files of these names lie there without a `run.json`, or
    /// those of a comparison, of several estimators or of a sweep.
    pub fn require_free(&self, wanted: &RunRecord) -> Result<()> {
        let there = |name: &str| self.path().join(name).exists();
        if let Some(name) = ["sweep.json", "comparison.csv", ESTIMATORS].into_iter().find(|name| there(name))
        {
            return Err(Error::Foreign { path: self.path().to_owned(), file: name.to_owned() });
        }
        if !there(RECORD) {
            let own = [SCORES, PAGE, STIMULI].into_iter().chain(TABLES.iter().map(|table| table.name));
            return match own.into_iter().find(|name| there(name)) {
                Some(name) => Err(Error::Foreign { path: self.path().to_owned(), file: name.to_owned() }),
                None => Ok(()),
            };
        }
        let there = match self.read_record() {
            // It says itself that running again restores it.
            Err(Error::Record { .. }) => return Ok(()),
            there => there?,
        };
        let differs = differences(&there, wanted);
        if differs.is_empty() {
            return Ok(());
        }
        Err(Error::OtherRun { path: self.path().to_owned(), differs })
    }

    /// This folder where it is free for `wanted`, else the first of `NAME-2`, `NAME-3` … that is.
    ///
    /// # Errors
    ///
    /// A `run.json` that cannot be read.
    pub fn next_free(&self, wanted: &RunRecord) -> Result<Self> {
        self.first(|dir| is_free(dir.require_free(wanted)))
    }

    /// The file that says that the folder is a run, a comparison or a sweep, and none around runs of several estimators.
    #[must_use]
    pub fn not_of_several(&self) -> Option<&'static str> {
        [RECORD, "comparison.csv", "sweep.json"].into_iter().find(|name| self.path().join(name).exists())
    }

    /// This folder where it is free for a run of each of several estimators, `wanted` by name, in a folder of its own in it; else the first
    /// of `NAME-2`, `NAME-3` … that is.
    ///
    /// # Errors
    ///
    /// A `run.json` that cannot be read.
    pub fn next_free_of_several(&self, wanted: &[(&str, RunRecord)]) -> Result<Self> {
        self.first(|dir| {
            let of =
                |(name, wanted): &(&str, RunRecord)| Self::at(dir.path().join(name)).require_free(wanted);
            Ok(dir.not_of_several().is_none() && is_free(wanted.iter().try_for_each(of))?)
        })
    }

    /// This folder, or the first of `NAME-2`, `NAME-3` …, that is not there yet.
    ///
    /// # Errors
    ///
    /// None.
    pub fn next_not_there(&self) -> Result<Self> {
        self.first(|dir| Ok(!dir.path().exists()))
    }

    /// This folder, or the first of `NAME-2`, `NAME-3` …, that is `free`.
    fn first(&self, free: impl Fn(&Self) -> Result<bool>) -> Result<Self> {
        let mut n = 1;
        let mut dir = self.clone();
        while !free(&dir)? {
            n += 1;
            let mut name = self.path().as_os_str().to_owned();
            name.push(format!("-{n}"));
            dir = Self::at(name);
        }
        Ok(dir)
    }
}

/// Whether a folder is free that `required` speaks of.
fn is_free(required: Result<()>) -> Result<bool> {
    match required {
        Ok(()) => Ok(true),
        Err(Error::OtherRun { .. } | Error::Foreign { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// What tells two runs apart, in words: what it is `there` and what it is `here`.
#[must_use]
pub fn differences(there: &RunRecord, here: &RunRecord) -> Vec<String> {
    let (mut differ, mut own) = (Vec::new(), Vec::new());
    let mut tell = |what: &str, there: String, here: String| {
        if there != here {
            differ.push(format!("{what} {there} there and {here} here"));
        }
    };
    let stimuli = |run: &RunRecord| {
        let drawn = run.stimuli.source.drawn.as_ref().map(|drawn| format!(", {drawn}")).unwrap_or_default();
        format!("{} ({}{drawn})", run.stimuli.name, text::count(run.stimuli.n_stimuli as u128))
    };
    if there.stimuli.hash != here.stimuli.hash {
        match (stimuli(there), stimuli(here)) {
            (old, new) if old == new && there.stimuli.features != here.stimuli.features => tell(
                "the features are",
                text::some(&there.stimuli.features, 10),
                text::some(&here.stimuli.features, 10),
            ),
            (old, new) if old == new => {
                own.push(format!("the sentences or feature values of {new} have changed"));
            }
            (old, new) => tell("the stimuli are", old, new),
        }
    }
    let of_model = |run: &RunRecord, part: fn(&ModelRecord) -> String| {
        run.model.as_ref().map_or_else(|| "none".to_owned(), part)
    };
    let mut of_models = |what: &str, part: fn(&ModelRecord) -> String| {
        tell(what, of_model(there, part), of_model(here, part));
    };
    let or_none = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
    of_models("the model is", |model| model.id.clone());
    of_models("its commit is", |model| model.commit.clone().unwrap_or_else(|| "unknown".to_owned()));
    of_models("the seed of its untrained weights is", |model| {
        model.untrained.map_or_else(|| "none".to_owned(), |seed| seed.to_string())
    });
    of_models("its weights are held in", |model| model.dtype.clone().unwrap_or_else(|| "f32".to_owned()));
    of_models("the pooling is", |model| model.pooling.clone());
    tell("the activations are of", or_none(&there.activations), or_none(&here.activations));
    tell(
        "the part of the model is",
        there.part.unwrap_or_default().to_string(),
        here.part.unwrap_or_default().to_string(),
    );
    tell("the decoder reads", or_none(&there.target), or_none(&here.target));
    let site = |run: &RunRecord| run.site.unwrap_or_default().to_string();
    tell("the site is", site(there), site(here));
    let transforms = |run: &RunRecord| {
        let names: Vec<String> = run.transforms.iter().map(ToString::to_string).collect();
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    };
    tell("the transforms are", transforms(there), transforms(here));
    if !there.layers.is_empty() && !here.layers.is_empty() {
        tell("the layers are", layers(&there.layers), layers(&here.layers));
    }
    tell("the seed is", there.seed.to_string(), here.seed.to_string());
    let mut names: Vec<&String> = there.options.keys().chain(here.options.keys()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names.into_iter().filter(|name| !ADDED.contains(&name.as_str())) {
        let value = |run: &RunRecord| match run.options.get(name) {
            None | Some(Value::Null) => "not given".to_owned(),
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
        };
        tell(&format!("--{} is", name.replace('_', "-")), value(there), value(here));
    }
    own.append(&mut differ);
    own
}

/// `0-6` for layers that follow each other, else all of them.
fn layers(layers: &[usize]) -> String {
    match layers {
        [first, .., last] if last - first + 1 == layers.len() => format!("{first}-{last}"),
        _ => layers.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files;
    use crate::rundir::StimuliRecord;

    fn record() -> RunRecord {
        RunRecord {
            stimuli: StimuliRecord {
                name: "g".to_owned(),
                hash: "h".to_owned(),
                n_stimuli: 40,
                ..Default::default()
            },
            model: Some(ModelRecord { id: "m".to_owned(), ..ModelRecord::default() }),
            layers: vec![0, 1, 2],
            options: [("distance".to_owned(), "euclidean".into()), ("bootstrap".to_owned(), 5.into())].into(),
            ..RunRecord::default()
        }
    }

    #[test]
    fn what_differs_is_named_and_what_only_adds_is_not() {
        let mut other = record();
        other.options.insert("bootstrap".to_owned(), 50.into());
        other.command.push("probe".to_owned());
        other.seconds.insert("fit".to_owned(), 1.0);
        assert!(differences(&record(), &other).is_empty());
        other.options.insert("distance".to_owned(), "cosine".into());
        other.seed = 3;
        other.layers = vec![0, 2];
        other.model = Some(ModelRecord { id: "n".to_owned(), ..ModelRecord::default() });
        (other.stimuli.hash, other.stimuli.n_stimuli) = ("i".to_owned(), 8);
        assert_eq!(
            differences(&record(), &other),
            [
                "the stimuli are g (40) there and g (8) here",
                "the model is m there and n here",
                "the layers are 0-2 there and 0,2 here",
                "the seed is 0 there and 3 here",
                "--distance is euclidean there and cosine here",
            ]
        );
        other.layers.clear();
        assert!(!differences(&record(), &other).iter().any(|what| what.contains("layers")), "not known yet");
    }

    #[test]
    fn a_folder_is_free_for_its_own_run_alone() {
        let home = tempfile::tempdir().unwrap();
        let dir = RunDir::at(home.path().join("run"));
        assert!(dir.require_free(&record()).is_ok(), "nothing is there");
        files::write(&dir.path().join("notes.txt"), b"mine").unwrap();
        assert!(dir.require_free(&record()).is_ok(), "nothing that would be written is there");
        dir.write_record(&record()).unwrap();
        assert!(dir.require_free(&record()).is_ok(), "the run itself is there");
        let other = RunRecord { seed: 1, ..record() };
        let error = dir.require_free(&other).unwrap_err();
        assert!(error.to_string().contains("the seed is 0 there and 1 here"), "{error}");
        assert!(error.hint().unwrap().contains("--force"));
        let next = dir.next_free(&other).unwrap();
        assert_eq!(next.path(), home.path().join("run-2"));
        next.write_record(&other).unwrap();
        assert_eq!(dir.next_free(&other).unwrap(), next, "a rerun finds its folder again");
        assert_eq!(
            dir.next_free(&RunRecord { seed: 2, ..record() }).unwrap().path(),
            home.path().join("run-3")
        );
    }

    #[test]
    fn files_of_someone_else_are_not_written_over() {
        for name in ["scores.csv", "report.html", "comparison.csv", "sweep.json", "estimators.csv"] {
            let home = tempfile::tempdir().unwrap();
            files::write(&home.path().join(name), b"mine").unwrap();
            let error = RunDir::at(home.path()).require_free(&record()).unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
        }
    }
}
