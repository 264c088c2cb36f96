//! Batches run, and their pooled rows go where they belong.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rayon::prelude::*;

use super::batches::Tokenized;
use super::error::Result;
use super::groups::Groups;
use super::plan::{Batch, Layout, Plan};
use super::pool;
use super::throughput::Throughput;
use crate::activations::{Pooling, Shape};
use crate::models::{Model, Sequences, Site};
use crate::progress::{Progress, Unit};

/// How many bytes of hidden states batches that run together may have: 32,768 tokens at a width of 4,096. A block is read once for
/// so many that reading it is a small part of running it, and no state has to go to the disk.
const TOGETHER: usize = 512 << 20;

/// What there is to do.
pub(super) struct Job {
    pub(super) pooling: Pooling,
    pub(super) site: Site,
    /// How many matrices each layer of the model has at the site.
    pub(super) parts: usize,
    /// The layers that they are of, ascending.
    pub(super) runs: Vec<usize>,
    pub(super) stimuli: Vec<Tokenized>,
    /// Whether the model is a decoder that reads an encoder.
    pub(super) decodes: bool,
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
        let wanted = (self.site, self.runs.as_slice());
        let groups =
            if self.layout == Layout::Padded { Groups::of(self.pooling, &self.stimuli, batch) } else { None };
        // What `put` fails with is not the model's error: the model goes on, and nothing more is stored.
        let mut failed = None;
        let mut store = |index: usize, rows: &[usize], pooled: &[f32]| {
            if failed.is_none() {
                failed = put(index, rows, pooled).err();
            }
        };
        if let Some(groups) = groups {
            model.take_means(&sequences, wanted, groups.as_slice(), |layer, means| {
                for (index, means) in self.matrices(layer, means, groups.as_slice().len()) {
                    let (rows, pooled): (Vec<usize>, Vec<&[f32]>) = groups.rows(&means).unzip();
                    store(index, &rows, &pooled.concat());
                }
                Ok(())
            })?;
        } else {
            let rows: Vec<usize> = batch.iter().flatten().copied().collect();
            model.take_at(&sequences, wanted, |layer, states| {
                for (index, states) in self.matrices(layer, states, sequences.tokens().len()) {
                    store(index, &rows, &self.pool(batch, &sequences, &states, index));
                }
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
        progress.begin(
            "extracting (stimuli × layers)",
            (self.stimuli.len() * self.runs.len()) as u64,
            Unit::Items,
        );
        let most = TOGETHER / (model.spec().d_model * size_of::<f32>());
        let tokens = |batch: &Batch| batch.iter().map(|rows| self.stimuli[rows[0]].tokens.len()).sum();
        let done = groups(&self.plan.batches, tokens, most).try_for_each(|group| {
            let sequences: Vec<Sequences> = group.par_iter().map(|batch| self.sequences(batch)).collect();
            let failed = Mutex::new(None);
            model.take_together(&sequences, (self.site, &self.runs), |place, layer, states| {
                let batch = &group[place];
                let rows: Vec<usize> = batch.iter().flatten().copied().collect();
                for (index, states) in self.matrices(layer, states, sequences[place].tokens().len()) {
                    let pooled = self.pool(batch, &sequences[place], &states, index);
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
        let sequences = match self.layout {
            Layout::SharingPrefixes => Sequences::sharing_prefixes(tokens),
            Layout::Packed | Layout::Padded => Sequences::new(tokens),
        };
        if self.decodes {
            sequences.reading(batch.iter().map(|rows| self.stimuli[rows[0]].source.as_slice()))
        } else {
            sequences
        }
    }

    /// The matrices of `layer` that are asked for, each with its place in the shape, of what the model gives of it: `rows` rows of the
    /// units of all its parts.
    fn matrices<'v>(
        &self,
        layer: usize,
        values: &'v [f32],
        rows: usize,
    ) -> impl Iterator<Item = (usize, Cow<'v, [f32]>)> + use<'v, '_> {
        let (width, parts) = (values.len() / rows.max(1), self.parts);
        (0..parts).filter_map(move |part| {
            let index = self.shape.layers.binary_search(&(layer * parts + part)).ok()?;
            if parts == 1 {
                return Some((index, Cow::Borrowed(values)));
            }
            let size = width / parts;
            let rows = values.chunks_exact(width);
            Some((index, rows.flat_map(|row| &row[part * size..][..size]).copied().collect()))
        })
    }

    /// Pools the sequences of a batch, whose tokens have `states` in the matrix at `index` of the shape, for the rows that they belong
    /// to: `(rows, width)` flat.
    fn pool(&self, batch: &Batch, sequences: &Sequences, states: &[f32], index: usize) -> Vec<f32> {
        let d_model = states.len() / sequences.tokens().len();
        let width = self.shape.widths[index];
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
