//! What activations are activations of.

use std::collections::BTreeMap;

use super::pooling::Pooling;
use super::transform::Transform;

/// What activations are activations of.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub struct Provenance {
    /// The model's id or folder, if they come from one.
    pub model: Option<String>,
    /// The commit that the model's id resolved to.
    pub commit: Option<String>,
    /// The seed of the model's weights, if they are those before any training.
    #[serde(default)]
    pub untrained: Option<u64>,
    /// How the model's weights were held, if not in f32 (`f16`, `bf16`).
    #[serde(default)]
    pub dtype: Option<String>,
    /// How the model multiplied, if not in f32 (`fast`, `bf16`).
    #[serde(default)]
    pub precision: Option<String>,
    /// Which part of an encoder–decoder they are of, if not its encoder (`decoder`).
    #[serde(default)]
    pub part: Option<String>,
    /// What that part read: a column of the stimuli, or `sentence`.
    #[serde(default)]
    pub target: Option<String>,
    /// Where in the model they were taken, if not from the residual stream (`attention`, `attention-heads`).
    #[serde(default)]
    pub site: Option<String>,
    /// How tokens were pooled.
    pub pooling: Option<Pooling>,
    /// [`crate::stimuli::Stimuli::hash`] of the stimuli.
    pub stimuli_hash: Option<String>,
    /// What was done to them since, in order.
    pub transforms: Vec<Transform>,
    /// The array of its file that each layer was read from, where that has names.
    #[serde(default)]
    pub arrays: BTreeMap<usize, String>,
    /// What layers are called, where they have names and no numbers: regions of a brain, windows of time.
    #[serde(default)]
    pub labels: BTreeMap<usize, String>,
}
