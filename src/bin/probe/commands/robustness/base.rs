//! The run whose claims are asked: its command, and what of it can be varied.

use std::path::Path;

use clap::Parser as _;
use mlem_probe::files::kind::what_is;
use mlem_probe::grammar::bundled;
use mlem_probe::mlem::Distance;
use mlem_probe::profile::EstimatorName;
use mlem_probe::rundir::RunRecord;
use mlem_probe::text;

use super::words::set;
use crate::args::{Cli, EstimatorArgs, FitArgs, RunArgs};
use crate::failure::{Failure, Result};

/// What a recorded command is.
pub enum Command {
    /// `probe run`.
    Run(Box<RunArgs>),
    /// `probe fit`.
    Fit(Box<FitArgs>),
}

/// A run, and what made it.
pub struct Base<'a> {
    /// `run.json`.
    pub record: &'a RunRecord,
    /// The command, as it is varied: without what changes no importance.
    pub words: Vec<String>,
    /// The same, read.
    pub command: Command,
    /// How long it took, without maps and the like.
    pub seconds: f64,
}

/// Reads a command line, which begins with the program's name.
pub fn parse(words: &[String]) -> Result<Command> {
    let cli = Cli::try_parse_from(words).map_err(|error| {
        let first =
            error.to_string().lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        let shown: Vec<String> = words.iter().map(|word| text::argument(word)).collect();
        Failure::input(
            format!("this version does not take the recorded command: {first}"),
            format!("run it again in words that it takes: {}", shown.join(" ")),
        )
    })?;
    match cli.command {
        None => Ok(Command::Run(Box::new(cli.run))),
        Some(crate::args::Command::Run(args)) => Ok(Command::Run(Box::new(args))),
        Some(crate::args::Command::Fit(args)) => Ok(Command::Fit(Box::new(args))),
        Some(_) => Err(Failure::input(
            "its record is of no `probe run` and no `probe fit`",
            "name the run directory of a run: of a group, one of its subjects",
        )),
    }
}

impl<'a> Base<'a> {
    /// The run in `folder`, of which `record` is.
    pub fn of(record: &'a RunRecord, folder: &Path) -> Result<Self> {
        if record.command.is_empty() {
            let hint = "it was made by a program that uses the library; run it by `probe run` or `probe fit`";
            return Err(Failure::input(format!("{} records no command", folder.display()), hint));
        }
        if let Some(control) = record.control {
            let message = format!("{} is the control {} of another run", folder.display(), control.name());
            return Err(Failure::input(
                message,
                "name the run that it is a control of: the folder around `controls`",
            ));
        }
        let mut words = record.command.clone();
        "probe".clone_into(&mut words[0]);
        for option in
            ["--out", "--figures", "--bootstrap", "--per-unit", "--controls", "--force", "--json", "--quiet"]
        {
            set(&mut words, option, None);
        }
        set(&mut words, "--map", Some("0"));
        set(&mut words, "--dimension", None);
        let mut command = parse(&words)?;
        // Of several estimators, models or revisions a folder holds one.
        let estimator = record.options.get("estimator").and_then(serde_json::Value::as_str).unwrap_or("mlem");
        if args_of(&command).are_several() {
            set(&mut words, "--estimator", Some(estimator));
            command = parse(&words)?;
        }
        if let (Command::Run(args), Some(model)) = (&command, &record.model) {
            let several = args.model.models().len() > 1;
            if several || args.model.revision.len() > 1 {
                let own = model.revision.clone().or_else(|| args.model.revision.first().cloned());
                if several {
                    without_short(&mut words, "-m");
                    set(&mut words, "--model", Some(&model.id));
                }
                if let Some(own) = own {
                    set(&mut words, "--revision", Some(&own));
                }
                command = parse(&words)?;
            }
        }
        if matches!(&command, Command::Fit(args) if args.by_subject) {
            let hint =
                "fit that subject by itself, with --arrays 'SUBJECT/*', and ask the claims of that run";
            return Err(Failure::input(
                format!("{} is one of several subjects of one fit", folder.display()),
                hint,
            ));
        }
        let base = Self { record, words, command, seconds: seconds(record) };
        base.require_inputs()?;
        Ok(base)
    }

