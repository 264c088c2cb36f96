//! Activations in memory: one matrix per layer.

use std::ops::Range;

use ndarray::{Array2, ArrayView2, CowArray, Ix2};

use super::by_layer::{self, ByLayer};
use super::error::{Error, Result};
use super::provenance::Provenance;

/// The activations of a stimulus set at some layers of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Activations {
    /// Which layer each matrix is of: 0 is the embedding output, `1..=L` the blocks. Ascending.
    layers: Vec<usize>,
    /// One `(n_stimuli, d_model)` matrix per entry of `layers`.
    matrices: Vec<Array2<f32>>,
    provenance: Provenance,
}

impl Activations {
    /// Activations from one `(n_stimuli, d_model)` matrix per entry of `layers`. `d_model` may differ between layers.
    ///
    /// # Errors
    ///
    /// - [`Error::NoLayers`], [`Error::Layers`] when there is no layer, they do not ascend, or do not go with the matrices
    /// - [`Error::Empty`], [`Error::RowCounts`] when a matrix is empty, or has not as many rows as the first
    /// - [`Error::NotFinite`] when a value is NaN or infinite
    pub fn new(layers: Vec<usize>, matrices: Vec<Array2<f32>>, provenance: Provenance) -> Result<Self> {
        by_layer::check(&layers, &matrices.iter().map(Array2::dim).collect::<Vec<_>>())?;
        for (&layer, matrix) in layers.iter().zip(&matrices) {
            if let Some(((row, unit), &value)) = matrix.indexed_iter().find(|(_, value)| !value.is_finite()) {
                let on_diagonal = value.is_nan() && matrix.is_square() && row == unit;
                return Err(Error::NotFinite { layer, stimulus: row, unit, value, on_diagonal });
            }
        }
        Ok(Self { layers, matrices, provenance })
    }

    /// All layers of `source`, in memory.
    ///
    /// # Errors
    ///
    /// As [`ByLayer::rows`].
    pub fn load(source: &dyn ByLayer) -> Result<Self> {
        let matrices: Result<Vec<Array2<f32>>> =
            (0..source.layers().len()).map(|index| Ok(source.layer(index)?.into_owned())).collect();
        Self::new(source.layers().to_vec(), matrices?, source.provenance().clone())
    }

    /// The same numbers, said to be activations of something else.
    #[must_use]
    pub fn with_provenance(mut self, provenance: Provenance) -> Self {
        self.provenance = provenance;
        self
    }

    /// The same activations at `layers` alone, ascending and each once whatever their order here.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchLayer`] when one is not here; [`Error::NoLayers`] when `layers` is empty.
    pub fn select(mut self, layers: &[usize]) -> Result<Self> {
        by_layer::keep(&mut self.layers, &mut self.matrices, layers)?;
        Ok(self)
    }

    /// The layers that are here, ascending.
    #[must_use]
    pub fn layers(&self) -> &[usize] {
        &self.layers
    }

    /// The matrix at position `index` of [`Activations::layers`]: `(n_stimuli, d_model)`.
    #[must_use]
    pub fn matrix(&self, index: usize) -> ArrayView2<'_, f32> {
        self.matrices[index].view()
    }

    /// How many stimuli (rows of every matrix).
    #[must_use]
    pub fn n_stimuli(&self) -> usize {
        self.matrices.first().map_or(0, Array2::nrows)
    }

    /// What they are activations of.
    #[must_use]
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }
}

impl ByLayer for Activations {
    fn layers(&self) -> &[usize] {
        &self.layers
    }

    fn n_stimuli(&self) -> usize {
        Activations::n_stimuli(self)
    }

    fn width(&self, index: usize) -> usize {
        self.matrices[index].ncols()
    }

    fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    fn rows(&self, index: usize, rows: Range<usize>) -> Result<CowArray<'_, f32, Ix2>> {
        Ok(self.matrices[index].slice(ndarray::s![rows, ..]).into())
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn two_layers() -> Vec<Array2<f32>> {
        vec![
            array![[1.0, -2.5e-38], [0.1, 3.0]],
            array![[f32::MIN_POSITIVE, 1e-45, 7.0], [1.0 / 3.0, 3e38, -0.0]],
        ]
    }

    #[test]
    fn matrices_that_do_not_go_together_are_refused() {
        let new =
            |layers: &[usize], matrices| Activations::new(layers.to_vec(), matrices, Provenance::default());
        let refused = |layers: &[usize], matrices| new(layers, matrices).unwrap_err().to_string();
        assert_eq!(refused(&[], vec![]), "no layer of activations");
        assert_eq!(
            refused(&[1, 1], two_layers()),
            "2 matrices for layers [1, 1], which should ascend, one each"
        );
        assert_eq!(refused(&[1], two_layers()), "2 matrices for layers [1], which should ascend, one each");
        assert_eq!(
            refused(&[0, 4], vec![Array2::zeros((3, 2)), Array2::zeros((4, 2))]),
            "layer 4 has 4 rows, but layer 0 has 3"
        );
        assert_eq!(refused(&[2], vec![Array2::zeros((3, 0))]), "layer 2 is empty: 3 stimuli × 0 units");
        let error =
            new(&[0, 5], vec![array![[1.0], [2.0]], array![[1.0, 2.0], [1.0, f32::NAN]]]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "layer 5, stimulus 1: unit 1 is NaN, on the diagonal of a square matrix"
        );
        assert!(error.hint().unwrap().contains("leave out the stimulus"));
        let infinite = vec![array![[f32::NEG_INFINITY]]];
        assert_eq!(refused(&[0], infinite), "layer 0, stimulus 0: unit 0 is -inf");
    }
}
