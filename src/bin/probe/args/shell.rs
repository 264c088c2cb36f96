//! What a shell and `man` are given.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

/// `probe completions`.
#[derive(Debug, Args)]
#[command(after_help = "Where each shell looks for it:\n  \
    bash  probe completions bash > ~/.local/share/bash-completion/completions/probe\n  \
    zsh   probe completions zsh > DIR/_probe, where DIR is in $fpath\n  \
    fish  probe completions fish > ~/.config/fish/completions/probe.fish")]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// `probe man`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  probe man | man -l -\n  probe man sweep run | man -l -\n  \
    probe man -o ~/.local/share/man/man1    all pages, for `man probe-run` and the like")]
pub struct ManArgs {
    /// The command whose page it is (default: that of probe itself)
    #[arg(value_name = "COMMAND", conflicts_with = "out")]
    pub command: Vec<String>,
    /// Write the pages of all commands into this folder
    #[arg(short, long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}
