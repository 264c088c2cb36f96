//! Batches run, and their pooled rows go where they belong.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rayon::prelude::*;

use super::batches::{Batch, Layout, Plan, Tokenized};
use super::error::Result;
use super::groups::Groups;
use super::pool;
use super::throughput::Throughput;
use crate::activations::{Pooling, Shape};
use crate::models::{Model, Sequences};
use crate::progress::{Progress, Unit};

/// How many bytes of hidden states batches that run together may have: 32,768 tokens at a width of 4,096. A block is read once for
/// so many that reading it is a small part of running it, and no state has to go to the disk.
const TOGETHER: usize = 512 << 20;

/// What there is to do.
pub(super) struct Job {
    pub(super) pooling: Pooling,
    pub(super) stimuli: Vec<Tokenized>,
    pub(super) layout: Layout,
    pub(super) plan: Plan,
    /// Of what comes of it.
    pub(super) shape: Shape,
    /// How many tokens the stimuli have.
    pub(super) tokens: usize,
}

impl Job {
    /// What it took.
    pub(super) fn throughput(&self, time: Duration) -> Throughput {
        let Plan { tokens_run, padding, .. } = self.plan;
        Throughput { stimuli: self.stimuli.len(), tokens: self.tokens, tokens_run, padding, time }
    }

    /// Gives pooled rows to `put` as they are made, from any thread: the layer's place in the shape, which rows, and their
    /// values, `(rows, d_model)` flat, or `(rows, n_tokens * d_model)` without pooling.
    pub(super) fn run(
        &self,
        model: &Model,
        progress: &dyn Progress,
        put: impl Fn(usize, &[usize], &[f32]) -> Result<()> + Sync,
    ) -> Result<()> {
        if model.is_offloaded() {
            return self.run_together(model, progress, &put);
        }
        let run = |batch: &Batch| self.run_batch(batch, model, progress, &put);
        progress.begin("extracting", self.stimuli.len() as u64, Unit::Items);
        let done = match self.layout {
            // A device is shared by all threads, and its memory is for one batch.
            Layout::Padded => self.plan.batches.iter().try_for_each(run),
            Layout::Packed | Layout::SharingPrefixes => self.plan.batches.par_iter().try_for_each(run),
        };
        progress.end();
        done
    }

    fn run_batch(
        &self,
        batch: &Batch,
        model: &Model,
        progress: &dyn Progress,
        put: &(impl Fn(usize, &[usize], &[f32]) -> Result<()> + Sync),
    ) -> Result<()> {
        let sequences = self.sequences(batch);
        let layers = &self.shape.layers;
        let groups =
            if self.layout == Layout::Padded { Groups::of(self.pooling, &self.stimuli, batch) } else { None };
        // What `put` fails with is not the model's error: the model goes on, and nothing more is stored.
        let mut failed = None;
        let mut store = |layer: usize, rows: &[usize], pooled: &[f32]| {
            if let (Ok(index), None) = (layers.binary_search(&layer), &failed) {
                failed = put(index, rows, pooled).err();
            }
        };
        if let Some(groups) = groups {
            model.means_at(&sequences, layers, groups.as_slice(), |layer, means| {
                let (rows, pooled): (Vec<usize>, Vec<&[f32]>) = groups.rows(means).unzip();
                store(layer, &rows, &pooled.concat());
                Ok(())
            })?;
        } else {
            let rows: Vec<usize> = batch.iter().flatten().copied().collect();
            model.hidden_states_at(&sequences, layers, |layer, states| {
                store(layer, &rows, &self.pool(batch, &sequences, states, layer));
                Ok(())
            })?;
        }
        progress.advance(batch.iter().map(|rows| rows.len() as u64).sum());
        failed.map_or(Ok(()), Err)
    }

