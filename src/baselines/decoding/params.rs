//! The options of decoding.

use super::super::{Error, Result};
use super::probe::Labels;
use crate::mlem::Mlem;
use crate::stimuli::FeatureTable;

/// The options of [`Decoding`](super::Decoding), which the module docs list with their defaults.
#[derive(Debug, Clone, PartialEq)]
pub struct DecodingParams {
    /// From the strongest down: each fit starts from the last, and of equals the strongest is taken.
    pub(super) penalties: Vec<f64>,
    pub(super) inner_folds: usize,
    pub(super) controls: usize,
    pub(super) seed: u64,
}

impl Default for DecodingParams {
    fn default() -> Self {
        Self { penalties: vec![1e4, 1e3, 100.0, 10.0, 1.0, 0.1], inner_folds: 3, controls: 5, seed: 0 }
    }
}

/// Stimuli that an inner fold needs.
const MIN_INNER: usize = 2;

impl DecodingParams {
    /// The penalties to choose from.
    #[must_use]
    pub fn penalties(mut self, penalties: &[f64]) -> Self {
        self.penalties = penalties.to_vec();
        self.penalties.sort_by(|a, b| b.total_cmp(a));
        self
    }

    /// Folds within the training stimuli that the penalty is chosen on.
    #[must_use]
    pub fn inner_folds(mut self, folds: usize) -> Self {
        self.inner_folds = folds;
        self
    }

    /// Control tasks per feature and fold.
    #[must_use]
    pub fn controls(mut self, controls: usize) -> Self {
        self.controls = controls;
        self
    }

    /// The seed of the folds and the control tasks.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Whether every option has a value it can have.
    ///
    /// # Errors
    ///
    /// [`Error::Option`], with the value.
    pub fn check(&self) -> Result<()> {
        let wrong = self.penalties.iter().find(|&&penalty| !(penalty > 0.0 && penalty.is_finite()));
        if let Some(value) =
            wrong.map(f64::to_string).or(self.penalties.is_empty().then(|| "none".to_owned()))
        {
            return Err(Error::Option { option: "penalties", value, range: "numbers above 0" });
        }
        if self.inner_folds < 2 {
            let value = self.inner_folds.to_string();
            return Err(Error::Option { option: "inner_folds", value, range: "at least 2" });
        }
        if self.controls > 100_000 {
            let value = self.controls.to_string();
            return Err(Error::Option { option: "controls", value, range: "at most 100,000" });
        }
        Ok(())
    }

    /// Whether `features` can be decoded in `folds` folds with these options.
    ///
    /// # Errors
    ///
    /// As the module docs have it.
    pub fn check_features(&self, features: &FeatureTable, folds: usize) -> Result<()> {
        self.check()?;
        Mlem::params().check_features(features, folds)?;
        if let Some(feature) = features.iter().find(|feature| Labels::of(feature).is_none()) {
            return Err(Error::NoValues { feature: feature.name().to_owned() });
        }
        let n = features.n_stimuli();
        let training = if folds > 1 { n - n.div_ceil(folds) } else { n };
        let least = MIN_INNER * self.inner_folds;
        if let Some((train, _)) = features.train_and_test() {
            let enough = train >= least;
            return if enough { Ok(()) } else { Err(Error::TooFewTraining { stimuli: train, least }) };
        }
        if training < least {
            let least = if folds > 1 { (least * folds).div_ceil(folds - 1) + 1 } else { least };
            return Err(Error::TooFewStimuli { stimuli: n, folds, least });
        }
        Ok(())
    }
}
