//! Extraction: stimuli and a model become activations.
//!
//! Sentences are tokenized as the model's own tokenizer does it, sorted by length into batches, run, and pooled batch by
//! batch, so that memory does not grow with the number of tokens. Where sentences come from, and what activations are
//! for, is not this module's business.

mod batches;
pub mod cache;
mod error;
mod groups;
mod pool;
mod words;

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ndarray::Array2;
use rayon::prelude::*;

pub use error::{Error, Result};
pub use words::{SplitWord, split_words};

use crate::activations::{Activations, PooledTokens, Pooling, Provenance};
use crate::models::{Model, Sequences, Tokenizer};
use crate::progress::{Progress, Unit};
use crate::stimuli::Stimuli;
use crate::text;
use batches::{Batch, Kept, Layout, Plan, Tokenized};
use groups::Groups;

/// How stimuli become activations.
///
/// | Name | Default | Meaning |
/// | --- | --- | --- |
/// | `pooling` | mean | how the vectors of a stimulus's tokens become one |
/// | `layers` | all | which hidden states; the computation stops at the deepest |
/// | `special_tokens` | yes | whether the tokens that the tokenizer adds (`[CLS]`, `<s>`, …) are pooled; the model sees them in any case |
/// | `at` | the whole, or the word of word-level stimuli | a slot of the stimuli (`subj`): only the tokens that its characters are in are pooled |
/// | `batch_tokens` | 384, and 8,192 on a GPU | how many tokens run at once, per thread or on the GPU; changes time and memory, not the result |
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extract {
    pooling: Pooling,
    layers: Option<Vec<usize>>,
    special_tokens: bool,
    at: Option<String>,
    batch_tokens: Option<usize>,
}

/// How many tokens run at once in each thread unless the user says otherwise.
const PER_THREAD: usize = 384;
/// And on a GPU, with padding.
const ON_GPU: usize = 8192;

impl Default for Extract {
    fn default() -> Self {
        Self { pooling: Pooling::Mean, layers: None, special_tokens: true, at: None, batch_tokens: None }
    }
}

/// Activations, and what they took.
#[derive(Debug, Clone)]
pub struct Extraction {
    /// The activations.
    pub activations: Activations,
    /// What they took.
    pub throughput: Throughput,
}

/// How much was run, and how fast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Throughput {
    /// How many stimuli.
    pub stimuli: usize,
    /// How many tokens they have.
    pub tokens: usize,
    /// How many tokens were run: stimuli with the same tokens run once, and so do common beginnings in causal models.
    pub tokens_run: usize,
    /// How many places of padded batches held no token; packed batches have none.
    pub padding: usize,
    /// Tokenizing, running and pooling.
    pub time: Duration,
}

impl fmt::Display for Throughput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.time.as_secs_f64();
        let rate = |count: usize| text::count((count as f64 / seconds.max(1e-9)).round() as u128);
        let share = |part: usize, whole: usize| 100.0 * part as f64 / whole.max(1) as f64;
        write!(
            f,
            "{} stimuli ({} tokens) in {seconds:.1} s: {} stimuli/s, {} tokens/s, ",
            text::count(self.stimuli as u128),
            text::count(self.tokens as u128),
            rate(self.stimuli),
            rate(self.tokens),
        )?;
        if self.tokens_run < self.tokens {
            write!(f, "{:.0} % of tokens shared, ", share(self.tokens - self.tokens_run, self.tokens))?;
        }
        match self.padding {
            0 => f.write_str("no padding"),
            padding => {
                write!(f, "{:.1} % of what was run is padding", share(padding, padding + self.tokens_run))
            }
        }
    }
}

impl Extract {
    /// The defaults.
    #[must_use]
    pub fn params() -> Self {
        Self::default()
    }

    /// How the vectors of a stimulus's tokens become one.
    #[must_use]
    pub fn pooling(mut self, pooling: Pooling) -> Self {
        self.pooling = pooling;
        self
    }

    /// Which hidden states: 0 is the embedding output. Order and repetitions do not matter; `None` is all.
    #[must_use]
    pub fn layers(mut self, layers: impl Into<Option<Vec<usize>>>) -> Self {
        self.layers = layers.into();
        self
    }

    /// Whether the tokens that the tokenizer adds are pooled. The model sees them in any case.
    #[must_use]
    pub fn special_tokens(mut self, pooled: bool) -> Self {
        self.special_tokens = pooled;
        self
    }

    /// Only the tokens of this slot are pooled; `None` is the whole sentence, or the word of word-level stimuli.
    #[must_use]
    pub fn at(mut self, slot: impl Into<Option<String>>) -> Self {
        self.at = slot.into();
        self
    }

    /// How many tokens run at once, per thread, or on the GPU with padding: at least one sequence does.
    #[must_use]
    pub fn batch_tokens(mut self, tokens: usize) -> Self {
        self.batch_tokens = Some(tokens);
        self
    }

