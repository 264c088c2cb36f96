//! Options of the paper's training by batches.

use serde::{Deserialize, Serialize};

use super::error::{Error, Result};

/// How [`Solver::Stochastic`](super::Solver::Stochastic) trains, at the defaults of the published package; the exact solver has
/// no use for any of it.
///
/// | name | default | meaning | range |
/// | --- | --- | --- | --- |
/// | `batch_size` | found | pairs per step | 2 to 2²⁴ |
/// | `n_trials` | 16 | batches that correlations of feature distances are measured on, to find a batch size | at least 2 |
/// | `threshold` | 0.01 | the standard deviation over these batches that every correlation may have at most | above 0 |
/// | `factor` | 1.2 | by how much a batch grows that is too small | at least 1.01 |
/// | `batch_size_min`, `batch_size_max` | 256, 2²⁰ | where the search for a batch size begins and ends | 2 to 2²⁴ |
/// | `max_steps` | 1,000 | the most steps | at least 1 |
/// | `patience` | 50 | steps without a new best batch before the end | at least 1 |
/// | `learning_rate` | 0.1 | length of a step | above 0 |
/// | `weight_decay` | 0 | share of the parameters that a step at learning rate 1 takes away (AdamW) | at least 0 |
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Training {
    /// Pairs per step; none finds the smallest with which the correlations between feature distances are stable.
    pub batch_size: Option<usize>,
    /// Batches that a correlation is measured on.
    pub n_trials: usize,
    /// The standard deviation over these batches that every correlation may have at most.
    pub threshold: f64,
    /// By how much a batch grows that is too small.
    pub factor: f64,
    /// The first batch size that is tried.
    pub batch_size_min: usize,
    /// The batch size that is taken untried.
    pub batch_size_max: usize,
    /// The most steps.
    pub max_steps: usize,
    /// Steps without a new best batch before the end.
    pub patience: usize,
    /// Length of a step.
    pub learning_rate: f64,
    /// Share of the parameters that a step at learning rate 1 takes away.
    pub weight_decay: f64,
}

/// The most pairs in a batch.
const MOST: usize = 1 << 24;

impl Default for Training {
    fn default() -> Self {
        Self {
            batch_size: None,
            n_trials: 16,
            threshold: 0.01,
            factor: 1.2,
            batch_size_min: 256,
            batch_size_max: 1 << 20,
            max_steps: 1000,
            patience: 50,
            learning_rate: 0.1,
            weight_decay: 0.0,
        }
    }
}

impl Training {
    /// Whether every option has a value it can have.
    pub(crate) fn check(&self) -> Result<()> {
        let refuse = |option, value: String, range| Err(Error::Option { option, value, range });
        let sizes = [
            ("batch_size", self.batch_size.unwrap_or(2)),
            ("batch_size_min", self.batch_size_min),
            ("batch_size_max", self.batch_size_max),
        ];
        for (option, size) in sizes {
            if !(2..=MOST).contains(&size) {
                return refuse(option, size.to_string(), "2 to 16,777,216 pairs");
            }
        }
        if self.n_trials < 2 {
            return refuse("n_trials", self.n_trials.to_string(), "at least 2");
        }
        for (option, count) in [("max_steps", self.max_steps), ("patience", self.patience)] {
            if count == 0 {
                return refuse(option, count.to_string(), "at least 1");
            }
        }
        if !(self.factor >= 1.01 && self.factor.is_finite()) {
            return refuse("factor", self.factor.to_string(), "a number from 1.01 on");
        }
        for (option, value) in [("threshold", self.threshold), ("learning_rate", self.learning_rate)] {
            if !(value > 0.0 && value.is_finite()) {
                return refuse(option, value.to_string(), "a number above 0");
            }
        }
        if !(self.weight_decay >= 0.0 && self.weight_decay.is_finite()) {
            return refuse("weight_decay", self.weight_decay.to_string(), "0 or a number above it");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_out_of_range_is_named() {
        assert!(Training::default().check().is_ok());
        type Spoil = fn(&mut Training);
        let wrong: [(&str, Spoil); 10] = [
            ("batch_size", |training| training.batch_size = Some(1)),
            ("batch_size_min", |training| training.batch_size_min = 0),
            ("batch_size_max", |training| training.batch_size_max = usize::MAX),
            ("n_trials", |training| training.n_trials = 1),
            ("max_steps", |training| training.max_steps = 0),
            ("patience", |training| training.patience = 0),
            ("factor", |training| training.factor = 1.0),
            ("threshold", |training| training.threshold = f64::NAN),
            ("learning_rate", |training| training.learning_rate = -0.1),
            ("weight_decay", |training| training.weight_decay = f64::INFINITY),
        ];
        for (name, make) in wrong {
            let mut training = Training::default();
            make(&mut training);
            assert!(
                matches!(training.check(), Err(Error::Option { option, .. }) if option == name),
                "{name}"
            );
        }
    }
}
