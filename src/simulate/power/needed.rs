//! The table of a power simulation.

use serde::Serialize;

/// How many stimuli it takes to find a feature.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Needed {
    /// Which feature.
    pub feature: String,
    /// Its importance.
    pub importance: f64,
    /// Stimuli for a star where no other feature has an effect.
    pub stimuli: Option<usize>,
    /// Stimuli for p < .05, not corrected.
    pub stimuli_one_test: Option<usize>,
    /// Stimuli for a star where every feature has this importance.
    pub stimuli_all: Option<usize>,
    /// Why a number is not there.
    pub why: Option<String>,
}

/// What a simulation found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Power {
    /// How many stimuli the design has.
    pub stimuli_of_design: usize,
    /// The seed.
    pub seed: u64,
    /// Each feature at each importance.
    pub rows: Vec<Needed>,
    /// Features that were left out, and why.
    pub left_out: Vec<String>,
}
