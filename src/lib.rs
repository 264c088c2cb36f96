//! Layer-by-layer probing of language models with controlled stimuli and Metric Learning Encoding Models.
//!
//! ```text
//! grammar ──generate──▶ stimuli ──extract──▶ activations ──fit──▶ profile ──report──▶ tables, figures, page
//!           (controlled   (sentence   (n × d per    (MLEM per layer:   (layer × feature
//!            template      + feature   layer, L+1    Spearman, weights,  importance)
//!            grammar)      table)      layers)       importance)
//! ```
//!
//! Each stage is a library call and a subcommand of `probe`; each reads and writes a plain file, so that one can enter or
//! leave at any point.
//!
//! # The floors
//!
//! A module imports only from floors below its own, or from what the last column names; `tests/it/floors` reads every
//! `use crate::` against this table.
//!
//! | floor | module | what it is | also imports |
//! | --- | --- | --- | --- |
//! | 0 | [`numeric`] | pure functions on slices and arrays, no domain words | |
//! | 0 | [`files`] | whole files or none: write to a temporary name, rename; what a file or folder is | |
//! | 0 | [`text`] | words for people: near matches, counts | |
//! | 0 | [`progress`] | how long work reports itself, without printing | |
//! | 1 | [`stimuli`] | sentences, spans, and the typed feature table | |
//! | 1 | [`activations`] | per-layer matrices, their file formats, and transforms of them | |
//! | 1 | [`hub`] | a model id or folder becomes the files of a checkpoint | |
//! | 2 | [`grammar`] | template grammars to stimuli | |
//! | 2 | [`models`] | one trunk, and the declarations that configure it | |
//! | 2 | [`mlem`] | the estimator: distances, moments, exact fit, importance | |
//! | 2 | [`baselines`] | what MLEM is compared with: feature-reweighted RSA, RSA, decoding | `mlem` |
//! | 2 | [`simulate`] | activations with a known `W`, and how near each fit comes to it | `mlem` |
//! | 3 | [`extract`] | stimuli and a model to activations | |
//! | 3 | [`profile`] | an estimator over layers and folds | |
//! | 3 | [`geometry`] | maps of the stimuli: multidimensional scaling of every layer | |
//! | 4 | [`rundir`] | the directory of a run: claim, read, write, resume; its files and their columns | |
//! | 5 | [`compare`] | profiles of models against each other, and their layers | |
//! | 5 | [`sweep`] | plans of many runs: cells, their keys and locks, and their tables as one | |
//! | 6 | [`report`] | terminal, figures, page: pure bytes out | |
//!
//! candle is named only in [`models`] and [`extract`].

pub mod activations;
pub mod baselines;
pub mod compare;
mod error;
pub mod extract;
pub mod files;
pub mod geometry;
pub mod grammar;
pub mod hub;
pub mod mlem;
pub mod models;
pub mod numeric;
pub mod profile;
pub mod progress;
pub mod report;
pub mod rundir;
pub mod simulate;
pub mod stimuli;
pub mod sweep;
pub mod text;

pub use error::{Error, Result};
