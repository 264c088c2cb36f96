//! Neural distances of sampled pairs, tile by tile.
//!
//! The partners of a sampled pair are far apart, and with many stimuli the activations of each come from main memory. Here the pairs
//! of many first stimuli are collected, and measured in the order of their second ones: these are in the cache when several
//! of the first want them. Each distance is the same as if it was measured alone.

use std::ops::Range;

use super::distance::Neural;

/// Pairs that are measured together.
const TOGETHER: usize = 1 << 18;
/// The activations of a tile's second stimuli take about as many bytes: half of a core's second cache.
const TILE: usize = 1 << 20;

/// Pairs that wait to be measured.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// The first stimulus of some pairs, and where these are in the lists.
    rows: Vec<(usize, Range<usize>)>,
    /// The second stimulus of each pair, ascending for each first one.
    partners: Vec<u32>,
    /// The squared distance of each.
    squared: Vec<f64>,
}

impl Waiting {
    /// Adds the pairs of stimulus `i` with `partners`. When many wait, all are given to `each`, in their order.
    pub(super) fn push(
        &mut self,
        i: usize,
        partners: &[u32],
        neural: &Neural,
        each: impl FnMut(usize, &[u32], &[f64]),
    ) {
        let start = self.partners.len();
        self.partners.extend_from_slice(partners);
        self.rows.push((i, start..self.partners.len()));
        if self.partners.len() >= TOGETHER {
            self.finish(neural, each);
        }
    }

    /// Gives the pairs that wait to `each`: a first stimulus, its partners, and their squared distances.
    pub(super) fn finish(&mut self, neural: &Neural, mut each: impl FnMut(usize, &[u32], &[f64])) {
        self.measure(neural);
        for (i, pairs) in self.rows.drain(..) {
            each(i, &self.partners[pairs.clone()], &self.squared[pairs]);
        }
        self.partners.clear();
    }

    fn measure(&mut self, neural: &Neural) {
        let Self { rows, partners, squared } = self;
        squared.clear();
        squared.resize(partners.len(), 0.0);
        let width = (TILE / (8 * neural.width()).max(1)).max(16);
        // Where each first stimulus has got to.
        let mut next: Vec<usize> = rows.iter().map(|(_, pairs)| pairs.start).collect();
        let bounds = rows
            .iter()
            .filter_map(|(_, pairs)| partners[pairs.clone()].first().zip(partners[pairs.clone()].last()));
        let (low, high) = bounds.fold((usize::MAX, 0), |(low, high), (&first, &last)| {
            (low.min(first as usize), high.max(last as usize))
        });
        for start in (low..=high).step_by(width) {
            for ((i, pairs), next) in rows.iter().zip(&mut next) {
                let rest = &partners[*next..pairs.end];
                let here = rest.partition_point(|&partner| (partner as usize) < start + width);
                neural.squares(*i, &rest[..here], &mut squared[*next..*next + here]);
                *next += here;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::mlem::Distance;

    #[test]
    fn pairs_come_in_their_order_with_the_distance_of_each() {
        let x =
            Array2::from_shape_fn((300, 3000), |(i, unit)| (1 + (i * 37 + unit * (1 + i % 7)) % 101) as f32);
        let order: Vec<usize> = (0..300).rev().collect();
        for distance in [Distance::Euclidean, Distance::Manhattan, Distance::Cosine] {
            let neural = Neural::new(x.view(), &order, distance).unwrap();
            let (mut waiting, mut found, mut expected) = (Waiting::default(), Vec::new(), Vec::new());
            let mut each = |i: usize, partners: &[u32], squared: &[f64]| {
                found.extend(partners.iter().zip(squared).map(|(&j, &squared)| (i, j, squared)));
            };
            for i in 0..40 {
                // Some have no partners.
                let partners: Vec<u32> = (i as u32 + 1..300)
                    .filter(|j| i % 9 > 0 && (j * 7 + i as u32).is_multiple_of(5))
                    .collect();
                expected.extend(partners.iter().map(|&j| (i, j, neural.squared(i, j as usize))));
                waiting.push(i, &partners, &neural, &mut each);
            }
            waiting.finish(&neural, &mut each);
            waiting.finish(&neural, &mut each);
            assert_eq!(found, expected);
        }
    }
}
