//! The correlations over all stimuli.

use ndarray::ArrayView2;

use super::super::Result;
use super::crossval::FoldFit;
use super::params::RsaParams;
use crate::mlem::Scored;
use crate::stimuli::FeatureTable;

impl RsaParams {
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