    /// Runs `model` on the sentences of `stimuli`. The result does not depend on batches, their order, or threads.
    ///
    /// # Errors
    ///
    /// - [`Error::Stimuli`], [`Error::NoStimuli`] when there are no sentences
    /// - [`Error::NoSuchLayer`]
    /// - [`Error::TooLong`], [`Error::NoTokens`], [`Error::UnequalLengths`]: a sentence that cannot be run or pooled
    /// - [`Error::Models`], [`Error::Activations`] when the model fails or overflows
    pub fn extract(&self, stimuli: &Stimuli, model: &Model, progress: &dyn Progress) -> Result<Extraction> {
        let begun = Instant::now();
        let layers = self.layers_of(model)?;
        if stimuli.sentences()?.is_empty() {
            return Err(Error::NoStimuli);
        }
        let tokenized = batches::tokenize_for(model, stimuli, self.kept(stimuli)?)?;
        if self.pooling == Pooling::None {
            same_lengths(&tokenized)?;
        }
        let tokens = tokenized.iter().map(|stimulus| stimulus.tokens.len()).sum();
        let layout = Layout::of(model);
        let plan = batches::plan(&tokenized, self.budget(tokens, layout), layout);
        progress.begin("extracting", tokenized.len() as u64, Unit::Items);
        let matrices = self.run(&tokenized, &plan, layout, &layers, model, progress);
        progress.end();
        let provenance = self.provenance(stimuli, model.id(), model.commit(), model.untrained());
        let activations = Activations::new(layers, matrices?, provenance)?;
        let throughput = Throughput {
            stimuli: tokenized.len(),
            tokens,
            tokens_run: plan.tokens_run,
            padding: plan.padding,
            time: begun.elapsed(),
        };
        Ok(Extraction { activations, throughput })
    }

    /// How many tokens run at once, of `tokens` in all; what runs together changes no result.
    fn budget(&self, tokens: usize, layout: Layout) -> usize {
        if layout == Layout::Padded {
            return self.batch_tokens.unwrap_or(ON_GPU);
        }
        // A small set is spread over all threads.
        let share = usize::div_ceil(tokens, rayon::current_num_threads());
        self.batch_tokens.unwrap_or(PER_THREAD).min(share)
    }

    /// What activations of `stimuli` under a model are activations of.
    fn provenance(
        &self,
        stimuli: &Stimuli,
        model: &str,
        commit: Option<&str>,
        untrained: Option<u64>,
    ) -> Provenance {
        Provenance {
            model: Some(model.to_owned()),
            commit: commit.map(str::to_owned),
            untrained,
            pooling: Some(self.pooling),
            stimuli_hash: Some(stimuli.hash()),
            transforms: Vec::new(),
        }
    }

    /// The token that each vector is of, with its position among all that the model sees; without pooling, the tokens that
    /// stand side by side.
    ///
    /// # Errors
    ///
    /// - [`Error::SeveralTokens`] when vectors are pooled over more than one token
    /// - [`Error::Stimuli`], [`Error::NoTokens`], [`Error::UnequalLengths`], [`Error::UnknownSlot`], [`Error::NoSlot`]
    pub fn pooled_tokens(&self, stimuli: &Stimuli, tokenizer: &Tokenizer) -> Result<PooledTokens> {
        let tokenized = batches::tokenize(stimuli, tokenizer, self.kept(stimuli)?)?;
        match self.pooling {
            Pooling::None => same_lengths(&tokenized)?,
            Pooling::First | Pooling::Last => {}
            pooling @ (Pooling::Mean | Pooling::Max | Pooling::Min) => {
                if let Some(index) = tokenized.iter().position(|stimulus| stimulus.kept.len() > 1) {
                    let tokens = tokenized[index].kept.len();
                    return Err(Error::SeveralTokens { row: index + 1, tokens, pooling });
                }
            }
        }
        let keys = tokenized.iter().map(|stimulus| {
            let pooled = match (self.pooling, stimulus.kept.as_slice()) {
                (Pooling::First, [first, ..]) => std::slice::from_ref(first),
                (Pooling::Last, [.., last]) => std::slice::from_ref(last),
                (_, kept) => kept,
            };
            pooled.iter().map(|&position| (stimulus.tokens[position as usize], position)).collect()
        });
        PooledTokens::new(keys.collect()).ok_or(Error::NoStimuli)
    }

    /// Which tokens are pooled.
    fn kept(&self, stimuli: &Stimuli) -> Result<Kept> {
        match &self.at {
            None if stimuli.is_word_level() => Ok(Kept::Slot(0)),
            None if self.special_tokens => Ok(Kept::All),
            None => Ok(Kept::Sentence),
            Some(name) => match stimuli.slots().iter().position(|slot| slot == name) {
                Some(slot) => Ok(Kept::Slot(slot)),
                None => Err(Error::UnknownSlot { name: name.clone(), known: stimuli.slots().to_vec() }),
            },
        }
    }

