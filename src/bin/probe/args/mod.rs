//! The command line: what can be asked, and how it reads in `--help`.

mod cache;
mod compare;
mod controls;
mod erase;
mod estimator;
mod grammars;
mod group;
mod layers;
pub mod list;
mod model;
mod ranges;
mod reading;
mod rerun;
mod robustness;
mod shared;
mod shell;
mod simulate;
mod stimuli;
mod surprisal;
mod sweep;
mod table;
mod tokens;
mod transform;
mod typed;
mod verify;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use mlem_probe::grammar::{DEEPEST, DEPTH};

pub use cache::{CacheCommand, CacheTask};
pub use compare::{CompareArgs, LAYER_STIMULI, MetadataArgs};
pub use controls::{Asked, ControlArgs};
pub use erase::EraseArgs;
pub use estimator::EstimatorArgs;
pub use grammars::{GrammarsCommand, GrammarsTask};
pub use group::GroupArgs;
pub use layers::Layers;
pub use model::{ExtractArgs, ModelArgs, Pool};
pub use reading::ReadingArgs;
pub use rerun::RerunArgs;
pub use robustness::RobustnessArgs;
pub use shared::{FigureArgs, Talk};
pub use shell::{CompletionsArgs, ManArgs};
pub use simulate::SimulateArgs;
pub use stimuli::DrawArgs;
pub use surprisal::{PairArgs, SurprisalArgs};
pub use sweep::{CollectArgs, PlanArgs, SweepCommand, SweepRunArgs, SweepTask};
pub use table::TableArgs;
pub use tokens::TokensArgs;
pub use transform::TransformArgs;
pub use typed::read;
pub use verify::VerifyArgs;

use list::Names;
use shared::within;

/// Probe a language model layer by layer: which linguistic features shape its representations, and where.
///
/// With no subcommand this is `probe run`: generate the stimuli of a grammar (or read your own), run a transformer over
/// them, fit MLEM on every layer, and show the profile.
#[derive(Debug, Parser)]
#[command(
    name = "probe",
    version,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    max_term_width = 100,
    after_help = "Examples:\n  probe relative_clause\n  probe --model bert-base relative_clause\n  \
                  probe fit features.csv activations.npy -o out"
)]
pub struct Cli {
    /// What to do; `run` when left out.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The options of `run`.
    #[command(flatten)]
    pub run: RunArgs,
}

/// The stages, each on its own.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The whole pipeline: stimuli, activations, MLEM on every layer, profile (the default)
    Run(RunArgs),
    /// Write the stimuli of a grammar as CSV
    Generate(GenerateArgs),
    /// Look a grammar or a table over: counts, levels, feature correlations, confounds, problems
    Check(CheckArgs),
    /// Show what a model reads of a text: pieces, ids, places, and which file of its tokenizer says so
    Tokens(TokensArgs),
    /// Compare a model with what transformers makes of it: write the Python script that freezes that, or hold the model against it
    Verify(VerifyArgs),
    /// Run a model over stimuli and write every layer's activations
    Extract(ExtractCommand),
    /// Log-probabilities of sentences, tokens and words under a causal or a masked model, and which sentence of a minimal pair it prefers
    Surprisal(SurprisalArgs),
    /// Erase a feature at a layer and run on: what is decoded there, importances after it, preferences in minimal pairs, beside a control
    Erase(EraseArgs),
    /// Fit MLEM, or a baseline, on activations of your own: no model needed
    Fit(FitArgs),
    /// Activations with a known W, and how near each fit comes to it: the paper's simulations
    Simulate(SimulateArgs),
    /// Compare models: their run directories side by side
    Compare(CompareArgs),
    /// Test what subjects have in common: their run directories as a sample, over layers, times or regions
    Group(GroupArgs),
    /// In how many variations of a run each of its claims holds: pooling, distance, template, seed, half of the stimuli …
    Robustness(RobustnessArgs),
    /// Many runs from one plan, here or on a cluster: grammars × models × revisions × poolings × options
    Sweep(SweepCommand),
    /// Rebuild the page of a run directory from its tables
    Report(ReportArgs),
    /// Look after the activations that are kept for another run
    Cache(CacheCommand),
    /// List the models that are supported, or say what is known of one
    Models(ModelsCommand),
    /// List the grammars that are bundled, or show one
    Grammars(GrammarsCommand),
    /// Run again what a run directory records
    Rerun(RerunArgs),
    /// Print the completions of a shell
    Completions(CompletionsArgs),
    /// Print the manual page of a command, or write all of them
    Man(ManArgs),
}

