//! Whether activations are of the stimuli that they are said to be of.

use ndarray::ArrayView2;

use super::{Error, Result};
use crate::mlem;

/// Whether `activations` are one row of numbers for each of `n_stimuli`.
pub(super) fn check(n_stimuli: usize, activations: ArrayView2<'_, f32>) -> Result<()> {
    let (rows, units) = activations.dim();
    if rows != n_stimuli {
        return Err(mlem::Error::RowCounts { features: n_stimuli, activations: rows }.into());
    }
    if units == 0 {
        return Err(mlem::Error::NoUnits.into());
    }
    match activations.indexed_iter().find(|(_, x)| !x.is_finite()) {
        Some(((row, unit), &value)) => {
            Err(Error::Mlem(mlem::Error::NotFinite { stimulus: row, unit, value }))
        }
        None => Ok(()),
    }
}
