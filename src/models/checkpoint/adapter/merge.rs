//! The arithmetic of merging, on tensors as they are stored.

use rayon::prelude::*;

/// A change of rank `rank` of a matrix `(rows, columns)`: `scale` times `left` times `right`.
pub(super) struct LowRank {
    /// `(rows, rank)`.
    pub(super) left: Vec<f32>,
    /// `(rank, columns)`.
    pub(super) right: Vec<f32>,
    pub(super) rank: usize,
    pub(super) scale: f32,
}

/// Along what the magnitudes of `DoRA` are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Along {
    /// One for each row: a linear layer stored `(outputs, inputs)`.
    Rows,
    /// One for each column: a layer stored `(inputs, outputs)`, or a table.
    Columns,
}

impl LowRank {
    /// Adds the change to `values`, `(rows, columns)`.
    pub(super) fn add(&self, values: &mut [f32], columns: usize) {
        if columns == 0 || self.rank == 0 {
            return;
        }
        let rows = values.par_chunks_exact_mut(columns).zip(self.left.par_chunks_exact(self.rank));
        rows.for_each(|(row, left)| {
            // The change by itself first: it may be much smaller than what it is added to.
            let mut change = vec![0.0f32; columns];
            for (factor, right) in left.iter().zip(self.right.chunks_exact(columns)) {
                for (value, right) in change.iter_mut().zip(right) {
                    *value += factor * right;
                }
            }
            for (value, change) in row.iter_mut().zip(change) {
                *value += self.scale * change;
            }
        });
    }
}

/// `DoRA`: gives each row or column of `values`, `(rows, columns)`, the length that `magnitudes` says (Liu et al. 2024, equation 5).
pub(super) fn lengthen(values: &mut [f32], columns: usize, magnitudes: &[f32], along: Along) {
    if columns == 0 {
        return;
    }
    let square = |value: &f32| f64::from(*value) * f64::from(*value);
    match along {
        Along::Rows => {
            for (row, magnitude) in values.chunks_exact_mut(columns).zip(magnitudes) {
                let length = row.iter().map(square).sum::<f64>().sqrt();
                let factor = (f64::from(*magnitude) / length) as f32;
                for value in row {
                    *value *= factor;
                }
            }
        }
        Along::Columns => {
            let mut lengths = vec![0.0f64; columns];
            for row in values.chunks_exact(columns) {
                for (length, value) in lengths.iter_mut().zip(row) {
                    *length += square(value);
                }
            }
            let factors: Vec<f32> = lengths
                .iter()
                .zip(magnitudes)
                .map(|(length, magnitude)| (f64::from(*magnitude) / length.sqrt()) as f32)
                .collect();
            for row in values.chunks_exact_mut(columns) {
                for (value, factor) in row.iter_mut().zip(&factors) {
                    *value *= factor;
                }
            }
        }
    }
}

/// The transpose of a matrix `(rows, columns)`.
pub(super) fn transposed(values: &[f32], columns: usize) -> Vec<f32> {
    let rows = values.len() / columns.max(1);
    let mut out = vec![0.0; values.len()];
    for (at, row) in values.chunks_exact(columns.max(1)).enumerate() {
        for (column, value) in row.iter().enumerate() {
            out[column * rows + at] = *value;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_the_scaled_product() {
        let change = LowRank { left: vec![1.0, 2.0, 3.0], right: vec![10.0, 20.0], rank: 1, scale: 0.5 };
        let mut values = vec![1.0; 6];
        change.add(&mut values, 2);
        assert_eq!(values, [6.0, 11.0, 11.0, 21.0, 16.0, 31.0]);
        let two = LowRank { left: vec![1.0, 2.0], right: vec![1.0, 0.0, 0.0, 1.0], rank: 2, scale: 1.0 };
        let mut values = vec![0.0; 2];
        two.add(&mut values, 2);
        assert_eq!(values, [1.0, 2.0]);
    }

    #[test]
    fn magnitudes_are_lengths_of_rows_or_columns() {
        let mut values = vec![3.0, 4.0, 0.0, 2.0];
        lengthen(&mut values, 2, &[10.0, 1.0], Along::Rows);
        assert_eq!(values, [6.0, 8.0, 0.0, 1.0]);
        let mut values = vec![3.0, 0.0, 4.0, 2.0];
        lengthen(&mut values, 2, &[10.0, 1.0], Along::Columns);
        assert_eq!(values, [6.0, 0.0, 8.0, 1.0]);
        assert_eq!(transposed(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    }
}
