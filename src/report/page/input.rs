//! What a page is made of.

use ndarray::Array2;

use crate::controls::ControlRow;
use crate::geometry::{Dimension, Geometry};
use crate::profile::Profile;
use crate::rundir::RunRecord;
use crate::stimuli::Stimuli;

/// What a page is made of.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The tables of the run.
    pub profile: &'a Profile,
    /// What was run.
    pub run: &'a RunRecord,
    /// The stimuli.
    pub stimuli: &'a Stimuli,
    /// How the distances of the features of `stimuli` correlate, `(n_features, n_features)`; NaN where that is undefined.
    pub correlations: &'a Array2<f64>,
    /// Maps of the stimuli, if they were made.
    pub geometry: Option<&'a Geometry>,
    /// What of the profile is left above the controls, if any were made.
    pub controls: &'a [ControlRow],
    /// The intrinsic dimension of each layer, if it was taken.
    pub dimensions: &'a [Dimension],
    /// The tables of the run as they are in its folder, by name: the page hands them out.
    pub files: &'a [(String, Vec<u8>)],
}
