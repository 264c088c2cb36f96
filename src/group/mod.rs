//! Subjects as a sample: what the profiles of several subjects (recordings of brains, or models) have in common.
//!
//! Each run directory is one subject: the mean over folds of its score and of its importances, at every entry of its axis (layers,
//! points of time, regions). Entries are matched by name, without the subject that
//! stands before the names of some files ([`entry_names`]), and every subject must have the same ones. Nothing is fitted here.
//!
//! # What is tested
//!
//! Of the score and of each effect, at each entry, whether the mean over subjects is 0:
//!
//! | what | how |
//! | --- | --- |
//! | [`Test::sample`], [`Test::interval`], [`Test::p_t`] | Student's t over subjects, two or one-sided |
//! | [`Test::over_subjects`] | percentiles of the mean over subjects drawn with replacement |
//! | [`Test::p`] | sign flips of whole subjects ([`crate::numeric::sign_flips`]): all of them where subjects are few |
//! | [`Test::p_max`] | the same by the largest t over all effects and entries: the chance of any false positive |
//! | [`Test::holm`], [`Test::bh`] | [`Test::p`] after Holm, and after Benjamini and Hochberg |
//! | [`Test::log_bf10`] | Bayes factor of an effect against none (Rouder et al. 2009), not corrected |
//! | [`Curve::clusters`] | neighbours beyond a threshold (Maris and Oostenveld 2007) |
//! | [`Test::enhanced`] | threshold-free cluster enhancement (Smith and Nichols 2009), as an integral |
//! | [`Curve::agreements`] | how each subject's curve agrees with the others' (Nili et al. 2014) |
//!
//! Entries may be of two axes at once (a channel at a time; [`Group::plane`]): neighbours agree on one and are neighbours on the other.
//!
//! Scores are one family, over entries; effects are another, over effects and entries. A flip turns a subject around in all of its
//! numbers. What has no t (the same number in all subjects, no number in one) has no p-value, and [`Point::test`] says why.

mod agreement;
mod csv;
mod entries;
mod error;
mod joined;
mod label;
mod neighbours;
mod results;
mod testing;
mod warning;

pub use crate::compare::Run;
pub use crate::numeric::ceiling::Agreement;
pub use crate::numeric::one_sample::{NoTest, OneSample};
pub use crate::numeric::sign_flips::Tail;
pub use csv::{AGREEMENT, CLUSTERS, GROUP, SUBJECTS};
pub use entries::entry_names;
pub use error::{Error, Lacking, Result, Unlike, pair};
pub use joined::Joined;
pub use label::label;
pub use neighbours::Neighbours;
pub use results::{Cluster, ClusterBy, Curve, Enhanced, Entry, FORMING, Group, Params, Point, Test};
pub use warning::Warning;

#[cfg(test)]
pub(crate) mod fixtures;
#[cfg(test)]
mod plane_tests;
#[cfg(test)]
mod tests;
