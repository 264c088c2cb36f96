//! What was submitted: which cells are in which task of which job.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Queue, SLURM, TaskState};
use crate::files;
use crate::sweep::error::{Error, Result};

/// An array that Slurm took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    /// The id of the job.
    pub job: String,
    /// The cluster, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// The keys of the cells of each task.
    pub tasks: Vec<Vec<String>>,
}

impl Submission {
    /// Reads what `sbatch --parsable` prints: `JOB` or `JOB;CLUSTER`, on the last line.
    #[must_use]
    pub fn parse(printed: &str, tasks: Vec<Vec<String>>) -> Option<Self> {
        let line = printed.lines().map(str::trim).rfind(|line| !line.is_empty())?;
        let (job, cluster) = line.split_once(';').map_or((line, None), |(job, cluster)| (job, Some(cluster)));
        let is_number = !job.is_empty() && job.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| Self { job: job.to_owned(), cluster: cluster.map(str::to_owned), tasks })
    }

    /// Writes it as the `number`th of the sweep in `out`.
    ///
    /// # Errors
    ///
    /// [`Error::Files`].
    pub fn write(&self, out: &Path, number: usize) -> Result<()> {
        let path = path(out, number);
        let json = serde_json::to_vec_pretty(self)
            .map_err(|error| Error::Submission { path: path.clone(), message: error.to_string() })?;
        Ok(files::write(&path, &json)?)
    }

    /// The task of the cell with this key, as Slurm writes it, and what `queue` says of it.
    #[must_use]
    pub fn task<'a>(&self, key: &str, queue: &'a Queue) -> Option<(String, Option<&'a TaskState>)> {
        let task = self.tasks.iter().position(|keys| keys.iter().any(|other| other == key))?;
        Some((format!("{}_{task}", self.job), queue.task(&self.job, task)))
    }
}

fn path(out: &Path, number: usize) -> PathBuf {
    out.join(SLURM).join(format!("{number:04}.json"))
}

/// The numbers of the submissions of the sweep in `out`, ascending: one may have been removed.
fn numbers(out: &Path) -> Vec<usize> {
    let entries = std::fs::read_dir(out.join(SLURM)).into_iter().flatten().flatten();
    let mut numbers: Vec<usize> = entries
        .filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".json")?.parse().ok())
        .filter(|&number| path(out, number).is_file())
        .collect();
    numbers.sort_unstable();
    numbers
}

/// The number that the next submission of the sweep in `out` gets, from 1.
#[must_use]
pub fn next_number(out: &Path) -> usize {
    numbers(out).last().map_or(1, |last| last + 1)
}

/// What was submitted of the sweep in `out`, the first submission first.
///
/// # Errors
///
/// [`Error::Submission`] for a file that is not what the program writes.
pub fn submissions(out: &Path) -> Result<Vec<Submission>> {
    let mut all = Vec::new();
    for number in numbers(out) {
        let path = path(out, number);
        let bytes = files::read(&path)?;
        let submission = serde_json::from_slice(&bytes)
            .map_err(|error| Error::Submission { path: path.clone(), message: error.to_string() })?;
        all.push(submission);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sbatch_prints_is_read() {
        let parse = |printed| Submission::parse(printed, Vec::new());
        assert_eq!(parse("a word from the site\n1234\n").unwrap().job, "1234");
        let other = parse("7;north\n").unwrap();
        assert_eq!((other.job.as_str(), other.cluster.as_deref()), ("7", Some("north")));
        assert!(parse("").is_none() && parse("Submitted batch job 7").is_none());
    }

    #[test]
    fn submissions_are_found_again_in_their_order() {
        let out = tempfile::tempdir().unwrap();
        assert_eq!(submissions(out.path()).unwrap(), []);
        for job in ["9", "10"] {
            let tasks = vec![vec!["aa".to_owned(), "bb".to_owned()], vec!["cc".to_owned()]];
            let submission = Submission { job: job.to_owned(), cluster: None, tasks };
            submission.write(out.path(), next_number(out.path())).unwrap();
        }
        let all = submissions(out.path()).unwrap();
        assert_eq!([all[0].job.as_str(), all[1].job.as_str()], ["9", "10"]);
        // One that was removed takes no later one with it, and its number is not given again.
        std::fs::remove_file(path(out.path(), 1)).unwrap();
        assert_eq!(submissions(out.path()).unwrap(), all[1..]);
        assert_eq!(next_number(out.path()), 3);
        std::fs::write(path(out.path(), 2), "{").unwrap();
        assert!(submissions(out.path()).unwrap_err().hint().unwrap().contains("squeue"));
        let mut queue = Queue::default();
        queue.read("10_1 RUNNING");
        assert_eq!(all[1].task("cc", &queue), Some(("10_1".to_owned(), Some(&TaskState::Running))));
        assert_eq!(all[1].task("bb", &queue), Some(("10_0".to_owned(), None)));
        assert_eq!(all[1].task("dd", &queue), None);
    }
}
