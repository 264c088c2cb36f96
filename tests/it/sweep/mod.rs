//! Sweeps: cells that run anywhere and are run once, and their tables as one.

mod array;
mod cluster;
mod engines;
mod plans;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::workspace::{Workspace, names};

/// The tables of a collected sweep, and what they are of.
pub const COLLECTED: [&str; 5] =
    ["scores.csv", "importance.csv", "weights.csv", "statistics.csv", "sweep.json"];

/// Eight small cells.
pub const SMALL: &str = "
    grammars = ['short_sentence', 'long_range_agreement']
    revisions = ['step0', 'final']
    poolings = ['mean', 'last']
    [options]
    sample = 64
    folds = 2
    layers = '0,6'
    map = 0
";

/// Twelve cells that take long enough to be interrupted, each with seven layers that are saved one by one.
pub const TWELVE: &str = "
    grammars = ['relative_clause', 'long_range_agreement']
    revisions = ['step0', 'step400', 'final']
    poolings = ['mean', 'last']
    [options]
    sample = 1200
    folds = 4
    map = 0
";

/// What was collected in `folder`, table by table.
pub fn collected(w: &Workspace, plan: &str, folder: &str) -> [String; 5] {
    w.ok(&format!("sweep collect {plan} --out {folder}"));
    COLLECTED.map(|name| w.read(&format!("{folder}/{name}")))
}

/// Two collections that must be the same, byte for byte.
pub fn assert_same(a: &[String; 5], b: &[String; 5]) {
    for ((name, a), b) in COLLECTED.iter().zip(a).zip(b) {
        let first = a.lines().zip(b.lines()).find(|(a, b)| a != b);
        assert!(a == b, "{name} differs: {first:?}, {} and {} bytes", a.len(), b.len());
    }
}

/// The states of the cells, in the order of the plan.
pub fn states(w: &Workspace, plan: &str, folder: &str) -> Vec<String> {
    let status: Value =
        serde_json::from_str(&w.ok(&format!("sweep status {plan} --out {folder} --json"))).unwrap();
    let cells = status["cells"].as_array().unwrap().iter();
    cells.map(|cell| cell["state"].as_str().unwrap().to_owned()).collect()
}

/// The folders of the cells that there are.
pub fn cells(w: &Workspace, folder: &str) -> Vec<PathBuf> {
    let cells = w.path(folder).join("cells");
    if !cells.exists() {
        return Vec::new();
    }
    names(&cells).into_iter().map(|name| cells.join(name)).collect()
}

/// The record of a cell.
pub fn record(cell: &Path) -> Option<Value> {
    serde_json::from_slice(&fs::read(cell.join("cell.json")).ok()?).ok()
}

/// The program, running.
pub fn spawn(w: &Workspace, words: &str) -> Child {
    let command = w.command(words);
    let mut child = Command::new(command.get_program());
    child
        .args(command.get_args())
        .current_dir(w.path(""))
        .env_clear()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    child.spawn().unwrap()
}

/// Waits for a cell that is under way and has saved some layers, but not all, and gives its process.
pub fn half_way(w: &Workspace, folder: &str) -> (PathBuf, u32) {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(120) {
        for cell in cells(w, folder) {
            let running = record(&cell).filter(|record| record["outcome"] == "running");
            let saved = fs::read_to_string(cell.join("scores.csv")).unwrap_or_default();
            if let Some(record) = running
                && saved.contains("\n1,")
                && !saved.contains("\n6,")
            {
                return (cell, u32::try_from(record["pid"].as_u64().unwrap()).unwrap());
            }
        }
        sleep(Duration::from_millis(2));
    }
    panic!("no cell was under way within two minutes");
}
