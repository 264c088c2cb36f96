//! Spearman's correlation of one target with many sets of modelled distances, with the buffers kept.

use crate::numeric::counting::StepCounts;
use crate::numeric::rank::{RankTarget, Scratch};

/// With fewer pairs than this, sorting is as fast as counting.
pub(super) const FEW_PAIRS: usize = 1 << 15;
/// Pairs whose distances are computed at once.
pub(super) const BLOCK: usize = 4096;

/// Ranks modelled distances that are computed block by block.
pub(crate) enum Ranker {
    Counting(Box<StepCounts>, Vec<i32>),
    Sorting(Scratch, Vec<i32>),
}

impl Ranker {
    /// A ranker that sorts.
    pub(super) fn sorting(pairs: usize) -> Self {
        Self::Sorting(Scratch::default(), vec![0; pairs])
    }

    /// The quickest ranker for this many pairs.
    pub(crate) fn quick(pairs: usize) -> Self {
        if pairs >= FEW_PAIRS {
            Self::Counting(Box::new(StepCounts::coarse(pairs)), vec![0; BLOCK])
        } else {
            Self::sorting(pairs)
        }
    }

    /// Spearman's correlation of `target` with the distances that `fill` writes: it is given the first pair of a block, and the
    /// block.
    pub(crate) fn spearman(&mut self, target: &RankTarget, fill: impl Fn(usize, &mut [i32])) -> Option<f64> {
        match self {
            Self::Counting(counts, block) => {
                for (index, targets) in target.shifted().chunks(BLOCK).enumerate() {
                    let block = &mut block[..targets.len()];
                    fill(index * BLOCK, block);
                    counts.add(block, targets);
                }
                let [spearman, ..] = target.spearman_counted(counts);
                spearman
            }
            Self::Sorting(scratch, distances) => {
                for (index, block) in distances.chunks_mut(BLOCK).enumerate() {
                    fill(index * BLOCK, block);
                }
                target.spearman(distances, scratch)
            }
        }
    }
}