    /// The options of the estimator.
    pub fn estimator(&self) -> &EstimatorArgs {
        args_of(&self.command)
    }

    /// The seed.
    pub fn seed(&self) -> u64 {
        match &self.command {
            Command::Run(args) => args.draw.seed,
            Command::Fit(args) => args.seed,
        }
    }

    /// The name of the estimator's kind has distances.
    pub fn has_distances(&self) -> bool {
        let name = self.estimator().first();
        matches!(name, EstimatorName::Mlem | EstimatorName::Frrsa | EstimatorName::Rsa)
    }

    /// Why its distance cannot be another.
    pub fn keeps_distance(&self) -> Option<String> {
        let distance = self.estimator().distance;
        if !self.has_distances() {
            return Some(format!("--estimator {} has no distances", self.estimator().first().name()));
        }
        match distance {
            Distance::Precomputed => Some("its distances are given".to_owned()),
            Distance::Mahalanobis => {
                Some("the noise that it is weighed by is of this distance alone".to_owned())
            }
            _ => None,
        }
    }

    /// The files that the command names.
    fn inputs(&self) -> Vec<String> {
        match &self.command {
            Command::Run(args) => args.source.iter().filter(|source| !is_bundled(source)).cloned().collect(),
            Command::Fit(args) => {
                let paths = [&args.stimuli, &args.activations].into_iter();
                let all = paths.chain(&args.repeat).chain(&args.feature_distances);
                all.map(|path| path.to_string_lossy().into_owned()).collect()
            }
        }
    }

    fn require_inputs(&self) -> Result<()> {
        for input in self.inputs() {
            if input == "-" {
                let hint = "write them to a file, and run that";
                return Err(Failure::input("the stimuli of this run came through standard input", hint));
            }
            if !Path::new(&input).exists() {
                return Err(Failure::input(
                    format!("{input}, which the run was made from, is not here"),
                    "go to the folder in which the run was made, whose names its command has",
                ));
            }
        }
        Ok(())
    }

    /// What every variation is known by: this version, the run's key, and how the files that its command names are.
    pub fn hasher(&self) -> Result<blake3::Hasher> {
        let mut hasher = blake3::Hasher::new();
        for part in [env!("CARGO_PKG_VERSION"), &self.record.key] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        for input in self.inputs() {
            let path = Path::new(&input);
            // Tables and grammars are read whole; of arrays, which may be large, size and time stand for what is in them.
            let is_array =
                what_is(path).is_ok_and(|seen| seen.kind.group() == mlem_probe::files::kind::Group::Array);
            if path.is_file() && !is_array {
                hasher.update(&mlem_probe::files::read(path)?);
            } else if let Ok(about) = path.metadata() {
                let since =
                    about.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
                hasher.update(&about.len().to_le_bytes());
                hasher.update(&since.unwrap_or_default().as_nanos().to_le_bytes());
            }
        }
        Ok(hasher)
    }
}

fn args_of(command: &Command) -> &EstimatorArgs {
    match command {
        Command::Run(args) => &args.estimator,
        Command::Fit(args) => &args.estimator,
    }
}

/// Whether a bundled grammar is meant.
pub fn is_bundled(name: &str) -> bool {
    bundled().iter().any(|bundled| bundled.name == name) && !Path::new(name).is_file()
}

/// Takes the short option `name`, which has a value, away.
fn without_short(words: &mut Vec<String>, name: &str) {
    if let Some(at) = words.iter().position(|word| word == name) {
        words.drain(at..(at + 2).min(words.len()));
    }
    words.retain(|word| !word.starts_with(name));
}

/// How long the stages took that a variation has too.
fn seconds(record: &RunRecord) -> f64 {
    let own = |stage: &str| !["map", "dimension", "bootstrap", "units", "controls"].contains(&stage);
    record.seconds.iter().filter(|(stage, _)| own(stage)).map(|(_, seconds)| seconds).sum()
}
