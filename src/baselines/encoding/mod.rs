//! Encoding: how much of every unit's activation do the features predict? Ridge regression from the features' columns to units.
//!
//! ```text
//! min over B   ‖Y − XB‖² + λ ‖B‖²      X: (n_stimuli, n_columns), Y: (n_stimuli, d_model), both less their training means
//! ```
//!
//! on the folds of MLEM, with one penalty `λ` for all units of a layer and fold.
//!
//! **Columns.** A categorical feature has a column for each of its levels, or one where there are two of them, or where there is
//! one that stimuli have or lack; a numeric feature has one. With interactions, every column of one feature times every column of
//! another is a column too. Each is brought to mean 0 and standard deviation 1 over the training stimuli (products of such columns
//! once more), so that the penalty is alike for all; one that does not vary there has no coefficient. A missing value is at the mean
//! of those training stimuli that have one. What is given as distances has no values, and is refused.
//!
//! **Penalty.** The one of the grid with the least squared error when each training stimulus is left out in turn, summed over units:
//! the closed form `e_i / (1 − h_ii)`, from one decomposition of `X` per fold that serves all penalties, units and layers. Stimuli of
//! one unit ([`FeatureTable::keep_together`](crate::stimuli::FeatureTable::keep_together)) are left out together, which has a closed form
//! as well: `(I − H_gg)⁻¹ e_g`. Columns keep the scale that they have over all training stimuli.
//!
//! **Score.** R² over held-out stimuli, pooled over units by their variance: `1 − Σ errors / Σ deviations`, each sum over stimuli and units
//! (scikit-learn's `variance_weighted`), deviations from the mean of the held-out stimuli. It can be below 0. A unit that does not vary among them
//! counts in neither sum. Beside it stands Pearson's correlation of predicted and held-out activations, its mean over the units that have one.
//!
//! **Importance** is the drop of the pooled R² when the values of a feature are permuted among the held-out stimuli, all its columns and
//! products with it: the permutations that MLEM has with `permute` = stimuli, with its definition of an interaction's, its groups and
//! its strata.
//!
//! | name | default | meaning | range |
//! | --- | --- | --- | --- |
//! | `options` | MLEM's | interactions, permutations, groups, conditional, seed: as MLEM's; what else there is says nothing | [`crate::mlem::MlemParams`] |
//! | `penalties` | 10⁻³, 10^−2.5 … 10⁷ | the penalties to choose from | above 0 |
//!
//! # Errors
//!
//! Those of [`crate::mlem::MlemParams::cross_validation`]; a feature that is given as distances; more columns than 4,096 or than memory
//! holds; training stimuli of one unit alone; a penalty out of range.
//!
//! # Example
//!
//! ```
//! use mlem_probe::baselines::encoding::Encoding;
//! use mlem_probe::stimuli::{Feature, FeatureTable};
//! use ndarray::Array2;
//!
//! let level = |i: usize, step: usize| Some(if i / step % 2 == 0 { "a" } else { "b" });
//! let column = |step| (0..48).map(|i| level(i, step)).collect::<Vec<_>>();
//! let features = FeatureTable::new(
//!     48,
//!     vec![Feature::categorical("number", &column(1)), Feature::categorical("gender", &column(2))],
//! )?;
//! // The first unit knows the number, the second one nothing.
//! let activations = Array2::from_shape_fn((48, 2), |(i, unit)| ((i % 2 * (1 - unit)) as f32 + (i * 7 % 5) as f32 / 9.0));
//! let fits = Encoding::params().cross_validation(&features, 2)?.fit(activations.view())?;
//! assert!(fits[0].units[0].r_squared > 0.8 && fits[0].units[1].r_squared < 0.2);
//! assert!(fits[0].importances[0].importance > fits[0].importances[1].importance);
//! # Ok::<(), mlem_probe::Error>(())
//! ```

mod axes;
mod coding;
mod crossval;
mod fit;
mod held_out;
mod model;
mod params;
mod penalty;
mod score;
mod warning;

pub use crossval::{CrossValidation, FoldFit};
pub use fit::FittedEncoding;
pub use params::EncodingParams;
pub use score::{EncodingScore, UnitScore};
pub use warning::Warning;

/// The estimator: [`Encoding::params`] gives its options, whose `fit` gives a [`FittedEncoding`].
#[derive(Debug, Clone, Copy)]
pub struct Encoding;

impl Encoding {
    /// The options, at their defaults.
    #[must_use]
    pub fn params() -> EncodingParams {
        EncodingParams::default()
    }
}
