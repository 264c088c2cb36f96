//! `probe`: the command line of the toolkit.

mod args;
mod commands;
mod failure;
mod printer;
mod signals;

use std::process::ExitCode;

fn main() -> ExitCode {
    printer::clean_up_on_interrupt();
    signals::tell_of_large_files();
    match args::read().and_then(commands::run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => printer::fail(&failure, std::env::args_os().any(|word| word == "--json")),
    }
}
