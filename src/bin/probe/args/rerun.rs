//! Options of `probe rerun`.

use std::path::PathBuf;

use clap::Args;

use super::shared::Talk;

/// `probe rerun`.
#[derive(Debug, Args)]
pub struct RerunArgs {
    /// A run directory, or its run.json
    #[arg(value_name = "RUN")]
    pub run: PathBuf,
    /// The run directory of the new run (default: that of the recorded command)
    #[arg(short, long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Replace another run that is there
    #[arg(long)]
    pub force: bool,
    /// Print the command, and run nothing
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub talk: Talk,
}
