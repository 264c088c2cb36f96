//! What Slurm says of what was submitted: `squeue` and `sacct`.

use std::io::ErrorKind;
use std::process::{Command, Output};

use mlem_probe::sweep::slurm::{Queue, Submission, TaskState};
use mlem_probe::sweep::{Cell, State};

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
    pub fn ask(submissions: &'a [Submission]) -> Result<Self, String> {
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
fn printed(mut command: Command, jobs: &[&str], cluster: Option<&str>) -> Result<Option<String>, String> {
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

/// The submission that a cell was last part of.
fn last_of<'a>(submissions: &'a [Submission], cell: &Cell) -> Option<&'a Submission> {
    submissions.iter().rev().find(|submission| submission.tasks.iter().flatten().any(|key| *key == cell.key))
}
