//! Keyword arguments as the program's options: the same names, the same values, the same checks.

use std::path::PathBuf;

use clap::Parser;

use crate::args::{
    CompareArgs, EstimatorArgs, ExtractArgs, GenerateArgs, Layers, ModelArgs, ReadingArgs, TableArgs,
    TransformArgs,
};
use crate::failure::{Failure, Result};

/// Options of a fit.
#[derive(Debug, Parser)]
#[command(no_binary_name = true, disable_help_flag = true)]
pub struct FitOptions {
    /// Layers to fit
    #[arg(long, allow_hyphen_values = true)]
    pub layers: Option<Layers>,
    /// Seed of the folds and the permutations
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    #[command(flatten)]
    pub transforms: TransformArgs,
    #[command(flatten)]
    pub estimator: EstimatorArgs,
    /// A TOML file of names for display
    #[arg(long)]
    pub feature_names: Option<PathBuf>,
}

/// Options of opening a file of activations.
#[derive(Debug, Parser)]
#[command(no_binary_name = true, disable_help_flag = true)]
pub struct OpenOptions {
    #[command(flatten)]
    pub reading: ReadingArgs,
    /// Of these, the units to read are taken
    #[command(flatten)]
    pub transforms: TransformArgs,
}

/// Options of an extraction.
#[derive(Debug, Parser)]
#[command(no_binary_name = true, disable_help_flag = true)]
pub struct ExtractOptions {
    #[command(flatten)]
    pub model: ModelArgs,
    #[command(flatten)]
    pub extract: ExtractArgs,
    #[command(flatten)]
    pub transforms: TransformArgs,
    /// Seed of what is drawn
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
}

/// Options of a generation.
#[derive(Debug, Parser)]
#[command(no_binary_name = true, disable_help_flag = true)]
pub struct GenerateOptions {
    #[command(flatten)]
    pub args: GenerateArgs,
}

/// Options of reading a table.
#[derive(Debug, Parser)]
#[command(no_binary_name = true, disable_help_flag = true)]
pub struct ReadOptions {
    #[command(flatten)]
    pub table: TableArgs,
}

/// Options of a comparison.
#[derive(Debug, Parser)]
#[command(no_binary_name = true, disable_help_flag = true)]
pub struct CompareOptions {
    #[command(flatten)]
    pub args: CompareArgs,
}

/// Reads `words`, each `--name` or `--name=value`.
pub fn parse<T: Parser>(words: &[String]) -> Result<T> {
    T::try_parse_from(words).map_err(|error| {
        let text = error.to_string();
        // What is wrong ends at an empty line; advice on the command line follows it.
        let (message, _) = text.split_once("\n\n").unwrap_or((&text, ""));
        let message: Vec<&str> = message.trim_start_matches("error: ").lines().map(str::trim).collect();
        Failure::usage(message.join(" "), "its documentation, by help(), lists what can be given")
    })
}
