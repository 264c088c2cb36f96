//! What is asked of a simulation, and how far it goes.

/// The power that is asked for.
pub const POWER: f64 = 0.8;
/// The fewest stimuli, and the most, that are tried.
pub const SIZES: (usize, usize) = (16, 8192);
/// The importances that are asked about.
pub const IMPORTANCES: [f64; 3] = [0.01, 0.02, 0.05];
/// Units of the activations.
pub(super) const UNITS: usize = 32;
