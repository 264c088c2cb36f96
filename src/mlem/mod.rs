//! Metric Learning Encoding Models (arXiv 2402.11608): the weighted feature distance that tracks the neural one.
//!
//! For stimuli `i` and `j` with feature distances `d` (see [`Missing`] and the table below), the modelled distance is
//! `p = d'Wd`. With `φ` the products `d_a d_b` (off the diagonal counted twice, so that `p = ⟨φ, W⟩`) and `t` the squared
//! neural distance, the fit maximises Pearson's correlation of `p` with `t` over pairs of distinct stimuli, which up to
//! scale is the convex problem
//!
//! ```text
//! min over W   ½ w'Cw − b'w      C = Cov(φ), b = Cov(φ, t),      W ⪰ 0 (interactions) or W ≥ 0, diagonal
//! ```
//!
//! so that there is one answer: no random start, no batch, no learning rate (the paper's stochastic way is [`Solver::Stochastic`]).
//! `W` is then scaled to unit Frobenius norm, and
//! the score is Spearman's correlation of `p` with the neural distance, ties at their mid-rank, or another [`Scoring`].
//!
//! | feature | distance |
//! | --- | --- |
//! | categorical | 1 where the values differ, else 0 |
//! | numeric | absolute difference after scaling to `[0, 1]` on the stimuli the model is fitted to |
//!
//! Where the published package does otherwise, this follows the mathematics: it counts an off-diagonal weight once (so that the
//! `W` it prints is not the form's matrix), breaks ties by position, samples pairs of a stimulus with itself, scales a test
//! set on its own range, and returns the last step's weights.
//!
//! What this is not: it reads no files, and knows no models.
//!
//! # Rooms, from the ground up
//!
//! A file imports only from rooms of the rows above its own, or from files of its own row or folder that do not import it.
//!
//! | room | what it is |
//! | --- | --- |
//! | `error`, `warning`, `group`, `training`, `params` | the words: options, and what messages say |
//! | `pairs` | what is compared: columns, terms, tiles of pairs, neural distances |
//! | `moments` | `C` and `b` |
//! | `solve` | from moments to `W` |
//! | `score` | how well modelled distances go with neural ones |
//! | `importance` | what a score loses when something is permuted |
//! | `fit`, `trained`, `crossval`, `evaluate`, `units` | the estimator's verbs |
//! | `inference` | what a number is worth: nulls, resampled stimuli, the noise ceiling |
//! | `brute_force` | tests alone: all of it against loops that are too plain to be wrong |
//!
//! # Example
//!
//! ```
//! use mlem_probe::mlem::Mlem;
//! use mlem_probe::stimuli::{Feature, FeatureTable};
//! use ndarray::Array2;
//!
//! // 32 stimuli, two binary features; the first moves the activations ten times as far as the second.
//! let level = |i: usize, step: usize| Some(if i / step % 2 == 0 { "a" } else { "b" });
//! let column = |step| (0..32).map(|i| level(i, step)).collect::<Vec<_>>();
//! let features = FeatureTable::new(
//!     32,
//!     vec![Feature::categorical("number", &column(1)), Feature::categorical("gender", &column(2))],
//! )?;
//! let activations = Array2::from_shape_fn((32, 2), |(i, unit)| match unit {
//!     0 => (i % 2 * 10) as f32,
//!     _ => (i / 2 % 2) as f32,
//! });
//! let fitted = Mlem::params().fit(&features, activations.view())?;
//! assert!(fitted.weights()[[0, 0]] > 0.99);
//! assert!((fitted.objective() - 1.0).abs() < 1e-9);
//! # Ok::<(), mlem_probe::Error>(())
//! ```

#[cfg(test)]
mod brute_force;
mod crossval;
mod error;
mod evaluate;
mod fit;
mod group;
pub(crate) mod importance;
mod inference;
pub(crate) mod moments;
pub(crate) mod pairs;
mod params;
pub(crate) mod score;
pub(crate) mod solve;
mod trained;
mod training;
mod units;
mod warning;

pub(crate) use crossval::unseen_levels;
pub use crossval::{CrossValidation, FoldFit};
pub use error::{Error, Result};
pub use fit::FittedMlem;
pub use group::FeatureGroup;
pub use importance::{Order, TermImportance};
pub use inference::{Ceiling, Null, NullStatistic};
pub(crate) use inference::{Forms, FormsAt};
pub use pairs::{Term, dissimilarities};
pub use params::{Constraint, Distance, Missing, MlemParams, PairBudget, Permute, Scoring, Solver, Target};
pub use score::Scored;
pub use solve::TrainingStep;
pub use training::Training;
pub use units::{UnitFit, UnitValidation};
pub(crate) use warning::merged_by;
pub use warning::{Undefined, Warning};

/// The estimator: [`Mlem::params`] gives its options, whose `fit` gives a [`FittedMlem`].
#[derive(Debug, Clone, Copy)]
pub struct Mlem;

impl Mlem {
    /// The options, at their defaults.
    #[must_use]
    pub fn params() -> MlemParams {
        MlemParams::default()
    }
}
