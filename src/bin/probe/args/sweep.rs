//! Options of `probe sweep`.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use mlem_probe::sweep::{Engine, Shard};

use super::shared::Talk;

/// `probe sweep`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct SweepCommand {
    /// What to do; `run` when left out.
    #[command(subcommand)]
    pub task: Option<SweepTask>,
    /// The options of `run`.
    #[command(flatten)]
    pub run: SweepRunArgs,
}

/// What can be done with a sweep.
#[derive(Debug, Subcommand)]
pub enum SweepTask {
    /// Run every cell that is not done (the default)
    Run(SweepRunArgs),
    /// Say how far each cell is
    Status(PlanArgs),
    /// Run the cells again that failed or were interrupted
    Retry(SweepRunArgs),
    /// Put the tables of the cells together
    Collect(CollectArgs),
}

/// Which sweep.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// The plan: a TOML file
    #[arg(value_name = "PLAN", required = true)]
    pub plan: Option<PathBuf>,
    /// The folder of the sweep (default: what the plan says, else runs/NAME)
    #[arg(short, long, value_name = "DIR", help_heading = "Output")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub talk: Talk,
}

/// `probe sweep run` and `retry`.
#[derive(Debug, Args)]
pub struct SweepRunArgs {
    #[command(flatten)]
    pub plan: PlanArgs,
    /// Run cells here, one after the other, or submit an array of jobs (default: what the plan says, else local; with --shard
    /// or --cell local)
    #[arg(long, value_parser = engine())]
    pub engine: Option<Engine>,
    /// Only the Ith of N parts of the cells, for any scheduler
    #[arg(long, value_name = "I/N", value_parser = shard)]
    pub shard: Option<Shard>,
    /// Only the cells whose keys begin so
    #[arg(long, value_name = "KEY,...", value_delimiter = ',', conflicts_with = "shard")]
    pub cell: Vec<String>,
    /// Say what would be run, and run nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// `probe sweep collect`.
#[derive(Debug, Args)]
pub struct CollectArgs {
    #[command(flatten)]
    pub plan: PlanArgs,
    /// Collect what is done, though not all is
    #[arg(long)]
    pub partial: bool,
    /// Copy the tables into spreadsheet/ too, for a program that runs formulas: a text that begins as one is put behind an apostrophe
    #[arg(long)]
    pub spreadsheet_safe: bool,
}

impl SweepCommand {
    /// How much is said.
    pub fn talk(&self) -> &Talk {
        match &self.task {
            None => &self.run.plan.talk,
            Some(SweepTask::Run(args) | SweepTask::Retry(args)) => &args.plan.talk,
            Some(SweepTask::Status(args)) => &args.talk,
            Some(SweepTask::Collect(args)) => &args.plan.talk,
        }
    }
}

fn engine() -> impl TypedValueParser<Value = Engine> {
    PossibleValuesParser::new(Engine::ALL.map(|(name, _)| name)).map(|name| {
        let found = Engine::ALL.iter().find(|(other, _)| *other == name);
        found.map_or_else(Engine::default, |&(_, engine)| engine)
    })
}

fn shard(text: &str) -> Result<Shard, String> {
    text.parse().map_err(|_| "write I/N, with I from 1 to N, such as 2/5".to_owned())
}