    /// Runs as many batches together as [`TOGETHER`] has room for, so that each block is read once for all of them.
    fn run_together(
        &self,
        model: &Model,
        progress: &dyn Progress,
        put: &(impl Fn(usize, &[usize], &[f32]) -> Result<()> + Sync),
    ) -> Result<()> {
        let layers = &self.shape.layers;
        progress.begin(
            "extracting (stimuli × layers)",
            (self.stimuli.len() * layers.len()) as u64,
            Unit::Items,
        );
        let most = TOGETHER / (model.spec().d_model * size_of::<f32>());
        let tokens = |batch: &Batch| batch.iter().map(|rows| self.stimuli[rows[0]].tokens.len()).sum();
        let done = groups(&self.plan.batches, tokens, most).try_for_each(|group| {
            let sequences: Vec<Sequences> = group.par_iter().map(|batch| self.sequences(batch)).collect();
            let failed = Mutex::new(None);
            model.hidden_states_together(&sequences, layers, |place, layer, states| {
                let batch = &group[place];
                let rows: Vec<usize> = batch.iter().flatten().copied().collect();
                if let Ok(index) = layers.binary_search(&layer) {
                    let pooled = self.pool(batch, &sequences[place], states, layer);
                    if let Err(error) = put(index, &rows, &pooled) {
                        failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                    }
                }
                progress.advance(rows.len() as u64);
                Ok(())
            })?;
            failed.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
        });
        progress.end();
        done
    }

    /// The sequences of a batch, laid out.
    fn sequences(&self, batch: &Batch) -> Sequences {
        let tokens = batch.iter().map(|rows| self.stimuli[rows[0]].tokens.as_slice());
        match self.layout {
            Layout::SharingPrefixes => Sequences::sharing_prefixes(tokens),
            Layout::Packed | Layout::Padded => Sequences::new(tokens),
        }
    }

    /// Pools the sequences of a batch, whose tokens have `states` at `layer`, for the rows that they belong to: `(rows, width)`
    /// flat.
    fn pool(&self, batch: &Batch, sequences: &Sequences, states: &[f32], layer: usize) -> Vec<f32> {
        let d_model = states.len() / sequences.tokens().len();
        let width = self.shape.layers.binary_search(&layer).map_or(d_model, |index| self.shape.widths[index]);
        let rows = batch
            .iter()
            .zip(sequences.iter())
            .flat_map(|(rows, sequence)| rows.iter().map(move |&row| (row, sequence)));
        let mut pooled = vec![0.0; batch.iter().map(Vec::len).sum::<usize>() * width];
        for ((row, sequence), out) in rows.zip(pooled.chunks_exact_mut(width)) {
            pool::pool(self.pooling, states, d_model, sequence.path, &self.stimuli[row].kept, out);
        }
        pooled
    }
}

/// `batches` one after another, in groups of at most `most` tokens (or of one batch).
fn groups(
    batches: &[Batch],
    tokens: impl Fn(&Batch) -> usize,
    most: usize,
) -> impl Iterator<Item = &[Batch]> {
    let mut rest = batches;
    std::iter::from_fn(move || {
        let mut filled = 0;
        let fits = |batch: &&Batch| {
            filled += tokens(batch);
            filled <= most
        };
        let count = rest.iter().take_while(fits).count().max(1).min(rest.len());
        let (group, after) = rest.split_at(count);
        rest = after;
        (!group.is_empty()).then_some(group)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_hold_every_batch_once_and_keep_to_the_room_there_is() {
        let batches: Vec<Batch> = [3, 1, 9, 2, 2, 1].map(|row| vec![vec![row]]).into();
        let sizes = |most| -> Vec<Vec<usize>> {
            let groups = groups(&batches, |batch| batch[0][0], most);
            groups.map(|group| group.iter().map(|batch| batch[0][0]).collect()).collect()
        };
        assert_eq!(sizes(4), [vec![3, 1], vec![9], vec![2, 2], vec![1]]);
        assert_eq!(sizes(0), [[3], [1], [9], [2], [2], [1]]);
        assert_eq!(sizes(100), [[3, 1, 9, 2, 2, 1]]);
        assert_eq!(groups(&[], |_| 1, 4).count(), 0);
    }
}
