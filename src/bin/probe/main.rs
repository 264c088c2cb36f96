//! `probe`: the command line of the toolkit.

mod args;
mod command_line;
mod commands;
mod failure;
mod printer;
mod program;
mod signals;

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(program::run())
}
