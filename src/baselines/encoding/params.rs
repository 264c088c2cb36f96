//! The options of encoding.

use super::super::{Error, Result};
use super::coding::Coding;
use crate::mlem::pairs::terms;
use crate::mlem::{Constraint, Missing, MlemParams, Permute, Solver, Target};
use crate::stimuli::FeatureTable;

/// The most columns: the squares of as many are kept for each fold.
const MOST_COLUMNS: usize = 4096;
/// The most numbers of a table of columns, 1 GiB.
const MOST_NUMBERS: usize = 1 << 27;

/// The options of [`Encoding`](super::Encoding), which the module docs list with their defaults.
#[derive(Debug, Clone, PartialEq)]
pub struct EncodingParams {
    pub(super) options: MlemParams,
    /// From the strongest down: of equals the strongest is taken.
    pub(super) penalties: Vec<f64>,
}

impl Default for EncodingParams {
    fn default() -> Self {
        let half_decades = (-6..=14).rev();
        Self {
            options: MlemParams::default().permute(Permute::Stimuli),
            penalties: half_decades.map(|half| 10.0_f64.powf(f64::from(half) / 2.0)).collect(),
        }
    }
}

impl EncodingParams {
    /// The options that it shares with MLEM. Of these, values are always permuted across stimuli.
    #[must_use]
    pub fn options(mut self, options: MlemParams) -> Self {
        self.options = options
            .permute(Permute::Stimuli)
            .missing(Missing::Zero)
            .target(Target::Squared)
            .constraint(Constraint::None)
            .solver(Solver::Exact);
        self
    }

    /// The penalties to choose from.
    #[must_use]
    pub fn penalties(mut self, penalties: &[f64]) -> Self {
        self.penalties = penalties.to_vec();
        self.penalties.sort_by(|a, b| b.total_cmp(a));
        self
    }

    /// Whether every option has a value it can have.
    ///
    /// # Errors
    ///
    /// [`Error::Option`], with the value; [`crate::mlem::Error::Option`].
    pub fn check(&self) -> Result<()> {
        self.options.check()?;
        let wrong = self.penalties.iter().find(|&&penalty| !(penalty > 0.0 && penalty.is_finite()));
        if let Some(value) =
            wrong.map(f64::to_string).or(self.penalties.is_empty().then(|| "none".to_owned()))
        {
            return Err(Error::Option { option: "penalties", value, range: "numbers above 0" });
        }
        Ok(())
    }

    /// Whether activations can be predicted from `features` in `folds` folds with these options.
    ///
    /// # Errors
    ///
    /// As the module docs have it.
    pub fn check_features(&self, features: &FeatureTable, folds: usize) -> Result<()> {
        self.check()?;
        self.options.check_features(features, folds)?;
        let coding = Coding::new(features)?;
        let columns = coding.n_columns(&terms(features.n_features(), self.options.interactions));
        let stimuli = features.n_stimuli();
        if columns > MOST_COLUMNS || columns.saturating_mul(stimuli) > MOST_NUMBERS {
            let most = MOST_COLUMNS.min(MOST_NUMBERS / stimuli);
            return Err(Error::TooManyColumns { columns, most, widest: coding.widest(features) });
        }
        let Some(units) = features.units() else { return Ok(()) };
        let fold_of = features.folds(folds, self.options.seed);
        let is_alone = |fold: usize| {
            let mut training = (0..stimuli).filter(|&row| folds == 1 || fold_of[row] != fold);
            let first = training.next().map(|row| units[row]);
            training.all(|row| Some(units[row]) == first)
        };
        match (0..folds).find(|&fold| is_alone(fold)) {
            Some(fold) => Err(Error::OneUnit { fold }),
            None => Ok(()),
        }
    }
}
