//! What `squeue` and `sacct` say of the tasks of arrays.

use std::collections::BTreeMap;

/// How far a task is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskState {
    /// It has not begun.
    Pending,
    /// It is at work.
    Running,
    /// It is over; how, in Slurm's word.
    Ended(String),
}

impl TaskState {
    /// Reads Slurm's word, which may have more after it: `CANCELLED by 1000`.
    fn of(word: &str) -> Self {
        match word.split_whitespace().next().unwrap_or_default().trim_end_matches('+') {
            "PENDING" | "CONFIGURING" | "REQUEUED" | "REQUEUE_HOLD" | "REQUEUE_FED" | "RESV_DEL_HOLD"
            | "SPECIAL_EXIT" => Self::Pending,
            "RUNNING" | "COMPLETING" | "SUSPENDED" | "STOPPED" | "SIGNALING" | "RESIZING" | "STAGE_OUT" => {
                Self::Running
            }
            ended => Self::Ended(ended.to_owned()),
        }
    }

    fn is_over(&self) -> bool {
        matches!(self, Self::Ended(_))
    }
}

/// The tasks that Slurm knows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Queue(BTreeMap<(String, usize), TaskState>);

impl Queue {
    /// Adds lines of `ID STATE` or `ID|STATE`, where an id is `job_task` or `job_[tasks]`; other lines say nothing of a task. What is
    /// known already stands, unless it was over: a task that ran again has two lines, of which the live one holds.
    pub fn read(&mut self, text: &str) {
        for line in text.lines() {
            let Some((id, word)) = line.trim().split_once(['|', ' ']) else { continue };
            let Some((job, tasks)) = id.split_once('_') else { continue };
            let state = TaskState::of(word.trim());
            for task in numbers(tasks) {
                let known = self.0.entry((job.to_owned(), task)).or_insert_with(|| state.clone());
                if known.is_over() && !state.is_over() {
                    *known = state.clone();
                }
            }
        }
    }

    /// What is known of task `task` of the array `job`.
    #[must_use]
    pub fn task(&self, job: &str, task: usize) -> Option<&TaskState> {
        self.0.get(&(job.to_owned(), task))
    }
}

/// The numbers of `3` or `[1,4-6%2]`; none of what is neither.
fn numbers(tasks: &str) -> Vec<usize> {
    let inside = tasks.strip_prefix('[').and_then(|tasks| tasks.strip_suffix(']')).unwrap_or(tasks);
    let ranges = inside.split_once('%').map_or(inside, |(ranges, _)| ranges);
    let mut numbers = Vec::new();
    for range in ranges.split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        if let (Ok(first), Ok(last)) = (first.parse::<usize>(), last.parse::<usize>()) {
            numbers.extend(first..=last);
        }
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_both_programs_are_read() {
        let mut queue = Queue::default();
        queue.read(
            "12_0 RUNNING\n12_[3,5-6%2] PENDING\nslurm_load_jobs error: Invalid job id\n\n13 RUNNING\n",
        );
        queue.read("12_0|RUNNING|\n12_1|CANCELLED by 1000\n12_2|OUT_OF_MEMORY\n12_5|FAILED\n");
        let task = |task| queue.task("12", task).cloned();
        assert_eq!(task(0), Some(TaskState::Running));
        assert_eq!(task(1), Some(TaskState::Ended("CANCELLED".to_owned())));
        assert_eq!(task(2), Some(TaskState::Ended("OUT_OF_MEMORY".to_owned())));
        assert_eq!([task(3), task(5), task(6)], [const { Some(TaskState::Pending) }; 3]);
        assert_eq!([task(4), queue.task("13", 0).cloned()], [None, None]);
    }
}
