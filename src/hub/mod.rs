//! A model id or folder becomes the files of a checkpoint. Offline first; the one place that touches the network.

use std::path::PathBuf;

/// Where the weights of a checkpoint lie.
#[derive(Debug, Clone)]
pub enum Weights {
    /// Safetensors files (one, or the shards of one checkpoint).
    Safetensors(Vec<PathBuf>),
    /// A safetensors file in memory (the embedded model).
    Embedded(&'static [u8]),
}

/// The files of one checkpoint, found and ready to be read.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    /// What the user's name resolved to: a Hub id, a folder, or the embedded model's name.
    pub id: String,
    /// The commit that the id resolved to, for a checkpoint of the Hub.
    pub commit: Option<String>,
    /// The text of `config.json`.
    pub config: String,
    /// The text of `tokenizer.json`.
    pub tokenizer: String,
    /// Where the weights are.
    pub weights: Weights,
}
