//! `probe robustness`: the run of a directory again and again, each time with one thing changed, and what of its claims holds.

mod base;
mod show;
mod variations;
mod words;

use std::path::{Path, PathBuf};
use std::time::Instant;

use mlem_probe::files;
use mlem_probe::progress::Progress;
use mlem_probe::robustness::{Facts, Outcome, Sheet, Variation};
use mlem_probe::rundir::{Doubt, RECORD, RunDir};
use mlem_probe::sweep::{Cell, Claim, State};
use mlem_probe::text;

use self::base::Base;
use self::variations::{Planned, Plans};
use super::{fit, folders, run as runs};
use crate::args::RobustnessArgs;
use crate::failure::{Failure, Result};
use crate::printer::Printer;

/// The folder of the variations.
const CELLS: &str = "variations";
/// The folder in the run directory, where no other is named.
const OUT: &str = "robustness";

/// Runs the command.
pub fn run(args: &RobustnessArgs, printer: &Printer) -> Result<()> {
    folders::require_run(&args.run)?;
    let saved = RunDir::at(&args.run).read()?;
    if saved.doubts.iter().any(|doubt| matches!(doubt, Doubt::Unfinished(_))) {
        let hint = "finish it with the command that began it: `probe rerun` has it";
        return Err(Failure::input(format!("the run in {} was not finished", args.run.display()), hint));
    }
    for doubt in &saved.doubts {
        printer.alarm(&format!("{}: {doubt}", args.run.display()));
    }
    let facts = Facts::of(&saved.profile);
    if facts.features.is_empty() {
        let hint = "run it again with --permutations 1 or more";
        return Err(Failure::input(format!("{} has no importances of features", args.run.display()), hint));
    }
    let base = Base::of(&saved.record, &args.run)?;
    let out = args.out.clone().unwrap_or_else(|| args.run.join(OUT));
    require_free(&out, &args.run)?;
    files::require_writable(&out)?;
    let Plans { planned, cannot } = variations::plan(&base, args)?;
    for (kind, why) in &cannot {
        printer.note(&format!("{} is not varied: {why}", kind.words()));
    }
    if planned.is_empty() {
        let hint = "choose others with --only";
        return Err(Failure::input("nothing of this run can be varied", hint));
    }
    let variations = made(&base, planned, &out, args, printer)?;
    let sheet = Sheet::new(args.run.display().to_string(), facts, variations, cannot);
    show::finish(&sheet, &saved.record, &out, args, printer)
}

/// Refuses to write over the run, or into another.
fn require_free(out: &Path, run: &Path) -> Result<()> {
    let real = |path: &Path| path.canonicalize().ok();
    if real(out).is_some() && real(out) == real(run) {
        return Err(Failure::usage(
            format!("{} is the run itself", out.display()),
            "choose another folder with -o, or leave it out",
        ));
    }
    if out.join(RECORD).exists() {
        return Err(Failure::input(
            format!("{} holds a run", out.display()),
            "choose another folder with -o",
        ));
    }
    Ok(())
}

