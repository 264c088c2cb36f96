//! Models as stimuli: what of their metadata (family, date, size, data, objective) goes with how far apart their profiles are.
//!
//! MLEM is fitted to the distances between models, by the distances of what a table says of them: one weight for each feature, none below
//! 0, over all pairs of models. All of it has one hypothesis that is tested as such, that no feature has to do with the distances: the
//! models are relabelled, and everything is fitted anew. Each feature is tested against what the others leave
//! ([`crate::mlem::NullStatistic`], Freedman and Lane 1983). What a feature is said to matter depends on which others are in the table, so
//! that all of it is done again without each of them (cf. arXiv 2406.12620).
//!
//! What this is not: with as many models as people have, nothing is held out.

mod csv;
mod fit;
mod table;

pub use csv::METADATA;
pub use fit::{
    LeftOut, MetadataEffect, MetadataFit, MetadataParams, Without, fit_metadata, fit_metadata_once,
};
pub(super) use table::features_of;

/// How far apart the profiles of two models are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProfileDistance {
    /// Dynamic time warping of the importances over layers, per step.
    #[default]
    Dtw,
    /// The mean over relative depth of the distance there.
    MatchedDepth,
    /// The Euclidean distance of the vectors of importances, means over layers but the embeddings.
    Vector,
}

impl ProfileDistance {
    /// Its name on the command line and in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Dtw => "dtw",
            Self::MatchedDepth => "matched-depth",
            Self::Vector => "vector",
        }
    }

    /// In words.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::Dtw => "dynamic time warping of their importances over layers, per step",
            Self::MatchedDepth => "the distance of their importances at matched relative depth",
            Self::Vector => "the Euclidean distance of their importances, means over layers",
        }
    }
}

/// Models fitted by their metadata.
#[derive(Debug, Clone, PartialEq)]
pub struct Metadata {
    /// The file of the metadata.
    pub file: String,
    /// How far apart two models are.
    pub distance: ProfileDistance,
    /// What came of it.
    pub fit: MetadataFit,
}
