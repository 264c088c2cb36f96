//! What several commands take, and how values are read.

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, Args, Command};
use mlem_probe::report::export::Format;

/// The most threads: a slip of the keys must not make a machine unusable.
const THREADS: usize = 4096;

/// How much is said, and in what form.
#[derive(Debug, Clone, Args)]
pub struct Talk {
    /// Print results as JSON
    #[arg(long, help_heading = "Output")]
    pub json: bool,
    /// Say nothing on stderr but errors, and which results are not as they were written
    #[arg(short, long, help_heading = "Output")]
    pub quiet: bool,
    /// Say more on stderr
    #[arg(short, long, action = ArgAction::Count, help_heading = "Output")]
    pub verbose: u8,
    /// Use this many threads (default: all cores)
    #[arg(long, value_name = "N", help_heading = "Output", value_parser = within(1, THREADS))]
    pub threads: Option<usize>,
}

/// How figures are written, and what is called how in them.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Figures")]
pub struct FigureArgs {
    /// Write every figure as files too, into figures/ of the run directory: svg, png, pdf
    #[arg(long, value_name = "FORMAT,...", value_delimiter = ',', value_parser = figure_format)]
    pub figures: Vec<Format>,
    /// A TOML file of names for display, a line each: `feature = "Name"`
    #[arg(long, value_name = "FILE", visible_alias = "labels")]
    pub feature_names: Option<PathBuf>,
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

/// `parser`, which says what a value is called here that has another name elsewhere.
pub fn explained<P>(
    parser: P,
    elsewhere: &'static [(&'static str, &'static str)],
) -> impl TypedValueParser<Value = P::Value>
where
    P: TypedValueParser,
{
    Explained { parser, elsewhere }
}

#[derive(Clone)]
struct Explained<P> {
    parser: P,
    /// A name of elsewhere, and what to write.
    elsewhere: &'static [(&'static str, &'static str)],
}

impl<P: TypedValueParser> TypedValueParser for Explained<P> {
    type Value = P::Value;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<P::Value, clap::Error> {
        let name = value.to_string_lossy().to_lowercase().replace(['-', '_'], "");
        match self.elsewhere.iter().find(|(other, _)| *other == name) {
            None => self.parser.parse_ref(command, arg, value),
            Some((_, what)) => {
                let arg = arg.map(ToString::to_string).unwrap_or_default();
                let message = format!("invalid value '{}' for '{arg}': {what}\n", value.to_string_lossy());
                Err(clap::Error::raw(ErrorKind::InvalidValue, message).with_cmd(command))
            }
        }
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        self.parser.possible_values()
    }
}
