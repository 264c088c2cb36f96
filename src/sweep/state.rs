//! How far a cell is: `cell.json` in its folder, its lock, and what a scheduler says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::{Error, Result};
use super::tables::collected;
use super::{Cell, TaskState};
use crate::files::{self, Lock};
use crate::rundir;

/// The file of a cell's record.
const RECORD: &str = "cell.json";
/// The folder of the cells.
const CELLS: &str = "cells";

/// The folder of a cell in the folder of its sweep.
#[must_use]
pub fn folder(out: &Path, cell: &Cell) -> PathBuf {
    out.join(CELLS).join(&cell.folder)
}

/// What became of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    /// It was begun.
    Running,
    /// All of it is there.
    Done,
    /// It came to an error.
    Failed,
}

/// `cell.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    key: String,
    outcome: Outcome,
    /// How often it was begun.
    attempts: u32,
    /// Where it was begun last, and by which process.
    host: String,
    pid: u32,
    /// The task of a scheduler that this process is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    task: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    /// The tables and the record of a cell that is done, and their hashes (BLAKE3, hex): a copy that broke off is known by them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    tables: BTreeMap<String, String>,
}

impl Record {
    /// The record of `cell` in `folder`; none where there is none of this key.
    fn read(folder: &Path, cell: &Cell) -> Option<Self> {
        let bytes = files::read(&folder.join(RECORD)).ok()?;
        serde_json::from_slice(&bytes).ok().filter(|record: &Self| record.key == cell.key)
    }

    /// The first table that is not what it was when the cell was done.
    fn damaged(&self, folder: &Path) -> Option<&str> {
        let is_whole = |(name, hash): &(&String, &String)| digest(&folder.join(name)).as_ref() == Some(*hash);
        self.tables.iter().find(|table| !is_whole(table)).map(|(name, _)| name.as_str())
    }

    fn write(&self, folder: &Path) -> Result<()> {
        let path = folder.join(RECORD);
        let json = serde_json::to_vec_pretty(self)
            .map_err(|error| Error::Damaged { path: path.clone(), message: error.to_string() })?;
        Ok(files::write(&path, &json)?)
    }
}

/// How far a cell is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Nothing was done yet.
    Waiting,
    /// It is in the queue of a scheduler.
    Queued {
        /// The task.
        task: String,
    },
    /// A process is at it.
    Running {
        /// Where.
        host: String,
        /// Which.
        pid: u32,
    },
    /// All of it is there.
    Done,
    /// It came to an error.
    Failed {
        /// Which.
        message: String,
        /// What to do about it.
        hint: Option<String>,
        /// The task of a scheduler in which it did, if it was one.
        task: Option<String>,
    },
    /// It was begun or submitted, and ended without a result.
    Interrupted {
        /// What a scheduler says of it.
        why: Option<String>,
    },
    /// A table is not what it was when the cell was done.
    Damaged {
        /// Which.
        table: String,
    },
}

impl State {
    /// How far `cell` is, whose folder is `folder`, from what lies there.
    #[must_use]
    pub fn of(folder: &Path, cell: &Cell) -> Self {
        let record = Record::read(folder, cell);
        if Lock::is_held(folder) {
            let (host, pid) = record.map(|record| (record.host, record.pid)).unwrap_or_default();
            return Self::Running { host, pid };
        }
        match record {
            None => Self::Waiting,
            Some(Record { outcome: Outcome::Running, .. }) => Self::Interrupted { why: None },
            Some(Record { outcome: Outcome::Failed, error, hint, task, .. }) => {
                Self::Failed { message: error.unwrap_or_default(), hint, task }
            }
            Some(record) => match record.damaged(folder) {
                Some(table) => Self::Damaged { table: table.to_owned() },
                None => Self::Done,
            },
        }
    }

    /// With what a scheduler says of the task that the cell was last submitted in.
    #[must_use]
    pub fn with_task(self, task: &str, says: &TaskState) -> Self {
        match (self, says) {
            (state @ (Self::Done | Self::Running { .. }), _) => state,
            // The task goes on with its other cells, and does not come back to this one.
            (Self::Failed { message, hint, task: Some(of) }, TaskState::Running) if of == task => {
                Self::Failed { message, hint, task: Some(of) }
            }
            // The lock of another machine may not show here.
            (Self::Interrupted { .. }, TaskState::Running) => Self::Running { host: task.to_owned(), pid: 0 },
            (_, TaskState::Pending | TaskState::Running) => Self::Queued { task: task.to_owned() },
            (Self::Waiting | Self::Interrupted { .. }, TaskState::Ended(how)) => {
                Self::Interrupted { why: Some(format!("{task}: {how}")) }
            }
            (state, TaskState::Ended(_)) => state,
        }
    }

