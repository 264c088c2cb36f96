//! Options of a group of subjects.

use std::path::PathBuf;

use clap::Args;

use mlem_probe::group::{ClusterBy, Params, Tail};
use mlem_probe::profile::Order;
use mlem_probe::report::export::Format;

use super::list::{self, Names};
use super::shared::{Talk, figure_format, named, within};

/// The most sign flips.
const DRAWS: usize = 1_000_000;

/// `probe group`.
#[derive(Debug, Args)]
pub struct GroupArgs {
    /// Run directories, two or more: one per subject, over the same features and the same layers, times or regions
    #[arg(value_name = "RUN_DIR", required = true)]
    pub runs: Vec<PathBuf>,
    /// Where to write group.csv, subjects.csv and group.html
    #[arg(short, long, value_name = "DIR", default_value = "runs/group")]
    pub out: PathBuf,
    /// Replace another run that is in the directory of --out
    #[arg(long)]
    pub force: bool,
    /// What the subjects are called, in the order of the run directories (default: what tells their models or folders apart);
    /// a name with a comma in double quotes
    #[arg(long, value_name = "A,B,...", value_parser = list::names())]
    pub labels: Vec<Names>,
    /// Which effects are tested, of those that the runs have: features, their interactions (`--interactions`), or groups (`--group`)
    #[arg(long, default_value = "main", value_parser = named::<Order>(&["main", "interaction", "group"]))]
    pub order: Order,
    /// Which side of 0 is tested: `greater` or `less` only where the hypothesis said so before the data were seen
    #[arg(long, default_value = "two", value_parser = named::<Tail>(&["two", "greater", "less"]))]
    pub tail: Tail,
    /// Test clusters of neighbours along the axis too: those whose t is beyond THRESHOLD (default: that of p = .05), or
    /// threshold-free (`tfce`). Layers and times that follow each other are neighbours; for regions see --neighbours
    #[arg(long, value_name = "THRESHOLD|tfce", num_args = 0..=1, default_missing_value = "t",
        allow_negative_numbers = true, value_parser = cluster)]
    pub cluster: Option<ClusterBy>,
    /// Which regions are neighbours: a file of pairs of names, two a line, separated by a comma or a tab. Of channels at times, pairs of
    /// channels: without it, clusters are of times alone and no two channels are neighbours
    #[arg(long, value_name = "FILE", requires = "cluster")]
    pub neighbours: Option<PathBuf>,
    /// On which axes entries that follow each other are neighbours, by their names (`time`, `layer`), or `none` (default: on those that
    /// have such an order, layers and times)
    #[arg(long, value_name = "AXIS,...", value_parser = list::names(), requires = "cluster")]
    pub along: Vec<Names>,
    /// Leave out features and layers, times or regions that some subjects lack; without it they are an error
    #[arg(long)]
    pub shared: bool,
    /// Sign flips of subjects that are drawn, and draws of the bootstrap; up to 14 subjects, all flips are gone through
    #[arg(long, value_name = "N", default_value_t = Params::default().draws, value_parser = within(1, DRAWS))]
    pub draws: usize,
    /// What is called significant, and one less the level of intervals
    #[arg(long, value_name = "P", default_value_t = Params::default().alpha, value_parser = share)]
    pub alpha: f64,
    /// Write every figure as files too, into figures/: svg, png, pdf
    #[arg(long, value_name = "FORMAT,...", value_delimiter = ',', value_parser = figure_format)]
    pub figures: Vec<Format>,
    /// Seed of everything that is drawn
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub seed: u64,
    #[command(flatten)]
    pub talk: Talk,
}

impl GroupArgs {
    /// The axes of `--along`: empty for `none`.
    pub fn along(&self) -> Option<Vec<String>> {
        let words = list::all(&self.along);
        let none = words.iter().all(|word| word.eq_ignore_ascii_case("none"));
        (!words.is_empty()).then(|| if none { Vec::new() } else { words })
    }

    /// How the group is tested.
    pub fn params(&self) -> Params {
        Params {
            order: self.order,
            tail: self.tail,
            draws: self.draws,
            seed: self.seed,
            alpha: self.alpha,
            cluster: self.cluster,
            along: self.along(),
            shared: self.shared,
        }
    }
}

/// What clusters are made of.
fn cluster(text: &str) -> Result<ClusterBy, String> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("tfce") {
        return Ok(ClusterBy::Tfce);
    }
    if text == "t" {
        return Ok(ClusterBy::Threshold(None));
    }
    let threshold = text.parse().ok().filter(|threshold: &f64| threshold.is_finite() && *threshold > 0.0);
    threshold.map(|threshold| ClusterBy::Threshold(Some(threshold))).ok_or_else(|| {
        "give a threshold of t above 0, or tfce, or nothing for the t of p = .05; run directories go before --cluster".to_owned()
    })
}

/// A number between 0 and 1.
fn share(text: &str) -> Result<f64, String> {
    let number = text.trim().parse().ok().filter(|share: &f64| *share > 0.0 && *share < 1.0);
    number.ok_or_else(|| "give a number between 0 and 1, such as .05".to_owned())
}
