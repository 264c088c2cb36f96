//! `run.json`: everything that reproduces a run.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::{Error, Result};
use crate::activations::Transform;
use crate::files;
use crate::stimuli::Source;
use crate::tokens::Applied;

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
    /// How its tokenizer is read: what was applied, and which file says so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tokenizer: Vec<Applied>,
    /// How tokens were pooled.
    pub pooling: String,
}

/// The content of `run.json`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RunRecord {
    /// Version of this program.
    pub version: String,
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
    /// What was done to the activations before the fit, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transforms: Vec<Transform>,
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
}

impl RunRecord {
    /// Reads the record in `path`.
    pub(super) fn read(path: &Path) -> Result<Self> {
        serde_json::from_slice(&files::read(path)?).map_err(|error| Error::Record {
            path: path.to_owned(),
            line: error.line(),
            column: error.column(),
            message: error.to_string(),
        })
    }

    /// Writes the record to `path`.
    pub(super) fn write(&self, path: &Path) -> Result<()> {
        let mut json = serde_json::to_vec_pretty(self).map_err(Error::Described)?;
        json.push(b'\n');
        Ok(files::write(path, &json)?)
    }
}
