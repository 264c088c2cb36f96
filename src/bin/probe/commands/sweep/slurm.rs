//! The engine of Slurm: `sbatch` takes an array, `squeue` and `sacct` say how far it is.

use std::path::Path;
use std::process::{Command, Output};

use mlem_probe::files;
use mlem_probe::files::Lock;
use mlem_probe::sweep::Cell;
use mlem_probe::sweep::slurm::{ArrayScript, SLURM, Submission, next_number};
use mlem_probe::text;
use serde_json::json;

use super::plan::Sweep;
use crate::command_line;
use crate::failure::{Failure, Result};
use crate::printer::Printer;

/// The lock of those who submit cells of this sweep.
///
/// # Errors
///
/// Another process has it.
pub fn alone(sweep: &Sweep) -> Result<Lock> {
    let folder = sweep.out.join(SLURM);
    Lock::take(&folder)?.ok_or_else(|| {
        Failure::input(
            format!("another process is submitting cells of {}", sweep.out.display()),
            format!("wait until it has, then see `{}`", sweep.command("status")),
        )
    })
}

/// Submits `cells` as one array.
pub fn submit(sweep: &Sweep, cells: &[&Cell], printer: &Printer) -> Result<()> {
    if cells.is_empty() {
        if printer.json() {
            return Printer::result_json(&json!({"job": null, "cells": 0}));
        }
        return Printer::result(format!(
            "nothing to submit; `{}` says how far each cell is\n",
            sweep.command("status")
        ));
    }
    files::require_writable(&sweep.out.join(SLURM))?;
    let absolute = |path: &Path| {
        std::path::absolute(path).map_err(|source| files::Error::Read { path: path.to_owned(), source })
    };
    let program = command_line::program().map_err(|error| no_slurm("this program from a job", &error))?;
    let (plan, out) = (absolute(&sweep.path)?, absolute(&sweep.out)?);
    let tasks: Vec<Vec<&Cell>> = cells.chunks(sweep.plan.slurm.chunk).map(<[&Cell]>::to_vec).collect();
    let array = ArrayScript {
        name: &sweep.plan.name,
        program: &program,
        plan: &plan,
        out: &out,
        resources: &sweep.plan.slurm,
        tasks: &tasks,
    };
    let number = next_number(&out);
    let script = out.join(SLURM).join(format!("{number:04}.sh"));
    files::write(&script, array.text().as_bytes())?;
    let Output { status, stdout, stderr } = Command::new("sbatch")
        .arg("--parsable")
        .arg(format!("--array={}", array.array()))
        // A `%` of its own is a pattern's beginning to sbatch.
        .arg(format!("--output={}/%A_%a.log", out.join(SLURM).to_string_lossy().replace('%', "%%")))
        .arg(&script)
        .output()
        .map_err(|error| no_slurm("sbatch", &error))?;
    let tasks = tasks.iter().map(|cells| keys(cells)).collect();
    let submission = Submission::parse(&String::from_utf8_lossy(&stdout), tasks).filter(|_| status.success());
    let Some(submission) = submission else {
        let said = String::from_utf8_lossy(&stderr);
        return Err(Failure::input(
            format!("sbatch took no array: {}", said.trim()),
            format!(
                "the script is {}; what a task asks for is in [slurm] of the plan. Where the array is too long for this cluster, \
                 put more cells into a task: chunk = N",
                script.display()
            ),
        ));
    };
    submission.write(&out, number).map_err(|error| {
        let job = &submission.job;
        Failure::input(
            format!("job {job} was submitted, and could not be written down: {error}"),
            format!(
                "take it back with `scancel {job}` before you submit again, or its cells are submitted twice"
            ),
        )
    })?;
    if printer.json() {
        return Printer::result_json(&json!({
            "job": submission.job,
            "cluster": submission.cluster,
            "cells": cells.len(),
            "tasks": submission.tasks.len(),
            "script": script,
        }));
    }
    Printer::result(format!(
        "job {}: {} in {}\nhow far they are: {}\n",
        submission.job,
        text::counted(cells.len() as u128, "cell"),
        text::counted(submission.tasks.len() as u128, "task"),
        sweep.command("status"),
    ))
}

/// The failure of a command that needs a program of Slurm.
fn no_slurm(program: &str, error: &std::io::Error) -> Failure {
    Failure::input(
        format!("cannot run {program}: {error}"),
        "run this where Slurm's commands are (a login node); --engine local runs the cells here, and --shard I/N serves any \
         other scheduler",
    )
}

/// The keys of cells, as a submission keeps them.
fn keys(cells: &[&Cell]) -> Vec<String> {
    cells.iter().map(|cell| cell.key.clone()).collect()
}
