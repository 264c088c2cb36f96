//! How sentences are scored.

use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::batches::{Batch, Place, Run, batches, causal, masked};
use super::error::{Error, Result};
use super::hidden::Hidden;
use super::read::{Read, read, start};
use super::sentence::Sentence;
use crate::models::{Model, Objective, Sequences};
use crate::progress::{Progress, Unit};

/// How sentences are scored.
///
/// | Name | Default | Meaning |
/// | --- | --- | --- |
/// | `hidden` | token | of a masked model: what is hidden where a token is asked for |
/// | `mask` | the tokenizer's own | of a masked model: the token that hides others |
/// | `bos` | none | of a causal model: a token before each sentence that does not begin so |
/// | `special` | no | whether tokens count that the tokenizer adds |
/// | `batch_tokens` | 384, and 8,192 on a GPU | how many tokens run at once in each thread; changes time and memory, not the result |
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Params {
    /// Of a masked model: what is hidden; `None` is the token alone.
    pub hidden: Option<Hidden>,
    /// Of a masked model: the token that hides others, by its name; `None` is the tokenizer's own.
    pub mask: Option<String>,
    /// Of a causal model: a token before each sentence, by its name; an empty name is the tokenizer's own.
    pub bos: Option<String>,
    /// Whether tokens count that the tokenizer adds.
    pub special: bool,
    /// How many tokens run at once in each thread.
    pub batch_tokens: Option<usize>,
}

/// How many tokens run at once, in each thread, and on a device.
const PER_THREAD: usize = 384;
const ON_GPU: usize = 8192;
/// How many sentences are made ready at once: of a causal model as many as share their beginnings well, of a masked one, in which each is a
/// sequence for each of its tokens, fewer.
const SENTENCES: usize = 32_768;
const MASKED: usize = 2048;
/// How many bytes of hidden states batches may have that go through an offloaded model together.
const TOGETHER: usize = 512 << 20;

/// Sentences with what their tokens were given.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    /// The sentences, in their order.
    pub sentences: Vec<Sentence>,
    /// What the model's probabilities are of.
    pub objective: Objective,
    /// The token that was put before sentences, by its name.
    pub bos: Option<String>,
    /// The token that hides others, by its name.
    pub mask: Option<String>,
    /// How many tokens were computed.
    pub tokens_run: usize,
}

impl Params {
    /// Scores `sentences` with `model`, which has its head ([`LoadOptions::with_head`](crate::models::LoadOptions::with_head)).
    ///
    /// # Errors
    ///
    /// - [`Error::NoSentences`], [`Error::NoTokens`], [`Error::TooLong`], [`Error::NoSuchToken`]
    /// - [`Error::NoMask`] for a model that sees both sides, and has no mask
    /// - [`Error::NoBos`], [`Error::UnknownToken`], [`Error::OtherKind`] for options that the model cannot follow
    /// - [`Error::Models`], [`Error::NotFinite`]
    pub fn score(&self, sentences: &[String], model: &Model, progress: &dyn Progress) -> Result<Scores> {
        if sentences.is_empty() {
            return Err(Error::NoSentences);
        }
        let objective = model.objective();
        let other = |option| Error::OtherKind { option, model: model.id().to_owned(), is: objective.name() };
        let (bos, mask) = match objective {
            Objective::Causal if self.hidden.is_some() => return Err(other("--hide")),
            Objective::Causal if self.mask.is_some() => return Err(other("--mask")),
            Objective::Causal => (self.begin(model)?, None),
            Objective::Masked if self.bos.is_some() => return Err(other("--bos")),
            Objective::Masked => (None, Some(self.hide(model)?)),
        };
        let mut all = read(sentences, model, bos, self.special)?;
        let mut tokens_run = 0;
        let at_once = if mask.is_some() { MASKED } else { SENTENCES };
        for (chunk, reads) in all.chunks_mut(at_once).enumerate() {
            let runs = match mask {
                Some(mask) => masked(reads, mask, self.hidden.unwrap_or_default()),
                None => causal(reads),
            };
            let batches = self.batches(&runs, model, objective);
            tokens_run += batches.iter().map(|batch| batch.sequences.tokens().len()).sum::<usize>();
            progress.begin("scoring", batches.len() as u64, Unit::Items);
            let found = run(&batches, model, progress);
            progress.end();
            for (batch, found) in batches.iter().zip(found?) {
                put(batch, &found, model, (chunk * at_once, &mut *reads))?;
            }
        }
        let piece = |token: Option<u32>| token.and_then(|token| model.tokenizer().piece(token));
        let sentences = all.into_iter().map(|read| read.sentence).collect();
        Ok(Scores { sentences, objective, bos: piece(bos), mask: piece(mask), tokens_run })
    }

