//! Extraction: stimuli and a model become activations.
//!
//! Sentences are tokenized as the model's own tokenizer does it, sorted by length into batches, run, and pooled batch by
//! batch, so that memory does not grow with the number of tokens. Where sentences come from, and what activations are
//! for, is not this module's business.

mod batches;
mod error;
mod pool;

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use candle_core::Tensor;
use ndarray::Array2;
use rayon::prelude::*;

pub use error::{Error, Result};

use crate::activations::{Activations, Pooling, Provenance};
use crate::models::{self, Model, Sequences};
use crate::progress::{Progress, Unit};
use crate::stimuli::Stimuli;
use crate::text;
use batches::{Batch, Tokenized};

/// How stimuli become activations.
///
/// | Name | Default | Meaning |
/// | --- | --- | --- |
/// | `pooling` | mean | how the vectors of a stimulus's tokens become one |
/// | `layers` | all | which hidden states; the computation stops at the deepest |
/// | `special_tokens` | yes | whether the tokens that the tokenizer adds (`[CLS]`, `<s>`, …) are pooled; the model sees them in any case |
/// | `batch_tokens` | 384 | how many tokens run at once, per thread; changes time and memory, not the result |
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extract {
    pooling: Pooling,
    layers: Option<Vec<usize>>,
    special_tokens: bool,
    batch_tokens: usize,
}

impl Default for Extract {
    fn default() -> Self {
        Self { pooling: Pooling::Mean, layers: None, special_tokens: true, batch_tokens: 384 }
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
    /// How many tokens were run: stimuli with the same tokens run once.
    pub tokens_run: usize,
    /// Tokenizing, running and pooling.
    pub time: Duration,
}

impl fmt::Display for Throughput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.time.as_secs_f64();
        let rate = |count: usize| text::count((count as f64 / seconds.max(1e-9)).round() as u128);
        write!(
            f,
            "{} stimuli ({} tokens) in {seconds:.1} s: {} stimuli/s, {} tokens/s, no padding",
            text::count(self.stimuli as u128),
            text::count(self.tokens as u128),
            rate(self.stimuli),
            rate(self.tokens),
        )
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

    /// How many tokens run at once, per thread: at least one sequence does.
    #[must_use]
    pub fn batch_tokens(mut self, tokens: usize) -> Self {
        self.batch_tokens = tokens;
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
        let sentences = stimuli.sentences()?;
        if sentences.is_empty() {
            return Err(Error::NoStimuli);
        }
        let tokenized = batches::tokenize(sentences, model, self.special_tokens)?;
        if self.pooling == Pooling::None {
            same_lengths(&tokenized)?;
        }
        let batches = batches::batches(&tokenized, self.batch_tokens);
        progress.begin("extracting", tokenized.len() as u64, Unit::Items);
        let matrices = self.run(&tokenized, &batches, &layers, model, progress);
        progress.end();
        let provenance = Provenance {
            model: Some(model.id().to_owned()),
            commit: model.commit().map(str::to_owned),
            pooling: Some(self.pooling),
            stimuli_hash: Some(stimuli.hash()),
        };
        let activations = Activations::new(layers, matrices?, provenance)?;
        let throughput = Throughput {
            stimuli: tokenized.len(),
            tokens: tokenized.iter().map(|stimulus| stimulus.tokens.len()).sum(),
            tokens_run: batches.iter().flatten().map(|rows| tokenized[rows[0]].tokens.len()).sum(),
            time: begun.elapsed(),
        };
        Ok(Extraction { activations, throughput })
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
        batches: &[Batch],
        layers: &[usize],
        model: &Model,
        progress: &dyn Progress,
    ) -> Result<Vec<Array2<f32>>> {
        let d_model = model.spec().d_model;
        let width = if self.pooling == Pooling::None { stimuli[0].kept.len() * d_model } else { d_model };
        // One lock per layer; a batch holds it only while it copies its rows.
        let matrices: Vec<Mutex<Array2<f32>>> =
            layers.iter().map(|_| Mutex::new(Array2::zeros((stimuli.len(), width)))).collect();
        let deepest = layers.last().copied().unwrap_or(0);
        batches.par_iter().try_for_each(|batch| -> Result<()> {
            let sequences = Sequences::new(batch.iter().map(|rows| stimuli[rows[0]].tokens.as_slice()));
            model.hidden_states(&sequences, deepest, |layer, states| {
                if let Ok(index) = layers.binary_search(&layer) {
                    self.pool_batch(stimuli, batch, &sequences, states, &matrices[index])?;
                }
                Ok(())
            })?;
            progress.advance(batch.iter().map(|rows| rows.len() as u64).sum());
            Ok(())
        })?;
        Ok(matrices
            .into_iter()
            .map(|matrix| matrix.into_inner().unwrap_or_else(PoisonError::into_inner))
            .collect())
    }

    /// Pools the sequences of a batch into the rows of `matrix` that they belong to.
    fn pool_batch(
        &self,
        stimuli: &[Tokenized],
        batch: &Batch,
        sequences: &Sequences,
        states: &Tensor,
        matrix: &Mutex<Array2<f32>>,
    ) -> models::Result<()> {
        let (_, d_model) = states.dims2()?;
        let states: Vec<f32> = states.flatten_all()?.to_vec1()?;
        let mut matrix = matrix.lock().unwrap_or_else(PoisonError::into_inner);
        for (rows, range) in batch.iter().zip(sequences.ranges()) {
            let states = &states[range.start * d_model..range.end * d_model];
            for &row in rows {
                if let Some(out) = matrix.row_mut(row).as_slice_mut() {
                    pool::pool(self.pooling, states, d_model, &stimuli[row].kept, out);
                }
            }
        }
        Ok(())
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
