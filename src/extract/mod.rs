//! Extraction: stimuli and a model become activations.
//!
//! Sentences are tokenized as the model's own tokenizer does it, sorted by length into batches, run, and pooled batch by
//! batch, so that memory does not grow with the number of tokens. Pooled rows are kept in memory ([`Extract::extract`]), or go
//! straight to their place in a file ([`Extract::extract_into`]), so that it does not grow with the number of stimuli either.
//! Where sentences come from, and what activations are for, is not this module's business.

mod batches;
pub mod cache;
mod columns;
mod entries;
mod error;
mod groups;
mod job;
mod plan;
mod pool;
mod throughput;
mod words;

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use ndarray::Array2;

pub use columns::columns;
pub use error::{Error, Result};
pub use throughput::{Extraction, Throughput};
pub use words::{SplitWord, split_words};

use crate::activations::{
    Activations, Destination, PooledTokens, Pooling, Provenance, RowWriter, Shape, Stored,
};
use crate::models::spec::{Block, FeedForward, Start};
use crate::models::{Dtype, Model, Part, Precision, Site, Spec, Tokenizer};
use crate::progress::Progress;
use crate::stimuli::Stimuli;
use batches::{Kept, Tokenized};
use job::Job;
use plan::Layout;

/// How stimuli become activations.
///
/// | Name | Default | Meaning |
/// | --- | --- | --- |
/// | `pooling` | mean | how the vectors of a stimulus's tokens become one |
/// | `site` | residual | where activations are taken: hidden states, or what a part of each block makes ([`Site`]) |
/// | `layers` | all | which hidden states, or which blocks; the computation stops at the deepest |
/// | `heads` | all | of heads: which of each block |
/// | `special_tokens` | yes | whether the tokens that the tokenizer adds (`[CLS]`, `<s>`, …) are pooled; the model sees them in any case |
/// | `at` | the whole, or the word of word-level stimuli | a slot of the stimuli (`subj`): only the tokens that its characters are in are pooled |
/// | `batch_tokens` | 384, up to 2,048 with experts, and 8,192 on a GPU | how many tokens run at once, per thread or on the GPU; changes time and memory, not the result |
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extract {
    pooling: Pooling,
    site: Site,
    layers: Option<Vec<usize>>,
    heads: Option<Vec<usize>>,
    special_tokens: bool,
    at: Option<String>,
    batch_tokens: Option<usize>,
}

/// What stands for the column of texts where a decoder reads the sentences.
pub const SENTENCE: &str = "sentence";

/// How many tokens run at once in each thread unless the user says otherwise.
const PER_THREAD: usize = 384;
/// How many go through each expert at once, where the user says nothing and there are so many experts that it would be fewer: the
/// weights of an expert are read from memory for all of them.
const PER_EXPERT: usize = 160;
/// And in all, at most.
const WITH_EXPERTS: usize = 2048;
/// And on a GPU, with padding.
const ON_GPU: usize = 8192;

/// How many tokens of a model run at once in each thread unless the user says otherwise.
fn per_thread(spec: &Spec) -> usize {
    let of_block = |block: &Block| match block.feed_forward {
        FeedForward::Experts(experts) | FeedForward::Beside(experts) => {
            PER_EXPERT * experts.count / experts.chosen.max(1)
        }
        _ => PER_THREAD,
    };
    spec.blocks.iter().map(of_block).max().unwrap_or(PER_THREAD).clamp(PER_THREAD, WITH_EXPERTS)
}