/// `probe models`.
#[derive(Debug, Args)]
pub struct ModelsCommand {
    /// An architecture (`model_type` in config.json), or a short name; list all when left out
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    #[command(flatten)]
    pub talk: Talk,
}

/// `probe run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// A bundled grammar, a grammar file, or a table of stimuli (CSV, TSV, JSON lines, SyntaxGym, CoNLL-U, lines of text)
    #[arg(value_name = "SOURCE", required = true)]
    pub source: Option<String>,
    /// The run directory (default: runs/SOURCE-MODEL); `auto`: that, or with a number behind it where it holds another run
    #[arg(short, long, value_name = "DIR", help_heading = "Output")]
    pub out: Option<PathBuf>,
    /// Replace another run that is in the run directory
    #[arg(long, help_heading = "Output")]
    pub force: bool,
    /// Say what would be done and stop: stimuli, layers, tests, memory, time. No weights are fetched; those that are here run a few sentences to take the time
    #[arg(long, help_heading = "Output")]
    pub dry_run: bool,
    #[command(flatten)]
    pub draw: DrawArgs,
    #[command(flatten)]
    pub table: TableArgs,
    #[command(flatten)]
    pub model: ModelArgs,
    #[command(flatten)]
    pub extract: ExtractArgs,
    #[command(flatten)]
    pub transforms: TransformArgs,
    #[command(flatten)]
    pub estimator: EstimatorArgs,
    #[command(flatten)]
    pub controls: ControlArgs,
    #[command(flatten)]
    pub figures: FigureArgs,
    #[command(flatten)]
    pub talk: Talk,
}

/// `probe generate`.
#[derive(Debug, Args)]
pub struct GenerateArgs {
    /// A bundled grammar or a grammar file
    pub grammar: String,
    /// Where to write the CSV; a `.json` with types and spans goes beside it (default: CSV to stdout)
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Write only this many sentences (default: all)
    #[arg(long, value_name = "N")]
    pub sample: Option<usize>,
    /// Choose the sample so that levels are even and features uncorrelated
    #[arg(long, requires = "sample")]
    pub balance: bool,
    /// Read these features as numbers: integers of an .fcfg grammar are names unless they are listed here
    #[arg(long, value_name = "F,...", value_parser = list::names())]
    pub numeric: Vec<Names>,
    /// Write the CSV for a spreadsheet, not to be read back: a text that begins as a formula is put behind an apostrophe
    #[arg(long, conflicts_with = "pairs")]
    pub spreadsheet_safe: bool,
    /// Write minimal pairs instead, as JSON lines: sentences that differ in this feature alone
    #[arg(long, value_name = "FEATURE", conflicts_with = "balance")]
    pub pairs: Option<String>,
    /// How deep the trees of a recursive grammar may be, words included
    #[arg(long, value_name = "D", default_value_t = DEPTH, value_parser = within(1, DEEPEST))]
    pub depth: usize,
    /// Seed of everything that is drawn
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub seed: u64,
    #[command(flatten)]
    pub talk: Talk,
}

/// `probe check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// A bundled grammar, a grammar file, or a table of stimuli
    #[arg(value_name = "SOURCE")]
    pub source: String,
    /// Read these features as numbers: integers of an .fcfg grammar are names unless they are listed here
    #[arg(long, value_name = "F,...", value_parser = list::names())]
    pub numeric: Vec<Names>,
    #[command(flatten)]
    pub table: TableArgs,
    /// Name the words that this model's tokenizer splits: a Hub id, an alias, or a checkpoint directory
    #[arg(short, long, value_name = "MODEL")]
    pub model: Option<String>,
    /// How deep the trees of a recursive grammar may be, words included
    #[arg(long, value_name = "D", default_value_t = DEPTH, value_parser = within(1, DEEPEST))]
    pub depth: usize,
    /// Simulate how many stimuli it takes to find each feature where its importance is .01, .02 or .05
    #[arg(long, help_heading = "Power")]
    pub power: bool,
    /// With --power, leave these features out, as the run will
    #[arg(long, value_name = "F,...", value_parser = list::names(), requires = "power", help_heading = "Power")]
    pub drop: Vec<Names>,
    /// With --power, the seed of everything that is drawn
    #[arg(long, value_name = "S", default_value_t = 0, requires = "power", help_heading = "Power")]
    pub seed: u64,
    #[command(flatten)]
    pub talk: Talk,
}

