//! Options of the first stage.

use clap::Args;
use mlem_probe::grammar::{DEEPEST, DEPTH};

use super::shared::within;

/// How many stimuli are drawn from a grammar.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Stimuli")]
pub struct DrawArgs {
    /// Draw this many sentences: balanced from a grammar (default there: 4096), at random from a CSV
    #[arg(long, value_name = "N", conflicts_with = "all")]
    pub sample: Option<usize>,
    /// Take every sentence of the grammar, or every row of the CSV
    #[arg(long)]
    pub all: bool,
    /// Leave these templates of the grammar out, by name or as `template 2`; as often as you like
    #[arg(long, value_name = "TEMPLATE")]
    pub without_template: Vec<String>,
    /// Take only one half of the stimuli, 1 or 2, which are drawn under the seed
    #[arg(long, value_name = "1|2", value_parser = within(1, 2))]
    pub half: Option<usize>,
    /// How deep the trees of a recursive grammar may be, words included
    #[arg(long, value_name = "D", default_value_t = DEPTH, value_parser = within(1, DEEPEST))]
    pub depth: usize,
    /// Seed of everything that is drawn: the sample, the folds, the permutations
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub seed: u64,
}