    /// The layers asked for, ascending.
    fn layers_of(&self, model: &Model) -> Result<Vec<usize>> {
        let last = model.spec().n_layers;
        let mut layers = self.layers.clone().unwrap_or_else(|| (0..=last).collect());
        layers.sort_unstable();
        layers.dedup();
        match layers.iter().find(|&&layer| layer > last) {
            Some(&layer) => Err(Error::NoSuchLayer { layer, model: model.id().to_owned(), last }),
            None => Ok(layers),
        }
    }

    /// One matrix per layer, `(n_stimuli, d_model)`, or `(n_stimuli, n_tokens * d_model)` without pooling.
    fn run(
        &self,
        stimuli: &[Tokenized],
        plan: &Plan,
        layout: Layout,
        layers: &[usize],
        model: &Model,
        progress: &dyn Progress,
    ) -> Result<Vec<Array2<f32>>> {
        let repeat = if self.pooling == Pooling::None { stimuli[0].kept.len() } else { 1 };
        let matrix = |&layer: &usize| Array2::zeros((stimuli.len(), repeat * model.spec().d_at(layer)));
        // One lock per layer; a batch holds it only while it copies its rows.
        let matrices: Vec<Mutex<Array2<f32>>> =
            layers.iter().map(|layer| Mutex::new(matrix(layer))).collect();
        let run = |batch: &Batch| -> Result<()> {
            let tokens = batch.iter().map(|rows| stimuli[rows[0]].tokens.as_slice());
            let sequences = match layout {
                Layout::SharingPrefixes => Sequences::sharing_prefixes(tokens),
                Layout::Packed | Layout::Padded => Sequences::new(tokens),
            };
            let matrix_of = |layer: usize| layers.binary_search(&layer).ok().map(|index| &matrices[index]);
            let groups =
                (layout == Layout::Padded).then(|| Groups::of(self.pooling, stimuli, batch)).flatten();
            if let Some(groups) = groups {
                model.means_at(&sequences, layers, groups.as_slice(), |layer, means| {
                    if let Some(matrix) = matrix_of(layer) {
                        store(groups.rows(means), matrix);
                    }
                    Ok(())
                })?;
            } else {
                model.hidden_states_at(&sequences, layers, |layer, states| {
                    if let Some(matrix) = matrix_of(layer) {
                        self.pool_batch(stimuli, batch, &sequences, states, matrix);
                    }
                    Ok(())
                })?;
            }
            progress.advance(batch.iter().map(|rows| rows.len() as u64).sum());
            Ok(())
        };
        match layout {
            // A device is shared by all threads, and its memory is for one batch.
            Layout::Padded => plan.batches.iter().try_for_each(run)?,
            Layout::Packed | Layout::SharingPrefixes => plan.batches.par_iter().try_for_each(run)?,
        }
        Ok(matrices
            .into_iter()
            .map(|matrix| matrix.into_inner().unwrap_or_else(PoisonError::into_inner))
            .collect())
    }

    /// Pools the sequences of a batch, whose tokens have `states`, into the rows of `matrix` that they belong to.
    fn pool_batch(
        &self,
        stimuli: &[Tokenized],
        batch: &Batch,
        sequences: &Sequences,
        states: &[f32],
        matrix: &Mutex<Array2<f32>>,
    ) {
        let d_model = states.len() / sequences.tokens().len();
        let width = matrix.lock().unwrap_or_else(PoisonError::into_inner).ncols();
        let rows = || {
            batch
                .iter()
                .zip(sequences.iter())
                .flat_map(|(rows, sequence)| rows.iter().map(move |&row| (row, sequence)))
        };
        let mut pooled = vec![0.0; rows().count() * width];
        for ((row, sequence), out) in rows().zip(pooled.chunks_exact_mut(width)) {
            pool::pool(self.pooling, states, d_model, sequence.path, &stimuli[row].kept, out);
        }
        store(rows().map(|(row, _)| row).zip(pooled.chunks_exact(width)), matrix);
    }
}

/// Copies rows into the matrix.
fn store<'a>(rows: impl Iterator<Item = (usize, &'a [f32])>, matrix: &Mutex<Array2<f32>>) {
    let mut matrix = matrix.lock().unwrap_or_else(PoisonError::into_inner);
    for (row, pooled) in rows {
        if let Some(out) = matrix.row_mut(row).as_slice_mut() {
            out.copy_from_slice(pooled);
        }
    }
}

/// Refuses stimuli of different lengths.
fn same_lengths(stimuli: &[Tokenized]) -> Result<()> {
    let first = stimuli.first().map_or(0, |stimulus| stimulus.kept.len());
    match stimuli.iter().position(|stimulus| stimulus.kept.len() != first) {
        None => Ok(()),
        Some(index) => {
            Err(Error::UnequalLengths { row: index + 1, tokens: stimuli[index].kept.len(), first })
        }
    }
}
