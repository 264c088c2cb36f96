//! What can be wrong with a checkpoint.

mod words;

use std::path::Path;

use words::{because, begin, quantised, whose_names};

use super::device::DeviceChoice;
use crate::{files, text};

/// A result whose error is this module's.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can be wrong with a checkpoint.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read.
    #[error(transparent)]
    Files(#[from] files::Error),
    /// `config.json` is not JSON, or not an object.
    #[error("config.json of {id}, line {line}, column {column}: {message}")]
    ConfigSyntax {
        /// Which checkpoint.
        id: String,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What is wrong there.
        message: String,
    },
    /// The architecture is none of the registry's.
    #[error("config.json of {id}: model_type `{model_type}` is not supported{}", because(*.reason))]
    UnsupportedModelType {
        /// Which checkpoint.
        id: String,
        /// What it says it is.
        model_type: String,
        /// Why it cannot be had, if it is known and cannot.
        reason: Option<&'static str>,
        /// Every `model_type` that is supported.
        supported: Vec<&'static str>,
    },
    /// A key of `config.json` is missing, or has a value that cannot be used.
    #[error("config.json of {id}: `{key}` {message}")]
    ConfigValue {
        /// Which checkpoint.
        id: String,
        /// Which key.
        key: String,
        /// What is wrong with it.
        message: String,
    },
    /// A key of `config.json` that the family does not know, and that may change numbers.
    #[error("config.json of {id}: `{key}` = {value} is not understood, and it may change the hidden states")]
    ConfigKey {
        /// Which checkpoint.
        id: String,
        /// Which key.
        key: String,
        /// Its value, as JSON.
        value: String,
    },
    /// The decoder was asked for of a model that has none which reads an encoder.
    #[error(
        "--part decoder: {id} is a model of type `{model_type}`, which {}",
        if *.reads_before { "is a decoder alone" } else { "has no decoder that is read here" }
    )]
    NoDecoder {
        /// Which checkpoint.
        id: String,
        /// What it says it is.
        model_type: String,
        /// Whether its tokens see those before them alone.
        reads_before: bool,
        /// Every `model_type` whose decoder is read.
        supported: Vec<&'static str>,
    },
    /// Sequences for a decoder without what its encoder reads, or the other way round.
    #[error("the batch {}", if *.wanted { "says nothing of what the encoder reads" } else { "is for a decoder that reads an encoder" })]
    Sources {
        /// Whether the model reads an encoder.
        wanted: bool,
    },
    /// How the family draws the weights of an untrained model is not known here.
    #[error("config.json of {id}: untrained weights of model_type `{model_type}` are not supported")]
    NoInitialiser {
        /// Which checkpoint.
        id: String,
        /// What it says it is.
        model_type: String,
    },
    /// A weights file cannot be parsed.
    #[error("{file}: not a readable {format} file: {message}")]
    WeightsFile {
        /// Which file.
        file: String,
        /// What it should be.
        format: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// A file in the place of weights is something else.
    #[error("{file}: it is {is}, not {format} weights")]
    NotWeights {
        /// Which file.
        file: String,
        /// What it should be.
        format: &'static str,
        /// What it is.
        is: &'static str,
        /// What to do about it.
        remedy: &'static str,
    },
    /// Weights that were quantised with a method that is not read.
    #[error("{id}: the weights are quantised with {method} ({because})")]
    Quantised {
        /// Which checkpoint.
        id: String,
        /// Which method.
        method: String,
        /// What says so.
        because: String,
    },
    /// Floats of 8 bits whose scales are not what they should be.
    #[error("{id}: tensor `{name}`: {message}")]
    Scales {
        /// Which checkpoint.
        id: String,
        /// The tensor's name.
        name: String,
        /// What is wrong.
        message: String,
    },
    /// A tensor of something else than floats where weights should be.
    #[error("{file}: tensor `{name}` holds {dtype}, not floats")]
    NotFloats {
        /// Which file.
        file: String,
        /// The tensor's name.
        name: String,
        /// What it holds.
        dtype: String,
    },
    /// An adapter that cannot be merged.
    #[error("{file}: {message}")]
    Adapter {
        /// Which file.
        file: String,
        /// What is wrong with it.
        message: String,
        /// What to do about it.
        remedy: String,
    },
    /// What a model cannot do: give probabilities of tokens without a head, or have its states changed.
    #[error("{id}: {message}")]
    Cannot {
        /// Which checkpoint.
        id: String,
        /// What it cannot.
        message: String,
        /// What to do about it.
        remedy: String,
    },
    /// Weights before any training, and an adapter that was trained.
    #[error("{id}: an adapter's weights are trained, and --untrained draws those of its base")]
    UntrainedAdapter {
        /// Which adapter.
        id: String,
        /// Its base.
        base: String,
    },
    /// A tensor that the configuration calls for is not in the weights.
    #[error("{id}: tensor `{name}` {expected:?} is missing from the weights{}", whose_names(there))]
    MissingTensor {
        /// Which checkpoint.
        id: String,
        /// The tensor's name.
        name: String,
        /// The shape it should have.
        expected: Vec<usize>,
        /// How the names that are there begin, with how many begin so.
        there: Box<[String]>,
    },
    /// The weights hold more than one model of this architecture.
    #[error("{id}: the weights hold {} models of this architecture, whose names begin with {}", beginnings.len(), begin(beginnings))]
    SeveralModels {
        /// Which checkpoint.
        id: String,
        /// How the names of each begin.
        beginnings: Vec<String>,
    },
    /// The table of tokens is not there; that of the head is, and may be another.
    #[error(
        "{id}: the table of tokens, `{table}`, is missing from the weights; `{head}` is there, which is a table of its own where \
             `tie_word_embeddings` is not true"
    )]
    NoTable {
        /// Which checkpoint.
        id: String,
        /// What the family calls the table of tokens.
        table: String,
        /// The table of the head, as it is stored.
        head: String,
    },
    /// A tensor has another shape than the configuration calls for.
    #[error("{id}: tensor `{name}` has shape {found:?}, but config.json calls for {expected:?}")]
    TensorShape {
        /// Which checkpoint.
        id: String,
        /// The tensor's name.
        name: String,
        /// The shape it has.
        found: Vec<usize>,
        /// The shape it should have.
        expected: Vec<usize>,
    },
    /// A tensor that there is no room for.
    #[error("{id}: tensor `{name}` {shape:?} does not fit into the memory that is left")]
    TooLarge {
        /// Which checkpoint.
        id: String,
        /// The tensor's name.
        name: String,
        /// The shape that the configuration calls for.
        shape: Vec<usize>,
    },
    /// A tokenizer cannot be parsed, or breaks down.
    #[error("{file} of {id}: {message}")]
    Tokenizer {
        /// The file, or files, that it was read from.
        file: String,
        /// Which checkpoint.
        id: String,
        /// What is wrong with it.
        message: String,
    },
    /// The tokenizer gave a token that the model has no embedding for.
    #[error("token {token} is outside the model's vocabulary of {vocab_size}")]
    TokenOutOfRange {
        /// The token's number.
        token: u32,
        /// How many the embedding table has.
        vocab_size: usize,
    },
    /// A sequence is longer than the model has positions for.
    #[error("a sequence of {tokens} tokens is longer than the model's {max_tokens} positions")]
    TooLong {
        /// How long it is.
        tokens: usize,
        /// How long it may be.
        max_tokens: usize,
    },
    /// A sequence without tokens.
    #[error("sequence {index} of the batch has no tokens")]
    NoTokens {
        /// Which sequence of the batch, from 0.
        index: usize,
    },
    /// A group of tokens that is empty, or has one that is not in the batch.
    #[error("group {index} has no tokens, or one that is not in the batch")]
    NoSuchToken {
        /// Which group, from 0.
        index: usize,
    },
    /// Sequences that share their beginnings, for a model in which what follows changes them.
    #[error("sequences that share prefixes need a causal model")]
    SharedPrefixes,
    /// A device that the program has no code for.
    #[error("{device}: this program was built without the feature `{feature}`")]
    NotBuiltFor {
        /// Which device.
        device: DeviceChoice,
        /// The cargo feature that it takes.
        feature: &'static str,
    },
    /// Padded batches on the processor, without what computes them.
    #[error("cpu-padded: what computes padded batches was not asked for")]
    Padded,
    /// A device that does not answer.
    #[error("{device}: the device cannot be used: {message}")]
    NoDevice {
        /// Which device.
        device: DeviceChoice,
        /// What its driver says.
        message: String,
    },
    /// Products of bf16 were asked for on a GPU.
    #[error("bf16 precision is the processor's; on a GPU products are f32")]
    Precision,
    /// Blocks that stay in their files, for a device that has to have all of them.
    #[error("--offload is for the processor: a GPU has all of a model's weights in its own memory")]
    Offload,
    /// The computation failed underneath.
    #[error("the computation failed: {0}")]
    Compute(#[from] candle_core::Error),
}

