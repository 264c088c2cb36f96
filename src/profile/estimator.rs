//! What an estimator must be able to do to be run over layers, and the estimators that there are.

use ndarray::ArrayView2;

use super::details::{Correlation, Decoded, Encoded, Ridge, Training};
use super::measure::{EstimatorName, ScoreMeasure};
use super::{Importance, Order, Profile, Result, Score, Split};
use crate::baselines::decoding::{self, DecodingParams};
use crate::baselines::encoding::{self, EncodingParams};
use crate::baselines::frrsa::{self, FrRsaParams};
use crate::baselines::rsa::{self, RsaParams};
use crate::files::table::rounded;
use crate::mlem::{self, MlemParams};
use crate::stimuli::FeatureTable;

/// The options of an estimator, ready to meet features.
pub trait Estimator {
    /// Whether `features` can be fitted in `folds` folds: at once, so that one can ask before the work that makes the
    /// activations.
    ///
    /// # Errors
    ///
    /// What is wrong with the features, the folds or the options.
    fn check(&self, features: &FeatureTable, folds: usize) -> Result<()>;

    /// What its scores are.
    fn measure(&self) -> ScoreMeasure;

    /// Everything about the fits that the features alone decide.
    ///
    /// # Errors
    ///
    /// As [`Estimator::check`].
    fn prepare(&self, features: &FeatureTable, folds: usize) -> Result<Box<dyn LayerFit>>;
}

/// An estimator with its features and folds, ready for layers.
pub trait LayerFit {
    /// What a user should know about the features and the folds.
    fn warnings(&self) -> Vec<String>;

    /// Fits, scores and takes the importances of every fold at `layer`, of which `activations` are `(n_stimuli, d_model)`, adds
    /// the rows to `profile`, and says what a user should know.
    ///
    /// # Errors
    ///
    /// Activations that cannot be used, with the layer.
    fn fit(
        &self,
        layer: usize,
        activations: ArrayView2<'_, f32>,
        profile: &mut Profile,
    ) -> Result<Vec<String>>;
}

fn texts(warnings: &[impl ToString]) -> Vec<String> {
    warnings.iter().map(ToString::to_string).collect()
}

/// Where scores are measured.
pub(super) fn split(holds_out: bool) -> Split {
    if holds_out { Split::Test } else { Split::Train }
}

/// All estimators' options meet features by methods of the same names, which differ in their errors alone.
macro_rules! estimators {
    ($($params:ty: $measure:path),*) => {$(
        impl Estimator for $params {
            fn measure(&self) -> ScoreMeasure {
                $measure(self)
            }

            fn check(&self, features: &FeatureTable, folds: usize) -> Result<()> {
                Ok(self.check_features(features, folds)?)
            }

            fn prepare(&self, features: &FeatureTable, folds: usize) -> Result<Box<dyn LayerFit>> {
                Ok(Box::new(self.cross_validation(features, folds)?))
            }
        }
    )*};
}

fn of_mlem(params: &MlemParams) -> ScoreMeasure {
    EstimatorName::Mlem.measure(params.scoring)
}

fn of_frrsa(params: &FrRsaParams) -> ScoreMeasure {
    EstimatorName::Frrsa.measure(params.scoring())
}

fn of_rsa(params: &RsaParams) -> ScoreMeasure {
    EstimatorName::Rsa.measure(params.scoring())
}

fn of_probes(_: &DecodingParams) -> ScoreMeasure {
    ScoreMeasure::Skill
}

fn of_regressions(_: &EncodingParams) -> ScoreMeasure {
    ScoreMeasure::RSquared
}

estimators!(
    MlemParams: of_mlem,
    FrRsaParams: of_frrsa,
    RsaParams: of_rsa,
    DecodingParams: of_probes,
    EncodingParams: of_regressions
);

impl LayerFit for mlem::CrossValidation {
    fn warnings(&self) -> Vec<String> {
        texts(self.warnings())
    }

    fn fit(
        &self,
        layer: usize,
        activations: ArrayView2<'_, f32>,
        profile: &mut Profile,
    ) -> Result<Vec<String>> {
        let fits = self.fit(activations).map_err(|error| error.at_layer(layer))?;
        profile.push(layer, self, &fits);
        for fit in &fits {
            let steps = fit.training.iter().map(|step| Training {
                layer,
                fold: fit.fold,
                step: step.step,
                soft_spearman: rounded(step.soft_spearman),
                batch: step.batch,
            });
            profile.details.training.extend(steps);
        }
        let nulls = self.params().nulls;
        if nulls > 0 {
            let null = self.null(activations, nulls).map_err(|error| error.at_layer(layer))?;
            profile.push_null(layer, &fits, &null);
        }
        Ok(warnings_at(layer, fits.iter().flat_map(|fit| &fit.warnings)))
    }
}

/// The warnings of the fits of one layer, one for all folds that are alike in it.
fn warnings_at<'a>(layer: usize, warnings: impl Iterator<Item = &'a mlem::Warning>) -> Vec<String> {
    let merged = mlem::Warning::merged(warnings.cloned());
    merged.into_iter().map(|warning| warning.at_layer(layer).to_string()).collect()
}

