//! Options of a robustness sheet.

use std::path::PathBuf;

use clap::Args;

use mlem_probe::report::export::Format;
use mlem_probe::robustness::VariationKind;
use mlem_probe::text;

use super::list::{self, Names};
use super::shared::{Talk, figure_format, within};

/// The most seeds.
const SEEDS: usize = 100;

/// `probe robustness`.
#[derive(Debug, Args)]
pub struct RobustnessArgs {
    /// The run directory whose claims are asked; its run.json says how it was made
    #[arg(value_name = "RUN_DIR")]
    pub run: PathBuf,
    /// Where to write robustness.csv, robustness.html and the runs of the variations (default: robustness/ in it)
    #[arg(short, long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Begin no variation that would not be done after so many seconds in all, by the time that the run took; the same command goes on
    /// from there (default: all of them)
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub budget: Option<f64>,
    /// Vary only these: pooling, special-tokens, distance, template, frequency, seed, sample-size, half
    #[arg(long, value_name = "KIND,...", value_delimiter = ',', value_parser = kind)]
    pub only: Vec<VariationKind>,
    /// How many other seeds
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = within(1, SEEDS))]
    pub seeds: usize,
    /// The features that are frequencies (default: those whose name has `zipf` or `freq` in it)
    #[arg(long, value_name = "F,...", value_parser = list::names())]
    pub frequency: Vec<Names>,
    /// Write the figure as files too, into figures/: svg, png, pdf
    #[arg(long, value_name = "FORMAT,...", value_delimiter = ',', value_parser = figure_format)]
    pub figures: Vec<Format>,
    #[command(flatten)]
    pub talk: Talk,
}

fn kind(text: &str) -> Result<VariationKind, String> {
    let names = VariationKind::ALL.map(VariationKind::name);
    let written = text.trim().to_lowercase().replace(['_', ' '], "-");
    let found = VariationKind::ALL.into_iter().find(|kind| kind.name() == written);
    found.ok_or_else(|| {
        text::suggest(text, names, "what can be varied is").unwrap_or_else(|| text::join_or(&names))
    })
}

fn seconds(text: &str) -> Result<f64, String> {
    let number = text.trim().parse().ok().filter(|seconds: &f64| seconds.is_finite() && *seconds >= 0.0);
    number.ok_or_else(|| "give a number of seconds, such as 600".to_owned())
}
