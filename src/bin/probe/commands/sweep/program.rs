//! What a plan may ask of `probe run`: its options as clap knows them, so that none has to be named twice.

use std::iter;

use clap::builder::Arg;
use clap::error::{ContextKind, ContextValue};
use clap::{ArgAction, Command, CommandFactory, FromArgMatches};
use mlem_probe::sweep::{Complaint, Flag, Program, Settings, Takes};
use mlem_probe::text;

use crate::args::{Cli, RunArgs};

/// What a plan says with keys of its own, and what `probe sweep` itself is told.
const NO_OPTION: [&str; 8] = ["model", "revision", "pool", "out", "json", "quiet", "verbose", "threads"];
/// Options that change no number: how much is done at once, what is in memory, and what is kept.
const UNDECIDING: [&str; 3] = ["batch-tokens", "no-cache", "offload"];
/// What is part of a cell's key as a content and not as a name.
const NAMES: [&str; 3] = ["model", "revision", "out"];

/// `probe run`.
pub struct Runs {
    command: Command,
    flags: Vec<Flag>,
}

impl Runs {
    /// Reads the options of `probe run`.
    pub fn new() -> Self {
        let command = Cli::command();
        let arguments = command.find_subcommand("run").into_iter().flat_map(Command::get_arguments);
        let flags = arguments.filter_map(|argument| {
            let name = argument.get_long().filter(|name| !NO_OPTION.contains(name))?;
            let takes = takes(argument)?;
            Some(Flag { name: name.to_owned(), takes, decides: !UNDECIDING.contains(&name) })
        });
        let flags = flags.collect();
        Self { command, flags }
    }

    /// Reads the command line of a cell.
    pub fn parse(&self, words: &[String]) -> Result<(RunArgs, Settings), Complaint> {
        let line = iter::once("probe").chain(words.iter().map(String::as_str));
        let mut matches =
            self.command.clone().try_get_matches_from(line).map_err(|error| complaint(&error))?;
        let Some((_, mut matches)) = matches.remove_subcommand() else {
            return Err(Complaint { message: format!("`{}` is no run", words.join(" ")), hint: None });
        };
        let mut settings = Settings::new();
        let arguments = self.command.find_subcommand("run").into_iter().flat_map(Command::get_arguments);
        for argument in arguments {
            let Some(name) = argument.get_long() else { continue };
            let is_option = name == "pool" || self.flags.iter().any(|flag| flag.name == name && flag.decides);
            if !is_option || NAMES.contains(&name) {
                continue;
            }
            if let Some(values) = matches.get_raw(argument.get_id().as_str()) {
                let values = values.map(|value| value.to_string_lossy().into_owned()).collect();
                settings.insert(name.to_owned(), values);
            }
        }
        let args = RunArgs::from_arg_matches_mut(&mut matches).map_err(|error| complaint(&error))?;
        Ok((args, settings))
    }
}

impl Program for Runs {
    fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    fn flags(&self) -> &[Flag] {
        &self.flags
    }

    fn settings(&self, words: &[String]) -> Result<Settings, Complaint> {
        let (args, settings) = self.parse(words)?;
        if args.estimator.are_several() {
            let message = "a cell has one --estimator, and several are named".to_owned();
            return Err(Complaint {
                message,
                hint: Some("give each a cell: estimator = [\"mlem\", \"rsa\"]".to_owned()),
            });
        }
        let checked = args.estimator.check().and_then(|()| args.transforms.check(args.estimator.distance));
        match checked {
            Ok(()) => Ok(settings),
            Err(failure) => Err(Complaint { message: failure.message(), hint: failure.hint() }),
        }
    }
}

/// What an argument takes; none for those that do something else than run, such as --help.
fn takes(argument: &Arg) -> Option<Takes> {
    let may_be_bare = argument.get_num_args().is_some_and(|range| range.min_values() == 0);
    match argument.get_action() {
        ArgAction::SetTrue => Some(Takes::Nothing),
        ArgAction::Set | ArgAction::Append if may_be_bare => Some(Takes::MaybeValue),
        ArgAction::Set | ArgAction::Append => Some(Takes::Value),
        _ => None,
    }
}

/// What clap has to say, as a mistake in a plan says it.
fn complaint(error: &clap::Error) -> Complaint {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    let message = first.strip_prefix("error: ").unwrap_or(first).to_owned();
    let values = |kind| match error.get(kind) {
        Some(ContextValue::String(value)) => vec![value.clone()],
        Some(ContextValue::Strings(values)) => values.clone(),
        _ => Vec::new(),
    };
    let (suggested, valid) = (values(ContextKind::SuggestedValue), values(ContextKind::ValidValue));
    let hint = match (suggested.as_slice(), valid.as_slice()) {
        ([], []) => None,
        ([], valid) => Some(format!("the values are {}", text::join_and(valid))),
        (suggested, _) => Some(format!("did you mean {}?", text::join_or(suggested))),
    };
    Complaint { message, hint }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(words: &[&str]) -> Result<Settings, Complaint> {
        let words: Vec<String> =
            ["run", "short_sentence"].iter().chain(words).map(|&word| word.to_owned()).collect();
        Runs::new().settings(&words)
    }

    #[test]
    fn every_option_of_a_run_is_one_of_a_plan_or_is_said_elsewhere() {
        let runs = Runs::new();
        let known: Vec<&str> = runs.flags.iter().map(|flag| flag.name.as_str()).collect();
        for argument in runs.command.find_subcommand("run").unwrap().get_arguments() {
            if let Some(name) = argument.get_long() {
                let elsewhere = NO_OPTION.contains(&name) || name == "help";
                assert!(known.contains(&name) != elsewhere, "{name}");
            }
        }
        let takes = |name: &str| runs.flags.iter().find(|flag| flag.name == name).map(|flag| flag.takes);
        assert_eq!(takes("interactions"), Some(Takes::Nothing));
        assert_eq!(takes("untrained"), Some(Takes::MaybeValue));
        assert_eq!(takes("folds"), Some(Takes::Value));
    }

    #[test]
    fn settings_are_what_was_given_and_what_holds_by_default() {
        let plain = settings(&[]).unwrap();
        assert_eq!(plain["folds"], ["5"]);
        assert_eq!(plain["interactions"], ["false"]);
        assert!(
            !plain.contains_key("model")
                && !plain.contains_key("batch-tokens")
                && !plain.contains_key("untrained")
        );
        assert_eq!(
            plain,
            settings(&[
                "--folds=5",
                "--pool=mean",
                "--model=x",
                "--batch-tokens=9",
                "--no-cache",
                "--offload"
            ])
            .unwrap()
        );
        assert_ne!(plain, settings(&["--pool=last"]).unwrap());
        assert_eq!(settings(&["--untrained"]).unwrap()["untrained"], ["0"]);
        assert_eq!(settings(&["--group=a=x", "--group=b=y"]).unwrap()["group"], ["a=x", "b=y"]);
    }

    #[test]
    fn what_a_run_would_not_take_has_a_remedy() {
        let wrong = settings(&["--distance=euclidian"]).unwrap_err();
        assert_eq!(wrong.message, "invalid value 'euclidian' for '--distance <DISTANCE>'");
        assert_eq!(wrong.hint.unwrap(), "did you mean euclidean?");
        let impossible = settings(&["--estimator=rsa", "--interactions"]).unwrap_err();
        assert!(impossible.message.contains("--interactions is an option of"), "{impossible:?}");
        assert!(settings(&["--sample=64", "--all"]).unwrap_err().message.contains("cannot be used with"));
    }
}
