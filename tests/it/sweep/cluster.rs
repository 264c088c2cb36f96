//! The engine of Slurm against a Slurm of one node, which `tests/slurm/cluster` starts; when `PROBE_TEST_SLURM` is set. Debian's
//! packages: slurm-wlm munge.
#![cfg(unix)]

use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};
use std::{env, fs};

use super::{TWELVE, assert_same, collected, half_way, record};
use crate::workspace::Workspace;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/slurm/cluster");

/// A cluster that is stopped when the test ends.
struct Cluster {
    w: Workspace,
    conf: String,
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = Command::new(SCRIPT).arg("stop").arg(self.w.path("cluster")).status();
    }
}

impl Cluster {
    fn start() -> Self {
        let w = Workspace::new();
        let started = Command::new(SCRIPT).arg("start").arg(w.path("cluster")).output().unwrap();
        let said = String::from_utf8_lossy(&started.stderr);
        assert!(started.status.success(), "Slurm did not start:\n{said}");
        let conf = String::from_utf8(started.stdout).unwrap().trim().to_owned();
        Self { w, conf }
    }

    /// The program, with Slurm's commands and this cluster.
    fn probe(&self, words: &str) -> String {
        let mut command = self.w.command(words);
        command.env("PATH", env::var_os("PATH").unwrap_or_default()).env("SLURM_CONF", &self.conf);
        let output = command.output().unwrap();
        assert!(output.status.success(), "`probe {words}`:\n{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn slurm(&self, program: &str, words: &[&str]) {
        let status = Command::new(program).args(words).env("SLURM_CONF", &self.conf).status().unwrap();
        assert!(status.success(), "{program} {words:?}");
    }

    fn states(&self) -> Vec<String> {
        let status: serde_json::Value =
            serde_json::from_str(&self.probe("sweep status plan.toml --out by-slurm --json")).unwrap();
        let cells = status["cells"].as_array().unwrap().iter();
        cells.map(|cell| cell["state"].as_str().unwrap().to_owned()).collect()
    }

    /// Waits until no cell is under way any more, and gives their states.
    fn settled(&self) -> Vec<String> {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(300) {
            let states = self.states();
            if !states.iter().any(|state| ["queued", "running"].contains(&state.as_str())) {
                return states;
            }
            sleep(Duration::from_millis(300));
        }
        panic!(
            "cells are still under way after five minutes:\n{}",
            self.probe("sweep status plan.toml --out by-slurm")
        );
    }
}

#[test]
fn twelve_cells_one_killed_and_one_cancelled_give_the_tables_of_the_local_engine() {
    if env::var_os("PROBE_TEST_SLURM").is_none_or(|value| value.is_empty()) {
        eprintln!("skipped: PROBE_TEST_SLURM is not set, so that no Slurm was started (tests/slurm/cluster)");
        return;
    }
    let cluster = Cluster::start();
    cluster.w.write(
        "plan.toml",
        format!("name = 'twelve'\nengine = 'slurm'\n{TWELVE}\n[slurm]\npartition = 'debug'\ntime = 10\nmem = 500\ncpus = 1\n"),
    );
    let said = cluster.probe("sweep run plan.toml --out by-slurm");
    let job = said.strip_prefix("job ").and_then(|said| said.split(':').next()).unwrap().to_owned();
    assert!(said.contains(": 12 cells in 12 tasks"), "{said}");
    // One task is killed half-way, as a node that runs out of memory does it; another is taken out of the queue.
    let (killed, pid) = half_way(&cluster.w, "by-slurm");
    cluster.slurm("kill", &["-9", &pid.to_string()]);
    cluster.slurm("scancel", &[&format!("{job}_11")]);
    assert_eq!(record(&killed).unwrap()["outcome"], "running");
    let states = cluster.settled();
    let count = |name: &str| states.iter().filter(|state| *state == name).count();
    assert_eq!((count("done"), count("interrupted")), (10, 2), "{states:?}");
    assert_eq!(states[11], "interrupted");
    let refused = cluster.w.command("sweep collect plan.toml --out by-slurm").output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let said = cluster.probe("sweep retry plan.toml --out by-slurm");
    assert!(said.contains(": 2 cells in 2 tasks"), "{said}");
    assert_eq!(cluster.settled(), ["done"; 12]);
    assert_eq!(record(&killed).unwrap()["attempts"], 2);
    let logs =
        fs::read_dir(cluster.w.path("by-slurm/slurm")).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(
        logs.filter(|name| name.to_string_lossy().ends_with(".log")).count() >= 13,
        "each task has its log"
    );
    cluster.w.ok("sweep run plan.toml --engine local --out local");
    let (by_slurm, local) =
        (collected(&cluster.w, "plan.toml", "by-slurm"), collected(&cluster.w, "plan.toml", "local"));
    assert_same(&by_slurm, &local);
    eprintln!(
        "12 cells by Slurm (one killed, one cancelled, both retried): {} bytes of tables, as by the local engine",
        by_slurm.iter().map(String::len).sum::<usize>()
    );
}
