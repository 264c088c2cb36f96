//! Slurm's part in a sweep: the script of an array of jobs, what was submitted, and what the queue says of it. Text in, text out;
//! the program calls `sbatch`, `squeue` and `sacct`.

mod queue;
mod script;
mod submission;

pub use queue::{Queue, TaskState};
pub use script::{ArrayScript, shell_quoted};
pub use submission::{Submission, next_number, submissions};

/// The task of an array that this process is, as [`Submission::task`] names it; `variable` gives the variables of the environment.
pub(super) fn own_task(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let (job, task) = (variable("SLURM_ARRAY_JOB_ID")?, variable("SLURM_ARRAY_TASK_ID")?);
    Some(format!("{job}_{task}"))
}

/// The folder of scripts, logs and submissions in the folder of a sweep.
pub const SLURM: &str = "slurm";
