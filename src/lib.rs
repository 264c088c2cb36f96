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
//! A module imports only from floors below its own, or from what the last column names. Inside a module, no two files import
//! each other, and where its docs list *rooms, from the ground up*, a file imports only from rows above its own. `tests/it/floors`
//! reads every import against these tables.
//!
//! | floor | module | what it is | also imports |
//! | --- | --- | --- | --- |
//! | 0 | [`numeric`] | pure functions on slices and arrays, no domain words | |
//! | 0 | [`files`] | whole files or none: write to a temporary name, rename; what a file or folder is | `text` |
//! | 0 | [`text`] | words for people: near matches, counts | |
//! | 0 | [`progress`] | how long work reports itself, without printing | |
//! | 1 | [`stimuli`] | sentences, spans, and the typed feature table | |
//! | 1 | [`activations`] | per-layer matrices, their file formats, and transforms of them | |
//! | 1 | [`tokens`] | the tokenizer of a checkpoint, from its files | |
//! | 1 | [`hub`] | a model id or folder becomes the files of a checkpoint | `tokens` |
//! | 2 | [`grammar`] | template grammars to stimuli | |
//! | 2 | [`models`] | one trunk, and the declarations that configure it | |
//! | 2 | [`mlem`] | the estimator: distances, moments, exact fit, importance | |
//! | 2 | [`baselines`] | what MLEM is compared with: feature-reweighted RSA, RSA, decoding, encoding | `mlem` |
//! | 2 | [`simulate`] | activations with a known `W`, and how near each fit comes to it | `mlem`, `baselines` |
//! | 3 | [`extract`] | stimuli and a model to activations | |
//! | 3 | [`profile`] | an estimator over layers and folds | |
//! | 3 | [`surprisal`] | how probable a model finds sentences, and which of two it prefers | |
//! | 3 | [`verify`] | a checkpoint against what transformers makes of it on the user's machine | |
//! | 3 | [`geometry`] | maps of the stimuli: multidimensional scaling of every layer | |
//! | 4 | [`erasure`] | a feature is erased at a layer: what can be decoded there, and what it changes after it | |
//! | 4 | [`controls`] | baselines of a run, and what of its profile is left above them | |
//! | 4 | [`rundir`] | the directory of a run: claim, read, write, resume; its files and their columns | `controls` |
//! | 5 | [`compare`] | profiles of models against each other, and their layers | |
//! | 5 | [`group`] | subjects as a sample: what their profiles have in common, tested by sign flips and clusters | `compare` |
//! | 5 | [`robustness`] | the claims of a run, and in how many variations of it each holds | |
//! | 5 | [`sweep`] | plans of many runs: cells, their keys and locks, and their tables as one | |
//! | 6 | [`report`] | terminal, figures, page: pure bytes out | |
//!
//! candle is named only in [`models`] and [`extract`].
//!
//! # Recipes
//!
//! What each addition touches, and nothing else.
//!
//! **A family of models** whose blocks are made of parts that are here already:
//!
//! 1. its declaration, `src/models/declarations/families/NAME.rs`: `config.json`, key by key, becomes a [`models::Spec`], and its
//!    weights get their names. What is silent in a configuration means what it means to transformers; a key that would change
//!    numbers and is not read is an error of itself. (And its line in `families/mod.rs`.)
//! 2. its row in `src/models/declarations/rows.rs`; where untrained weights are drawn otherwise than most, `.drawn(…)` with a
//!    function of the declaration.
//! 3. two golden cases or more in `tests/golden/hidden_states.py`, of odd sizes and absent keys, and the files it writes. The tests
//!    find them through the row: packed and padded, offloaded, untrained, with shared beginnings, and with wild configurations.
//!
//! **A mixer** (what takes attention's place in a block), besides the above:
//!
//! 1. its numbers, a variant of [`models::spec::Mixer`] in `declarations/spec/mixer.rs`. A family gives it to the blocks that have
//!    it, and says what stands before the names of its weights (`names::Block::mixing`).
//! 2. `src/models/packed/mixers/NAME.rs`: `load` from the weights, and `mix` from what the block reads to what its last layer
//!    takes, on slices; and its arms in `mod.rs` there. What tokens that begin alike share must not depend on what follows.
//! 3. `src/models/dense/mixers/NAME.rs`, the same of candle's operations on padded batches: `upload` from the packed one, `mix`.
//!
//! Another **MLP** goes the same way through [`models::spec::FeedForward`] and the two folders `mlps`.
//!
//! **A grammar**: `grammars/NAME.toml` (or a feature grammar) whose head says what it contrasts, how many sentences it has, its
//! features and its source; its line in `src/grammar/bundled.rs`. `probe check` on it shows no problem.
//!
//! **An estimator**: a folder in `src/baselines/` with the same file names as the others (`params`, `fit`, `score`, `crossval`), its
//! arm in `src/profile/estimator.rs`, its options in `src/bin/probe/args/estimator.rs`, its words in `src/report/estimators.rs`;
//! frozen values of an independent implementation in `tests/golden/`, and a test that it finds what [`simulate`] put in.

pub mod activations;
pub mod baselines;
pub mod compare;
pub mod controls;
pub mod erasure;
mod error;
pub mod extract;
pub mod files;
pub mod geometry;
pub mod grammar;
pub mod group;
pub mod hub;
pub mod mlem;
pub mod models;
pub mod numeric;
pub mod profile;
pub mod progress;
pub mod report;
pub mod robustness;
pub mod rundir;
pub mod simulate;
pub mod stimuli;
pub mod surprisal;
pub mod sweep;
pub mod text;
pub mod tokens;
pub mod verify;

pub use error::{Error, Result};
