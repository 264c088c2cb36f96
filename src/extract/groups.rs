//! Pooling that a device does itself: where a row is a mean of tokens, only the mean has to leave it.

use super::batches::Tokenized;
use super::plan::Batch;
use crate::activations::Pooling;

/// The distinct groups of tokens of a batch, and the rows (stimuli) that each belongs to.
pub(super) struct Groups<'a> {
    /// A sequence of the batch, and positions in it.
    groups: Vec<(usize, &'a [u32])>,
    rows: Vec<Vec<usize>>,
}

impl<'a> Groups<'a> {
    /// Those of a batch whose rows are means of tokens (or single ones); `None` where `pooling` is something else.
    pub(super) fn of(pooling: Pooling, stimuli: &'a [Tokenized], batch: &Batch) -> Option<Self> {
        let mut found = Self { groups: Vec::new(), rows: Vec::new() };
        for (sequence, rows) in batch.iter().enumerate() {
            let first = found.groups.len();
            for &row in rows {
                let kept = stimuli[row].kept.as_slice();
                let pooled = match pooling {
                    Pooling::Mean => kept,
                    Pooling::First => &kept[..1],
                    Pooling::Last => &kept[kept.len() - 1..],
                    Pooling::Max | Pooling::Min | Pooling::None => return None,
                };
                let known = found.groups[first..].iter().position(|(_, other)| *other == pooled);
                if let Some(known) = known {
                    found.rows[first + known].push(row);
                } else {
                    found.groups.push((sequence, pooled));
                    found.rows.push(vec![row]);
                }
            }
        }
        Some(found)
    }

    /// The groups.
    pub(super) fn as_slice(&self) -> &[(usize, &'a [u32])] {
        &self.groups
    }

    /// Each row with its mean, of `means`, `(groups, d_model)`.
    pub(super) fn rows<'m>(&self, means: &'m [f32]) -> impl Iterator<Item = (usize, &'m [f32])> {
        let d_model = means.len() / self.groups.len().max(1);
        let with_means = self.rows.iter().zip(means.chunks_exact(d_model.max(1)));
        with_means.flat_map(|(rows, mean)| rows.iter().map(move |&row| (row, mean)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_with_the_same_tokens_share_a_group() {
        let stimulus = |kept: &[u32]| Tokenized { tokens: vec![1; 4], source: vec![], kept: kept.to_vec() };
        let stimuli = [stimulus(&[0, 1]), stimulus(&[2]), stimulus(&[0, 1]), stimulus(&[2, 3])];
        let batch: Batch = vec![vec![0, 1, 2], vec![3]];
        let groups = Groups::of(Pooling::Mean, &stimuli, &batch).unwrap();
        assert_eq!(groups.as_slice(), [(0, [0, 1].as_slice()), (0, &[2]), (1, &[2, 3])]);
        let rows: Vec<(usize, &[f32])> = groups.rows(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).collect();
        assert_eq!(rows, [(0, [1.0, 2.0].as_slice()), (2, &[1.0, 2.0]), (1, &[3.0, 4.0]), (3, &[5.0, 6.0])]);
        let last = Groups::of(Pooling::Last, &stimuli, &batch).unwrap();
        assert_eq!(last.as_slice(), [(0, [1].as_slice()), (0, &[2]), (1, &[3])]);
        assert!(Groups::of(Pooling::Max, &stimuli, &batch).is_none());
    }
}
