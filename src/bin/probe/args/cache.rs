//! Options of `probe cache`.

use clap::{Args, Subcommand};

use super::shared::Talk;

/// `probe cache`.
#[derive(Debug, Args)]
pub struct CacheCommand {
    /// What to do with it
    #[command(subcommand)]
    pub task: CacheTask,
}

/// What can be done with the cache.
#[derive(Debug, Subcommand)]
pub enum CacheTask {
    /// List what is kept
    Ls(Talk),
    /// Remove entries by the start of their keys, or all
    Rm(RemoveArgs),
    /// Read every entry and compare it with its hash
    Verify(Talk),
}

/// `probe cache rm`.
#[derive(Debug, Args)]
pub struct RemoveArgs {
    /// The first digits of keys, as `ls` shows them
    #[arg(required_unless_present = "all", conflicts_with = "all", value_name = "KEY")]
    pub keys: Vec<String>,
    /// Remove every entry
    #[arg(long)]
    pub all: bool,
    #[command(flatten)]
    pub talk: Talk,
}

impl CacheTask {
    /// How much is said.
    pub fn talk(&self) -> &Talk {
        match self {
            Self::Ls(talk) | Self::Verify(talk) => talk,
            Self::Rm(args) => &args.talk,
        }
    }
}
