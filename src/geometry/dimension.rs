//! The intrinsic dimension of every layer.

use ndarray::Axis;

use super::error::Result;
use super::sample;
use crate::activations::ByLayer;
use crate::numeric::twonn::{Found, two_nn};
use crate::progress::{Progress, Unit};

/// A row of `dimension.csv`: the intrinsic dimension of one layer, by the two nearest neighbours of a sample of the stimuli.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dimension {
    /// Layer; 0 is the embedding output.
    pub layer: usize,
    /// The slope of Facco et al. (2017); NaN where there is none.
    pub dimension: f64,
    /// The same by maximum likelihood.
    pub likelihood: f64,
    /// Over how many stimuli, those with the same activations as one.
    pub stimuli: usize,
    /// How many more had the same activations as one of these.
    pub copies: usize,
}

/// The intrinsic dimension of each layer of `activations`, of at most `at_most` stimuli, which are those on the maps of as many.
///
/// # Errors
///
/// Activations that cannot be read.
pub fn dimensions(
    activations: &dyn ByLayer,
    at_most: usize,
    seed: u64,
    progress: &dyn Progress,
) -> Result<Vec<Dimension>> {
    let stimuli = sample(activations.n_stimuli(), at_most, seed);
    let mut dimensions = Vec::with_capacity(activations.layers().len());
    progress.begin("dimension", activations.layers().len() as u64, Unit::Items);
    for (index, &layer) in activations.layers().iter().enumerate() {
        let rows = activations.layer(index)?.select(Axis(0), &stimuli);
        let Found { two_nn, points, copies } = two_nn(rows.view());
        let (dimension, likelihood) = two_nn.map_or((f64::NAN, f64::NAN), |of| (of.dimension, of.likelihood));
        dimensions.push(Dimension { layer, dimension, likelihood, stimuli: points, copies });
        progress.advance(1);
    }
    progress.end();
    Ok(dimensions)
}

#[cfg(test)]
mod tests {
    use super::super::tests::groups;
    use super::*;
    use crate::progress::Silent;

    #[test]
    fn every_layer_has_a_dimension_that_does_not_change_when_it_is_turned() {
        let found = dimensions(&groups(), 30, 0, &Silent).unwrap();
        assert_eq!(
            found.iter().map(|of| (of.layer, of.stimuli, of.copies)).collect::<Vec<_>>(),
            [(0, 30, 0), (3, 30, 0)]
        );
        assert!((found[0].dimension - found[1].dimension).abs() < 1e-6, "{found:?}");
        assert!(found[0].dimension > 1.0 && found[0].likelihood > 1.0);
        let few = dimensions(&groups(), 5, 0, &Silent).unwrap();
        assert!(few[0].dimension.is_nan() && few[0].stimuli == 5);
    }
}
