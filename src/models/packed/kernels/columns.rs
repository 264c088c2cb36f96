//! Rows that are read side by side, column by column.
#![expect(unsafe_code, reason = "the innermost loops look for the end of all rows at once, and not of each")]

/// `R` rows of the same length.
#[derive(Clone, Copy)]
pub(super) struct Columns<'a, const R: usize> {
    rows: [&'a [f32]; R],
    /// No row has less.
    length: usize,
}

/// A column of [`Columns`].
#[derive(Clone, Copy)]
pub(super) struct Column<'a, const R: usize> {
    rows: &'a [&'a [f32]; R],
    /// Below the length of every row.
    place: usize,
}

impl<'a, const R: usize> Columns<'a, R> {
    /// The columns that all of `rows` have.
    #[inline(always)]
    pub(super) fn of(rows: [&'a [f32]; R]) -> Self {
        let mut length = usize::MAX;
        for row in rows {
            length = length.min(row.len());
        }
        Self { rows, length: if R == 0 { 0 } else { length } }
    }

    /// Every column, in order.
    #[inline(always)]
    pub(super) fn iter(&'a self) -> impl Iterator<Item = Column<'a, R>> {
        (0..self.length).map(|place| Column { rows: &self.rows, place })
    }
}

impl<const R: usize> Column<'_, R> {
    /// The value of a row.
    #[inline(always)]
    pub(super) fn get(&self, row: usize) -> f32 {
        // SAFETY: a column is only made of a place that every row has.
        unsafe { *self.rows[row].get_unchecked(self.place) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_end_with_the_shortest_row() {
        let columns = Columns::of([&[1.0, 2.0, 3.0], &[4.0, 5.0]]);
        let values: Vec<[f32; 2]> = columns.iter().map(|column| [column.get(0), column.get(1)]).collect();
        assert_eq!(values, [[1.0, 4.0], [2.0, 5.0]]);
        assert_eq!(Columns::<0>::of([]).iter().count(), 0);
    }
}
