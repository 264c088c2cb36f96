//! Options of extraction.

use clap::Args;
use mlem_probe::activations::Pooling;
use mlem_probe::models::{DeviceChoice, Dtype, Part, Precision, Site};
use serde::Deserialize;

use super::layers::Layers;
use super::ranges::Ranges;
use super::shared::{explained, named};

/// How tokens are to be pooled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pool {
    /// As the model says itself.
    Auto,
    /// So.
    #[serde(untagged)]
    Given(Pooling),
}

/// What poolings are called elsewhere.
const POOLING: [(&str, &str); 6] = [
    ("cls", "the classification token of BERT and its like is the first: --pool first"),
    ("bos", "the token that begins a text is the first: --pool first"),
    ("eos", "the token that ends a text is the last, where the tokenizer adds one: --pool last"),
    ("avg", "the average over tokens is --pool mean"),
    ("average", "the average over tokens is --pool mean"),
    ("lasttoken", "the last token is --pool last"),
];

/// What sites are called elsewhere.
const SITES: [(&str, &str); 10] = [
    ("cross", "what the attention of a decoder to its encoder adds is --site cross-attention"),
    ("encoderattn", "what the attention of a decoder to its encoder adds is --site cross-attention"),
    ("resid", "the residual stream is --site residual"),
    ("resid_post", "the residual stream after each block is --site residual"),
    ("hidden", "hidden states are --site residual"),
    ("attn", "what attention adds is --site attention"),
    ("attn_out", "what attention adds is --site attention"),
    ("mlp_out", "what an MLP adds is --site mlp"),
    ("heads", "each head by itself is --site attention-heads"),
    ("z", "each head before the output projection is --site attention-heads"),
];

/// Which model.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Model")]
pub struct ModelArgs {
    /// A Hub id, an alias (bert-base), or a checkpoint directory (default: the small model inside this program); several,
    /// A,B,C: a run of each, and their comparison
    #[arg(short, long, value_name = "MODEL", default_value = "tiny-bert")]
    pub model: String,
    /// Branch, tag or commit of the Hub, or training step of the embedded model (step0); several: a run of each,
    /// and their comparison
    #[arg(long, value_name = "REV,...", value_delimiter = ',')]
    pub revision: Vec<String>,
    /// The model that an adapter (a folder or repository with `adapter_config.json`) is put on, in the place of the one that it names: a
    /// folder, a Hub id, or ID@REVISION
    #[arg(long, value_name = "MODEL")]
    pub base: Option<String>,
    /// Leave out the adapter that lies beside a model's own weights
    #[arg(long)]
    pub no_adapter: bool,
    /// The model before any training: its weights are drawn as its initialiser draws them, from a seed (default: 0); needs its
    /// configuration and tokenizer alone
    #[arg(long, value_name = "SEED", num_args = 0..=1, require_equals = true, default_missing_value = "0")]
    pub untrained: Option<u64>,
    /// Which part of an encoder–decoder (T5, BART, Marian …): its encoder, or its decoder, which reads a text of its own (--target-text)
    /// and what the encoder makes of the sentence
    #[arg(long, value_name = "PART", default_value = "encoder", value_parser = named::<Part>(&Part::NAMES))]
    pub part: Part,
    /// What the model runs on: auto, cpu, cuda:0 (the NVIDIA GPU of that number) or metal; a GPU takes a program that was built
    /// with its feature, and auto is the processor without one
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    pub device: DeviceChoice,
    /// How weights are held in memory: f16 and bf16 take half the room, and change nothing in a checkpoint that is stored so
    #[arg(long, value_name = "DTYPE", default_value = "f32", value_parser = named::<Dtype>(&Dtype::NAMES))]
    pub dtype: Dtype,
    /// How linear layers multiply on the processor: fast is three products of bf16 parts in the matrix tiles of a processor that
    /// has them (Intel's AMX), within 2e-5 of f32, and f32 elsewhere; bf16 is one product, with errors of 1e-3 to 1e-2
    #[arg(long, value_name = "PRECISION", default_value = "f32", value_parser = named::<Precision>(&Precision::NAMES))]
    pub precision: Precision,
    /// Leave weights in their files and read each layer when its turn comes, for models larger than memory: the same numbers
    /// more slowly
    #[arg(long)]
    pub offload: bool,
}

impl ModelArgs {
    /// The models, one by one. A folder whose name has a comma is one.
    pub fn models(&self) -> Vec<&str> {
        let whole = self.model.as_str();
        if std::path::Path::new(whole).exists() {
            return vec![whole];
        }
        whole.split(',').map(str::trim).filter(|name| !name.is_empty()).collect()
    }
}

/// How activations are taken.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Extraction")]
pub struct ExtractArgs {
    /// How a sentence's token vectors become one; auto is the pooling of a sentence-transformers model's own files
    #[arg(long, default_value = "mean", value_parser = explained(
        named::<Pool>(&["mean", "max", "min", "first", "last", "none", "auto"]), &POOLING))]
    pub pool: Pool,
    /// Leave the tokens that the tokenizer adds out of the pooling
    #[arg(long)]
    pub no_special_tokens: bool,
    /// Of --part decoder: the column of the texts that the decoder reads (default: target, where the stimuli have it, else the
    /// sentences); `sentence` is the sentences. It is no feature then
    #[arg(long, value_name = "COLUMN")]
    pub target_text: Option<String>,
    /// Pool only the tokens of this slot, whose spans travel with the stimuli (subj, verb …)
    #[arg(long, value_name = "SLOT")]
    pub at: Option<String>,
    /// Where activations are taken: the residual stream, what attention or the MLP of each block adds to it, each head before the output
    /// projection, the probabilities that a router gives to experts, or, of --part decoder, what attention to the encoder adds
    #[arg(long, default_value = "residual", value_parser = explained(named::<Site>(&Site::NAMES), &SITES))]
    pub site: Site,
    /// Of a model whose residual stream is several (Gemma 3n): the one that its blocks read, or all of them side by side, as transformers
    /// gives them (all is --site streams)
    #[arg(long, value_name = "WHICH", default_value = "read", value_parser = ["read", "all"], conflicts_with = "site")]
    pub streams: String,
    /// Of --site attention-heads and cross-attention-heads: which heads of each block, e.g. 0-3,7 (default: all)
    #[arg(long, value_name = "HEADS")]
    pub heads: Option<Ranges>,
    /// Layers to keep, e.g. 0-6,9 or -1 for the last (default: all; 0 is the embedding output, but the first block of any --site but
    /// residual)
    #[arg(long, value_name = "LAYERS", allow_hyphen_values = true)]
    pub layers: Option<Layers>,
    /// Tokens per batch
    #[arg(long, value_name = "N")]
    pub batch_tokens: Option<std::num::NonZeroUsize>,
    /// Run the model even if the cache has its activations, and do not keep them there
    #[arg(long)]
    pub no_cache: bool,
}

impl ExtractArgs {
    /// Where activations are taken.
    pub fn site(&self) -> Site {
        if self.streams == "all" { Site::Streams } else { self.site }
    }
}