    /// What runs at once of `runs`.
    fn batches(&self, runs: &[Run], model: &Model, objective: Objective) -> Vec<Batch> {
        let total: usize = runs.iter().map(|run| run.ids.len()).sum();
        let pads = model.device().pads();
        // A small set is spread over all threads.
        let budget = if pads { ON_GPU } else { PER_THREAD.min(total.div_ceil(rayon::current_num_threads())) };
        let shares = objective == Objective::Causal && !pads;
        batches(runs, self.batch_tokens.unwrap_or(budget), shares)
    }

    /// The token that is put before sentences.
    fn begin(&self, model: &Model) -> Result<Option<u32>> {
        let Some(name) = &self.bos else { return Ok(None) };
        let tokenizer = model.tokenizer();
        let id = model.id().to_owned();
        if name.is_empty() {
            return tokenizer.bos().map(Some).ok_or(Error::NoBos { model: id });
        }
        let unknown = || Error::UnknownToken { option: "--bos", model: id, name: name.clone() };
        tokenizer.id(name).map(Some).ok_or_else(unknown)
    }

    /// The token that hides others.
    fn hide(&self, model: &Model) -> Result<u32> {
        let (tokenizer, id) = (model.tokenizer(), model.id().to_owned());
        match &self.mask {
            None => tokenizer.mask().ok_or(Error::NoMask { model: id }),
            Some(name) => {
                let unknown = || Error::UnknownToken { option: "--mask", model: id, name: name.clone() };
                tokenizer.id(name).ok_or_else(unknown)
            }
        }
    }
}

/// What is wanted of each batch.
fn run(batches: &[Batch], model: &Model, progress: &dyn Progress) -> Result<Vec<Vec<f64>>> {
    if model.is_offloaded() {
        return together(batches, model, progress);
    }
    let each = |batch: &Batch| {
        let found = model.log_probabilities(&batch.sequences, &batch.wanted);
        progress.advance(1);
        Ok(found?)
    };
    if model.device().pads() {
        batches.iter().map(each).collect()
    } else {
        batches.par_iter().map(each).collect()
    }
}

/// The same, each block of the model read once for as many batches as there is room for.
fn together(batches: &[Batch], model: &Model, progress: &dyn Progress) -> Result<Vec<Vec<f64>>> {
    let most = TOGETHER / (model.spec().d_model * size_of::<f32>());
    let mut all = Vec::new();
    let mut rest = batches;
    while !rest.is_empty() {
        let mut tokens = 0;
        let fits = rest.iter().take_while(|batch| {
            tokens += batch.sequences.tokens().len();
            tokens <= most
        });
        let (group, after) = rest.split_at(fits.count().max(1));
        rest = after;
        let sequences: Vec<Sequences> = group.iter().map(|batch| batch.sequences.clone()).collect();
        let wanted: Vec<Vec<(usize, u32)>> = group.iter().map(|batch| batch.wanted.clone()).collect();
        let found: Vec<Mutex<Vec<f64>>> = group.iter().map(|_| Mutex::default()).collect();
        model.log_probabilities_together(&sequences, &wanted, |batch, logprobs| {
            *found[batch].lock().unwrap_or_else(PoisonError::into_inner) = logprobs;
            progress.advance(1);
        })?;
        all.extend(found.into_iter().map(|found| found.into_inner().unwrap_or_else(PoisonError::into_inner)));
    }
    Ok(all)
}

/// Puts what was found of a batch in its places, among sentences that begin with number `first`.
fn put(batch: &Batch, found: &[f64], model: &Model, (first, reads): (usize, &mut [Read])) -> Result<()> {
    for (places, &logprob) in batch.places.iter().zip(found) {
        for &(row, at) in places as &[Place] {
            let sentence = &mut reads[row].sentence;
            if !logprob.is_finite() {
                let (model, sentence) = (model.id().to_owned(), start(&sentence.text));
                return Err(Error::NotFinite { row: first + row, model, sentence });
            }
            sentence.tokens[at].logprob = Some(logprob);
        }
    }
    Ok(())
}
