//! Options of the simulations.

use std::path::PathBuf;

use clap::Args;
use mlem_probe::report::export::Format;
use mlem_probe::simulate::{Options, WorldKind};

use super::shared::{Talk, figure_format, named};

/// `probe simulate`.
#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// Where to write tables and figures
    #[arg(short, long, value_name = "DIR", default_value = "runs/simulation")]
    pub out: PathBuf,
    /// Where activations come from: distances d'Wd of binary features, with a random W, or one with few entries off its
    /// diagonal; or a random network with tanh
    #[arg(long, value_name = "WORLD,...", value_delimiter = ',', default_value = "dense", default_value_if("oracle", "true", "network"), value_parser =
        named::<WorldKind>(&["dense", "sparse", "network"]))]
    pub world: Vec<WorldKind>,
    /// Ask MLEM, FR-RSA, RSA, decoding and encoding which features shape the activations of a world in which a third of them do nothing,
    /// with an oracle that knows the world beside them; of networks, unless --world says otherwise
    #[arg(long, conflicts_with_all = ["stochastic_seeds", "exact_only"])]
    pub oracle: bool,
    /// How often everything is drawn anew
    #[arg(long, value_name = "N", default_value_t = Options::default().seeds)]
    pub seeds: u64,
    /// On how many of these the stochastic solver, which takes a hundred times as long, is run too
    #[arg(long, value_name = "N", default_value_t = Options::default().stochastic_seeds)]
    pub stochastic_seeds: u64,
    /// Noise, in standard deviations of each dimension
    #[arg(long, value_name = "X,...", value_delimiter = ',', default_value = "0,1,2,3,5")]
    pub noise: Vec<f64>,
    /// How many stimuli
    #[arg(long, value_name = "N", default_value_t = 256)]
    pub stimuli: usize,
    /// How many features
    #[arg(long, value_name = "N", default_value_t = 16)]
    pub features: usize,
    /// How many dimensions the activations have
    #[arg(long, value_name = "N", default_value_t = 768)]
    pub dims: usize,
    /// Folds of cross-validation over stimuli
    #[arg(long, value_name = "K", default_value_t = 5)]
    pub folds: usize,
    /// Leave the stochastic solver out: --stochastic-seeds 0
    #[arg(long, conflicts_with = "stochastic_seeds")]
    pub exact_only: bool,
    /// Figures to write: svg, png, pdf
    #[arg(long, value_name = "FORMAT,...", value_delimiter = ',', default_value = "svg,png", value_parser = figure_format)]
    pub figures: Vec<Format>,
    /// The first seed
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub seed: u64,
    #[command(flatten)]
    pub talk: Talk,
}

impl SimulateArgs {
    /// What is simulated.
    pub fn options(&self) -> Options {
        Options {
            worlds: self.world.clone(),
            stimuli: self.stimuli,
            features: self.features,
            dims: self.dims,
            noise: self.noise.clone(),
            seeds: self.seeds,
            seed: self.seed,
            folds: self.folds,
            stochastic_seeds: if self.exact_only { 0 } else { self.stochastic_seeds },
        }
    }
}
