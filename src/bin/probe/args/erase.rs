//! Options of `probe erase`.

use std::path::PathBuf;

use clap::Args;
use mlem_probe::numeric::leace::Shrinkage;

use super::layers::Layers;
use super::list::{self, Names};
use super::model::ModelArgs;
use super::shared::{Talk, within};
use super::surprisal::PairArgs;
use super::table::TableArgs;

/// The most permutations of a feature.
const PERMUTATIONS: usize = 100_000;

/// `probe erase`.
#[derive(Debug, Args)]
pub struct EraseArgs {
    /// A table of stimuli, with a column `sentence` (or another: --text)
    pub stimuli: PathBuf,
    /// The feature to erase: a column of the table
    #[arg(long, value_name = "FEATURE")]
    pub feature: String,
    /// The layer whose hidden states it is erased from: 0 is the embeddings, -1 the last
    #[arg(long, value_name = "LAYER", allow_hyphen_values = true)]
    pub layer: Layers,
    /// Where to write the tables (default: runs/STIMULI-MODEL-erase-FEATURE-LAYER)
    #[arg(short, long, value_name = "DIR", help_heading = "Output")]
    pub out: Option<PathBuf>,
    /// Replace another run that is in the directory of --out
    #[arg(long, help_heading = "Output")]
    pub force: bool,
    /// The features whose importance is measured from the layer on (default: all that tell some stimuli apart)
    #[arg(long, value_name = "F,...", value_parser = list::names())]
    pub features: Vec<Names>,
    /// Read these numeric columns as categories
    #[arg(long, value_name = "F,...", value_parser = list::names())]
    pub categorical: Vec<Names>,
    /// Parts of the stimuli that are held out in turn: the eraser is fitted to the others
    #[arg(long, value_name = "K", default_value_t = 5, value_parser = within(2, 1000))]
    pub folds: usize,
    /// Keep stimuli with one value of this column in one fold (default: those of a minimal pair)
    #[arg(long, value_name = "COLUMN")]
    pub unit: Option<String>,
    /// Permutations of each feature, for its importance; 0 measures none, and is faster
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = within(0, PERMUTATIONS))]
    pub permutations: usize,
    /// How far the covariance is shrunk towards a multiple of the identity before the eraser is made: auto (Ledoit and Wolf), or a share
    /// from 0 to 1
    #[arg(long, value_name = "SHARE", default_value = "auto", value_parser = shrinkage)]
    pub shrinkage: Shrinkage,
    /// Of a causal model, where sentences are scored: a token before each, as `probe surprisal --bos`
    #[arg(long, value_name = "TOKEN", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub bos: Option<String>,
    /// Seed of folds, permutations and the control's directions
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub seed: u64,
    #[command(flatten)]
    pub pairs: PairArgs,
    #[command(flatten)]
    pub model: ModelArgs,
    #[command(flatten)]
    pub table: TableArgs,
    #[command(flatten)]
    pub talk: Talk,
}

fn shrinkage(text: &str) -> Result<Shrinkage, String> {
    if text.trim() == "auto" {
        return Ok(Shrinkage::LedoitWolf);
    }
    let share = text.trim().parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.map(Shrinkage::By).ok_or_else(|| "write auto, or a share from 0 (none) to 1".to_owned())
}
