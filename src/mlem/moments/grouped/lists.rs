//! Products of numeric distances, each made of an earlier one.

use std::collections::BTreeMap;
use std::iter;
use std::ops::Range;

/// The largest number of products.
const MAX_WIDTH: usize = 1 << 13;

/// The monomials from `to` on are those of `from`, each times a numeric distance.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Step {
    pub(super) from: Range<usize>,
    pub(super) to: usize,
    pub(super) column: usize,
}

/// All products of numeric distances, by their degree.
pub(super) struct Lists {
    /// The columns of each, sorted.
    pub(super) columns: Vec<Vec<u32>>,
    pub(super) steps: Vec<Step>,
    /// Those of degree 0, 1, ….
    pub(super) degrees: Vec<Range<usize>>,
}

impl Lists {
    /// Products of up to `degree` of `n_dense` columns; `None` where they are too many.
    pub(super) fn new(n_dense: usize, degree: usize) -> Option<Self> {
        let mut found =
            Self { columns: vec![Vec::new()], steps: Vec::new(), degrees: iter::once(0..1).collect() };
        for _ in 0..degree {
            let previous = found.degrees.last().cloned().unwrap_or_default();
            let start = found.columns.len();
            for column in 0..n_dense {
                // The products are in the order of their last columns, so that those that `column` continues come first.
                let before = |list: &Vec<u32>| list.last().is_none_or(|&last| last as usize <= column);
                let first = found.columns[previous.clone()].partition_point(before);
                let from = previous.start..previous.start + first;
                if found.columns.len() + from.len() > MAX_WIDTH {
                    return None;
                }
                found.steps.push(Step { from: from.clone(), to: found.columns.len(), column });
                for parent in from {
                    let mut list = found.columns[parent].clone();
                    list.push(column as u32);
                    found.columns.push(list);
                }
            }
            found.degrees.push(start..found.columns.len());
        }
        Some(found)
    }

    /// The place of each product.
    pub(super) fn places(&self) -> BTreeMap<&[u32], usize> {
        self.columns.iter().map(Vec::as_slice).zip(0..).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn monomials_are_counted_and_made_of_earlier_ones() {
        // Three columns, degree four: 7 choose 3.
        let Lists { columns, steps, degrees } = Lists::new(3, 4).unwrap();
        assert_eq!(columns.len(), 35);
        assert_eq!(degrees, [0..1, 1..4, 4..10, 10..20, 20..35]);
        for Step { from, to, column } in steps {
            for (place, parent) in (to..).zip(from) {
                assert_eq!(columns[place], [columns[parent].as_slice(), &[column as u32]].concat());
                assert!(columns[place].is_sorted());
            }
        }
        assert_eq!(Lists::new(0, 4).unwrap().columns.len(), 1);
        assert!(Lists::new(40, 4).is_none());
    }
}