impl Default for Extract {
    fn default() -> Self {
        Self {
            pooling: Pooling::Mean,
            site: Site::Residual,
            layers: None,
            heads: None,
            special_tokens: true,
            at: None,
            batch_tokens: None,
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

    /// Where activations are taken.
    #[must_use]
    pub fn site(mut self, site: Site) -> Self {
        self.site = site;
        self
    }

    /// Which heads of each block, from 0, where the site is [`Site::AttentionHeads`]; `None` is all.
    #[must_use]
    pub fn heads(mut self, heads: impl Into<Option<Vec<usize>>>) -> Self {
        self.heads = heads.into();
        self
    }

    /// Which hidden states: 0 is the embedding output; of other sites which blocks, from 0. Order and repetitions do not matter; `None`
    /// is all.
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

    /// Runs `model` on the sentences of `stimuli`; a decoder that reads an encoder on the texts beside them, if there are any
    /// ([`Stimuli::take_target`]), while its encoder reads the sentences. The result does not depend on batches, their order, or threads.
    ///
    /// # Errors
    ///
    /// - [`Error::Stimuli`], [`Error::NoStimuli`] when there are no sentences
    /// - [`Error::NoSuchLayer`], [`Error::NoSite`], [`Error::NotThere`], [`Error::NoSuchHead`]
    /// - [`Error::TooLong`], [`Error::NoTokens`], [`Error::UnequalLengths`]: a sentence that cannot be run or pooled
    /// - [`Error::Models`], [`Error::Activations`] when the model fails or overflows
    pub fn extract(&self, stimuli: &Stimuli, model: &Model, progress: &dyn Progress) -> Result<Extraction> {
        let begun = Instant::now();
        let job = self.job(stimuli, model)?;
        // One lock per layer; a batch holds it only while it copies its rows.
        let matrices: Vec<Mutex<Array2<f32>>> = job
            .shape
            .widths
            .iter()
            .map(|&width| Mutex::new(Array2::zeros((job.shape.n_stimuli, width))))
            .collect();
        job.run(model, progress, |index, rows, values| {
            let mut matrix = matrices[index].lock().unwrap_or_else(PoisonError::into_inner);
            let width = matrix.ncols();
            for (&row, values) in rows.iter().zip(values.chunks_exact(width)) {
                if let Some(out) = matrix.row_mut(row).as_slice_mut() {
                    out.copy_from_slice(values);
                }
            }
            Ok(())
        })?;
        let matrices =
            matrices.into_iter().map(|matrix| matrix.into_inner().unwrap_or_else(PoisonError::into_inner));
        let provenance = self.provenance_with(stimuli, model);
        let activations = Activations::new(job.shape.layers.clone(), matrices.collect(), provenance)?;
        Ok(Extraction { activations, throughput: job.throughput(begun.elapsed()) })
    }

    /// As [`Extract::extract`], but every row goes to its place in a file as soon as it is pooled, and memory holds none of
    /// them. The numbers are the same to the last bit.
    ///
    /// # Errors
    ///
    /// As [`Extract::extract`]; [`Error::Activations`] when the file cannot be written. An earlier file of that name is then left
    /// as it was.
    pub fn extract_into(
        &self,
        stimuli: &Stimuli,
        model: &Model,
        destination: Destination<'_>,
        progress: &dyn Progress,
    ) -> Result<Extraction<Stored>> {
        let begun = Instant::now();
        let job = self.job(stimuli, model)?;
        let writer = RowWriter::create(destination, job.shape.clone(), self.provenance_with(stimuli, model))?;
        job.run(model, progress, |index, rows, values| Ok(writer.put(index, rows, values)?))?;
        Ok(Extraction { activations: writer.finish()?, throughput: job.throughput(begun.elapsed()) })
    }

    /// What there is to do.
    fn job(&self, stimuli: &Stimuli, model: &Model) -> Result<Job> {
        let spec = model.spec();
        let layers = self.entries(spec, model.id())?;
        if stimuli.sentences()?.is_empty() {
            return Err(Error::NoStimuli);
        }
        let tokenized = batches::tokenize_for(model, stimuli, self.kept(stimuli)?)?;
        if self.pooling == Pooling::None {
            same_lengths(&tokenized)?;
        }
        let tokens = tokenized.iter().map(|stimulus| stimulus.tokens.len() + stimulus.source.len()).sum();
        let layout = Layout::of(model);
        let budget = self.budget(tokens, layout, spec);
        let decodes = model.encoder().is_some();
        let planned = |budget| {
            if decodes {
                plan::plan_pairs(&tokenized, budget, layout)
            } else {
                plan::plan(&tokenized, budget, layout)
            }
        };
        let mut plan = planned(budget);
        if self.batch_tokens.is_none() && layout != Layout::Padded && budget > PER_THREAD {
            // Of a few large batches each thread is to have as many.
            let most = tokenized.iter().map(|stimulus| stimulus.tokens.len() + stimulus.source.len()).max();
            plan = planned(plan.even(rayon::current_num_threads(), most.unwrap_or(0)));
        }
        let repeat = if self.pooling == Pooling::None { tokenized[0].kept.len() } else { 1 };
        let parts = self.site.parts(spec);
        let widths = layers.iter().map(|&entry| repeat * self.site.width(spec, entry / parts)).collect();
        let mut runs: Vec<usize> = layers.iter().map(|entry| entry / parts).collect();
        runs.dedup();
        Ok(Job {
            pooling: self.pooling,
            site: self.site,
            parts,
            runs,
            shape: Shape { layers, n_stimuli: tokenized.len(), widths },
            stimuli: tokenized,
            decodes,
            layout,
            plan,
            tokens,
        })
    }

    /// How many tokens run at once, of `tokens` in all; what runs together changes no result.
    fn budget(&self, tokens: usize, layout: Layout, spec: &Spec) -> usize {
        if layout == Layout::Padded {
            return self.batch_tokens.unwrap_or(ON_GPU);
        }
        // A small set is spread over all threads.
        let share = usize::div_ceil(tokens, rayon::current_num_threads());
        self.batch_tokens.unwrap_or_else(|| per_thread(spec)).min(share)
    }

    /// What activations of `stimuli` are activations of.
    fn provenance_with(&self, stimuli: &Stimuli, model: &Model) -> Provenance {
        let loaded = Loaded {
            untrained: model.untrained(),
            dtype: model.dtype(),
            precision: model.precision(),
            part: model.part(),
        };
        self.provenance(stimuli, (model.id(), model.commit()), loaded, model.spec())
    }

    /// What activations of `stimuli` under a model are activations of.
    fn provenance(
        &self,
        stimuli: &Stimuli,
        (model, commit): (&str, Option<&str>),
        Loaded { untrained, dtype, precision, part }: Loaded,
        spec: &Spec,
    ) -> Provenance {
        // Whoever asks for entries that are not there is told so elsewhere.
        let entries = self.entries(spec, model).unwrap_or_default().into_iter();
        Provenance {
            part: (part != Part::Encoder).then(|| part.to_string()),
            target: (part == Part::Decoder).then(|| stimuli.target().unwrap_or(SENTENCE).to_owned()),
            site: (self.site != Site::Residual).then(|| self.site.to_string()),
            labels: entries.filter_map(|entry| Some((entry, self.site.label(spec, entry)?))).collect(),
            model: Some(model.to_owned()),
            commit: commit.map(str::to_owned),
            untrained,
            dtype: (dtype != Dtype::F32).then(|| dtype.to_string()),
            precision: (precision != Precision::F32).then(|| precision.to_string()),
            pooling: Some(self.pooling),
            stimuli_hash: Some(stimuli.hash()),
            ..Provenance::default()
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
        self.pooled_tokens_of(stimuli, tokenizer, None)
    }

    /// The same of a decoder that reads an encoder, and begins as `begins` says.
    ///
    /// # Errors
    ///
    /// As [`Extract::pooled_tokens`]; [`Error::SlotOfTarget`].
    pub fn pooled_tokens_of(
        &self,
        stimuli: &Stimuli,
        tokenizer: &Tokenizer,
        begins: Option<Start>,
    ) -> Result<PooledTokens> {
        let tokenized = batches::tokenize(stimuli, tokenizer, begins, self.kept(stimuli)?)?;
        match self.pooling {
            Pooling::None => same_lengths(&tokenized)?,
            Pooling::First | Pooling::Last => {}
            pooling @ (Pooling::Mean | Pooling::Max | Pooling::Min) => {
                if let Some(index) = tokenized.iter().position(|stimulus| stimulus.kept.len() > 1) {
                    let tokens = tokenized[index].kept.len();
                    return Err(Error::SeveralTokens { row: index, tokens, pooling });
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
}

/// How a model is loaded, as far as it changes numbers for good.
#[derive(Debug, Clone, Copy)]
struct Loaded {
    untrained: Option<u64>,
    dtype: Dtype,
    precision: Precision,
    part: Part,
}

/// Refuses stimuli of different lengths.
fn same_lengths(stimuli: &[Tokenized]) -> Result<()> {
    let first = stimuli.first().map_or(0, |stimulus| stimulus.kept.len());
    match stimuli.iter().position(|stimulus| stimulus.kept.len() != first) {
        None => Ok(()),
        Some(index) => Err(Error::UnequalLengths { row: index, tokens: stimuli[index].kept.len(), first }),
    }
}
