//! `probe`: the command line of the toolkit.

mod args;
mod commands;
mod failure;
mod printer;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = args::Cli::parse();
    printer::clean_up_on_interrupt();
    match commands::run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => printer::fail(&failure),
    }
}
