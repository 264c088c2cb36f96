//! `[slurm]`: what a job asks for.

use super::reader::Table;
use crate::sweep::error::Result;

/// What each task of an array asks for, and how cells become tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resources {
    /// `--partition`.
    pub partition: Option<String>,
    /// `--account`.
    pub account: Option<String>,
    /// `--qos`.
    pub qos: Option<String>,
    /// `--time`: minutes, or as Slurm writes it.
    pub time: Option<String>,
    /// `--mem`: megabytes, or with a unit.
    pub mem: Option<String>,
    /// `--cpus-per-task`, and how many threads a task uses.
    pub cpus: Option<usize>,
    /// `--gres`.
    pub gres: Option<String>,
    /// `--constraint`.
    pub constraint: Option<String>,
    /// More options of `sbatch`, as they are.
    pub extra: Vec<String>,
    /// Lines of shell before the cells are run.
    pub setup: Vec<String>,
    /// Cells per task.
    pub chunk: usize,
    /// How many tasks may run at once.
    pub at_once: Option<usize>,
}

impl Default for Resources {
    fn default() -> Self {
        Self {
            partition: None,
            account: None,
            qos: None,
            time: None,
            mem: None,
            cpus: None,
            gres: None,
            constraint: None,
            extra: Vec::new(),
            setup: Vec::new(),
            chunk: 1,
            at_once: None,
        }
    }
}

impl Resources {
    /// Reads the table.
    pub(super) fn read(table: &Table<'_>) -> Result<Self> {
        table.only(&[
            "partition",
            "account",
            "qos",
            "time",
            "mem",
            "cpus",
            "gres",
            "constraint",
            "extra",
            "setup",
            "chunk",
            "at-once",
        ])?;
        let text = |key: &str| -> Result<Option<String>> {
            let Some(entry) = table.get(key) else { return Ok(None) };
            let text = entry.text_or_number()?;
            if text.trim().is_empty() || text.contains(['\n', '\r']) {
                return Err(entry.error(format!("`{key}` must be a word of an option of sbatch"), None));
            }
            Ok(Some(text))
        };
        let count = |key: &str| table.get(key).map(super::reader::Entry::count).transpose();
        let mut extra = Vec::new();
        if let Some(entry) = table.get("extra") {
            extra = entry.texts()?;
            if let Some(bad) = extra.iter().find(|line| !line.starts_with('-') || line.contains(['\n', '\r']))
            {
                let hint = "write options as sbatch takes them: \"--mail-type=END\"".to_owned();
                return Err(entry.error(format!("`{bad}` is no option of sbatch"), hint));
            }
        }
        Ok(Self {
            partition: text("partition")?,
            account: text("account")?,
            qos: text("qos")?,
            time: text("time")?,
            mem: text("mem")?,
            cpus: count("cpus")?,
            gres: text("gres")?,
            constraint: text("constraint")?,
            extra,
            setup: table.get("setup").map(super::reader::Entry::texts).transpose()?.unwrap_or_default(),
            chunk: count("chunk")?.unwrap_or(1),
            at_once: count("at-once")?,
        })
    }
}
