//! Feature-reweighted RSA (Kaniuth and Hebart, NeuroImage 2022): feature distances weighted by a ridge regression.
//!
//! With `φ` the products of feature distances of [`crate::mlem`] at unit variance, and `t` the squared neural distance,
//!
//! ```text
//! min over w   ‖t − φw‖² + λ‖w‖²,      λ such that ‖w‖ = γ ‖w at λ = 0‖      (Rokem and Kay, GigaScience 2020)
//! ```
//!
//! over pairs of training stimuli, with the fraction `γ` chosen by cross-validation within them. Weights may be negative: `W`
//! is no metric, which is the difference from MLEM that matters. With interactions this is what the MLEM paper calls FR-RSA-I;
//! at `γ = 1` it is MLEM's own fit without a constraint. Folds are of stimuli, inner ones as well: the pairs that a fraction is
//! judged on share no stimulus with those that it was fitted to.
//!
//! Only second moments over pairs are needed ([`crate::mlem`]'s), kept per pair of folds: any training set is a sum of them,
//! so that nested cross-validation costs one pass over the pairs. The fraction is judged by the correlation of `φw` and `t`
//! over the inner held-out pairs, the objective that the moments give.
//!
//! | name | default | meaning | range |
//! | --- | --- | --- | --- |
//! | `options` | MLEM's | interactions, distance, missing, pairs, permute, permutations, seed: as MLEM's | [`crate::mlem::MlemParams`]; the target is the squared distance |
//! | `fractions` | 0.1, 0.2 … 1 | the fractions to choose from | above 0, at most 1 |
//!
//! # Errors
//!
//! Those of [`crate::mlem::MlemParams::cross_validation`]; fewer than 3 folds, of which nothing is left within the training stimuli; a
//! fraction out of range.
//!
//! # Example
//!
//! ```
//! use mlem_probe::baselines::frrsa::FrRsa;
//! use mlem_probe::stimuli::{Feature, FeatureTable};
//! use ndarray::Array2;
//!
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
//! let fitted = FrRsa::params().fit(&features, activations.view())?;
//! assert!(fitted.weights()[[0, 0]] > 0.99);
//! assert!(fitted.score(&features, activations.view())?.value.unwrap() > 0.99);
//! # Ok::<(), mlem_probe::Error>(())
//! ```

mod crossval;
mod fit;
mod moments;
mod params;

pub use crossval::{CrossValidation, FoldFit};
pub use fit::FittedFrRsa;
pub use params::FrRsaParams;

/// The estimator: [`FrRsa::params`] gives its options, whose `fit` gives a [`FittedFrRsa`].
#[derive(Debug, Clone, Copy)]
pub struct FrRsa;

impl FrRsa {
    /// The options, at their defaults.
    #[must_use]
    pub fn params() -> FrRsaParams {
        FrRsaParams::default()
    }
}
