//! The options of RSA.

use crate::mlem::{Constraint, MlemParams, Solver};

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
}
