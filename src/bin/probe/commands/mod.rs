//! What each subcommand does.

mod cache;
mod check;
pub mod compare;
mod dry;
pub mod extract;
pub mod fit;
mod folders;
pub mod generate;
pub mod inputs;
mod lists;
pub mod model;
mod reach;
mod report;
mod rerun;
mod run;
mod shell;
mod simulate;
mod source;
mod sweep;
mod tokens;
mod words;

use crate::args::{Cli, Command, Talk};
use crate::failure::{Failure, Result};
use crate::printer::Printer;

/// Runs the command that was asked for.
pub fn run(cli: Cli) -> Result<()> {
    dispatch(cli, fit::command_line())
}

/// Runs a command, of which `words` are what a run records.
fn dispatch(cli: Cli, words: Vec<String>) -> Result<()> {
    match cli.command.unwrap_or(Command::Run(cli.run)) {
        Command::Run(args) => run::run(&args, words, &printer(&args.talk)?),
        Command::Generate(args) => generate::run(&args, &printer(&args.talk)?),
        Command::Check(args) => check::run(&args, &printer(&args.talk)?),
        Command::Tokens(args) => tokens::run(&args, &printer(&args.talk)?),
        Command::Extract(args) => extract::run(&args, &printer(&args.talk)?),
        Command::Fit(args) => fit::run(&args, words, &printer(&args.talk)?),
        Command::Simulate(args) => simulate::run(&args, &printer(&args.talk)?),
        Command::Compare(args) => compare::run(&args, &printer(&args.talk)?),
        Command::Sweep(args) => sweep::run(&args, &printer(args.talk())?),
        Command::Report(args) => report::run(&args, &printer(&args.talk)?),
        Command::Cache(args) => cache::run(&args, &printer(args.task.talk())?),
        Command::Models(talk) => lists::models(&printer(&talk)?),
        Command::Grammars(args) => lists::of_grammars(&args, &printer(&args.talk)?),
        Command::Rerun(args) => match rerun::command(&args, &Printer::new(&args.talk))? {
            Some((cli, words)) => dispatch(cli, words),
            None => Ok(()),
        },
        Command::Completions(args) => shell::completions(&args),
        Command::Man(args) => shell::man(&args),
    }
}

fn printer(talk: &Talk) -> Result<Printer> {
    if let Some(threads) = talk.threads {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().map_err(|error| {
            Failure::usage(
                format!("cannot use {threads} threads: {error}"),
                "ask for fewer, or leave --threads out",
            )
        })?;
    }
    Ok(Printer::new(talk))
}
