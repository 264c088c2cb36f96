//! Options of a comparison.

use std::path::PathBuf;

use clap::Args;

use mlem_probe::compare::{MetadataParams, ProfileDistance};
use mlem_probe::mlem::FeatureGroup;
use mlem_probe::profile::Order;
use mlem_probe::report::export::Format;

use super::estimator::feature_group;
use super::list::{self, Names};
use super::reading::ReadingArgs;
use super::shared::{Talk, figure_format, named, within};

/// How many stimuli the layers of two models are compared on.
pub const LAYER_STIMULI: usize = 1024;

/// The most resamples of the folds.
const DRAWS: usize = 1_000_000;

/// `probe compare`.
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// Run directories, two or more: one per model, over the same stimuli
    #[arg(value_name = "RUN_DIR", required = true)]
    pub runs: Vec<PathBuf>,
    /// Where to write comparison.csv and compare.html
    #[arg(short, long, value_name = "DIR", default_value = "runs/comparison")]
    pub out: PathBuf,
    /// Activations of a run directory's stimuli (`probe extract RUN_DIR/stimuli.csv`), for the similarity of layers; once per
    /// run directory, in their order
    #[arg(long, value_name = "FILE")]
    pub activations: Vec<PathBuf>,
    #[command(flatten)]
    pub reading: ReadingArgs,
    /// What the models are called, in the order of the run directories (default: the names of the models)
    #[arg(long, value_name = "A,B,...", value_parser = list::names())]
    pub labels: Vec<Names>,
    /// Stimuli that layers are compared on; a seeded sample where there are more
    #[arg(long, value_name = "N", default_value_t = LAYER_STIMULI)]
    pub layer_stimuli: usize,
    /// Which effects are compared, of those that the runs have: features, their interactions (`--interactions`), or groups (`--group`)
    #[arg(long, default_value = "main", value_parser = named::<Order>(&["main", "interaction", "group"]))]
    pub order: Order,
    /// Resamples of the folds, for the spread of distances and the intervals of differences
    #[arg(long, value_name = "N", default_value_t = mlem_probe::compare::Params::default().draws,
        value_parser = within(0, DRAWS))]
    pub draws: usize,
    /// Write every figure as files too, into figures/: svg, png, pdf
    #[arg(long, value_name = "FORMAT,...", value_delimiter = ',', value_parser = figure_format)]
    pub figures: Vec<Format>,
    /// Copy comparison.csv into spreadsheet/, for a program that runs formulas: a text that begins as one is put behind an apostrophe
    #[arg(long)]
    pub spreadsheet_safe: bool,
    #[command(flatten)]
    pub metadata: MetadataArgs,
    /// Seed of everything that is drawn
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub seed: u64,
    #[command(flatten)]
    pub talk: Talk,
}

/// Models as stimuli: a table of what they are.
#[derive(Debug, Args)]
#[command(next_help_heading = "Models as stimuli")]
pub struct MetadataArgs {
    /// A table of the models (a row each, with a column `model` that has its label, its id or its run directory; family, date, size …): MLEM
    /// is fitted to the distances between their profiles, into metadata.csv; 8 models at least
    #[arg(long, value_name = "FILE")]
    pub metadata: Option<PathBuf>,
    /// The column of the models' names in it
    #[arg(long, value_name = "COLUMN", default_value = "model", requires = "metadata")]
    pub metadata_name: String,
    /// How far apart two profiles are: by dynamic time warping, at matched relative depth, or between importances, means over layers
    #[arg(long, value_name = "DISTANCE", default_value = "dtw", requires = "metadata",
        value_parser = profile_distance)]
    pub metadata_distance: ProfileDistance,
    /// Leave these columns out: data,family, or '"size, in B",family' where a name has a comma
    #[arg(long, value_name = "F,...", value_parser = list::names(), requires = "metadata")]
    pub metadata_drop: Vec<Names>,
    /// Measure several columns together too, as often as you like: training=data,objective
    #[arg(long, value_name = "NAME=F,...", value_parser = feature_group, requires = "metadata")]
    pub metadata_group: Vec<FeatureGroup>,
    /// Relabellings of the models, for p-values
    #[arg(long, value_name = "N", default_value_t = MetadataParams::default().draws, requires = "metadata",
        value_parser = within(0, DRAWS))]
    pub metadata_draws: usize,
}

fn profile_distance(text: &str) -> Result<ProfileDistance, String> {
    let all = [ProfileDistance::Dtw, ProfileDistance::MatchedDepth, ProfileDistance::Vector];
    all.into_iter()
        .find(|distance| distance.name() == text)
        .ok_or_else(|| format!("write {}", mlem_probe::text::join_or(&all.map(ProfileDistance::name))))
}