impl LayerFit for frrsa::CrossValidation {
    fn warnings(&self) -> Vec<String> {
        texts(self.warnings())
    }

    fn fit(
        &self,
        layer: usize,
        activations: ArrayView2<'_, f32>,
        profile: &mut Profile,
    ) -> Result<Vec<String>> {
        let fits = self.fit(activations).map_err(|error| error.at_layer(layer))?;
        let chosen =
            fits.iter().map(|fit| Ridge { layer, fold: fit.model.fold, fraction: rounded(fit.fraction) });
        profile.details.ridge.extend(chosen);
        let models: Vec<mlem::FoldFit> = fits.into_iter().map(|fit| fit.model).collect();
        profile.push(layer, self.folds(), &models);
        Ok(warnings_at(layer, models.iter().flat_map(|fit| &fit.warnings)))
    }
}

impl LayerFit for rsa::CrossValidation {
    fn warnings(&self) -> Vec<String> {
        texts(self.warnings())
    }

    fn fit(
        &self,
        layer: usize,
        activations: ArrayView2<'_, f32>,
        profile: &mut Profile,
    ) -> Result<Vec<String>> {
        let fits = self.fit(activations).map_err(|error| error.at_layer(layer))?;
        let split = split(self.folds().holds_out());
        for fit in &fits {
            let fold = fit.fold;
            let value = rounded(fit.scored.value.unwrap_or(f64::NAN));
            profile.scores.push(Score { layer, fold, split, value, pairs: fit.scored.pairs });
            for feature in &fit.features {
                let correlation = rounded(feature.correlation);
                profile.importances.push(Importance {
                    layer,
                    fold,
                    feature: feature.name.clone(),
                    order: Order::Main,
                    importance: correlation,
                    sd: f64::NAN,
                });
                profile.details.correlations.push(Correlation {
                    layer,
                    fold,
                    feature: feature.name.clone(),
                    correlation,
                    partial: rounded(feature.partial),
                });
            }
        }
        Ok(warnings_at(layer, fits.iter().flat_map(|fit| &fit.warnings)))
    }
}

impl LayerFit for decoding::CrossValidation {
    fn warnings(&self) -> Vec<String> {
        texts(self.warnings())
    }

    fn fit(
        &self,
        layer: usize,
        activations: ArrayView2<'_, f32>,
        profile: &mut Profile,
    ) -> Result<Vec<String>> {
        let fits = self.fit(activations).map_err(|error| error.at_layer(layer))?;
        let split = split(self.holds_out());
        for fit in &fits {
            let fold = fit.fold;
            let value = rounded(fit.score);
            profile.scores.push(Score { layer, fold, split, value, pairs: fit.stimuli as u64 });
            for feature in &fit.features {
                if !feature.control.is_nan() || feature.score.is_nan() {
                    profile.importances.push(Importance {
                        layer,
                        fold,
                        feature: feature.name.clone(),
                        order: Order::Main,
                        importance: rounded(feature.selectivity()),
                        sd: rounded(feature.measure.scale() * feature.control_sd),
                    });
                }
                profile.details.decoded.push(Decoded {
                    layer,
                    fold,
                    feature: feature.name.clone(),
                    measure: feature.measure,
                    score: rounded(feature.score),
                    control: rounded(feature.control),
                    control_sd: rounded(feature.control_sd),
                    selectivity: rounded(feature.selectivity()),
                    penalty: rounded(feature.penalty),
                    stimuli: feature.stimuli as u64,
                });
            }
        }
        let warnings = fits.iter().flat_map(|fit| &fit.warnings);
        Ok(warnings.map(|warning| format!("layer {layer}, {warning}")).collect())
    }
}

impl LayerFit for encoding::CrossValidation {
    fn warnings(&self) -> Vec<String> {
        texts(self.warnings())
    }

    fn fit(
        &self,
        layer: usize,
        activations: ArrayView2<'_, f32>,
        profile: &mut Profile,
    ) -> Result<Vec<String>> {
        let fits = self.fit(activations).map_err(|error| error.at_layer(layer))?;
        let split = split(self.holds_out());
        for fit in &fits {
            let (fold, scored) = (fit.fold, fit.scored);
            if let Some(trained) = fit.trained {
                let (value, pairs) = (rounded(trained), fit.training_stimuli as u64);
                profile.scores.push(Score { layer, fold, split: Split::Train, value, pairs });
            }
            let value = rounded(scored.r_squared);
            profile.scores.push(Score { layer, fold, split, value, pairs: scored.stimuli as u64 });
            profile.importances.extend(fit.importances.iter().map(|effect| Importance {
                layer,
                fold,
                feature: effect.name.clone(),
                order: effect.order,
                importance: rounded(effect.importance),
                sd: rounded(effect.sd),
            }));
            profile.details.encoded.push(Encoded {
                layer,
                fold,
                r2: value,
                pearson: rounded(scored.pearson),
                penalty: rounded(fit.penalty),
                columns: fit.columns as u64,
                units: scored.units as u64,
                stimuli: scored.stimuli as u64,
            });
        }
        let warnings = fits.into_iter().flat_map(|fit| fit.warnings);
        let merged = encoding::Warning::merged(warnings);
        Ok(merged.iter().map(|warning| format!("layer {layer}, {warning}")).collect())
    }
}
