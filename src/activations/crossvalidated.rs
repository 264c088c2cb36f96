//! Cross-validated distances between conditions, made layer by layer as they are asked for, in the place of their activations.

use std::ops::Range;
use std::sync::Arc;

use ndarray::{Array2, CowArray, Ix2};

use super::by_layer::ByLayer;
use super::error::{Error, Result};
use super::provenance::Provenance;
use super::repeats::check_repeat;
use crate::numeric::crossnobis::Partitioned;

/// Activations beyond this, or all below one part of it, are measured in a unit of their own.
const EXTREME: f32 = 1e12;

/// The rows that one partition has of one condition: which recording, and which of its rows.
pub type Cell = Vec<(usize, usize)>;

/// Conditions that were measured in several partitions (sessions, runs, recordings). A layer is the symmetric `(n_conditions,
/// n_conditions)` matrix of their cross-validated squared distances: of the mean patterns in two partitions, the inner product of the
/// differences, over all pairs of partitions that have both conditions. Of activations that are whitened by their noise, that is
/// crossnobis. It is what [`Distance::Crossnobis`](crate::mlem::Distance::Crossnobis) takes.
pub struct CrossValidated {
    recordings: Vec<Arc<dyn ByLayer + Send>>,
    /// Per condition and partition.
    cells: Vec<Vec<Cell>>,
}

impl CrossValidated {
    /// Conditions whose rows in each partition, the same number of these for all, are `cells`; a cell may be empty.
    ///
    /// # Errors
    ///
    /// [`Error::NoLayers`] where there is no recording; as [`check_repeat()`]; [`Error::NoSuchStimulus`] for a row that is not there;
    /// [`Error::Unshared`] where two conditions have fewer than two partitions in common.
    pub fn new(recordings: Vec<Arc<dyn ByLayer + Send>>, cells: Vec<Vec<Cell>>) -> Result<Self> {
        let first = recordings.first().ok_or(Error::NoLayers)?;
        recordings.iter().try_for_each(|recording| check_repeat(&**recording, &**first))?;
        let n = first.n_stimuli();
        for &(recording, row) in cells.iter().flatten().flatten() {
            if recording >= recordings.len() || row >= n {
                return Err(Error::NoSuchStimulus { stimulus: Some(row), n });
            }
        }
        if let Some((a, b)) = unshared(&cells) {
            return Err(Error::Unshared { a, b });
        }
        Ok(Self { recordings, cells })
    }
}

/// Two conditions, in their order, that have fewer than two partitions in common.
fn unshared(cells: &[Vec<Cell>]) -> Option<(usize, usize)> {
    let both =
        |a: &[Cell], b: &[Cell]| a.iter().zip(b).filter(|(a, b)| !a.is_empty() && !b.is_empty()).count();
    let pairs = (0..cells.len()).flat_map(|a| (a + 1..cells.len()).map(move |b| (a, b)));
    pairs.into_iter().find(|&(a, b)| both(&cells[a], &cells[b]) < 2)
}

impl ByLayer for CrossValidated {
    fn layers(&self) -> &[usize] {
        self.recordings[0].layers()
    }

    fn n_stimuli(&self) -> usize {
        self.cells.len()
    }

    fn width(&self, _index: usize) -> usize {
        self.cells.len()
    }

    fn provenance(&self) -> &Provenance {
        self.recordings[0].provenance()
    }

