//! The score of many sets of modelled distances against one target after another, with the buffers kept.

use crate::mlem::score::{ScoreTarget, Values};
use crate::numeric::comoments::Comoments;
use crate::numeric::counting::StepCounts;
use crate::numeric::rank::Scratch;

/// With fewer pairs than this, sorting is as fast as counting.
pub(super) const FEW_PAIRS: usize = 1 << 15;
/// Pairs whose distances are computed at once.
pub(super) const BLOCK: usize = 4096;

/// Scores modelled distances that are computed block by block.
#[derive(Default)]
pub(crate) struct Scorer {
    /// Whether ranks are counted in steps, a little coarser than sorting gives them, where pairs are many.
    coarse: bool,
    counts: Option<Box<StepCounts>>,
    scratch: Scratch,
    distances: Vec<i32>,
}

impl Scorer {
    /// A scorer that ranks by sorting.
    pub(super) fn exact() -> Self {
        Self::default()
    }

    /// A scorer that ranks in the quickest way.
    pub(crate) fn quick() -> Self {
        Self { coarse: true, ..Self::default() }
    }

    /// The score against `target` of the distances that `fill` writes: it is given the first pair of a block, and the block. `None` where
    /// it is not defined.
    pub(crate) fn score(&mut self, target: &ScoreTarget, fill: impl Fn(usize, &mut [i32])) -> Option<f64> {
        let Self { coarse, counts, scratch, distances } = self;
        match target {
            ScoreTarget::Values(Values { values, gauge }) => {
                let mut sums = Comoments::default();
                distances.resize(BLOCK, 0);
                for (index, values) in values.chunks(BLOCK).enumerate() {
                    let block = &mut distances[..values.len()];
                    fill(index * BLOCK, block);
                    sums.add(block, values);
                }
                gauge.score(&sums)
            }
            ScoreTarget::Ranks(ranks) if *coarse && ranks.len() >= FEW_PAIRS => {
                let counts = counts.get_or_insert_with(|| Box::new(StepCounts::coarse(ranks.len())));
                distances.resize(BLOCK, 0);
                for (index, targets) in ranks.shifted().chunks(BLOCK).enumerate() {
                    let block = &mut distances[..targets.len()];
                    fill(index * BLOCK, block);
                    counts.add(block, targets);
                }
                let [spearman, ..] = ranks.spearman_counted(counts);
                spearman
            }
            ScoreTarget::Ranks(ranks) => {
                distances.resize(ranks.len(), 0);
                for (index, block) in distances.chunks_mut(BLOCK).enumerate() {
                    fill(index * BLOCK, block);
                }
                ranks.spearman(distances, scratch)
            }
        }
    }
}
