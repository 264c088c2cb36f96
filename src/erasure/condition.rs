//! What was done to hidden states.

use serde::{Deserialize, Serialize};

/// What was done to hidden states at the layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Condition {
    /// Nothing.
    Whole,
    /// The feature's directions were erased.
    Erased,
    /// As many random directions were erased.
    Control,
}

impl Condition {
    /// All of them, in order.
    pub const ALL: [Self; 3] = [Self::Whole, Self::Erased, Self::Control];

    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Erased => "erased",
            Self::Control => "control",
        }
    }
}