impl Error {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Files(error) => return error.hint(),
            Self::UnsupportedModelType { model_type, supported, .. } => {
                let near = text::near_matches(model_type, supported.iter().copied());
                // It stands in a file: nobody mistyped it.
                let near = if near.is_empty() { String::new() } else { format!(" (the nearest name is {})", near.join(" or ")) };
                format!("supported: {}{near}", supported.join(", "))
            }
            Self::NoDecoder { supported, .. } => format!(
                "leave --part out for its own hidden states; decoders are read of {}",
                supported.join(", ")
            ),
            Self::Sources { .. } => "give sequences what they read (`Sequences::reading`) for a decoder, and for no other model".to_owned(),
            Self::NoInitialiser { .. } => {
                "leave --untrained out, or name the first checkpoint of a training run (--revision)"
                    .to_owned()
            }
            Self::ConfigSyntax { .. } => "fetch config.json again; it should be a JSON object".to_owned(),
            Self::ConfigValue { .. } => {
                "numbers would differ from the published model's, so this is not guessed; check config.json"
                    .to_owned()
            }
            Self::ConfigKey { .. } => {
                "remove the key from config.json if it has no effect on the hidden states".to_owned()
            }
            Self::Quantised { method, .. } => quantised(method),
            Self::Scales { .. } => {
                "config.json and the weights must belong to one checkpoint; fetch both again, or name the model that it was made from"
                    .to_owned()
            }
            Self::NotFloats { .. } => {
                "whole numbers are quantised weights, and nothing says how: name the model that they were made from (its card names it), \
                 or save the weights as floats"
                    .to_owned()
            }
            Self::Adapter { remedy, .. } | Self::Cannot { remedy, .. } => remedy.clone(),
            Self::UntrainedAdapter { base, .. } => {
                format!("name the base alone (--model {base} --untrained), or leave --untrained out")
            }
            Self::WeightsFile { message, .. } if message.contains("of type `torch.") => {
                "these are quantised weights: save them again with safetensors (in Python, `save_pretrained`), with the \
                 quantization_config of their config.json, or name the model that they were made from"
                    .to_owned()
            }
            Self::WeightsFile { .. } => {
                "the file may be cut short by a broken download or be a pointer of Git LFS: fetch it again"
                    .to_owned()
            }
            Self::NotWeights { remedy, .. } => (*remedy).to_owned(),
            Self::MissingTensor { there, .. } if !there.is_empty() => {
                "config.json and the weights must belong to one checkpoint; if they do, and the tensors have other names, give them \
                 those of transformers' class (its save_pretrained writes them)"
                    .to_owned()
            }
            Self::MissingTensor { .. } | Self::TensorShape { .. } => {
                "config.json and the weights must belong to one checkpoint".to_owned()
            }
            Self::SeveralModels { .. } => {
                "save the one that is meant by itself: in Python, its save_pretrained, or a dictionary with the tensors of that \
                 beginning alone"
                    .to_owned()
            }
            Self::NoTable { .. } => {
                "if the model has one table for both, say so in config.json: \"tie_word_embeddings\": true".to_owned()
            }
            Self::TooLarge { .. } => {
                "check the sizes in config.json; if they are right, leave the weights in their files (--offload) or take \
                 a machine with more memory"
                    .to_owned()
            }
            Self::Tokenizer { file, .. } => format!("fetch {file} again"),
            Self::TokenOutOfRange { .. } => "take tokenizer.json and the weights of one checkpoint".to_owned(),
            Self::TooLong { .. } => "shorten it, or choose a model with more positions".to_owned(),
            Self::NotBuiltFor { feature, .. } => {
                format!("build it with `cargo build --release --features {feature}`, or leave --device out")
            }
            Self::Padded => "ask for it by LoadOptions::padded".to_owned(),
            Self::NoDevice { .. } => {
                "look whether the driver sees it (nvidia-smi lists NVIDIA's), or run on the processor: --device cpu"
                    .to_owned()
            }
            Self::Compute(error) if error.to_string().to_lowercase().contains("out of memory") => {
                "let fewer tokens run at once (--batch-tokens), or run on the processor (--device cpu)".to_owned()
            }
            Self::Precision => "add --device cpu, or leave --precision out".to_owned(),
            Self::Offload => "add --device cpu, or leave --offload out".to_owned(),
            Self::NoTokens { .. } | Self::NoSuchToken { .. } | Self::SharedPrefixes | Self::Compute(_) => return None,
        })
    }

    /// A safetensors file that cannot be parsed.
    pub(in crate::models) fn weights_file(path: &Path, message: String) -> Self {
        Self::WeightsFile { file: path.display().to_string(), format: "safetensors", message }
    }
}
