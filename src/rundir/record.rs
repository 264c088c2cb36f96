//! `run.json`: everything that reproduces a run.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::SystemTime;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::error::{Error, Result};
use super::tables::layer_hash;
use crate::activations::Transform;
use crate::controls::Control;
use crate::files;
use crate::mlem::Scoring;
use crate::models::{Merged, Part, Site};
use crate::profile::{EstimatorName, Profile, ScoreMeasure};
use crate::stimuli::Source;
use crate::tokens::Applied;
use crate::verify::Certificate;

/// The stimuli of a run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct StimuliRecord {
    /// What the user named: a bundled grammar, a grammar file, a CSV.
    pub name: String,
    /// [`crate::stimuli::Stimuli::hash`].
    pub hash: String,
    /// How many.
    pub n_stimuli: usize,
    /// The features that were fitted, in order.
    pub features: Vec<String>,
    /// The grammar they came from and how they were drawn, if they did.
    pub source: Source,
}

/// The adapter of a run's model, whose id, revision and commit are the adapter's.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct AdapterRecord {
    /// The base: a Hub id or a folder.
    pub base: String,
    /// The revision of the base that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_revision: Option<String>,
    /// The commit that the base's id resolved to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_commit: Option<String>,
    /// What names the base.
    pub base_from: String,
    /// What is merged of it.
    pub merged: Merged,
    /// Its `adapter_config.json`.
    pub config: serde_json::Value,
}

/// The model of a run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ModelRecord {
    /// What its name resolved to.
    pub id: String,
    /// The revision that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// The commit it resolved to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The seed of its weights, if they are those before any training.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub untrained: Option<u64>,
    /// What it ran on: `cpu`, `cuda:0`, `metal`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// How its weights were held, if not in f32.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dtype: Option<String>,
    /// How it multiplied, if not in f32: `fast` or `bf16`, which is what ran and not what was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<String>,
    /// Its `config.json`.
    pub config: serde_json::Value,
    /// The adapter that it is, on its base.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adapter: Option<AdapterRecord>,
    /// How its tokenizer is read: what was applied, and which file says so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tokenizer: Vec<Applied>,
    /// What is unusual about its files, and how they were read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// How tokens were pooled.
    pub pooling: String,
    /// What `probe verify` found of it, if it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Certificate>,
}

/// A control of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ControlRecord {
    /// Which.
    pub control: Control,
    /// Its run directory, in that of the run; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_dir: Option<String>,
    /// What should be known of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Why it was not made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why_not: Option<String>,
}

/// The content of `run.json`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RunRecord {
    /// Version of this program.
    pub version: String,
    /// When it was finished: `2026-03-01T12:00:00Z`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub date: String,
    /// What it ran on: operating system, architecture, how many threads.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub host: String,
    /// The command line, word by word.
    pub command: Vec<String>,
    /// Hash of everything the tables depend on (BLAKE3, hex): a rerun with the same key picks up complete layers.
    pub key: String,
    /// The stimuli.
    pub stimuli: StimuliRecord,
    /// The model; absent where the activations came from elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelRecord>,
    /// The file of the activations, where they came from elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activations: Option<String>,
    /// The array of that file that each layer was read from, where it has names, as Python would take it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub layer_arrays: BTreeMap<usize, String>,
    /// What the layers are called, where they have names and no numbers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub layer_labels: BTreeMap<usize, String>,
    /// Which part of an encoder–decoder they are of, if not its encoder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
    /// What that part read: a column of the stimuli, or `sentence`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Where in the model they were taken, if not from the residual stream; `layers` are blocks then, or heads of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<Site>,
    /// What was done to the activations before the fit, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transforms: Vec<Transform>,
    /// The control that it is of another run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<Control>,
    /// Its own controls.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub controls: Vec<ControlRecord>,
    /// The layers, in order; 0 is the embedding output.
    pub layers: Vec<usize>,
    /// Every option of the estimator, by its long name: distance, interactions, folds, permutations, permute, pairs ….
    pub options: BTreeMap<String, serde_json::Value>,
    /// The seed.
    pub seed: u64,
    /// Wall-clock seconds per stage.
    pub seconds: BTreeMap<String, f64>,
    /// Warnings that were shown.
    pub warnings: Vec<String>,
    /// Those of them that are of one layer's fits, by layer.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub layer_warnings: BTreeMap<usize, Vec<String>>,
    /// Hashes of what each layer has in the tables (BLAKE3, hex): a rerun keeps the layers whose rows are still these.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub layer_hashes: BTreeMap<usize, String>,
    /// Hashes of the files of the run (BLAKE3, hex), once all of it is there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, String>,
    /// Hash of this file with nothing here (BLAKE3, hex). It comes last.
    #[serde(default)]
    pub seal: String,
}

