//! `config.json`, read key by key, so that no key which changes numbers is passed over in silence.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::error::{Error, Result};

/// Keys that say nothing about the hidden states of a forward pass: training, generation, bookkeeping, task heads.
///
/// A name that ends with `*` stands for every key that begins so.
const IRRELEVANT: &[&str] = &[
    "_*",
    "adapters",
    "architectures",
    "attention_dropout",
    "attention_probs_dropout_prob",
    "attn_pdrop",
    "auto_map",
    "begin_suppress_tokens",
    "bos_token_id",
    "chunk_size_feed_forward",
    "classifier_dropout*",
    "cls_token_id",
    "decoder_start_token_id",
    "directionality",
    "diversity_penalty",
    "do_sample",
    "dropout",
    "dtype",
    "early_stopping",
    "embd_pdrop",
    "embedding_dropout",
    "encoder_no_repeat_ngram_size",
    "eos_token_id",
    "exponential_decay_length_penalty",
    "finetuning_task",
    "forced_bos_token_id",
    "forced_eos_token_id",
    "gradient_checkpointing",
    "hidden_dropout",
    "hidden_dropout_prob",
    "id2label",
    "initializer_*",
    "is_encoder_decoder",
    "keys_to_ignore_at_inference",
    "label2id",
    "language",
    "layerdrop",
    "length_penalty",
    "mask_token_id",
    "max_length",
    "min_length",
    "model_type",
    "name",
    "no_repeat_ngram_size",
    "num_beam_groups",
    "num_beams",
    "num_labels",
    "num_return_sequences",
    "output_attentions",
    "output_hidden_states",
    "output_past",
    "output_scores",
    "pad_token_id",
    "pooler_*",
    "prefix",
    "problem_type",
    "remove_invalid_values",
    "repetition_penalty",
    "resid_pdrop",
    "return_dict",
    "return_dict_in_generate",
    "sep_token_id",
    "suppress_tokens",
    "task_specific_params",
    "temperature",
    "tf_legacy_loss",
    "tie_word_embeddings",
    "tokenizer_class",
    "top_k",
    "top_p",
    "torch_dtype",
    "torchscript",
    "transformers_version",
    "typical_p",
    "unk_token_id",
    "use_bfloat16",
    "use_cache",
];

/// A `config.json` that remembers which of its keys were read.
#[derive(Debug)]
pub(super) struct Config {
    id: String,
    keys: Map<String, Value>,
    read: RefCell<BTreeSet<String>>,
}

impl Config {
    /// Parses `text`, the configuration of checkpoint `id`.
    pub(super) fn parse(id: &str, text: &str) -> Result<Self> {
        let keys = serde_json::from_str(text).map_err(|error| Error::ConfigSyntax {
            id: id.to_owned(),
            line: error.line(),
            column: error.column(),
            message: error.to_string(),
        })?;
        Ok(Self { id: id.to_owned(), keys, read: RefCell::default() })
    }

    /// The checkpoint this is the configuration of.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// The value of `key`, marked as read; `None` when it is absent or null.
    fn value(&self, key: &str) -> Option<&Value> {
        self.read.borrow_mut().insert(key.to_owned());
        self.keys.get(key).filter(|value| !value.is_null())
    }

    /// An error about `key`.
    pub(super) fn error(&self, key: &str, message: impl Into<String>) -> Error {
        Error::ConfigValue { id: self.id.clone(), key: key.to_owned(), message: message.into() }
    }

    fn get<T>(&self, key: &str, what: &str, parse: impl Fn(&Value) -> Option<T>) -> Result<Option<T>> {
        self.value(key)
            .map(|value| {
                parse(value).ok_or_else(|| self.error(key, format!("is {value}, which is not {what}")))
            })
            .transpose()
    }

    fn required<T>(&self, key: &str, value: Option<T>) -> Result<T> {
        value.ok_or_else(|| self.error(key, "is missing"))
    }

    /// A positive whole number that must be there.
    pub(super) fn count(&self, key: &str) -> Result<usize> {
        self.required(key, self.count_if_any(key)?)
    }

    /// A positive whole number, or `default`, the one that transformers assumes.
    pub(super) fn count_or(&self, key: &str, default: usize) -> Result<usize> {
        Ok(self.count_if_any(key)?.unwrap_or(default))
    }

    fn count_if_any(&self, key: &str) -> Result<Option<usize>> {
        self.get(key, "a positive whole number", |value| {
            value.as_u64().and_then(|number| usize::try_from(number).ok()).filter(|&number| number > 0)
        })
    }

    /// A number, or `default`, the one that transformers assumes.
    pub(super) fn number_or(&self, key: &str, default: f64) -> Result<f64> {
        Ok(self.get(key, "a number", Value::as_f64)?.unwrap_or(default))
    }

    /// A string, or `default`, the one that transformers assumes.
    pub(super) fn string_or(&self, key: &str, default: &str) -> Result<String> {
        Ok(self
            .get(key, "a string", |value| value.as_str().map(str::to_owned))?
            .unwrap_or_else(|| default.to_owned()))
    }

    /// A string that must be there.
    pub(super) fn string(&self, key: &str) -> Result<String> {
        self.required(key, self.get(key, "a string", |value| value.as_str().map(str::to_owned))?)
    }

    /// Refuses any value of `key` but `only` (or none at all): another one would change the computation.
    pub(super) fn only(&self, key: &str, only: &Value) -> Result<()> {
        match self.value(key) {
            Some(value) if value != only => {
                Err(self.error(key, format!("is {value}; only {only} is supported for this family")))
            }
            _ => Ok(()),
        }
    }

    /// Refuses what was not read and may matter. Called once the family has read all that it understands.
    pub(super) fn finish(&self) -> Result<()> {
        let read = self.read.borrow();
        let irrelevant = |key: &str| {
            IRRELEVANT.iter().any(|name| match name.strip_suffix('*') {
                Some(start) => key.starts_with(start),
                None => key == *name,
            })
        };
        match self
            .keys
            .iter()
            .find(|(key, value)| !value.is_null() && !read.contains(key.as_str()) && !irrelevant(key))
        {
            None => Ok(()),
            Some((key, value)) => {
                Err(Error::ConfigKey { id: self.id.clone(), key: key.clone(), value: value.to_string() })
            }
        }
    }
}
