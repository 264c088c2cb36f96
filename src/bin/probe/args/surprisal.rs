//! Options of `probe surprisal`.

use std::path::PathBuf;

use clap::Args;
use mlem_probe::surprisal::Hidden;

use super::model::ModelArgs;
use super::shared::{Talk, named};
use super::table::TableArgs;

/// `probe surprisal`.
#[derive(Debug, Args)]
pub struct SurprisalArgs {
    /// A table of stimuli, with a column `sentence` (or another: --text); `BLiMP` and its like as they are
    pub stimuli: PathBuf,
    /// Where to write sentences.csv, tokens.csv and words.csv (default: runs/STIMULI-MODEL-surprisal)
    #[arg(short, long, value_name = "DIR", help_heading = "Output")]
    pub out: Option<PathBuf>,
    /// Replace another run that is in the directory of --out
    #[arg(long, help_heading = "Output")]
    pub force: bool,
    /// Of a causal model: a token before each sentence that does not begin so, so that its first token has a log-probability too
    /// (default: the one of the tokenizer's files; without --bos what the tokenizer itself adds, and no more)
    #[arg(long, value_name = "TOKEN", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub bos: Option<String>,
    /// Of a masked model: what is hidden where a token is asked for, the token alone (Salazar et al. 2020), or what follows it in its
    /// word too (Kauf and Ivanova 2023)
    #[arg(long, value_name = "WHAT", value_parser = named::<Hidden>(&Hidden::NAMES))]
    pub hide: Option<Hidden>,
    /// Of a masked model: the token that hides others (default: the one of the tokenizer's files)
    #[arg(long, value_name = "TOKEN")]
    pub mask: Option<String>,
    /// Count the tokens that the tokenizer adds (`</s>` at the end, `[CLS]`, `[SEP]` …), where they have a log-probability
    #[arg(long)]
    pub special: bool,
    /// Tokens per batch
    #[arg(long, value_name = "N", help_heading = "Model")]
    pub batch_tokens: Option<std::num::NonZeroUsize>,
    #[command(flatten)]
    pub pairs: PairArgs,
    #[command(flatten)]
    pub model: ModelArgs,
    #[command(flatten)]
    pub table: TableArgs,
    #[command(flatten)]
    pub talk: Talk,
}

/// Which sentences are minimal pairs.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Minimal pairs")]
pub struct PairArgs {
    /// Minimal pairs: the column whose value the sentences of a pair have in common (default: `pair`, where there is one beside the column
    /// of --label)
    #[arg(long, value_name = "COLUMN")]
    pub pair: Option<String>,
    /// The column that says which sentence of a pair is good
    #[arg(long, value_name = "COLUMN", default_value = "grammatical")]
    pub label: String,
    /// The value of it that is good
    #[arg(long, value_name = "VALUE", default_value = "true")]
    pub good: String,
    /// Count the pairs of each value of this column by themselves too (default: UID, where there are several); pairs are numbered
    /// within them
    #[arg(long, value_name = "COLUMN")]
    pub by: Option<String>,
}
