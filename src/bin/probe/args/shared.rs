//! What several commands take, and how values are read.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, Args};
use mlem_probe::report::export::Format;

/// The most threads: a slip of the keys must not make a machine unusable.
const THREADS: usize = 4096;

/// How much is said, and in what form.
#[derive(Debug, Clone, Args)]
pub struct Talk {
    /// Print results as JSON
    #[arg(long, help_heading = "Output")]
    pub json: bool,
    /// Say nothing on stderr but errors
    #[arg(short, long, help_heading = "Output")]
    pub quiet: bool,
    /// Say more on stderr
    #[arg(short, long, action = ArgAction::Count, help_heading = "Output")]
    pub verbose: u8,
    /// Use this many threads (default: all cores)
    #[arg(long, value_name = "N", help_heading = "Output", value_parser = within(1, THREADS))]
    pub threads: Option<usize>,
}

/// A format of figures.
pub fn figure_format(text: &str) -> Result<Format, String> {
    let known = Format::ALL.map(Format::extension);
    Format::ALL
        .into_iter()
        .find(|format| format.extension() == text)
        .ok_or_else(|| format!("write {}", mlem_probe::text::join_or(&known)))
}

/// A parser of whole numbers from `least` to `most`.
pub fn within(
    least: usize,
    most: usize,
) -> impl Fn(&str) -> Result<usize, String> + Clone + Send + Sync + 'static {
    move |text| {
        let number = text.trim().parse().ok().filter(|number| (least..=most).contains(number));
        number.ok_or_else(|| format!("give a whole number from {least} to {most}"))
    }
}

/// A parser of the values called `names`, which are those of `T` in files too.
pub fn named<T>(names: &[&'static str]) -> impl TypedValueParser<Value = T>
where
    T: serde::de::DeserializeOwned + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(names.iter().copied()).try_map(|name| serde_json::from_value::<T>(name.into()))
}
