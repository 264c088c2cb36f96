//! Activations one layer at a time, wherever they lie: what fits, maps and comparisons ask for.

use std::ops::Range;

use ndarray::{CowArray, Ix2};

use super::error::{Error, Result};
use super::provenance::Provenance;

/// Activations of which one layer at a time is at hand, in memory ([`super::Activations`]) or in a file ([`super::Stored`]).
pub trait ByLayer: Sync {
    /// The layers that are here, ascending: 0 is the embedding output, `1..=L` the blocks.
    fn layers(&self) -> &[usize];

    /// How many stimuli (rows of every matrix).
    fn n_stimuli(&self) -> usize;

    /// How many units the layer at position `index` of [`ByLayer::layers`] has.
    fn width(&self, index: usize) -> usize;

    /// What they are activations of.
    fn provenance(&self) -> &Provenance;

    /// The units of the layer at position `index` of [`ByLayer::layers`] that are left out because they are no number for any
    /// stimulus, by their position among all that were chosen, ascending.
    fn left_out(&self, _index: usize) -> &[usize] {
        &[]
    }

    /// The position of column `at` of the layer at position `index` among all units that were chosen.
    fn unit(&self, index: usize, at: usize) -> usize {
        let mut unit = at;
        for &left_out in self.left_out(index) {
            if left_out <= unit {
                unit += 1;
            }
        }
        unit
    }

    /// Some rows of the layer at position `index` of [`ByLayer::layers`], `(rows, d_model)`.
    ///
    /// # Errors
    ///
    /// [`Error::Files`] when they cannot be read, [`Error::NotFinite`] when one of the numbers is none.
    fn rows(&self, index: usize, rows: Range<usize>) -> Result<CowArray<'_, f32, Ix2>>;

    /// The layer at position `index` of [`ByLayer::layers`], `(n_stimuli, d_model)`.
    ///
    /// # Errors
    ///
    /// As [`ByLayer::rows`].
    fn layer(&self, index: usize) -> Result<CowArray<'_, f32, Ix2>> {
        self.rows(index, 0..self.n_stimuli())
    }

    /// The layers and the sizes of their matrices.
    fn shape(&self) -> Shape {
        let layers = self.layers().to_vec();
        let widths = (0..layers.len()).map(|index| self.width(index)).collect();
        Shape { layers, n_stimuli: self.n_stimuli(), widths }
    }
}

/// Layers, and the sizes of their matrices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// Which layers, ascending.
    pub layers: Vec<usize>,
    /// Rows of every matrix.
    pub n_stimuli: usize,
    /// Columns of the matrix of each of `layers`.
    pub widths: Vec<usize>,
}

impl Shape {
    /// How many numbers there are.
    #[must_use]
    pub fn n_values(&self) -> usize {
        self.n_stimuli * self.widths.iter().sum::<usize>()
    }

    /// Refuses what no activations have.
    pub(super) fn check(&self) -> Result<()> {
        let Self { layers, n_stimuli, widths } = self;
        check(layers, &widths.iter().map(|&width| (*n_stimuli, width)).collect::<Vec<_>>())
    }
}

/// Refuses layers that do not ascend, or whose matrices of `(rows, columns)` do not go together.
pub(super) fn check(layers: &[usize], sizes: &[(usize, usize)]) -> Result<()> {
    if layers.len() != sizes.len() || !layers.is_sorted_by(|a, b| a < b) {
        return Err(Error::Layers { layers: layers.to_vec(), matrices: sizes.len() });
    }
    let (Some(&first), Some(&(expected, _))) = (layers.first(), sizes.first()) else {
        return Err(Error::NoLayers);
    };
    for (&layer, &(rows, columns)) in layers.iter().zip(sizes) {
        not_empty(layer, rows, columns)?;
        if rows != expected {
            return Err(Error::RowCounts { layer, found: rows, first, expected });
        }
    }
    Ok(())
}

/// Refuses an empty matrix: of such, a file of some bytes may promise any number.
pub(super) fn not_empty(layer: usize, rows: usize, columns: usize) -> Result<()> {
    if rows == 0 || columns == 0 { Err(Error::Empty { layer, rows, columns }) } else { Ok(()) }
}

/// Keeps the `items` of `wanted` layers, and of `layers` those.
pub(super) fn keep<T>(layers: &mut Vec<usize>, items: &mut Vec<T>, wanted: &[usize]) -> Result<()> {
    if let Some(&layer) = wanted.iter().find(|layer| layers.binary_search(layer).is_err()) {
        return Err(Error::NoSuchLayer { layer, layers: layers.clone() });
    }
    if wanted.is_empty() {
        return Err(Error::NoLayers);
    }
    let mut kept = layers.iter().map(|layer| wanted.contains(layer));
    items.retain(|_| kept.next().unwrap_or(false));
    layers.retain(|layer| wanted.contains(layer));
    Ok(())
}
