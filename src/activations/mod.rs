//! Activations: one matrix per layer, `(n_stimuli, d_model)` f32, with what they are activations of.
//!
//! Where they come from is [`crate::extract`]'s business, or a user's own recording (a brain's, too).

use ndarray::{Array2, ArrayView2};

/// How the vectors of a stimulus's tokens become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pooling {
    /// The mean over tokens.
    #[default]
    Mean,
    /// The largest value of each unit over tokens.
    Max,
    /// The smallest value of each unit over tokens.
    Min,
    /// The first token (`[CLS]` in BERT).
    First,
    /// The last token.
    Last,
    /// All tokens side by side; only when every stimulus has the same number of them.
    None,
}

/// What activations are activations of.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Provenance {
    /// The model's id or folder, if they come from one.
    pub model: Option<String>,
    /// The commit that the model's id resolved to.
    pub commit: Option<String>,
    /// How tokens were pooled.
    pub pooling: Option<Pooling>,
    /// [`crate::stimuli::Stimuli::hash`] of the stimuli.
    pub stimuli_hash: Option<String>,
}

/// The activations of a stimulus set at some layers of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Activations {
    /// Which layer each matrix is of: 0 is the embedding output, `1..=L` the blocks. Ascending.
    layers: Vec<usize>,
    /// One `(n_stimuli, d_model)` matrix per entry of `layers`.
    matrices: Vec<Array2<f32>>,
    provenance: Provenance,
}

impl Activations {
    /// The layers that are here, ascending.
    #[must_use]
    pub fn layers(&self) -> &[usize] {
        &self.layers
    }

    /// The matrix at position `index` of [`Activations::layers`]: `(n_stimuli, d_model)`.
    #[must_use]
    pub fn matrix(&self, index: usize) -> ArrayView2<'_, f32> {
        self.matrices[index].view()
    }

    /// How many stimuli (rows of every matrix).
    #[must_use]
    pub fn n_stimuli(&self) -> usize {
        self.matrices.first().map_or(0, Array2::nrows)
    }

    /// What they are activations of.
    #[must_use]
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }
}
