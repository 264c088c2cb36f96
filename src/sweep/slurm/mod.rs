//! Slurm's part in a sweep: the script of an array of jobs, what was submitted, and what the queue says of it. Text in, text out;
//! the program calls `sbatch`, `squeue` and `sacct`.

mod queue;
mod script;
mod submission;

pub use queue::{Queue, TaskState};
pub use script::{ArrayScript, shell_quoted};
pub use submission::{Submission, next_number, submissions};

/// The folder of scripts, logs and submissions in the folder of a sweep.
pub const SLURM: &str = "slurm";