/// Makes the variations, as far as the budget goes: the first of each kind, then the second.
fn made(
    base: &Base<'_>,
    planned: Vec<Planned>,
    out: &Path,
    args: &RobustnessArgs,
    printer: &Printer,
) -> Result<Vec<Variation>> {
    let mut turns: Vec<usize> = (0..planned.len()).collect();
    let before = |at: usize| planned[..at].iter().filter(|other| other.kind == planned[at].kind).count();
    turns.sort_by_key(|&at| (before(at), at));
    let begun = Instant::now();
    let mut longest = base.seconds;
    let mut outcomes: Vec<Option<Outcome>> = planned.iter().map(|_| None).collect();
    for (turn, &at) in turns.iter().enumerate() {
        let Planned { name, words, .. } = &planned[at];
        let label = format!("{}/{} {name}", turn + 1, turns.len());
        let (folder, cell) = cell(base, &planned[at], out)?;
        if State::of(&folder, &cell) == State::Done {
            outcomes[at] = Some(found(&folder, true)?);
            printer.say(&format!("{label}: done before"));
            continue;
        }
        let left = args.budget.map_or(f64::INFINITY, |budget| budget - begun.elapsed().as_secs_f64());
        if left < longest {
            outcomes[at] = Some(Outcome::NotReached);
            continue;
        }
        let started = Instant::now();
        let outcome = match one(words, &folder, &cell, printer) {
            Ok(true) => found(&folder, false)?,
            Ok(false) => Outcome::Failed { why: "another process is at it".to_owned() },
            Err(failure) => {
                let hint = failure.hint().map(|hint| format!(" ({hint})")).unwrap_or_default();
                Outcome::Failed { why: format!("{}{hint}", failure.message()) }
            }
        };
        let seconds = started.elapsed().as_secs_f64();
        if let Outcome::Made { .. } = outcome {
            longest = longest.max(seconds);
        }
        match &outcome {
            Outcome::Failed { why } => printer.say(&format!("{label}: could not be run: {why}")),
            _ => printer.say(&format!("{label}: done in {seconds:.1} s")),
        }
        outcomes[at] = Some(outcome);
    }
    let missed = outcomes.iter().filter(|outcome| matches!(outcome, Some(Outcome::NotReached))).count();
    if missed > 0 {
        printer.warn(&format!(
            "{} not reached within --budget: a variation takes about {longest:.1} s; the same command goes on from here",
            text::counted(missed as u128, "variation")
        ));
    }
    let all = planned.into_iter().zip(outcomes).map(|(planned, outcome)| Variation {
        run_dir: out.join(CELLS).join(&planned.folder).display().to_string(),
        kind: planned.kind,
        name: planned.name,
        command: planned.words,
        outcome: outcome.unwrap_or(Outcome::NotReached),
    });
    Ok(all.collect())
}

/// The folder of a variation, and what it is known by when it is done: a hash of the run's own key, the files that its command names, and
/// the command.
fn cell(base: &Base<'_>, planned: &Planned, out: &Path) -> Result<(PathBuf, Cell)> {
    let mut hasher = base.hasher()?;
    for word in &planned.words {
        hasher.update(&(word.len() as u64).to_le_bytes());
        hasher.update(word.as_bytes());
    }
    let cell = Cell {
        index: 0,
        key: hasher.finalize().to_hex().to_string(),
        grammar: String::new(),
        model: String::new(),
        revision: None,
        pooling: String::new(),
        options: Vec::new(),
        words: planned.words.clone(),
        folder: planned.folder.clone(),
    };
    Ok((out.join(CELLS).join(&planned.folder), cell))
}

/// Runs one variation; false where another process is at it.
fn one(words: &[String], folder: &Path, cell: &Cell, printer: &Printer) -> Result<bool> {
    let Some(claim) = Claim::take(folder, cell)? else { return Ok(false) };
    let mut words = words.to_vec();
    words::set(&mut words, "--out", Some(&folder.to_string_lossy()));
    let printer = printer.of_a_part();
    let result = match base::parse(&words)? {
        base::Command::Run(args) => runs::one(&args, words, folder, &printer),
        base::Command::Fit(mut args) => {
            // Another variation may have been here.
            args.force = true;
            fit::one(&args, words, &printer).map(drop)
        }
    };
    match result {
        Ok(()) => claim.done()?,
        Err(failure) => {
            let _ = claim.failed(failure.message(), failure.hint());
            return Err(failure);
        }
    }
    Ok(true)
}

/// What the run in `folder` found.
fn found(folder: &Path, before: bool) -> Result<Outcome> {
    let dir = RunDir::at(folder);
    let (record, mut profile) = (dir.read_record()?, dir.read_profile()?);
    profile.labels.clone_from(&record.layer_labels);
    Ok(Outcome::Made { facts: Facts::of(&profile), seconds: record.seconds.values().sum(), before })
}