impl RunRecord {
    /// The same, of the layers that `profile` has.
    pub(super) fn of(&self, profile: &Profile) -> Self {
        Self {
            layer_warnings: profile.warnings.clone(),
            layer_hashes: profile
                .layers()
                .into_iter()
                .map(|layer| (layer, layer_hash(profile, layer)))
                .collect(),
            ..self.clone()
        }
    }

    /// What the scores of the run are.
    #[must_use]
    pub fn measure(&self) -> ScoreMeasure {
        fn option<T: Default + DeserializeOwned>(run: &RunRecord, name: &str) -> T {
            let value = run.options.get(name).cloned();
            value.and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default()
        }
        option::<EstimatorName>(self, "estimator").measure(option::<Scoring>(self, "scoring"))
    }

    /// The same record, whose key is of all that `depends` says.
    #[must_use]
    pub fn keyed(mut self, depends: &serde_json::Value) -> Self {
        self.key = blake3::hash(depends.to_string().as_bytes()).to_hex().to_string();
        self
    }

    /// The same, with the time of now and what this program runs on.
    #[must_use]
    pub fn dated(self) -> Self {
        Self { date: now(), host: host(), ..self }
    }

    /// Reads the record in `path`.
    pub(super) fn read(path: &Path) -> Result<Self> {
        Self::parse(&files::read(path)?, path)
    }

    /// The record that is in `bytes`, which are those of `path`.
    pub(super) fn parse(bytes: &[u8], path: &Path) -> Result<Self> {
        serde_json::from_slice(bytes).map_err(|error| Error::Record {
            path: path.to_owned(),
            line: error.line(),
            column: error.column(),
            message: error.to_string(),
        })
    }

    /// Writes the record to `path`, sealed.
    pub(super) fn write(&self, path: &Path) -> Result<()> {
        let unsealed = Self { seal: String::new(), ..self.clone() };
        let mut json = serde_json::to_string_pretty(&unsealed).map_err(Error::Described)?;
        json.push('\n');
        let hash = blake3::hash(json.as_bytes()).to_hex();
        if let Some(place) = json.rfind(EMPTY_SEAL) {
            json.insert_str(place + EMPTY_SEAL.len() - 1, &hash);
        }
        Ok(files::write(path, json.as_bytes())?)
    }

    /// Whether `bytes`, which this record was read from, are what [`RunRecord::write`] wrote.
    pub(super) fn is_sealed(&self, bytes: &[u8]) -> bool {
        let text = String::from_utf8_lossy(bytes);
        let Some(place) = text.rfind(&self.seal).filter(|_| !self.seal.is_empty()) else { return false };
        let (before, after) = (&text[..place], &text[place + self.seal.len()..]);
        blake3::hash(format!("{before}{after}").as_bytes()).to_hex().as_str() == self.seal
    }
}

/// Now, in UTC, as ISO 8601 has it.
pub(super) fn now() -> String {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    date(since.as_secs())
}

/// What this program runs on: `linux x86_64, 16 threads`.
pub(super) fn host() -> String {
    let threads = crate::text::counted(rayon::current_num_threads() as u128, "thread");
    format!("{} {}, {threads}", std::env::consts::OS, std::env::consts::ARCH)
}

/// `seconds` since 1970 as a date. Days are counted from March, so that a leap day is the last of its year.
fn date(seconds: u64) -> String {
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // From 1 March of the year 0; eras of 400 years have 146,097 days.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, late) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = era * 400 + year + late;
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60)
}

/// How a record without its hash has it.
const EMPTY_SEAL: &str = "\"seal\": \"\"";

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn seconds_are_dates() {
        assert_eq!(date(0), "1970-01-01T00:00:00Z");
        assert_eq!(date(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(date(951_868_799), "2000-02-29T23:59:59Z");
        assert_eq!(date(1_772_366_400), "2026-03-01T12:00:00Z");
        assert_eq!(date(4_107_542_399), "2100-02-28T23:59:59Z");
        assert_eq!(date(4_107_542_400), "2100-03-01T00:00:00Z");
    }
}
