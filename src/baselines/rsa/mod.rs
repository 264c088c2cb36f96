//! Representational similarity analysis (Kriegeskorte, Mur and Bandettini 2008), one feature at a time: nothing is fitted.
//!
//! ```text
//! importance of a feature = correlation(its distance, the neural distance)
//! ```
//!
//! over pairs of held-out stimuli. The score of a layer is the correlation of the sum of all feature distances with the
//! neural one: the model in which every feature weighs the same, and what weighting them has to beat. The partial correlation
//! of a feature takes all others' distances out. The correlation is Spearman's, of ranks, or Pearson's
//! ([`MlemParams::scoring`](crate::mlem::MlemParams::scoring)), of squared distances as MLEM fits them. Squared error is refused: it takes
//! a scale, and nothing is fitted.
//!
//! | name | default | meaning | range |
//! | --- | --- | --- | --- |
//! | `options` | MLEM's | distance, missing, pairs, seed: as MLEM's; what else there is says nothing | [`crate::mlem::MlemParams`] |
//!
//! # Errors
//!
//! Those of [`crate::mlem::MlemParams::cross_validation`].
//!
//! # Example
//!
//! ```
//! use mlem_probe::baselines::rsa::Rsa;
//! use mlem_probe::stimuli::{Feature, FeatureTable};
//! use ndarray::Array2;
//!
//! let level = |i: usize, step: usize| Some(if i / step % 2 == 0 { "a" } else { "b" });
//! let column = |step| (0..32).map(|i| level(i, step)).collect::<Vec<_>>();
//! let features = FeatureTable::new(
//!     32,
//!     vec![Feature::categorical("number", &column(1)), Feature::categorical("gender", &column(2))],
//! )?;
//! let activations = Array2::from_shape_fn((32, 2), |(i, unit)| (i / (unit + 1) % 2 * (10 - 9 * unit)) as f32);
//! let fits = Rsa::params().cross_validation(&features, 2)?.fit(activations.view())?;
//! assert!(fits[0].features[0].correlation > fits[0].features[1].correlation);
//! # Ok::<(), mlem_probe::Error>(())
//! ```

mod crossval;
mod fit;
mod params;

pub use crossval::{CrossValidation, FeatureCorrelation, FoldFit};
pub use params::RsaParams;

/// The estimator: [`Rsa::params`] gives its options.
#[derive(Debug, Clone, Copy)]
pub struct Rsa;

impl Rsa {
    /// The options, at their defaults.
    #[must_use]
    pub fn params() -> RsaParams {
        RsaParams::default()
    }
}
