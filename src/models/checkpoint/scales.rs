//! Weights times the scales of their blocks.

/// The grid of scales that a tensor has.
#[derive(Debug)]
pub(super) struct Scales {
    /// Row-major, one for each block.
    pub(super) values: Vec<f32>,
    pub(super) shape: Vec<usize>,
}

impl Scales {
    /// Multiplies `values`, a tensor of `shape`, by these scales; `block` is what the configuration says of the sides of a block.
    /// Says what does not go together.
    ///
    /// Where the number of scales goes with the configured block, that counts, the last blocks being smaller if need be; else the
    /// blocks are as large as the number of scales makes them (the experts of some models have blocks of their own).
    pub(super) fn apply(
        &self,
        values: &mut [f32],
        shape: &[usize],
        block: Option<(usize, usize)>,
    ) -> Result<(), String> {
        let wrong = || format!("its scales are {:?}, which do not go with a shape of {shape:?}", self.shape);
        let [.., rows, columns] = *shape else {
            return Err(wrong());
        };
        let (grid_rows, grid_columns) = match *self.shape.as_slice() {
            [] | [1] => (1, 1),
            [count] if count == rows => (rows, 1),
            [.., rows, columns] => (rows, columns),
            [_] => return Err(wrong()),
        };
        let matrices = values.len().checked_div(rows * columns).unwrap_or(0);
        let grid = grid_rows * grid_columns;
        let per_matrix = match self.values.len() {
            count if count == grid * matrices => grid,
            // One for all matrices.
            count if count == grid => 0,
            _ => return Err(wrong()),
        };
        if values.is_empty() {
            return Ok(());
        }
        let side = |size: usize, count: usize, configured: Option<usize>| match configured {
            Some(side) if size.div_ceil(side) == count => Some(side),
            _ => (count > 0 && size.is_multiple_of(count)).then(|| size / count),
        };
        let sides = side(rows, grid_rows, block.map(|block| block.0)).zip(side(
            columns,
            grid_columns,
            block.map(|block| block.1),
        ));
        let (height, width) = sides.filter(|&(height, width)| height > 0 && width > 0).ok_or_else(wrong)?;
        for (index, row) in values.chunks_exact_mut(columns).enumerate() {
            let (matrix, row_index) = (index / rows, index % rows);
            let first = matrix * per_matrix + row_index / height * grid_columns;
            for (part, scale) in row.chunks_mut(width).zip(&self.values[first..]) {
                for value in part {
                    *value *= scale;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(
        shape: &[usize],
        scales: &[f32],
        grid: &[usize],
        block: Option<(usize, usize)>,
    ) -> Result<Vec<f32>, String> {
        let mut values = vec![1.0; shape.iter().product()];
        let scales = Scales { values: scales.to_vec(), shape: grid.to_vec() };
        scales.apply(&mut values, shape, block).map(|()| values)
    }

    #[test]
    fn each_block_has_its_scale() {
        let of_blocks = times(&[3, 5], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[2, 3], Some((2, 2))).unwrap();
        assert_eq!(of_blocks, [1.0, 1.0, 2.0, 2.0, 3.0, 1.0, 1.0, 2.0, 2.0, 3.0, 4.0, 4.0, 5.0, 5.0, 6.0]);
        // Where the configuration says nothing of it, or something else.
        assert_eq!(
            times(&[2, 4], &[1.0, 2.0], &[1, 2], None).unwrap(),
            [1.0, 1.0, 2.0, 2.0, 1.0, 1.0, 2.0, 2.0]
        );
        assert_eq!(times(&[2, 4], &[1.0, 2.0], &[1, 2], Some((64, 64))).unwrap()[..3], [1.0, 1.0, 2.0]);
        for grid in [[].as_slice(), &[1], &[1, 1]] {
            assert_eq!(times(&[2, 2], &[3.0], grid, None).unwrap(), [3.0; 4]);
        }
        for grid in [[2].as_slice(), &[2, 1]] {
            assert_eq!(times(&[2, 2], &[3.0, 4.0], grid, None).unwrap(), [3.0, 3.0, 4.0, 4.0]);
        }
        assert_eq!(times(&[2, 1, 2], &[3.0, 4.0], &[2, 1, 1], None).unwrap(), [3.0, 3.0, 4.0, 4.0]);
    }

    #[test]
    fn scales_that_go_with_nothing_are_refused() {
        for (shape, count, grid, block) in [
            ([3, 5].as_slice(), 2, [2].as_slice(), None),
            (&[3, 5], 4, &[2, 2], None),
            (&[3, 5], 3, &[2, 2], None),
            (&[3], 1, &[1], None),
            (&[4, 4], 0, &[0, 0], Some((2, 2))),
            (&[2, 2], 6, &[3, 2], Some((1, 1))),
        ] {
            let error = times(shape, &vec![1.0; count], grid, block).unwrap_err();
            assert!(error.contains("scales"), "{error}");
        }
        assert!(times(&[0, 4], &[], &[0, 1], None).is_ok());
    }
}
