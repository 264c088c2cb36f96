//! Options of `probe grammars`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::shared::Talk;

/// `probe grammars`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct GrammarsCommand {
    /// What to do; list them when left out.
    #[command(subcommand)]
    pub task: Option<GrammarsTask>,
    #[command(flatten)]
    pub talk: Talk,
}

/// What can be done with bundled grammars.
#[derive(Debug, Subcommand)]
pub enum GrammarsTask {
    /// Print the file of a bundled grammar, to read it or to change a copy
    Show(ShowArgs),
}

/// `probe grammars show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// A bundled grammar
    pub name: String,
    /// Where to write it (default: to stdout)
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}
