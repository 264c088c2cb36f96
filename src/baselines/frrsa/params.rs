//! The options of feature-reweighted RSA.

use super::super::{Error, Result};
use crate::mlem::{Constraint, MlemParams, Scoring, Solver, Target};

/// The options of [`FrRsa`](super::FrRsa), which the module docs list with their defaults.
#[derive(Debug, Clone, PartialEq)]
pub struct FrRsaParams {
    pub(super) options: MlemParams,
    pub(super) fractions: Vec<f64>,
}

impl Default for FrRsaParams {
    fn default() -> Self {
        Self {
            options: MlemParams::default().constraint(Constraint::None),
            fractions: (1..=10).map(|tenth| f64::from(tenth) / 10.0).collect(),
        }
    }
}

impl FrRsaParams {
    /// The options that it shares with MLEM. Of these, the constraint is always none and the solver says nothing.
    #[must_use]
    pub fn options(mut self, options: MlemParams) -> Self {
        self.options = options.constraint(Constraint::None).solver(Solver::Exact);
        self
    }

    /// The fractions of the unpenalised length to choose from.
    #[must_use]
    pub fn fractions(mut self, fractions: &[f64]) -> Self {
        self.fractions = fractions.to_vec();
        // From the strongest penalty to none, so that of equals the strongest is taken.
        self.fractions.sort_by(f64::total_cmp);
        self
    }

    /// What its scores are.
    pub(crate) fn scoring(&self) -> Scoring {
        self.options.scoring
    }

    /// Whether every option has a value it can have.
    ///
    /// # Errors
    ///
    /// [`Error::Option`], with the value.
    pub fn check(&self) -> Result<()> {
        self.options.check()?;
        if self.options.target != Target::Squared {
            return Err(Error::Option {
                option: "target",
                value: "rank".to_owned(),
                range: "squared for feature-reweighted RSA",
            });
        }
        let wrong = self.fractions.iter().find(|&&fraction| !(fraction > 0.0 && fraction <= 1.0));
        if let Some(value) =
            wrong.map(f64::to_string).or(self.fractions.is_empty().then(|| "none".to_owned()))
        {
            return Err(Error::Option { option: "fractions", value, range: "above 0 and at most 1" });
        }
        Ok(())
    }
}