/// `probe extract`.
#[derive(Debug, Args)]
pub struct ExtractCommand {
    /// A table of stimuli, with a column `sentence` (or another: --text)
    pub stimuli: PathBuf,
    /// Where to write the activations: .safetensors, or .npy (default: STIMULI-MODEL.safetensors)
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub model: ModelArgs,
    #[command(flatten)]
    pub extract: ExtractArgs,
    #[command(flatten)]
    pub table: TableArgs,
    #[command(flatten)]
    pub transforms: TransformArgs,
    /// Seed of what is drawn: --noise
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub seed: u64,
    #[command(flatten)]
    pub talk: Talk,
}

/// `probe fit`.
#[derive(Debug, Args)]
pub struct FitArgs {
    /// Features: a table with one row per stimulus, or .npy or .npz with a matrix of distances for each
    pub stimuli: PathBuf,
    /// Activations: .safetensors, .npy, .npz or .pt, an array per layer or one of all, one row per stimulus
    pub activations: PathBuf,
    /// The run directory (default: runs/STIMULI-ACTIVATIONS); `auto`: that, or with a number behind it where it holds another run
    #[arg(short, long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Replace another run that is in the run directory
    #[arg(long)]
    pub force: bool,
    /// Layers to fit, e.g. 0-6,9 or -1 for the last (default: all)
    #[arg(long, allow_hyphen_values = true, value_name = "LAYERS")]
    pub layers: Option<Layers>,
    /// More features, given as distances between stimuli: .npz of (n, n) each, or .npy of (n, n, m)
    #[arg(long, value_name = "FILE")]
    pub feature_distances: Vec<PathBuf>,
    /// Another recording of the same stimuli at the same layers, as often as there are: the fit is to their mean, and their noise
    /// ceiling goes into ceiling.csv
    #[arg(long, value_name = "ACTIVATIONS")]
    pub repeat: Vec<PathBuf>,
    /// The file has the arrays of several subjects (`sub-01/V1`, `sub-02/V1`; or `--axes subject,region,n,unit`): fit each into
    /// DIR/SUBJECT, and test what they have in common into DIR/group, as `probe group` does
    #[arg(long, conflicts_with_all = ["layers", "repeat", "controls"])]
    pub by_subject: bool,
    /// With --by-subject, leave out of the group what some subjects lack: features, and layers, times or regions
    #[arg(long, requires = "by_subject")]
    pub shared: bool,
    /// Take only one half of the stimuli, 1 or 2, which are drawn under the seed
    #[arg(long, value_name = "1|2", value_parser = within(1, 2), conflicts_with = "by_subject")]
    pub half: Option<usize>,
    #[command(flatten)]
    pub reading: ReadingArgs,
    /// Seed of the folds and the permutations
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub seed: u64,
    #[command(flatten)]
    pub table: TableArgs,
    #[command(flatten)]
    pub transforms: TransformArgs,
    #[command(flatten)]
    pub estimator: EstimatorArgs,
    #[command(flatten)]
    pub controls: ControlArgs,
    #[command(flatten)]
    pub figures: FigureArgs,
    #[command(flatten)]
    pub talk: Talk,
}

/// `probe report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// A run directory
    pub run_dir: PathBuf,
    #[command(flatten)]
    pub figures: FigureArgs,
    /// Draw the curves of the layers as text too
    #[arg(long)]
    pub plot: bool,
    /// Copy the tables into spreadsheet/ of the run directory, for a program that runs formulas: a text that begins as one is put
    /// behind an apostrophe
    #[arg(long)]
    pub spreadsheet_safe: bool,
    #[command(flatten)]
    pub talk: Talk,
}
