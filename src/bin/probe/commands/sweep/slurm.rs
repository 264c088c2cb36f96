//! The engine of Slurm: `sbatch` takes an array, `squeue` and `sacct` say how far it is.

use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Output};

use mlem_probe::files;
use mlem_probe::files::Lock;
use mlem_probe::sweep::slurm::{ArrayScript, Queue, SLURM, Submission, TaskState, next_number};
use mlem_probe::sweep::{Cell, State};
use mlem_probe::text;
use serde_json::json;

use super::{Sweep, keys, last_of, no_slurm};
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
    let program = std::env::current_exe().map_err(|error| no_slurm("this program from a job", &error))?;
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

/// What Slurm says of what was submitted.
pub struct Scheduler<'a> {
    submissions: &'a [Submission],
    /// None where this machine has no Slurm.
    queue: Option<Queue>,
}

impl<'a> Scheduler<'a> {
    /// Asks for the tasks of `submissions`.
    ///
    /// # Errors
    ///
    /// Why Slurm did not answer.
    pub fn ask(submissions: &'a [Submission]) -> std::result::Result<Self, String> {
        let mut queue = Queue::default();
        let mut clusters: Vec<Option<&str>> = Vec::new();
        for submission in submissions {
            if !clusters.contains(&submission.cluster.as_deref()) {
                clusters.push(submission.cluster.as_deref());
            }
        }
        for cluster in clusters {
            let of_cluster = submissions.iter().filter(|submission| submission.cluster.as_deref() == cluster);
            let jobs: Vec<&str> = of_cluster.map(|submission| submission.job.as_str()).collect();
            let mut squeue = Command::new("squeue");
            squeue.args(["--noheader", "--array", "--states=all", "--format=%i|%T"]);
            let Some(squeue) = printed(squeue, &jobs, cluster)? else {
                return Ok(Self { submissions, queue: None });
            };
            queue.read(&squeue);
            // Slurm forgets a job some minutes after its end, unless it keeps accounts; where it keeps none sacct only complains.
            let mut sacct = Command::new("sacct");
            sacct.args(["--noheader", "--parsable2", "--allocations", "--format=JobID,State"]);
            if let Ok(Some(accounts)) = printed(sacct, &jobs, cluster) {
                queue.read(&accounts);
            }
        }
        Ok(Self { submissions, queue: Some(queue) })
    }

    /// The state of `cell` with what Slurm says of it, `state` being what its folder says.
    pub fn tell(&self, cell: &Cell, state: State) -> State {
        let Some(queue) = &self.queue else { return state };
        let Some((task, says)) =
            last_of(self.submissions, cell).and_then(|submission| submission.task(&cell.key, queue))
        else {
            return state;
        };
        let forgotten = TaskState::Ended("ended, and Slurm has forgotten how".to_owned());
        state.with_task(&task, says.unwrap_or(&forgotten))
    }
}

/// What a command of Slurm prints of `jobs`; none where there is no such command.
fn printed(
    mut command: Command,
    jobs: &[&str],
    cluster: Option<&str>,
) -> std::result::Result<Option<String>, String> {
    command.arg(format!("--jobs={}", jobs.join(",")));
    if let Some(cluster) = cluster {
        command.arg(format!("--clusters={cluster}"));
    }
    let name = command.get_program().to_string_lossy().into_owned();
    match command.output() {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("cannot run {name}: {error}")),
        Ok(Output { status, stdout, stderr }) => {
            let said = String::from_utf8_lossy(&stderr);
            // That is what it says of a single job that it has forgotten.
            if status.success() || said.contains("Invalid job id") {
                Ok(Some(String::from_utf8_lossy(&stdout).into_owned()))
            } else {
                Err(format!("{name} does not answer: {}", said.trim()))
            }
        }
    }
}