    fn rows(&self, index: usize, rows: Range<usize>) -> Result<CowArray<'_, f32, Ix2>> {
        let (n, partitions) = (self.cells.len(), self.cells.iter().map(Vec::len).max().unwrap_or(0));
        let mut patterns = Partitioned::new(n, partitions, self.recordings[0].width(index));
        // A partition may have rows of several recordings, and most have those of one: they are read one after another.
        let mut read = Vec::with_capacity(self.recordings.len());
        for recording in &self.recordings {
            read.push(recording.layer(index)?.as_standard_layout().into_owned());
        }
        for (condition, cells) in self.cells.iter().enumerate() {
            for (partition, cell) in cells.iter().enumerate() {
                let rows = cell.iter().filter_map(|&(recording, row)| read[recording].row(row).to_slice());
                patterns.set(condition, partition, rows);
            }
        }
        let largest = read.iter().flatten().fold(0.0_f32, |largest, x| largest.max(x.abs()));
        drop(read);
        // Squares of what is extreme are no f32; a power of two leaves every digit.
        if largest > 0.0 && !(1.0 / EXTREME..=EXTREME).contains(&largest) {
            patterns.divide(2.0_f64.powi(f64::from(largest).log2().floor() as i32));
        }
        let height = rows.len();
        let distances = patterns.distances(rows).into_iter().map(|distance| distance as f32).collect();
        let matrix = Array2::from_shape_vec((height, n), distances);
        Ok(matrix.map_err(|_| Error::Empty { layer: self.layers()[index], rows: height, columns: n })?.into())
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::super::Activations;
    use super::*;

    fn of(matrix: Array2<f32>) -> Arc<dyn ByLayer + Send> {
        Arc::new(Activations::new(vec![2], vec![matrix], Provenance::default()).unwrap())
    }

    #[test]
    fn recordings_and_rows_can_both_be_partitions() {
        let (a, b) = (array![[1.0_f32, 2.0], [0.0, 4.0]], array![[3.0_f32, 1.0], [5.0, 0.5]]);
        // (1, −2)·(−2, ½) = −3.
        let expected = array![[0.0_f32, -3.0], [-3.0, 0.0]];
        let recordings = CrossValidated::new(
            vec![of(a.clone()), of(b.clone())],
            vec![vec![vec![(0, 0)], vec![(1, 0)]], vec![vec![(0, 1)], vec![(1, 1)]]],
        );
        assert_eq!(recordings.unwrap().layer(0).unwrap(), expected);
        let rows = ndarray::concatenate![ndarray::Axis(0), a, b];
        let one = CrossValidated::new(
            vec![of(rows)],
            vec![vec![vec![(0, 0)], vec![(0, 2)]], vec![vec![(0, 1)], vec![(0, 3)]]],
        )
        .unwrap();
        assert_eq!((one.n_stimuli(), one.width(0), one.layers()), (2, 2, &[2][..]));
        assert_eq!(one.rows(0, 1..2).unwrap(), expected.slice(ndarray::s![1..2, ..]));
    }

    #[test]
    fn the_unit_of_activations_is_no_obstacle() {
        let x = |scale: f32| array![[1.0_f32, 2.0], [0.0, 4.0], [3.0, 1.0], [5.0, 0.5]] * scale;
        let cells = || vec![vec![vec![(0, 0)], vec![(0, 2)]], vec![vec![(0, 1)], vec![(0, 3)]]];
        for scale in [1e-30_f32, 1e30] {
            let found = CrossValidated::new(vec![of(x(scale))], cells()).unwrap();
            let distance = found.layer(0).unwrap()[[0, 1]];
            assert!(distance.is_finite() && distance < -0.01, "{scale}: {distance}");
            assert_eq!(found.rows(0, 1..2).unwrap()[[0, 0]], distance);
        }
    }

    #[test]
    fn two_conditions_need_two_partitions_in_common() {
        let cells = vec![vec![vec![(0, 0)], vec![(0, 1)]], vec![vec![(0, 2)], vec![]]];
        let error = CrossValidated::new(vec![of(Array2::ones((3, 2)))], cells).err().unwrap();
        assert!(matches!(error, Error::Unshared { a: 0, b: 1 }), "{error}");
        let outside = CrossValidated::new(vec![of(Array2::ones((3, 2)))], vec![vec![vec![(0, 3)]]]);
        assert!(matches!(outside.err().unwrap(), Error::NoSuchStimulus { stimulus: Some(3), .. }));
    }
}