    /// Its name, a word.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Queued { .. } => "queued",
            Self::Running { .. } => "running",
            Self::Done => "done",
            Self::Failed { .. } => "failed",
            Self::Interrupted { .. } => "interrupted",
            Self::Damaged { .. } => "damaged",
        }
    }

    /// The names of the states, in the order in which they are counted.
    pub const NAMES: [&'static str; 7] =
        ["done", "running", "queued", "waiting", "interrupted", "failed", "damaged"];

    /// More than its name, where there is more to say.
    #[must_use]
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::Waiting | Self::Done => None,
            Self::Queued { task } => Some(format!("task {task}")),
            Self::Running { host, pid: 0 } => Some(format!("task {host}")),
            Self::Running { host, pid } => Some(format!("process {pid} on {host}")),
            Self::Failed { message, .. } => Some(message.clone()),
            Self::Interrupted { why } => why.as_ref().map(|why| format!("task {why}")),
            Self::Damaged { table } => Some(format!("{table} is not what was written")),
        }
    }

    /// What the user can do about it, where it came to an error that says so.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Failed { hint, .. } => hint.clone(),
            _ => None,
        }
    }

    /// Whether someone is at it, or soon will be.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        matches!(self, Self::Queued { .. } | Self::Running { .. })
    }

    /// Whether it was tried, and has to be tried again.
    #[must_use]
    pub fn needs_retry(&self) -> bool {
        matches!(self, Self::Failed { .. } | Self::Interrupted { .. } | Self::Damaged { .. })
    }
}

/// How often `cell` was begun.
#[must_use]
pub fn attempts(folder: &Path, cell: &Cell) -> u32 {
    Record::read(folder, cell).map_or(0, |record| record.attempts)
}

/// A cell that this process is at, and no other.
#[derive(Debug)]
pub struct Claim {
    folder: PathBuf,
    record: Record,
    _lock: Lock,
}

impl Claim {
    /// Takes the cell in `folder` and says so in its record; none where another process is at it, or has done it meanwhile.
    ///
    /// # Errors
    ///
    /// [`Error::Files`] when its folder cannot be written.
    pub fn take(folder: &Path, cell: &Cell) -> Result<Option<Self>> {
        let Some(lock) = Lock::take(folder)? else { return Ok(None) };
        let earlier = Record::read(folder, cell);
        if let Some(earlier) = earlier.as_ref().filter(|record| record.outcome == Outcome::Done) {
            if earlier.damaged(folder).is_none() {
                return Ok(None);
            }
            // A run goes on from the tables that it finds, and a part of these is not what it wrote.
            for table in collected() {
                files::write_or_remove(&folder.join(table), None)?;
            }
        }
        let record = Record {
            key: cell.key.clone(),
            outcome: Outcome::Running,
            attempts: earlier.map_or(0, |earlier| earlier.attempts).saturating_add(1),
            host: host(),
            pid: std::process::id(),
            task: super::slurm::own_task(|name| std::env::var(name).ok()),
            error: None,
            hint: None,
            tables: BTreeMap::new(),
        };
        record.write(folder)?;
        Ok(Some(Self { folder: folder.to_owned(), record, _lock: lock }))
    }

    /// Says that all of the cell is there.
    ///
    /// # Errors
    ///
    /// [`Error::Files`] when its record cannot be written.
    pub fn done(mut self) -> Result<()> {
        self.record.outcome = Outcome::Done;
        self.record.tables = collected()
            .chain([rundir::RECORD])
            .filter_map(|name| Some((name.to_owned(), digest(&self.folder.join(name))?)))
            .collect();
        self.record.write(&self.folder)
    }

    /// Says that the cell came to an error.
    ///
    /// # Errors
    ///
    /// [`Error::Files`] when its record cannot be written.
    pub fn failed(mut self, message: String, hint: Option<String>) -> Result<()> {
        self.record.outcome = Outcome::Failed;
        (self.record.error, self.record.hint) = (Some(message), hint);
        self.record.write(&self.folder)
    }
}

/// The hash of a file; none where it cannot be read.
fn digest(path: &Path) -> Option<String> {
    files::read(path).ok().map(|bytes| blake3::hash(&bytes).to_hex().to_string())
}

