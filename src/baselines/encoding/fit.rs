//! One fit on all stimuli, and what the fitted model can tell of others.

use ndarray::{Array2, ArrayView2};

use super::super::Result;
use super::super::rows::check;
use super::coding::{Coding, Standard};
use super::held_out::{Evaluated, HeldOut};
use super::model::Model;
use super::params::EncodingParams;
use super::penalty::Training;
use super::score::{EncodingScore, UnitScore};
use crate::mlem::TermImportance;
use crate::mlem::pairs::{Layout, Scales, terms};
use crate::stimuli::FeatureTable;

impl EncodingParams {
    /// Fits the columns of `features` to all of `activations` `(n_stimuli, d_model)`.
    ///
    /// # Errors
    ///
    /// As the module docs have it.
    pub fn fit(&self, features: &FeatureTable, activations: ArrayView2<'_, f32>) -> Result<FittedEncoding> {
        self.check_features(features, 1)?;
        check(features.n_stimuli(), activations)?;
        let coding = Coding::new(features)?;
        let columns = coding.columns(features);
        let terms = terms(features.n_features(), self.options.interactions);
        let rows: Vec<usize> = (0..features.n_stimuli()).collect();
        let standard = Standard::new(&coding, &terms, &columns, &rows);
        let x = standard.design(&standard.mains(&columns));
        let training = Training::new(x.view(), features.units());
        let model = Model::fit(&training, activations, &rows, &self.penalties);
        Ok(FittedEncoding { params: self.clone(), scales: Scales::new(features)?, coding, standard, model })
    }
}

/// A fitted model, with how its features become columns.
#[derive(Debug, Clone)]
pub struct FittedEncoding {
    params: EncodingParams,
    scales: Scales,
    coding: Coding,
    standard: Standard,
    model: Model,
}

impl FittedEncoding {
    /// The penalty that was chosen.
    #[must_use]
    pub fn penalty(&self) -> f64 {
        self.model.penalty
    }

    /// The coefficients of every unit, `(n_columns, d_model)`, for columns of mean 0 and standard deviation 1.
    #[must_use]
    pub fn coefficients(&self) -> Array2<f64> {
        self.model.coefficients(|_| true)
    }

    /// The activations that it predicts of the stimuli of `features`, `(n_stimuli, d_model)`.
    ///
    /// # Errors
    ///
    /// Other features than it was fitted to.
    pub fn predict(&self, features: &FeatureTable) -> Result<Array2<f64>> {
        self.scales.check(features)?;
        let mains = self.standard.mains(&self.coding.columns(features));
        Ok(self.model.predict(&self.standard.design(&mains)))
    }

    /// The score on these stimuli, pooled over units.
    ///
    /// # Errors
    ///
    /// Other features than it was fitted to; another number of rows than the features have; activations that are not finite.
    pub fn score(&self, features: &FeatureTable, activations: ArrayView2<'_, f32>) -> Result<EncodingScore> {
        Ok(self.evaluate(features, activations)?.score)
    }

    /// The score of every unit on these stimuli, with what each effect adds to it.
    ///
    /// # Errors
    ///
    /// As [`FittedEncoding::score`].
    pub fn units(&self, features: &FeatureTable, activations: ArrayView2<'_, f32>) -> Result<Vec<UnitScore>> {
        Ok(self.evaluate(features, activations)?.units)
    }

    /// The importance of every feature, interaction and group among these stimuli.
    ///
    /// # Errors
    ///
    /// As [`FittedEncoding::score`].
    pub fn importance(
        &self,
        features: &FeatureTable,
        activations: ArrayView2<'_, f32>,
    ) -> Result<Vec<TermImportance>> {
        Ok(self.evaluate(features, activations)?.importances)
    }

    fn evaluate(&self, features: &FeatureTable, activations: ArrayView2<'_, f32>) -> Result<Evaluated> {
        self.scales.check(features)?;
        let n = features.n_stimuli();
        check(n, activations)?;
        let plan = self.params.plan(features, &Layout::whole(n))?;
        let columns = self.coding.columns(features);
        let all = ((0..n).collect(), 0..n);
        let held_out = HeldOut::new("given".to_owned(), all, &columns, &self.standard, features.n_features());
        Ok(held_out.evaluate(&self.model, &self.standard, &plan, activations, true))
    }
}
