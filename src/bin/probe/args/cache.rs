//! Options of `probe cache`.

use clap::{Args, Subcommand};

use super::Talk;

/// `probe cache`.
#[derive(Debug, Args)]
pub struct CacheCommand {
    /// What to do with it
    #[command(subcommand)]
    pub task: CacheTask,
    #[command(flatten)]
    pub talk: Talk,
}

/// What can be done with the cache.
#[derive(Debug, Subcommand)]
pub enum CacheTask {
    /// List what is kept
    Ls,
    /// Remove entries by the start of their keys, or all
    Rm {
        /// The first digits of keys, as `ls` shows them
        #[arg(required_unless_present = "all", conflicts_with = "all", value_name = "KEY")]
        keys: Vec<String>,
        /// Remove every entry
        #[arg(long)]
        all: bool,
    },
    /// Read every entry and compare it with its hash
    Verify,
}
