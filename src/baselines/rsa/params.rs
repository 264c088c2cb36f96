//! The options of RSA.

use super::super::{Error, Result};
use crate::mlem::{Constraint, MlemParams, Scoring, Solver, Target};

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
        self.options = options
            .interactions(false)
            .permutations(0)
            .constraint(Constraint::None)
            .solver(Solver::Exact)
            .target(Target::Squared);
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
        if self.options.scoring == Scoring::SquaredError {
            return Err(Error::Option {
                option: "scoring",
                value: "squared-error".to_owned(),
                range: "spearman or pearson for RSA, which fits no scale",
            });
        }
        Ok(())
    }
}
