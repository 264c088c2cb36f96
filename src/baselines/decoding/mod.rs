//! Decoding: can a linear probe read each feature off the activations, and more than a control task says it would anyway?
//!
//! A categorical feature is read by logistic regression (softmax where it has more than two levels), a numeric one by ridge
//! regression, on activations standardised on the training stimuli:
//!
//! ```text
//! min over W, b   Σ loss(y, Wx + b) + ½ λ ‖W‖²       loss: cross-entropy, or ½ (y − wx − b)²
//! ```
//!
//! with the penalty `λ` chosen by cross-validation within the training stimuli: from the strongest down, until two in a row are no
//! better than the best before. The score is over held-out stimuli: the area
//! under the ROC curve, of each level against the rest and averaged over levels, or R². Chance is 0.5, or 0; so that features of
//! both kinds stand on one scale, layers and features are ranked by **skill**, `2 · area − 1` or R²: 0 is chance, 1 is perfect.
//!
//! The control task (Hewitt and Liang, EMNLP 2019) is the same probe on the same activations with the feature's values shuffled
//! over stimuli; **importance is selectivity**: the skill less the mean skill of the control tasks. A probe that can learn
//! anything has a high score and little selectivity. Stimuli without a value are left out, feature by feature.
//!
//! | name | default | meaning | range |
//! | --- | --- | --- | --- |
//! | `penalties` | 0.1, 1 … 10,000 | the penalties to choose from, strongest first | above 0 |
//! | `inner_folds` | 3 | folds within the training stimuli that the penalty is chosen on | at least 2 |
//! | `controls` | 5 | control tasks per feature and fold | 0 (no selectivity) to 100,000 |
//! | `seed` | 0 | of the folds and the control tasks | |
//!
//! # Errors
//!
//! Fewer than 8 stimuli, folds of fewer than 3, a constant feature, activations that are not finite, another number of rows:
//! [`crate::mlem::Error`]. Too few stimuli for the folds within the folds; an option out of range.
//!
//! # Example
//!
//! ```
//! use mlem_probe::baselines::decoding::Decoding;
//! use mlem_probe::stimuli::{Feature, FeatureTable};
//! use ndarray::Array2;
//!
//! let level = |i: usize, step: usize| Some(if i / step % 2 == 0 { "a" } else { "b" });
//! let column = |step| (0..48).map(|i| level(i, step)).collect::<Vec<_>>();
//! let features = FeatureTable::new(
//!     48,
//!     vec![Feature::categorical("number", &column(1)), Feature::categorical("gender", &column(2))],
//! )?;
//! // The activations know the number alone.
//! let activations = Array2::from_shape_fn((48, 2), |(i, unit)| (i % 2 * (1 - unit)) as f32 + (i * 7 % 5) as f32 / 9.0);
//! let fits = Decoding::params().cross_validation(&features, 2)?.fit(activations.view())?;
//! assert!(fits[0].features[0].score > 0.95 && fits[0].features[1].score < 0.8);
//! # Ok::<(), mlem_probe::Error>(())
//! ```

mod crossval;
mod fit;
mod params;
mod probe;
mod score;
mod warning;

pub use crossval::{CrossValidation, FoldFit};
pub use fit::FittedDecoding;
pub use params::DecodingParams;
pub use score::{FeatureScore, Measure};
pub use warning::Warning;

/// The estimator: [`Decoding::params`] gives its options, whose `fit` gives a [`FittedDecoding`].
#[derive(Debug, Clone, Copy)]
pub struct Decoding;

impl Decoding {
    /// The options, at their defaults.
    #[must_use]
    pub fn params() -> DecodingParams {
        DecodingParams::default()
    }
}
