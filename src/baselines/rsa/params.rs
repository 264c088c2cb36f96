//! The options of RSA.

use ndarray::ArrayView2;

use super::super::Result;
use super::crossval::FoldFit;
use crate::mlem::{Constraint, MlemParams, Scored, Solver};
use crate::stimuli::FeatureTable;

/// The options of [`Rsa`](super::Rsa), which the module docs list with their defaults.
#[derive(Debug, Clone, PartialEq)]
pub struct RsaParams {
    pub(super) options: MlemParams,
}

impl Default for RsaParams {
    fn default() -> Self {
        Self { options: MlemParams::default() }.options(MlemParams::default())
    }
}

impl RsaParams {
    /// The options that it shares with MLEM.
    #[must_use]
    pub fn options(mut self, options: MlemParams) -> Self {
        self.options =
            options.interactions(false).permutations(0).constraint(Constraint::None).solver(Solver::Exact);
        self
    }

    /// The correlations over all pairs of the stimuli of `features`, of whose `activations` there are `(n_stimuli, d_model)`.
    /// Nothing is fitted: this is where the estimators' verb finds its numbers.
    ///
    /// # Errors
    ///
    /// As the module docs have it.
    pub fn fit(&self, features: &FeatureTable, activations: ArrayView2<'_, f32>) -> Result<FoldFit> {
        Ok(self.cross_validation(features, 1)?.fit(activations)?.remove(0))
    }

    /// The correlation of the sum of all feature distances with the neural one.
    ///
    /// # Errors
    ///
    /// As [`RsaParams::fit`].
    pub fn score(&self, features: &FeatureTable, activations: ArrayView2<'_, f32>) -> Result<Scored> {
        Ok(self.fit(features, activations)?.scored)
    }
}
