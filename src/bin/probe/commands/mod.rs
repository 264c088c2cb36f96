//! What each subcommand does.

pub mod averages;
mod cache;
mod check;
pub mod compare;
pub mod controls;
mod dry;
mod erase;
pub mod extract;
pub mod finish;
pub mod fit;
mod folders;
pub mod generate;
mod group;
pub mod inputs;
mod lists;
pub mod model;
mod piped;
mod reach;
mod report;
mod rerun;
mod robustness;
mod run;
mod several;
mod shell;
mod simulate;
mod source;
mod subjects;
mod surprisal;
mod sweep;
mod tokens;
mod verify;
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
        Command::Run(mut args) => {
            let _piped = args.source.as_mut().map(through).transpose()?;
            run::run(&args, words, &printer(&args.talk)?)
        }
        Command::Generate(mut args) => {
            let _piped = through(&mut args.grammar)?;
            generate::run(&args, &printer(&args.talk)?)
        }
        Command::Check(mut args) => {
            let _piped = through(&mut args.source)?;
            check::run(&args, &printer(&args.talk)?)
        }
        Command::Tokens(args) => tokens::run(&args, &printer(&args.talk)?),
        Command::Verify(args) => verify::run(&args, &printer(&args.talk)?),
        Command::Extract(mut args) => {
            let mut stimuli = args.stimuli.to_string_lossy().into_owned();
            let piped = through(&mut stimuli)?;
            args.stimuli = piped.as_ref().map_or(args.stimuli, |piped| piped.path.clone());
            extract::run(&args, &printer(&args.talk)?)
        }
        Command::Surprisal(mut args) => {
            let mut stimuli = args.stimuli.to_string_lossy().into_owned();
            let piped = through(&mut stimuli)?;
            args.stimuli = piped.as_ref().map_or(args.stimuli, |piped| piped.path.clone());
            surprisal::run(&args, words, &printer(&args.talk)?)
        }
        Command::Erase(mut args) => {
            let mut stimuli = args.stimuli.to_string_lossy().into_owned();
            let piped = through(&mut stimuli)?;
            args.stimuli = piped.as_ref().map_or(args.stimuli, |piped| piped.path.clone());
            erase::run(&args, words, &printer(&args.talk)?)
        }
        Command::Fit(mut args) => {
            let mut stimuli = args.stimuli.to_string_lossy().into_owned();
            let piped = through(&mut stimuli)?;
            args.stimuli = piped.as_ref().map_or(args.stimuli, |piped| piped.path.clone());
            let printer = printer(&args.talk)?;
            if args.by_subject {
                subjects::run(&args, &words, &printer)
            } else {
                fit::run(&args, words, &printer)
            }
        }
        Command::Simulate(args) => simulate::run(&args, &printer(&args.talk)?),
        Command::Compare(args) => compare::run(&args, &printer(&args.talk)?),
        Command::Group(args) => group::run(&args, words, &printer(&args.talk)?),
        Command::Robustness(args) => robustness::run(&args, &printer(&args.talk)?),
        Command::Sweep(args) => sweep::run(&args, &printer(args.talk())?),
        Command::Report(args) => report::run(&args, &printer(&args.talk)?),
        Command::Cache(args) => cache::run(&args, &printer(args.task.talk())?),
        Command::Models(args) => lists::of_models(&args, &printer(&args.talk)?),
        Command::Grammars(args) => lists::of_grammars(&args, &printer(&args.talk)?),
        Command::Rerun(args) => match rerun::command(&args, &Printer::new(&args.talk))? {
            Some((cli, words)) => dispatch(cli, words),
            None => Ok(()),
        },
        Command::Completions(args) => shell::completions(&args),
        Command::Man(args) => shell::man(&args),
    }
}

/// `name` as the file that it stands for, where it is stdin.
fn through(name: &mut String) -> Result<Option<piped::Piped>> {
    let piped = piped::Piped::of(name)?;
    if let Some(piped) = &piped {
        *name = piped.path.to_string_lossy().into_owned();
    }
    Ok(piped)
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
