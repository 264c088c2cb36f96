//! What the program does with its command line, and with what exit code.

use crate::{args, command_line, commands, printer, signals};

/// Runs the command that the command line asks for, and gives the exit code.
pub fn run() -> u8 {
    printer::clean_up_on_interrupt();
    signals::tell_of_large_files();
    match args::read().and_then(commands::run) {
        Ok(()) => 0,
        Err(failure) => printer::fail(&failure, command_line::words().iter().any(|word| word == "--json")),
    }
}
