//! Models against each other: whose profiles are alike, where they differ, and which layers hold the same geometry.
//!
//! A comparison starts from the tables of runs over the same features (and, best, the same stimuli): nothing is fitted here.
//! What it needs activations for, the similarity of layers, is a [`Representation`] that is taken of each model on its own, so that
//! no two models need to be in memory together.
//!
//! # Depth
//!
//! Layer `l` of a model whose last layer is `L` stands at relative depth `(l − 1) / (L − 1)`: the first block at 0, the last at 1.
//! Layer 0, the embedding output, is apart: it is in the profiles and in the similarities of layers, and in nothing that compares by
//! depth. A run of layer 0 alone is compared as it is. Activations that are not of a model (regions, windows of time) have no such
//! layer: they are spread evenly from 0 to 1, the first with the rest.
//!
//! # What is compared
//!
//! The effects of one [`Order`]: features, or their interactions, or groups of them.
//!
//! | what | how |
//! | --- | --- |
//! | [`Comparison::distances`] | dynamic time warping of the importances of all effects over the layers ([`crate::numeric::dtw`]), and their distance at matched relative depth; of the importances, and of their shape (each model's at a mean length of 1) |
//! | [`Comparison::tree`], [`Comparison::map`] | average linkage and multidimensional scaling of the warped distances |
//! | [`Comparison::nearest`] | for every layer of a model the layer of each other whose importances are nearest, held against permuted effects |
//! | [`Comparison::differences`] | tests: does an effect peak elsewhere, higher, or have another area |
//! | [`Comparison::metadata`] | MLEM on the distances between models by what a table says of them, tested by relabelling models |
//! | [`Comparison::similarities`] | layer to layer: Spearman of the RDMs, and linear CKA (debiased; the biased estimate beside it in the table) |

mod agreement;
mod comparison;
mod csv;
mod differences;
mod distances;
mod error;
mod layers;
mod metadata;
mod nearest;
mod trajectories;
mod warning;

use std::path::Path;

pub use agreement::differing_options;
pub use comparison::Comparison;
pub use csv::COMPARISON;
pub use differences::{Difference, OverStimuli, Quantity};
pub use distances::{DistanceTable, Measure, Scale};
pub use error::{Error, Party, Result};
pub use layers::{LayerSimilarity, Representation, similarities, stimuli_sample};
pub use metadata::{
    LeftOut, METADATA, Metadata, MetadataEffect, MetadataFit, MetadataParams, ProfileDistance, Without,
    fit_metadata, fit_metadata_once,
};
pub use nearest::{NEAREST, Nearest};
pub use trajectories::depths;
pub use warning::Warning;

use crate::numeric::mds::Point;
use crate::profile::{Order, Profile, Sample};
use crate::rundir::{Doubt, RunDir, RunRecord, Saved};

/// A run that is compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// What the model is called: short, and no two alike once [`label`] has seen them.
    pub label: String,
    /// Its run directory, for messages.
    pub folder: String,
    /// `run.json`.
    pub record: RunRecord,
    /// Its tables.
    pub profile: Profile,
    /// Its importances over samples of the stimuli, if it has them (`bootstrap.csv`).
    pub samples: Vec<Sample>,
    /// What of it is not as the run wrote it.
    pub doubts: Vec<Doubt>,
}

impl Run {
    /// Reads what is compared of a run.
    ///
    /// # Errors
    ///
    /// [`Error::Rundir`].
    pub fn read(dir: &RunDir) -> Result<Self> {
        let Saved { record, profile, samples, doubts, .. } = dir.read()?;
        Ok(Self { doubts, ..Self::new(dir.path(), record, profile, samples) })
    }

    /// Whether its layers are those of a model, of which the first is the embeddings; else they are what its file has.
    #[must_use]
    pub fn is_of_model(&self) -> bool {
        self.record.model.is_some()
    }

    /// A run that [`label`] gives a name.
    #[must_use]
    pub fn new(folder: &Path, record: RunRecord, profile: Profile, samples: Vec<Sample>) -> Self {
        Self {
            label: String::new(),
            folder: folder.display().to_string(),
            record,
            profile,
            samples,
            doubts: Vec::new(),
        }
    }

    /// The last part of the model's id, its revision, and whether it is untrained; none for activations of one's own.
    fn model_name(&self) -> Option<String> {
        let model = self.record.model.as_ref()?;
        let id = model.id.trim_end_matches('/').rsplit('/').next().filter(|id| !id.is_empty())?;
        let revision = model.revision.as_ref().map(|revision| format!("@{revision}")).unwrap_or_default();
        let untrained = model.untrained.map(|seed| format!(", untrained {seed}")).unwrap_or_default();
        Some(format!("{id}{revision}{untrained}"))
    }

    fn folder_name(&self) -> String {
        let name = Path::new(&self.folder).file_name().map(|name| name.to_string_lossy().into_owned());
        name.unwrap_or_else(|| self.folder.clone())
    }
}

/// Gives each of `runs` a label of its own: `wanted`, or the model's name, or the folder's where models share a name.
pub fn label(runs: &mut [Run], wanted: &[String]) {
    let names: Vec<String> =
        runs.iter().map(|run| run.model_name().unwrap_or_else(|| run.folder_name())).collect();
    let distinct = |i: usize| names.iter().filter(|name| **name == names[i]).count() == 1;
    let labels: Vec<String> = (0..runs.len())
        .map(|i| match wanted.get(i) {
            Some(wanted) => wanted.clone(),
            None if distinct(i) => names[i].clone(),
            None => runs[i].folder_name(),
        })
        .collect();
    for (i, run) in runs.iter_mut().enumerate() {
        let before = labels[..i].iter().filter(|label| **label == labels[i]).count();
        run.label = if before == 0 { labels[i].clone() } else { format!("{}#{}", labels[i], before + 1) };
    }
}

/// How a comparison is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Params {
    /// Resamples of the folds for the spread of distances and the intervals of differences.
    pub draws: usize,
    /// Seed of the resamples.
    pub seed: u64,
    /// The effects that are compared.
    pub order: Order,
}

impl Default for Params {
    fn default() -> Self {
        Self { draws: 1000, seed: 0, order: Order::Main }
    }
}

/// Runs of one model at several revisions: a training, step by step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoints {
    /// The model's id.
    pub model: String,
    /// The runs, as positions in [`Comparison::runs`], in the order they were given.
    pub runs: Vec<usize>,
}

/// A map of the models.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelMap {
    /// One point per run.
    pub points: Vec<Point>,
    /// Kruskal's stress-1: the part of the distances that the plane cannot show; 0 is perfect.
    pub stress: f64,
}

#[cfg(test)]
pub(crate) mod fixtures;
#[cfg(test)]
mod tests;