/// What this machine is called.
fn host() -> String {
    let from_system = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let name =
        from_system.or_else(|| std::env::var("HOSTNAME").or_else(|_| std::env::var("COMPUTERNAME")).ok());
    name.map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "this machine".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::fixtures;

    /// A folder for one cell, and the cell.
    fn cell() -> (tempfile::TempDir, Cell) {
        (tempfile::tempdir().unwrap(), fixtures::cells(1).remove(0))
    }

    #[test]
    fn a_cell_goes_from_waiting_to_done() {
        let (home, cell) = cell();
        let folder = folder(home.path(), &cell);
        assert_eq!(State::of(&folder, &cell), State::Waiting);
        let claim = Claim::take(&folder, &cell).unwrap().unwrap();
        assert!(matches!(State::of(&folder, &cell), State::Running { pid, .. } if pid == std::process::id()));
        assert!(Claim::take(&folder, &cell).unwrap().is_none(), "it is taken");
        files::write(&folder.join("scores.csv"), b"layer\n").unwrap();
        claim.done().unwrap();
        assert_eq!(State::of(&folder, &cell), State::Done);
        assert!(Claim::take(&folder, &cell).unwrap().is_none(), "it is done");
        files::write(&folder.join("scores.csv"), b"lay").unwrap();
        assert_eq!(State::of(&folder, &cell), State::Damaged { table: "scores.csv".to_owned() });
        assert!(Claim::take(&folder, &cell).unwrap().is_some());
        assert!(!folder.join("scores.csv").exists(), "what is damaged is not gone on from");
    }

    #[test]
    fn a_copy_without_its_record_is_damaged() {
        let (home, cell) = cell();
        let claim = Claim::take(home.path(), &cell).unwrap().unwrap();
        files::write(&home.path().join(rundir::RECORD), b"{}").unwrap();
        claim.done().unwrap();
        assert_eq!(State::of(home.path(), &cell), State::Done);
        std::fs::remove_file(home.path().join(rundir::RECORD)).unwrap();
        assert_eq!(State::of(home.path(), &cell), State::Damaged { table: rundir::RECORD.to_owned() });
    }

    #[test]
    fn a_process_that_ended_leaves_its_cell_free() {
        let (home, cell) = cell();
        drop(Claim::take(home.path(), &cell).unwrap().unwrap());
        assert_eq!(State::of(home.path(), &cell), State::Interrupted { why: None });
        assert_eq!(attempts(home.path(), &cell), 1);
        let again = Claim::take(home.path(), &cell).unwrap().unwrap();
        again.failed("no such model".to_owned(), None).unwrap();
        assert_eq!(attempts(home.path(), &cell), 2);
        let state = State::of(home.path(), &cell);
        assert!(state.needs_retry() && state.detail().unwrap() == "no such model");
    }

    #[test]
    fn the_record_of_another_key_is_no_record() {
        let (home, mut cell) = cell();
        Claim::take(home.path(), &cell).unwrap().unwrap().done().unwrap();
        cell.key = "f".repeat(64);
        assert_eq!(State::of(home.path(), &cell), State::Waiting);
    }

    #[test]
    fn a_scheduler_knows_what_the_folder_does_not_say() {
        let interrupted = || State::Interrupted { why: None };
        let failed = || State::Failed { message: "m".to_owned(), hint: None, task: Some("6_0".to_owned()) };
        let ended = TaskState::Ended("TIMEOUT".to_owned());
        let queued = State::Queued { task: "7_1".to_owned() };
        for state in [State::Waiting, failed(), interrupted()] {
            assert_eq!(state.with_task("7_1", &TaskState::Pending), queued);
        }
        assert!(matches!(interrupted().with_task("7_1", &TaskState::Running), State::Running { .. }));
        assert_eq!(interrupted().with_task("7_1", &ended).detail().unwrap(), "task 7_1: TIMEOUT");
        assert!(State::Waiting.with_task("7_1", &ended).needs_retry());
        assert_eq!(failed().with_task("7_1", &ended), failed());
        // What failed in the task itself has had its turn, while the other cells of the task go on.
        assert_eq!(failed().with_task("7_1", &TaskState::Running), queued);
        assert_eq!(failed().with_task("6_0", &TaskState::Running), failed());
        let again = State::Queued { task: "6_0".to_owned() };
        assert_eq!(failed().with_task("6_0", &TaskState::Pending), again);
        assert_eq!(State::Done.with_task("7_1", &TaskState::Pending), State::Done);
    }
}
